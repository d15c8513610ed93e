"""Markup that a claim copies from its source has no effect in a renderer."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from geungeo.rag.answer import MARKER, Composer, Ground, GroundedClaim, defuse
from geungeo.rag.article import Article
from geungeo.rag.text import Span

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PARTS = ["[", "]", "(", ")", "!", "<", ">", ":", "http://a.kr", "img src=x", "a", "1", " ", "\n"]


def acts(text: str) -> set[str]:
    kinds = {
        child.type for token in RENDERER.parse(text) for child in [token, *(token.children or [])]
    }
    return kinds & {"image", "link_open", "html_inline", "html_block"}


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join) | st.text(max_size=60))
@example("![x](http://a.kr/?q=1)")
@example("![x][r]\n\n[r]: http://a.kr")
@example("[1](http://a.kr)")
@example("<img src=//a.kr> </b> <!-- x --> <?php ?>")
@example("<http://a.kr>")
@example("[x]\\(http://a.kr)")
def test_defused_text_has_no_active_markup_and_no_marker(text: str) -> None:
    defused = defuse(text)
    assert acts(defused) == set()
    assert not MARKER.search(defused)
    assert defuse(defused) == defused


@pytest.mark.parametrize(
    "text", ["매출은 a < b이다.", "〈기생충〉과 <오징어 게임>이다.", "(가) 5%다."]
)
def test_text_without_markup_is_unchanged(text: str) -> None:
    assert defuse(text) == text


def test_adjacent_claims_do_not_form_a_link() -> None:
    text = "첫째 [r]다. (http://a.kr) 둘째다."
    article = Article(id="a", title="t", text=text)
    composer = Composer()
    for start, end in ((0, 8), (9, 22), (23, 27)):
        span = Span(start, end)
        composer.add(GroundedClaim(span.of(text), (Ground(article, span, 1.0),)))
    assert acts(composer.text) == set()
    for citation in composer.citations:
        assert article.text[citation.start : citation.end] == citation.quote
