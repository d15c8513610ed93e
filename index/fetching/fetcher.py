"""Fetcher of one document, with limits on redirects, bytes, time and content type."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import PurePosixPath

import httpcore
import httpx

from geungeo.index.fetching.network import Deadline, PinnedBackend, Resolver, resolve
from geungeo.index.fetching.targets import PORTS, Policy, parse
from geungeo.rag.errors import FetchFailed, FetchRefused, SourceError, UnsupportedSource
from geungeo.rag.readers import SUFFIXES

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
# Content type to the suffix of its reader; None: use the suffix of the path.
_KINDS: dict[str, str | None] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "application/jsonl": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/rss+xml": ".xml",
    "application/atom+xml": ".xml",
    "application/rdf+xml": ".xml",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/json": ".json",
    "application/feed+json": ".json",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/pdf": ".pdf",
    "message/rfc822": ".eml",
    "multipart/related": ".mhtml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/hwp+zip": ".hwpx",
    "application/x-hwp": ".hwp",
    "application/haansofthwp": ".hwp",
    "text/plain": None,
    "application/octet-stream": None,
    "": None,
}
_HEADERS = {
    "User-Agent": "geungeo",
    "Accept": "text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}
# httpcore's errors have no common base class.
_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A fetched document: its final address, the reader's suffix, and its bytes.

    ``etag`` and ``last_modified`` are what the server wants to be asked with the next time.
    """

    url: str
    suffix: str
    data: bytes
    etag: str | None = None
    last_modified: str | None = None


class NotModified(Exception):
    """The server says that the document has not changed."""


def is_address(source: str) -> bool:
    """Whether ``source`` is an address rather than a path."""
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").isalnum()


