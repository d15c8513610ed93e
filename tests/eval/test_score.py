"""From answers to verdicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geungeo.eval.cases import Case
from geungeo.eval.judge import GoldJudge, GoldSpan, GroundingJudge
from geungeo.eval.score import Judges, retrieval_of, row_of, verdict_of
from geungeo.rag.answer import Answer, Citation, PassageHit
from geungeo.rag.article import Article
from geungeo.rag.errors import ArticleNotFound
from geungeo.rag.text import Span

TEXT = "샘 앨트먼은 2023년 11월에 축출됐다. 규모는 5,000억 달러이다. 날씨는 맑다."
FIRST, SECOND, THIRD = Span(0, 23), Span(24, 40), Span(41, 48)
JUDGES = Judges(GoldJudge(fallback=GroundingJudge()), GroundingJudge())

MakeAnswer = Callable[..., Answer]
MakeCitation = Callable[..., Citation]


def lookup(article_id: str, version: int) -> Article:
    if (article_id, version) != ("a", 1):
        raise ArticleNotFound(article_id)
    return Article(id="a", title="제목", text=TEXT)


CASE = Case("1", "answerable", "언제?", "answer", answers=("2023년 11월",), quotes=("2023년 11월",))
GOLD = (GoldSpan("a", 1, Span(7, 16)),)


def test_spans_of_this_module_are_right() -> None:
    assert FIRST.of(TEXT) == "샘 앨트먼은 2023년 11월에 축출됐다."
    assert SECOND.of(TEXT) == "규모는 5,000억 달러이다."
    assert THIRD.of(TEXT) == "날씨는 맑다."
    assert GOLD[0].span.of(TEXT) == "2023년 11월"


def test_right_answer_hits_everything(make_answer: MakeAnswer, make_citation: MakeCitation) -> None:
    claim = FIRST.of(TEXT)
    citation = make_citation(1, FIRST.start, FIRST.end, claim, (0, len(claim)))
    verdict = verdict_of(CASE, make_answer(f"{claim} [1]", citation), GOLD, JUDGES, lookup)
    assert verdict.answer_hit is True
    assert verdict.quote_hit is True
    assert verdict.inexact == ()
    (statement,) = verdict.statements
    assert (statement.text, statement.joint, statement.useful) == (claim, True, (True,))
    assert statement.grounded


@pytest.mark.parametrize(
    ("cited", "f1"),
    [
        ((FIRST, SECOND), 1.0),
        ((FIRST,), 2 / 3),  # precision 1, recall 1/2
        ((FIRST, THIRD), 0.5),
        ((FIRST, SECOND, THIRD), 0.8),  # precision 2/3, recall 1
        ((THIRD,), 0.0),
        ((), 0.0),
    ],
)
def test_summary_is_scored_against_the_picked_sentences(
    cited: tuple[Span, ...],
    f1: float,
    make_answer: MakeAnswer,
    make_citation: MakeCitation,
) -> None:
    case = Case("1", "summary", "요약해 줘", "answer", quotes=(FIRST.of(TEXT), SECOND.of(TEXT)))
    gold = [GoldSpan("a", 1, span) for span in (FIRST, SECOND)]
    text, citations = "", []
    for number, span in enumerate(cited, 1):
        start = len(text)
        text += f"{span.of(TEXT)} [{number}] "
        end = start + len(span.of(TEXT))
        citations.append(make_citation(number, span.start, span.end, span.of(TEXT), (start, end)))
    verdict = verdict_of(case, make_answer(text.strip(), *citations), gold, JUDGES, lookup)
    assert verdict.summary_f1 == pytest.approx(f1, abs=1e-6)
    assert verdict.quote_hit is verdict.helpful is verdict.answer_hit is None


def test_citation_of_another_place_is_grounded_but_not_right(
    make_answer: MakeAnswer, make_citation: MakeCitation
) -> None:
    claim = THIRD.of(TEXT)
    citation = make_citation(1, THIRD.start, THIRD.end, claim, (0, len(claim)))
    verdict = verdict_of(CASE, make_answer(f"{claim} [1]", citation), GOLD, JUDGES, lookup)
    assert verdict.answer_hit is False
    assert verdict.quote_hit is False
    (statement,) = verdict.statements
    assert (statement.joint, statement.useful, statement.grounded) == (False, (False,), True)


def test_cited_quote_may_contain_the_answer(
    make_answer: MakeAnswer, make_citation: MakeCitation
) -> None:
    claim = "그때 축출됐다."
    citation = make_citation(1, FIRST.start, FIRST.end, FIRST.of(TEXT), (0, len(claim)))
    verdict = verdict_of(CASE, make_answer(f"{claim} [1]", citation), GOLD, JUDGES, lookup)
    assert verdict.answer_hit is True


@pytest.mark.parametrize("shift", [-1, 1])
def test_shifted_citation_is_inexact(
    make_answer: MakeAnswer, make_citation: MakeCitation, shift: int
) -> None:
    claim = SECOND.of(TEXT)
    citation = make_citation(1, SECOND.start + shift, SECOND.end + shift, claim, (0, len(claim)))
    verdict = verdict_of(CASE, make_answer(f"{claim} [1]", citation), GOLD, JUDGES, lookup)
    assert verdict.inexact == (1,)


def test_citations_of_missing_places_are_inexact_and_useless(
    make_answer: MakeAnswer, make_citation: MakeCitation
) -> None:
    claim = FIRST.of(TEXT)
    beyond = make_citation(1, 500, 510, claim, (0, len(claim)))
    unknown = make_citation(2, 0, 5, claim, (0, len(claim))).model_copy(update={"version": 9})
    answer = make_answer(f"{claim} [1][2]", beyond, unknown)
    verdict = verdict_of(CASE, answer, GOLD, JUDGES, lookup)
    assert verdict.inexact == (1, 2)
    (statement,) = verdict.statements
    assert (statement.joint, statement.useful, statement.grounded) == (False, (False, False), False)


def test_sentences_without_a_citation_are_statements_too(
    make_answer: MakeAnswer, make_citation: MakeCitation
) -> None:
    claim = FIRST.of(TEXT)
    lead, tail = "내 생각은 이렇다. 들어 보라.", "틀림없다!"
    text = f"{lead} {claim} [1] {tail}"
    start = len(lead) + 1
    citation = make_citation(1, FIRST.start, FIRST.end, claim, (start, start + len(claim)))
    verdict = verdict_of(CASE, make_answer(text, citation), GOLD, JUDGES, lookup)
    assert [(entry.text, entry.grounded) for entry in verdict.statements] == [
        ("내 생각은 이렇다.", False),
        ("들어 보라.", False),
        (claim, True),
        ("틀림없다!", False),
    ]


def test_abstention_has_no_hit_and_no_statement(make_answer: MakeAnswer) -> None:
    answer = make_answer("2023년 11월은 없습니다.", reason="no_evidence")
    verdict = verdict_of(CASE, answer, GOLD, JUDGES, lookup)
    assert verdict.answer_hit is False
    assert verdict.statements == ()
    unanswerable = Case("2", "unanswerable", "몇?", "abstain")
    assert verdict_of(unanswerable, answer, (), JUDGES, lookup).answer_hit is None


def hit(article: str, start: int, end: int, rank: int) -> PassageHit:
    return PassageHit(
        article_id=article,
        version=1,
        start=start,
        end=end,
        text="",
        score=1 / rank,
        dense_score=None,
        lexical_score=None,
        rank=rank,
    )


def test_passages_count_by_overlap_and_paragraphs_once() -> None:
    hits = [hit("b", 0, 9, 1), hit("b", 9, 20, 2), hit("a", 90, 99, 3), hit("a", 15, 30, 4)]
    passages = retrieval_of(hits, GOLD, by_article=False)
    assert (passages.rank, passages.searched) == (4, 4)
    paragraphs = retrieval_of(hits, GOLD, by_article=True)
    assert (paragraphs.rank, paragraphs.searched) == (2, 2)
    assert [entry.relevant for entry in paragraphs.top] == [False, True]
    assert retrieval_of(hits[:2], GOLD, by_article=False).rank is None


def test_rows_contain_nothing_volatile(make_answer: MakeAnswer) -> None:
    def row(identifier: str, total: float) -> object:
        answer = make_answer("없습니다.", reason="no_evidence", id=identifier)
        answer = answer.model_copy(
            update={"timings_ms": answer.timings_ms.model_copy(update={"total": total})}
        )
        return row_of(
            "set",
            "1",
            CASE,
            gold_found=True,
            retrieval=None,
            answer=answer,
            verdict=verdict_of(CASE, answer, GOLD, JUDGES, lookup),
            asked=True,
        )

    assert row("one", 1.0) == row("two", 2.0)
