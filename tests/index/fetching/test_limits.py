"""Fetching: what is cut short."""

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

# What is cut short


def test_a_document_over_the_limit_is_not_read_to_its_end(site: Site) -> None:
    site.pages["/a"] = (200, HTML, b"x" * LIMIT)
    assert len(fetch(site).data) == LIMIT
    site.pages["/a"] = (200, HTML, b"x" * (LIMIT + 1))
    assert f"{LIMIT:,} bytes" in failure(site)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_unpacks_to_more_than_the_limit_is_a_bomb(site: Site, coding: str) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if coding == "gzip" else zlib.compress
    headers = {**HTML, "Content-Encoding": coding}
    site.pages["/a"] = (200, headers, pack(PAGE))
    assert fetch(site).data == PAGE
    bomb = pack(bytes(200 * LIMIT))
    assert len(bomb) < LIMIT
    site.pages["/a"] = (200, headers, bomb)
    assert "over the limit" in failure(site)


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip at all", "cannot be unpacked"),
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE, mtime=0)[:-9], "too early"),
        ({"Content-Encoding": "br"}, b"x", "packs with br"),
        ({"Content-Encoding": "gzip, gzip"}, b"x", "packs with gzip, gzip"),
        ({"Content-Length": "500"}, PAGE, "closed"),
    ],
)
def test_what_is_packed_badly_is_refused(
    site: Site, headers: dict[str, str], body: bytes, why: str
) -> None:
    site.pages["/a"] = (200, {**HTML, **headers}, body)
    assert why in failure(site)


def drips(pieces: Iterable[bytes]) -> tuple[socket.socket, threading.Thread]:
    """A server that sends ``pieces`` with pauses, until its client has had enough."""
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
                    continue  # still there
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
def test_dripping_does_not_outlast_the_deadline(start: bytes) -> None:
    pieces = [start, *([b"a"] * 600 if start else [b""] * 600)]
    listener, thread = drips(pieces)
    with listener:
        internet = Internet(listener.getsockname()[1])
        names = Names({"news.test": [[PUBLIC]]})
        made = Fetcher(max_bytes=LIMIT, seconds=0.4, resolver=names, sockets=internet)
        with pytest.raises(FetchFailed, match=r"no answer within 0\.4 s"):
            made.fetch("http://news.test/")
        thread.join()


def test_a_name_that_takes_for_ever_does_not_outlast_it_either(site: Site) -> None:
    answered = threading.Event()

    def slowly(host: str, port: int) -> list[str]:
        answered.wait(60)
        return [PUBLIC]

    assert "no answer within 0.2 s" in failure(site, resolver=slowly, seconds=0.2)
    answered.set()


def test_what_does_not_resolve_or_answer_is_named(site: Site) -> None:
    made, _, _ = fetcher(site)
    with pytest.raises(FetchFailed, match=r"nowhere\.test cannot be resolved"):
        made.fetch("http://nowhere.test/")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    dead = Site(port=closed)
    assert "refused" in failure(dead)


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 500])
def test_only_a_200_is_a_document(site: Site, status: int) -> None:
    site.pages["/a"] = (status, HTML, b"")
    assert f"answered {status}" in failure(site)


def test_redirects_end(site: Site) -> None:
    for number in range(10):
        site.pages[f"/{number}"] = (301, {"Location": f"/{number + 1}"}, b"")
    site.pages["/5"] = (200, HTML, PAGE)
    assert fetch(site, "/0").url == "http://news.test/5"
    site.pages["/5"] = (302, {"Location": "/0"}, b"")
    site.asked.clear()
    assert "redirects" in failure(site, "/0")
    assert len(site.asked) == 6


def test_nothing_of_one_answer_is_carried_to_the_next(site: Site) -> None:
    redirect = {"Location": "http://b.test/b", "Set-Cookie": "id=1"}
    site.pages.update({"/a": (307, redirect, b""), "/b": (200, HTML, PAGE)})
    assert fetch(site).url == "http://b.test/b"
    assert not any({"cookie", "authorization", "referer"} & set(sent) for _, sent in site.asked)
