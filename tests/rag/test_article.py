"""Articles and spans."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from geungeo.rag.article import Article, Draft, Section, SectionKind
from geungeo.rag.text import Span


def test_a_span_is_half_open_and_counts_code_points() -> None:
    text = "😀가나다"
    assert Span(1, 3).of(text) == "가나"
    assert len(Span(1, 3)) == 2
    assert Span(0, 1).overlaps(Span(0, 4))
    assert not Span(0, 1).overlaps(Span(1, 2))


@pytest.mark.parametrize(("start", "end"), [(2, 1), (-1, 0)])
def test_an_invalid_span_is_rejected(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@given(st.text())
def test_stripping_a_span_equals_stripping_its_text(text: str) -> None:
    assert Span(0, len(text)).strip(text).of(text) == text.strip()


def test_an_article_rejects_text_that_is_not_nfc() -> None:
    with pytest.raises(ValidationError, match="not NFC"):
        Article(id="a", title="가", text=unicodedata.normalize("NFD", "가나다"))


def test_overlapping_sections_are_rejected() -> None:
    sections = (
        Section(kind=SectionKind.TITLE, start=0, end=3),
        Section(kind=SectionKind.BODY, start=2, end=4),
    )
    with pytest.raises(ValidationError, match="overlaps"):
        Article(id="a", title="t", text="가나다라", sections=sections)


@given(
    title=st.text(min_size=1),
    blocks=st.lists(
        st.tuples(st.sampled_from(list(SectionKind)), st.text(min_size=1)), min_size=1, max_size=6
    ),
)
def test_the_sections_of_an_article_are_the_blocks_of_its_draft(
    title: str, blocks: list[tuple[SectionKind, str]]
) -> None:
    article = Draft(title=title, blocks=tuple(blocks), source="x").article()
    assert article.text == unicodedata.normalize("NFC", article.text)
    for section in article.sections:
        assert section.span.of(article.text).strip()


def test_an_id_unsafe_in_a_url_is_replaced_by_a_digest() -> None:
    def identify(given_id: str) -> str:
        return Draft("t", ((SectionKind.BODY, "b"),), "s", id=given_id).article_id()

    assert identify("news:2025-1") == "news:2025-1"
    assert identify("../../etc") == identify("../../etc") != "../../etc"