class Fetcher:
    """Fetcher of documents, without cookies and credentials.

    ``max_bytes`` limits a document as sent and as unpacked; ``seconds`` limits the whole fetch,
    from resolving the first name to the last byte. Proxies of the environment are not used.
    ``resolver`` and ``sockets`` are the only access to the network, and can be replaced in tests.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        seconds: float,
        private_hosts: Collection[str] = (),
        proxy: httpx.Proxy | None = None,
        ports: Collection[int] = (80, 443),
        resolver: Resolver = resolve,
        sockets: httpcore.NetworkBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._policy = Policy(private_hosts, ports)
        self._proxy = proxy
        self._resolver = resolver
        self._sockets = sockets or httpcore.SyncBackend()
        self._clock = clock

    def fetch(self, url: str) -> Document:
        """Fetch the document at ``url``.

        Raises:
            FetchBlocked: the address, or one that it redirects to, must not be fetched.
            FetchFailed: the address is unreachable, too slow, too large, or does not answer 200.
            UnsupportedSource: the content type is not supported.
        """
        document = self.fetch_changed(url)
        if document is None:
            raise FetchFailed(f"{url}: the server answered 304")
        return document

    def check(self, url: str) -> None:
        """Reject an address that :meth:`fetch` would not connect to; nothing is fetched.

        A name that cannot be resolved now is not rejected.

        Raises:
            FetchBlocked: the address must not be fetched.
        """
        parsed = parse(url)
        self._policy.check(parsed)
        if self._proxy is not None:
            return
        host, port = parsed.raw_host.decode("ascii"), parsed.port or PORTS[parsed.scheme]
        backend = PinnedBackend(
            None, self._resolver, Deadline(self._seconds, self._clock), self._sockets
        )
        try:
            answers = backend.resolved(host, port)
        except (httpcore.NetworkError, httpcore.TimeoutException):
            return
        self._policy.check_answers(host, port, answers)

    def fetch_changed(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Document | None:
        """Fetch the document at ``url``; ``None`` if it has not changed since that state.

        Raises:
            SourceError: as :meth:`fetch`.
        """
        given = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        conditions = {name: value for name, value in given.items() if value}
        try:
            with self._pool() as pool:
                return self._follow(pool, parse(url), conditions)
        except NotModified:
            return None
        except SourceError as error:
            # Name the given address: the user does not know the others.
            prefix = "" if str(error).startswith(url) else f"{url}: "
            raise type(error)(f"{prefix}{error}") from error
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise FetchFailed(f"{url}: no answer within {self._seconds:g} s") from error
        except _FAILURES as error:
            raise FetchFailed(f"{url}: {str(error) or type(error).__name__}") from error

    def _pool(self) -> httpcore.ConnectionPool:
        deadline = Deadline(self._seconds, self._clock)
        if self._proxy is None:
            backend = PinnedBackend(self._policy, self._resolver, deadline, self._sockets)
            return httpcore.ConnectionPool(_trust(), network_backend=backend)
        # The proxy resolves names, so the proxy must block private ones.
        backend = PinnedBackend(None, self._resolver, deadline, self._sockets)
        return httpcore.HTTPProxy(
            str(self._proxy.url),
            proxy_auth=self._proxy.raw_auth,
            ssl_context=_trust(),
            network_backend=backend,
        )

    def _follow(
        self, pool: httpcore.ConnectionPool, url: httpx.URL, conditions: Mapping[str, str]
    ) -> Document:
        for _ in range(MAX_REDIRECTS + 1):
            self._policy.check(url)
            target = httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            )
            headers = httpx.Headers({**_HEADERS, **conditions, "Host": url.netloc.decode("ascii")})
            with pool.stream("GET", target, headers=headers.raw) as response:
                answer = httpx.Headers(response.headers)
                if response.status == HTTPStatus.NOT_MODIFIED and conditions:
                    raise NotModified
                if response.status not in _REDIRECTS or "location" not in answer:
                    return self._document(url, response, answer)
            url = parse(_joined(url, answer["location"]))
        raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")

    def _document(
        self, url: httpx.URL, response: httpcore.Response, headers: httpx.Headers
    ) -> Document:
        if response.status != HTTPStatus.OK:
            kind = FetchRefused if 400 <= response.status < 500 else FetchFailed
            raise kind(f"the server answered {response.status}")
        suffix = _suffix(url, headers.get("content-type", ""))
        chunks = _unpacked(response.iter_stream(), headers, self._max_bytes)
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > self._max_bytes:
                raise FetchFailed(f"the document is over the limit of {self._max_bytes:,} bytes")
        return Document(
            str(url), suffix, bytes(data), headers.get("etag"), headers.get("last-modified")
        )


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Load the certificate authorities (or SSL_CERT_FILE), once because that is slow."""
    return httpx.create_ssl_context()


def _joined(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx.InvalidURL as error:
        raise FetchFailed(f"it redirects to an invalid address ({error})") from error


def _suffix(url: httpx.URL, content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise UnsupportedSource(f"the server sends {kind}, which is not supported")
    by_path = PurePosixPath(url.path).suffix.lower()
    known = by_path if by_path in SUFFIXES else None
    suffix = _KINDS[kind] or known or (".txt" if kind == "text/plain" else None)
    if suffix is None:
        raise UnsupportedSource(
            "the server sends no content type, and the path has no known suffix"
        )
    return suffix


def _unpacked(chunks: Iterator[bytes], headers: httpx.Headers, limit: int) -> Iterator[bytes]:
    """Decompress ``chunks``, each to at most ``limit`` + 1 bytes."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding in {"identity", ""}:
        yield from chunks
        return
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchFailed(f"the server compresses with {coding}, which was not requested")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # detects gzip or zlib by the header
    try:
        for chunk in chunks:
            # One byte over the limit is enough to reject the document.
            yield unpacker.decompress(chunk, limit + 1)
        yield unpacker.flush()
    except zlib.error as error:
        raise FetchFailed(f"the compressed document cannot be unpacked ({error})") from error
    if not unpacker.eof:
        raise FetchFailed("the compressed document is incomplete")
