"""Grounding: supported claims pass, unsupported ones are rejected with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.article import Article, Draft, SectionKind
from geungeo.rag.grounding import support
from geungeo.rag.grounding.ground import Grounder, ground
from geungeo.rag.grounding.support import Grounds
from geungeo.rag.language.numbers import Quantity, quantities
from geungeo.rag.protocols import Claim, Evidence, Task
from geungeo.rag.segmentation import split_article
from geungeo.rag.text import Span

SOURCE = (
    "이 무렵 오픈AI는 오라클, 소프트뱅크 등과 함께 대규모 신규 데이터 센터를 개설하기 위해 "
    "5,000억 달러(또는 초기에는 1,000억 달러)라는 야심찬 계획을 발표했다."
)
SPEECH = "설리먼은 오픈AI 직원들에게 “최신 모델인 o1이 어떻게 작동하는지 설명해 달라”고 요청했다."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5,000억 달러", "5000억 달러"),
        ("5,000억 달러", "500,000,000,000달러"),
        ("5천억 달러", "$500 billion"),
        ("1조 2,000억 원", "1,200,000,000,000원"),
        ("30%", "30 퍼센트"),
        ("3만 5천 명", "35,000명"),
        ("2025년 3월 10일", "2025-03-10"),
        ("2025년 3월 10일", "March 10, 2025"),
        ("두 번째", "2번째"),
        ("0.5%", "0.50%"),
        ("１２３명", "123명"),
    ],
)
def test_spellings_of_one_number_are_equal(one: str, other: str) -> None:
    assert quantities(one) == quantities(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5,000억 달러", "5,000억 원"), ("30%", "30명"), ("3월", "3일"), ("5000억", "5000만")],
)
def test_different_numbers_do_not_match(one: str, other: str) -> None:
    (left,), (right,) = quantities(one), quantities(other)
    assert not left.matches(right)


@given(st.integers(1, 10**15))
def test_digit_grouping_does_not_change_value(value: int) -> None:
    assert quantities(f"{value:,}원") == {Quantity(Fraction(value), "krw")}


@pytest.mark.parametrize(
    "claim",
    [
        SOURCE,
        "오픈AI는 오라클, 소프트뱅크와 함께 5천억 달러 규모의 데이터 센터 계획을 발표했다.",
        "OpenAI는 오라클과 함께 데이터 센터 계획을 발표했다.",
    ],
)
def test_true_claims_are_supported(claim: str) -> None:
    verdict = support(claim, [SOURCE])
    assert verdict.supported, verdict.reasons


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("오픈AI는 소프트뱅크와 함께 6,000억 달러 데이터 센터 계획을 발표했다.", "number"),
        ("오픈AI는 소프트뱅크와 함께 5,000억 원 데이터 센터 계획을 발표했다.", "number"),
        ("오픈AI는 엔비디아와 함께 5,000억 달러 데이터 센터 계획을 발표했다.", "name"),
        ("오픈AI는 소프트뱅크와 함께 데이터 센터 계획을 발표하지 않았다.", "denies"),
        ("주가가 급락하자 투자자들이 일제히 소송을 제기하며 반발했다.", "word not in source"),
        ("오픈AI는 “이 데이터 센터는 세계 최대”라며 신규 계획을 발표했다.", "verbatim"),
    ],
)
def test_false_claims_are_rejected_with_reason(claim: str, reason: str) -> None:
    verdict = support(claim, [SOURCE])
    assert not verdict.supported
    assert reason in " ".join(verdict.reasons)


def test_context_and_publication_date_support_a_claim() -> None:
    claim = "2025년 1월 오픈AI는 소프트뱅크와 함께 데이터 센터 계획을 발표했다."
    before = "MS는 지난 1월 계약 문구에서 오픈AI를 제외하기로 결정했다."
    published = date(2025, 3, 10)
    assert not support(claim, [SOURCE]).supported
    assert not support(claim, Grounds((SOURCE,), published=published)).supported
    assert support(claim, Grounds((SOURCE,), ((before,),), published=published)).supported


def task_of(*sentences: str) -> Task:
    article = Draft("제목", tuple((SectionKind.BODY, s) for s in sentences), "s").article()
    spans = [s.span for s in split_article(article) if s.kind is SectionKind.BODY]
    evidence = tuple(
        Evidence(n, article, span, SectionKind.BODY, 0.9, 1) for n, span in enumerate(spans, 1)
    )
    return Task("질문", "ko", evidence)


def test_wrong_citation_is_replaced_by_supporting_evidence() -> None:
    task = task_of(SPEECH, SOURCE)
    grounded = ground(Claim("오픈AI는 데이터 센터 계획을 발표했다.", cites=(1,)), task)
    assert grounded.claim is not None
    assert grounded.claim.grounds[0].span == task.evidence[1].span


@pytest.mark.parametrize("cites", [(), (99,)])
def test_invented_claim_without_citation_is_dropped(cites: tuple[int, ...]) -> None:
    grounded = ground(Claim("나델라는 사임했다.", cites=cites), task_of(SPEECH, SOURCE))
    assert grounded.dropped is not None and grounded.dropped.why
    if grounded.claim is not None:
        # Only the source's own sentence may take its place.
        assert grounded.claim.text in (SPEECH, SOURCE)
        assert grounded.claim.text == grounded.dropped.instead
        assert grounded.claim.grounds[0].kind == "quote"


@pytest.mark.parametrize("cites", [(1,), (1, 2)])
def test_invented_claim_is_replaced_by_cited_sentence_that_answers(
    cites: tuple[int, ...],
) -> None:
    grounded = ground(Claim("나델라는 사임했다.", cites=cites), task_of(SPEECH, SOURCE))
    assert grounded.claim is not None and grounded.claim.text == SPEECH
    assert [one.kind for one in grounded.claim.grounds] == ["quote"]
    assert grounded.dropped is not None and grounded.dropped.instead == SPEECH


def test_cited_sentence_about_something_else_is_not_quoted() -> None:
    task = task_of(SPEECH, SOURCE)
    other = replace(task.evidence[1], score=0.1)
    task = replace(task, evidence=(task.evidence[0], other))
    grounded = ground(Claim("나델라는 사임했다.", cites=(2,)), task)
    assert grounded.claim is None
    grounded = ground(Claim("오픈AI는 9,000억 달러의 계획을 발표했다.", cites=(2,)), task)
    assert grounded.claim is not None and grounded.claim.text == SOURCE


def test_sentence_is_quoted_once_for_several_claims() -> None:
    grounder = Grounder(task_of(SPEECH, SOURCE))
    lies = ["오픈AI는 9,000억 달러의 계획을 발표했다.", "오픈AI는 8,000억 달러의 계획을 발표했다."]
    first, second = (grounder.take(Claim(lie, cites=(2,)))[0] for lie in lies)
    assert first.claim is not None and first.claim.text == SOURCE
    assert second.claim is None and second.dropped is not None and second.dropped.instead is None


@pytest.mark.parametrize("fragment", ["설리먼", "오픈AI 직원들", "네"])
def test_fragment_is_replaced_by_its_sentence(fragment: str) -> None:
    grounded = ground(Claim(fragment, cites=(1,)), task_of(SPEECH, SOURCE))
    assert grounded.claim is not None and grounded.claim.text == SPEECH


def test_each_seed_sentence_supports_itself(seed_article: Article) -> None:
    for sentence in split_article(seed_article):
        text = sentence.span.of(seed_article.text)
        assert support(text, [text]).supported, text


def test_span_of_claim_limits_citation() -> None:
    task = task_of(SPEECH)
    span = task.evidence[0].span
    narrow = Span(span.start, span.end - 1)
    grounded = ground(Claim(narrow.of(task.evidence[0].article.text), (1,), (narrow,)), task)
    assert grounded.claim is not None and grounded.claim.grounds[0].span == narrow
