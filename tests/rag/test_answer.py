"""Invariants 1 and 2: composed answers satisfy them, the check detects violations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.answer import (
    Answer,
    Composer,
    Ground,
    GroundedClaim,
    ShortAnswer,
    check,
    markers_in,
)
from geungeo.rag.article import Article
from geungeo.rag.errors import InvariantViolation
from geungeo.rag.text import Span

ARTICLES = [
    Article(
        id=f"a{n}", version=v, title="t", text=f"😀 {n}번 기사의 {v}판 [3] 본문이다. 둘째 문장."
    )
    for n in range(2)
    for v in (1, 2)
]


def lookup(article_id: str, version: int) -> Article:
    return next(a for a in ARTICLES if (a.id, a.version) == (article_id, version))


@st.composite
def grounds(draw: st.DrawFn) -> Ground:
    article = draw(st.sampled_from(ARTICLES))
    start = draw(st.integers(0, len(article.text) - 1))
    end = draw(st.integers(start + 1, len(article.text)))
    return Ground(article, Span(start, end), draw(st.floats(0, 1)))


CLAIMS = st.builds(
    GroundedClaim,
    st.text(min_size=1).filter(lambda text: text.strip()) | st.just("주장 [12] 이다 [1]."),
    st.lists(grounds(), min_size=1, max_size=4).map(tuple),
    st.sampled_from(["run", "item", "line"]),
)


def answer_of(composer: Composer, **changes: Any) -> Answer:
    fields: dict[str, Any] = {
        "id": "x",
        "question": "q",
        "standalone_question": "q",
        "language": "ko",
        "status": "answered",
        "reason": None,
        "text": composer.text,
        "citations": tuple(composer.citations),
        "backend": "test",
    }
    return Answer(**{**fields, **changes})


@given(st.lists(CLAIMS, min_size=1, max_size=6))
def test_every_composed_answer_passes_the_check(claims: list[GroundedClaim]) -> None:
    composer = Composer()
    streamed = "".join(composer.add(claim)[0] for claim in claims)
    assert streamed == composer.text
    check(answer_of(composer), lookup)
    for citation in composer.citations:
        source = lookup(citation.article_id, citation.version)
        assert source.text[citation.start : citation.end] == citation.quote
    first_use = list(dict.fromkeys(markers_in(composer.text)))
    assert first_use == list(range(1, len(first_use) + 1))


def test_a_span_cited_again_keeps_its_marker() -> None:
    composer = Composer()
    one, two = Ground(ARTICLES[0], Span(0, 5), 1), Ground(ARTICLES[0], Span(6, 9), 1)
    composer.add(GroundedClaim("가.", (one, two)))
    composer.add(GroundedClaim("나.", (one,)))
    assert composer.text == "가. [1][2] 나. [1]"
    assert [citation.marker for citation in composer.citations] == [1, 2, 1]


def composed() -> Composer:
    composer = Composer()
    composer.add(GroundedClaim("첫 주장.", (Ground(ARTICLES[0], Span(2, 6), 1),)))
    composer.add(GroundedClaim("둘째 주장.", (Ground(ARTICLES[1], Span(2, 6), 1),)))
    return composer


@pytest.mark.parametrize(
    "change",
    [
        {"start": 3, "end": 7},
        {"quote": "다른 말"},
        {"end": 10_000},
        {"version": 2},
        {"marker": 2},
        {"answer_start": 1},
        {"answer_end": 6},
    ],
)
def test_a_changed_citation_fails_the_check(change: dict[str, Any]) -> None:
    composer = composed()
    first = composer.citations[0].model_copy(update=change)
    with pytest.raises(InvariantViolation):
        check(answer_of(composer, citations=(first, composer.citations[1])), lookup)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "첫 주장. [1] 둘째 주장. [2] 셋째 주장."},
        {"citations": ()},
        {"status": "abstained"},
        {"reason": "no_evidence"},
        {"text": "첫 주장. [1] 둘째 주장. [2] [3]"},
        {"text": "첫 주장. [1]-둘째 주장. [2]"},
    ],
)
def test_a_changed_answer_fails_the_check(change: dict[str, Any]) -> None:
    with pytest.raises(InvariantViolation):
        check(answer_of(composed(), **change), lookup)


def test_items_of_a_list_have_lines_of_their_own_with_a_bullet() -> None:
    composer = Composer()
    ground = (Ground(ARTICLES[0], Span(0, 5), 1),)
    for text, layout in (("가.", "run"), ("나.", "item"), ("다.", "run"), ("라.", "item")):
        composer.add(GroundedClaim(text, ground, layout))  # type: ignore[arg-type]
    composer.add(GroundedClaim("마.", ground, "line"))
    assert composer.text == "가. [1]\n- 나. [1] 다. [1]\n- 라. [1]\n마. [1]"
    claims = [composer.text[c.answer_start : c.answer_end] for c in composer.citations]
    assert claims == ["가.", "- 나.", "다.", "- 라.", "마."]
    check(answer_of(composer), lookup)


def test_a_marker_forged_inside_a_claim_is_defused() -> None:
    composer = Composer()
    composer.add(GroundedClaim("거짓말 [9] 이다.", (Ground(ARTICLES[0], Span(0, 5), 1),)))
    assert composer.text == "거짓말 (9) 이다. [1]"


def test_a_short_answer_is_part_of_a_cited_quote() -> None:
    article = ARTICLES[0]
    composer = Composer()
    composer.add(GroundedClaim("본문이다.", (Ground(article, Span(2, 16), 1.0),), "run"))

    def short(start: int, end: int, text: str) -> ShortAnswer:
        return ShortAnswer(text=text, article_id="a0", version=1, start=start, end=end)

    quote = Span(2, 16).of(article.text)
    check(answer_of(composer, short_answer=short(3, 6, quote[1:4])), lookup)
    for wrong in (
        short(3, 6, "다른 말"),
        short(14, 20, article.text[14:20]),
        short(0, 4, article.text[0:4]),
        short(3, 6, quote[1:4]).model_copy(update={"version": 2}),
    ):
        with pytest.raises(InvariantViolation, match="short answer"):
            check(answer_of(composer, short_answer=wrong), lookup)
