"""Test doubles of a web server, the internet and DNS, all in this process."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
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
    """A web server with pages set by a test, which records its requests."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0


class Internet(httpcore.SyncBackend):
    """A fake internet: every address connects to one local port; connections are recorded."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> Any:
        del port
        self.dialled.append(host)
        return super().connect_tcp("127.0.0.1", self.port, *args, **more)


@dataclass
class Names:
    """A fake DNS; the answers for a name are given in turn, and the last one is repeated."""

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
    """Return a fetcher that uses the test doubles, with its internet and its DNS."""
    internet, names = Internet(site.port), Names({"news.test": [[PUBLIC]], "b.test": [[PUBLIC]]})
    given = {"max_bytes": LIMIT, "seconds": 30.0, "resolver": names, "sockets": internet, **more}
    return Fetcher(**given), internet, names


def fetch(site: Site, path: str = "/a", **more: Any) -> Document:
    """Fetch the document at ``path``."""
    return fetcher(site, **more)[0].fetch(f"http://news.test{path}")


def failure(site: Site, path: str = "/a", **more: Any) -> str:
    """Return the one-line error of fetching ``path``."""
    with pytest.raises(SourceError) as caught:
        fetch(site, path, **more)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).startswith(f"http://news.test{path}: ")
    return str(caught.value)
