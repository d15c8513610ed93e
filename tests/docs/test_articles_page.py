"""Check docs/add-articles.md against the readers: formats, fields, dates, messages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import geungeo
from geungeo.rag.article import Article
from geungeo.rag.readers import SUFFIXES, read
from tests.docs.pages import ROOT
from tests.rag.readers.documents import pdf

PAGE = (ROOT / "docs/add-articles.md").read_text("utf-8")
ROW = re.compile(r"^\| (.+?) \|(?: (.*?))? \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")


def section(title: str) -> str:
    """Return the part of the page under a heading, without the sections after it."""
    after = PAGE.partition(f"# {title}\n")[2]
    return re.split(r"^#{2,3} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def first_column(title: str) -> set[str]:
    return {name for row in ROW.findall(section(title)) for name in CODE.findall(row[0])}


def of_record(**fields: object) -> Article:
    (draft,) = read(json.dumps({"text": "본문이다.", **fields}).encode(), "a.jsonl").drafts
    return draft.article()


def test_page_lists_supported_formats() -> None:
    assert first_column("Formats") == SUFFIXES


@pytest.mark.parametrize(
    ("written", "kept"), re.findall(r"^\| `(.+)` \| `(.+)` \|$", section("Dates"), re.M)
)
def test_dates_are_kept_as_shown(written: str, kept: str) -> None:
    assert of_record(date=written).published_at == kept


def test_page_lists_fields_of_a_record() -> None:
    assert first_column("JSON Lines") == {
        *("text", "body", "content", "title", "id", "url", "author", "publisher"),
        *("published_at", "date", "language"),
    }
    article = of_record(
        title="제목",
        id="a.b_c:d-1",
        url="https://news.example/a",
        author="김기자",
        publisher="신문",
        published_at="2025-03-10",
        language="en",
        section="ignored",
    )
    assert article.model_dump(exclude={"sections", "text", "version"}) == {
        "id": "a.b_c:d-1",
        "url": "https://news.example/a",
        "title": "제목",
        "author": "김기자",
        "publisher": "신문",
        "published_at": "2025-03-10",
        "language": "en",
    }
    assert re.fullmatch("[0-9a-f]{16}", of_record(id="두 낱말").id)
    assert of_record(url="ftp://news.example/a").url is None
    for name in ("body", "content"):
        (draft,) = read(json.dumps({name: "하나.\n둘."}).encode(), "a.jsonl").drafts
        assert draft.article().text == "하나.\n\n하나.\n\n둘."


def test_page_lists_keys_of_front_matter() -> None:
    keys = first_column("Markdown")
    assert keys == {
        *("title", "author", "authors", "publisher", "published_at", "published", "date"),
        *("pubdate", "url", "source"),
    }
    lines = [f"{key}: {value}" for key, value in FRONT_MATTER.items()]
    text = "\n".join(["---", *lines, "---", "# 다른 제목", "", "본문이다."])
    article = read(text.encode(), "a.md").drafts[0].article()
    assert article.title == "제목"
    assert article.author == "김기자"
    assert article.publisher == "신문"
    assert article.published_at == "2025-03-10"
    assert article.url == "https://news.example/a"


FRONT_MATTER = {
    "title": "제목",
    "author": "김기자",
    "publisher": "신문",
    "date": "2025-03-10",
    "url": "https://news.example/a",
}

REFUSED = {
    "empty.txt": b"",
    "blank.txt": b"\x01",
    "story.exe": b"text",
    "cut.pdf": b"%PDF-1.7 cut",
    "pictures.pdf": pdf([[]]),
    "cut.docx": b"PK",
    "table.csv": b"a,b\n1,2\n",
    "note.xml": b"<note>x</note>",
    "bomb.xml": b'<!DOCTYPE rss [<!ENTITY a "b">]><rss>&a;</rss>',
    "removed.html": "<html><body><p>삭제된 기사입니다.</p></body></html>".encode(),
    "pdf.txt": b"%PDF-1.7",
    "binary.txt": b"\x00\x01\x02\x03",
    "unknown.txt": "첫 줄이다.\n".encode() + b"\xff\xff broken \x80\x81\n",
    "cut.txt": b"\xff\xfe\x00",
    "large.txt": b"a" * 25_000_000,
    "page.html": b"<html><body></body></html>",
    "broken.jsonl": b"{broken",
    "list.jsonl": b"[1]",
    "no-text.jsonl": b'{"title": "x"}',
    "id.jsonl": b'{"text": "x", "id": ["y"]}',
    "quote.csv": b'title,text\nx,"y\n',
    "cells.csv": b"title,text\na,b,c,d\n",
    "cell.csv": b"title,text\nx," + b"a" * 2_000_001,
}


def test_messages_on_page_match_program(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in REFUSED.items():
        (tmp_path / name).write_bytes(data)
    sources = [str(tmp_path / name) for name in (*REFUSED, "missing.txt", "folder")]
    with geungeo.open(tmp_path / "store") as news:
        failed = news.ingest(*sources, "http://127.0.0.1/", "ftp://news.example/story").failed
    said = [
        re.sub(rf"^{re.escape(str(tmp_path))}/[\w.-]+", "NAME", failure.error) for failure in failed
    ]
    said = [re.sub(r"(not valid JSON) \(.*\)", r"\1 (…)", message) for message in said]
    documented = [
        code[0] for row in ROW.findall(section("What is refused")) if (code := CODE.findall(row[0]))
    ]
    assert sorted(documented) == sorted(said)
