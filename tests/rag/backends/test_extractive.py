"""Number of sentences that the embedded backend quotes, and of which articles."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.protocols import Claim, Evidence, Report, Task
from geungeo.rag.text import Span

WHY = "가람시는 왜 다리를 놓았나?"
WHEN = "가람시는 언제 다리를 놓았나?"
LINES = [f"가람시는 다리를 놓았다고 시민 {n}명이 말했다." for n in range(1, 10)]


def article(name: str) -> Article:
    return Article(id=name, title="다리", published_at="2025-01-21", text="\n".join(LINES))


ARTICLES = {name: article(name) for name in "ab"}


def quoted(question: str, scored: list[tuple[str, float]], most: int = 4) -> list[Claim]:
    """Return the claims for sentences of these articles with these scores."""
    evidence = []
    for number, (name, score) in enumerate(sorted(scored, key=lambda one: -one[1]), 1):
        start = ARTICLES[name].text.index(LINES[number - 1])
        span = Span(start, start + len(LINES[number - 1]))
        evidence.append(Evidence(number, ARTICLES[name], span, SectionKind.BODY, score, 1))

    async def draft() -> list[Claim]:
        task = Task(question, "ko", tuple(evidence))
        return [claim async for claim in Extractive(most).draft(task, Report("extractive"))]

    return asyncio.run(draft())


@pytest.mark.parametrize(
    ("question", "scored", "numbers"),
    [
        # One that is far ahead is enough, whatever was asked
        (WHEN, [("a", 0.95), ("a", 0.5), ("a", 0.45)], [1]),
        (WHY, [("a", 0.95), ("a", 0.5), ("a", 0.3)], [1]),
        # As many as have 0.85 of the odds: 4 + 1 of 5.8
        (WHEN, [("a", 0.8), ("a", 0.5), ("a", 0.45)], [1, 2]),
        (WHY, [("a", 0.8), ("a", 0.5), ("a", 0.45)], [1, 2]),
        (WHY, [("a", 0.6), ("a", 0.55), ("a", 0.2)], [1, 2]),
        (WHY, [("a", 0.6), ("a", 0.55), ("a", 0.5), ("a", 0.15)], [1, 2, 3]),
        # Those that score less than a quarter of the best are none, however many they are
        (WHY, [("a", 0.8), *[("a", 0.19)] * 8], [1]),
        (WHEN, [("a", 0.3), *[("a", 0.02)] * 8], [1]),
        # For a fact three at most
        (WHY, [("a", 0.4)] * 5, [1, 2, 3, 4]),
        ("How did Garam build the bridge?", [("a", 0.4)] * 5, [1, 2, 3, 4]),
        (WHEN, [("a", 0.4)] * 5, [1, 2, 3]),
        ("시민은 몇 명인가?", [("a", 0.4)] * 5, [1, 2, 3]),
        # Of other articles at most one, next to the best, and only if it scores half as much
        (WHY, [("a", 0.5), ("b", 0.45), ("b", 0.45), ("a", 0.4)], [1, 2, 4]),
        (WHY, [("a", 0.5), ("b", 0.2), ("b", 0.2), ("b", 0.2), ("b", 0.2)], [1]),
        (WHY, [("a", 0.5), ("a", 0.45), ("b", 0.45), ("b", 0.4)], [1, 2]),
        # The limits of a score
        (WHY, [("a", 1.0), ("a", 0.99), ("a", 0.9)], [1]),
        (WHY, [("a", 0.0), ("a", 0.0)], [1]),
    ],
)
def test_number_of_sentences_depends_on_the_question_and_their_scores(
    question: str, scored: list[tuple[str, float]], numbers: list[int]
) -> None:
    assert sorted(claim.cites[0] for claim in quoted(question, scored)) == numbers


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0.01, 1.0)), min_size=1, max_size=9),
    st.sampled_from([WHY, WHEN]),
    st.integers(1, 6),
)
def test_best_sentence_is_quoted_and_the_limit_holds(
    scored: list[tuple[str, float]], question: str, most: int
) -> None:
    claims = quoted(question, scored, most)
    cited = [claim.cites[0] for claim in claims]
    assert 1 in cited
    assert len(cited) == len(set(cited)) <= (min(most, 3) if question == WHEN else most)
    for claim in claims:
        assert claim.spans and claim.text == LINES[claim.cites[0] - 1]
