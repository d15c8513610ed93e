"""Saved pages: fifteen layouts of Korean outlets, rebuilt with invented text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geungeo.rag.article import SectionKind
from geungeo.rag.readers import read

PAGES = Path(__file__).parent / "pages"
EXPECTED: dict[str, dict[str, Any]] = json.loads((PAGES / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_page_gives_its_article(name: str) -> None:
    expected = EXPECTED[name]
    (draft,) = read((PAGES / f"{name}.html").read_bytes(), f"{name}.html").drafts
    article = draft.article()
    body = [
        section.span.of(article.text)
        for section in article.sections
        if section.kind is SectionKind.BODY
    ]
    loose = expected.get("loose", [])
    assert [line for line in body if line not in loose] == expected["body"]
    assert {
        "title": article.title,
        "author": article.author,
        "publisher": article.publisher,
        "published_at": article.published_at,
        "url": article.url,
    } == {key: expected[key] for key in ("title", "author", "publisher", "published_at", "url")}
    assert draft.warnings == ()
