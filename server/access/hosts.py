"""Hosts and origins that a server answers, and the addresses on which it may listen.

A web page can point its own name at 127.0.0.1 after a browser has loaded it (DNS rebinding). The
browser then sends its requests to this server, with that name in ``Host``, and lets the page read
the responses. Where an API key is required, such a page gets nothing: it has no key, and no
cookie carries one. Where none is required, the name in ``Host`` has to be one of this server's.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from http import HTTPStatus
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from geungeo.index.keys import ApiKeys, open_keys
from geungeo.rag.errors import StoreError, UsageError
from geungeo.rag.settings import Settings
from geungeo.server.http.middleware import drain, refuse
from geungeo.server.http.problems import public, status_of

# Deliveries are authenticated by their signatures or tokens and arrive under public names.
_SIGNED = ("/slack/", "/hooks/")
# Orchestrators probe a server by the address of its container, which cannot be listed.
_PROBES = frozenset({"/healthz", "/readyz"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(
    r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{0,5}))?", re.ASCII
)
_ABSOLUTE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)", re.ASCII)

_WAYS_OUT = "create an API key (geungeo keys create NAME)"
_NO_HOST = "the Host header is missing or malformed; send the name or address of this server"
_FOREIGN_HOST = (
    "this server is not known by the requested host; use localhost, or add the host to the setting "
    f"allowed_hosts (GEUNGEO_ALLOWED_HOSTS), or {_WAYS_OUT}"
)
_FOREIGN_ORIGIN = (
    "pages of this origin may not change anything here; add it to the setting cors_origins "
    "(GEUNGEO_CORS_ORIGINS), or set public_url to the address of this server behind a proxy, or "
    f"{_WAYS_OUT}"
)


class InsecureBind(UsageError):
    """Anyone on the network could ask, ingest and delete."""

    code = "insecure_bind"


class Authority(NamedTuple):
    """Host and port of a URL or ``Host`` header, the host in canonical form."""

    host: str
    port: int | None


class _Refusal(NamedTuple):
    status: int
    code: str
    detail: str


class Hosts:
    """Middleware that rejects foreign hosts (421) and changes by foreign origins (403).

    A request is served if its host is a loopback name or address, the address on which the server
    listens, the host of ``public_url``, or one of ``allowed_hosts``. Of other hosts are served:

    - with ``allowed_hosts`` set: only probes, and only if other machines can connect;
    - without, while an API key is required: all requests;
    - without, while none is required: signed deliveries; and if other machines can connect,
      requests to a numeric address, which no page can rebind, and probes.

    While no key is required, a request other than GET, HEAD and OPTIONS must not have the
    ``Origin`` of another site, unless it is a signed delivery.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, keys: ApiKeys) -> None:
        self.app = app
        self._settings = settings
        self._keys = keys
        self._exposed = not is_local(settings.host)
        self._public = _origin_authority(settings.public_url or "")
        self._allowed = {_canonical(host.strip("[]")) for host in settings.allowed_hosts}
        self._names = {"localhost"} | self._allowed
        if self._public is not None:
            self._names.add(self._public.host)
        if not _is_unspecified(settings.host):
            self._names.add(_canonical(settings.host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request if its host and origin are this server's."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            refusal = await self._refusal(scope)
        except StoreError as error:
            detail = public(error, self._settings.store)
            refusal = _Refusal(status_of(error), error.code, detail)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await drain(scope, receive, self._settings.max_body_bytes)
        await refuse(scope, send, refusal.status, refusal.detail, code=refusal.code)

    async def _refusal(self, scope: Scope) -> _Refusal | None:
        target = requested_authority(scope)
        if not (target and self._is_own(target.host)) and not await self._serves_foreign(
            scope["path"], target
        ):
            if target is None:
                return _Refusal(HTTPStatus.BAD_REQUEST, "bad_host", _NO_HOST)
            return _Refusal(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", _FOREIGN_HOST)
        if (
            scope["method"] not in _SAFE_METHODS
            and not scope["path"].startswith(_SIGNED)
            and not self._is_own_origin(Headers(scope=scope).getlist("origin"), target)
            and not await keys_required(self._settings, self._keys)
        ):
            return _Refusal(HTTPStatus.FORBIDDEN, "foreign_origin", _FOREIGN_ORIGIN)
        return None

    def _is_own(self, host: str) -> bool:
        return host in self._names or _is_loopback(host)

    async def _serves_foreign(self, path: str, target: Authority | None) -> bool:
        """Whether a request to a host that is not this server's is served all the same."""
        if self._exposed and path in _PROBES:
            return True
        if self._allowed:
            return False
        if path.startswith(_SIGNED):
            return True
        if self._exposed and target is not None and _address(target.host) is not None:
            return True
        return await keys_required(self._settings, self._keys)

    def _is_own_origin(self, origins: list[str], target: Authority | None) -> bool:
        """Whether a page of this server, or one that may call the API, sent the request.

        Programs send no ``Origin``. The scheme is not compared: a proxy may have ended TLS.
        """
        if not origins:
            return True
        origin = _origin_authority(origins[0])
        if len(origins) > 1 or origin is None:
            return False
        if {"*", origins[0]} & set(self._settings.cors_origins):
            return True
        if origin == self._public or origin.host in self._allowed:
            return True
        if target is None:
            return False
        default = _DEFAULT_PORTS[origins[0].partition(":")[0].lower()]
        return origin == target._replace(port=default if target.port is None else target.port)


async def keys_required(settings: Settings, keys: ApiKeys) -> bool:
    """Whether requests need an API key now: by the setting, otherwise once a key was created."""
    if settings.require_key is not None:
        return settings.require_key
    return await run_in_threadpool(keys.any_made)


def requested_authority(scope: Scope) -> Authority | None:
    """Return the host and port that a request names; ``None`` if missing or malformed.

    The target of a request in absolute form takes precedence over ``Host`` (RFC 9112, section
    3.2.2).
    """
    absolute = _ABSOLUTE_FORM.match(scope["path"])
    if absolute is not None:
        return _authority(absolute[1])
    hosts = Headers(scope=scope).getlist("host")
    return _authority(hosts[0]) if len(hosts) == 1 else None


def is_local(host: str) -> bool:
    """Whether a server that listens on ``host`` is reachable from this machine only."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return False
    return all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)


def check_bind(settings: Settings) -> None:
    """Reject an address that other machines can reach while no API key is required.

    Raises:
        InsecureBind: the message has the address and the ways out.
    """
    if settings.insecure_bind or settings.require_key or is_local(settings.host):
        return
    if settings.require_key is None:
        with open_keys(settings.store) as keys:
            if keys.any_made():
                return
    raise InsecureBind(
        f"refusing to listen on {settings.host} without API keys: anyone who can connect could "
        "read, add and delete; create a key: geungeo keys create NAME "
        "(or allow it with --insecure-bind)"
    )


def _authority(text: str) -> Authority | None:
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    host, port = match[1].strip("[]"), match[2]
    if "[" in text and _address(host) is None:
        return None
    return Authority(_canonical(host), int(port) if port else None)


def _origin_authority(url: str) -> Authority | None:
    """Return host and port of an http(s) URL, with its default port; ``None`` for other URLs."""
    scheme, _, rest = url.partition("://")
    default = _DEFAULT_PORTS.get(scheme.lower())
    authority = _authority(rest.partition("/")[0]) if default else None
    if authority is None:
        return None
    return authority._replace(port=default if authority.port is None else authority.port)


def _canonical(host: str) -> str:
    """Return ``host`` in lower case without a trailing dot, an address in its shortest form."""
    address = _address(host)
    return host.lower().removesuffix(".") if address is None else str(address)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


def _is_unspecified(host: str) -> bool:
    address = _address(host)
    return not host or (address is not None and address.is_unspecified)
