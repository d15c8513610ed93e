"""Passages: consecutive sentences under a token budget, the unit of retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.protocols import TokenCounter
from geungeo.rag.sentences import Sentence
from geungeo.rag.text import Span


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences ``[first, last)`` of an article (by ordinal) and the span they cover.

    ``heading`` is the span of the heading above it, context for embedding only.
    """

    span: Span
    first: int
    last: int
    heading: Span | None = None


def split_passages(
    article: Article,
    sentences: Sequence[Sentence],
    *,
    count: TokenCounter,
    budget: int,
    overlap: int,
) -> list[Passage]:
    """Cover all ``sentences`` with passages of at most ``budget`` tokens.

    A single sentence over the budget is a passage of its own. Neighbours share ``overlap``
    sentences; a heading starts a passage and is never reached back over.
    """
    passages: list[Passage] = []
    for begin, end in _stretches(sentences):
        heading = sentences[begin].span if sentences[begin].kind is SectionKind.HEADING else None
        costs = [count(sentence.span.of(article.text)) for sentence in sentences[begin:end]]
        for first, last in _windows(costs, budget, overlap):
            span = Span(sentences[begin + first].span.start, sentences[begin + last - 1].span.end)
            passages.append(Passage(span, begin + first, begin + last, heading))
    return passages


def _stretches(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """``[begin, end)`` ordinals between headings; the front matter stands alone."""
    starts = [
        ordinal
        for ordinal, sentence in enumerate(sentences)
        if ordinal == 0
        or (
            (sentence.kind is SectionKind.HEADING)
            and sentences[ordinal - 1].kind is not SectionKind.HEADING
        )
    ]
    return list(zip(starts, [*starts, len(sentences)][1:], strict=True))


def _windows(costs: Sequence[int], budget: int, overlap: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    first = 0
    while first < len(costs):
        last, spent = first, 0
        while last < len(costs) and (last == first or spent + costs[last] <= budget):
            spent += costs[last]
            last += 1
        windows.append((first, last))
        if last == len(costs):
            break
        # Always move on: an overlap as long as the window would never end.
        first = max(first + 1, last - overlap)
    return windows


def embedding_text(article: Article, passage: Passage) -> str:
    """What is embedded for a passage: its text under the article's title and its heading."""
    lines = [article.title]
    if passage.heading and not passage.span.contains(passage.heading):
        lines.append(passage.heading.of(article.text))
    lines.append(passage.span.of(article.text))
    return "\n".join(lines)
