"""Stands for the internet in tests: a site, the DNS, and sockets that all lead to the site."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest

from geungeo.index.fetching import Document, Fetcher
from geungeo.rag.errors import SourceError

PUBLIC = "93.184.215.14"
LIMIT = 100_000
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<html><body><p>Whales are back.</p></body></html>"


@dataclass
class Site:
    """A web server that says what a test told it to, and remembers what it was asked."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0


@contextmanager
def running_site() -> Iterator[Site]:
    """A site of its own port, until the block ends."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


class Internet(httpcore.SyncBackend):
    """Stands for the internet: every address leads to one local port; notes who was dialled."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> Any:
        del port
        self.dialled.append(host)
        return super().connect_tcp("127.0.0.1", self.port, *args, **more)


@dataclass
class Names:
    """Stands for the DNS; answers of one name are given in turn, the last one for ever."""

    answers: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        given = self.answers.get(host)
        if not given:
            raise socket.gaierror(f"no such name: {host}")
        return given.pop(0) if len(given) > 1 else given[0]


def fetcher(site: Site, **more: Any) -> tuple[Fetcher, Internet, Names]:
    internet, names = Internet(site.port), Names({"news.test": [[PUBLIC]], "b.test": [[PUBLIC]]})
    given = {"max_bytes": LIMIT, "seconds": 30.0, "resolver": names, "sockets": internet, **more}
    return Fetcher(**given), internet, names


def fetch(site: Site, path: str = "/a", **more: Any) -> Document:
    return fetcher(site, **more)[0].fetch(f"http://news.test{path}")


def failure(site: Site, path: str = "/a", **more: Any) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(site, path, **more)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).startswith(f"http://news.test{path}: ")
    return str(caught.value)
