"""Fetching: content types of documents."""

from __future__ import annotations

import pytest

from geungeo.index.fetching import is_address
from geungeo.rag.errors import UnsupportedSource
from tests.index.fetching.stage import PAGE, Site, fetch

# Content types


@pytest.mark.parametrize(
    ("path", "kind", "suffix"),
    [
        ("/a.php?id=1", "text/html; charset=euc-kr", ".html"),
        ("/a.txt", "TEXT/HTML", ".html"),
        ("/", "application/xhtml+xml", ".html"),
        ("/a", "text/plain", ".txt"),
        ("/a.md", "text/plain; charset=utf-8", ".md"),
        ("/a.jsonl", "text/plain", ".jsonl"),
        ("/a", "application/x-ndjson", ".jsonl"),
        ("/a.html", "application/octet-stream", ".html"),
    ],
)
def test_the_content_type_selects_the_reader(site: Site, path: str, kind: str, suffix: str) -> None:
    site.pages[path] = (200, {"Content-Type": kind}, PAGE)
    assert fetch(site, path).suffix == suffix


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a.html", "image/png"),
        ("/a", "application/zip"),
        ("/a.html", "application/javascript"),
        ("/a", "application/octet-stream"),
        ("/a.zip", "application/octet-stream"),
    ],
)
def test_other_content_types_are_rejected_before_the_body_is_read(
    site: Site, path: str, kind: str
) -> None:
    site.pages[path] = (200, {"Content-Type": kind}, PAGE)
    with pytest.raises(UnsupportedSource):
        fetch(site, path)


def test_addresses_are_distinguished_from_paths() -> None:
    assert all(map(is_address, ["http://a", "HTTPS://a", "file:///a", "ftp://a"]))
    assert not any(map(is_address, ["a.txt", "/a/b", "C:\\a", "a:b", "news/http:/a", "://a"]))
