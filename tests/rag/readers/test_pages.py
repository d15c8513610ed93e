"""Pages in the markup of many kinds of news sites, with invented text (``pages/``).

They have what real ones have: portals' frames, tables for layout, bodies that only a script holds,
photographs, widgets and advertisements inside the text, old encodings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.readers import read

FOLDER = Path(__file__).with_name("pages")
PAGES = [json.loads(line) for line in (FOLDER / "pages.jsonl").read_text("utf-8").splitlines()]


def article_of(page: dict[str, Any]) -> Article:
    (draft,) = read((FOLDER / page["file"]).read_bytes(), page["file"]).drafts
    return draft.article()


def body_of(article: Article) -> str:
    kinds = {SectionKind.BODY, SectionKind.HEADING, SectionKind.DECK}
    return "\n".join(article.text[s.start : s.end] for s in article.sections if s.kind in kinds)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page["file"])
def test_a_page_is_read_completely_and_without_its_frame(page: dict[str, Any]) -> None:
    article = article_of(page)
    body = body_of(article)
    packed = "".join(body.split())
    # The lead of a news agency is not part of the sentence.
    wanted = [sentence.split(" = ")[-1] for sentence in page["sentences"]]
    assert [one for one in wanted if "".join(one.split()) not in packed] == []
    assert [one for one in page["absent"] if one in body] == []
    assert (article.title, article.author, article.publisher, str(article.published_day)) == (
        page["title"],
        page["author"],
        page["publisher"],
        page["day"],
    )
