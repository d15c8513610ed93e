"""Fetching: limits on size, time, redirects and compression."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterable

import pytest

from geungeo.index.fetching import Fetcher
from geungeo.rag.errors import FetchFailed
from tests.index.fetching.stage import (
    HTML,
    LIMIT,
    PAGE,
    PUBLIC,
    Internet,
    Names,
    Site,
    failure,
    fetch,
    fetcher,
)

# Limits


def test_a_document_over_the_limit_is_not_read_to_its_end(site: Site) -> None:
    site.pages["/a"] = (200, HTML, b"x" * LIMIT)
    assert len(fetch(site).data) == LIMIT
    site.pages["/a"] = (200, HTML, b"x" * (LIMIT + 1))
    assert f"{LIMIT:,} bytes" in failure(site)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_decompression_bomb_is_rejected(site: Site, coding: str) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if coding == "gzip" else zlib.compress
    headers = {**HTML, "Content-Encoding": coding}
    site.pages["/a"] = (200, headers, pack(PAGE))
    assert fetch(site).data == PAGE
    bomb = pack(bytes(200 * LIMIT))
    assert len(bomb) < LIMIT
    site.pages["/a"] = (200, headers, bomb)
    assert "over the limit" in failure(site)


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip at all", "cannot be unpacked"),
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE, mtime=0)[:-9], "is incomplete"),
        ({"Content-Encoding": "br"}, b"x", "compresses with br"),
        ({"Content-Encoding": "gzip, gzip"}, b"x", "compresses with gzip, gzip"),
        ({"Content-Length": "500"}, PAGE, "closed"),
    ],
)
def test_invalid_compression_is_rejected(
    site: Site, headers: dict[str, str], body: bytes, reason: str
) -> None:
    site.pages["/a"] = (200, {**HTML, **headers}, body)
    assert reason in failure(site)


def drips(pieces: Iterable[bytes]) -> tuple[socket.socket, threading.Thread]:
    """Run a server that sends ``pieces`` with pauses until its client disconnects."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.settimeout(0.05)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                    connection.recv(1)
                except TimeoutError:
                    continue  # the client is still connected
                except OSError:
                    pass
                return

    thread = threading.Thread(target=serve)
    thread.start()
    return listener, thread


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b""],
    ids=["head", "body", "silence"],
)
def test_a_slow_response_is_stopped_at_the_deadline(start: bytes) -> None:
    pieces = [start, *([b"a"] * 600 if start else [b""] * 600)]
    listener, thread = drips(pieces)
    with listener:
        internet = Internet(listener.getsockname()[1])
        names = Names({"news.test": [[PUBLIC]]})
        made = Fetcher(max_bytes=LIMIT, seconds=0.4, resolver=names, sockets=internet)
        with pytest.raises(FetchFailed, match=r"no answer within 0\.4 s"):
            made.fetch("http://news.test/")
        thread.join()


def test_a_slow_name_resolution_is_stopped_at_the_deadline(site: Site) -> None:
    answered = threading.Event()

    def slowly(host: str, port: int) -> list[str]:
        answered.wait(60)
        return [PUBLIC]

    assert "no answer within 0.2 s" in failure(site, resolver=slowly, seconds=0.2)
    answered.set()


def test_unresolvable_and_unreachable_hosts_are_named(site: Site) -> None:
    made, _, _ = fetcher(site)
    with pytest.raises(FetchFailed, match=r"nowhere\.test cannot be resolved"):
        made.fetch("http://nowhere.test/")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    dead = Site(port=closed)
    assert "refused" in failure(dead)


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 500])
def test_only_status_200_gives_a_document(site: Site, status: int) -> None:
    site.pages["/a"] = (status, HTML, b"")
    assert f"answered {status}" in failure(site)


def test_redirects_are_limited(site: Site) -> None:
    for number in range(10):
        site.pages[f"/{number}"] = (301, {"Location": f"/{number + 1}"}, b"")
    site.pages["/5"] = (200, HTML, PAGE)
    assert fetch(site, "/0").url == "http://news.test/5"
    site.pages["/5"] = (302, {"Location": "/0"}, b"")
    site.asked.clear()
    assert "redirects" in failure(site, "/0")
    assert len(site.asked) == 6


def test_a_redirect_carries_no_cookies_credentials_or_referer(site: Site) -> None:
    redirect = {"Location": "http://b.test/b", "Set-Cookie": "id=1"}
    site.pages.update({"/a": (307, redirect, b""), "/b": (200, HTML, PAGE)})
    assert fetch(site).url == "http://b.test/b"
    assert not any({"cookie", "authorization", "referer"} & set(sent) for _, sent in site.asked)
