"""Find passages for a question: by date where it names one, one copy a story, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from geungeo.rag.answer import Filters
from geungeo.rag.article import Article
from geungeo.rag.language.dates import periods
from geungeo.rag.protocols import Corpus
from geungeo.rag.question import Question
from geungeo.rag.question.times import Asked
from geungeo.rag.retrieval.channels import Retrieved, retrieve
from geungeo.rag.retrieval.copies import Copy, without_copies

# Scores that differ by less than this share say nothing about which source is the better one.
TIE = 0.03
# What a passage gains for a time that fits, told in words that no channel could match.
_TELLS = 0.15
_PUBLISHED = 0.05
# How many more passages are looked at where some of them will go.
_MORE = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first, and which articles were left out as copies."""

    passages: list[Retrieved]
    copies: list[Copy]


def find(corpus: Corpus, question: Question, k: int, filters: Filters) -> Found:
    """Find the ``k`` best passages for ``question``."""
    asked = question.times
    also = asked.published(filters) if asked else None
    pool = retrieve(corpus, question, _MORE * k if asked else k, filters, also=also)
    passages, copies = without_copies(_timely(pool, asked))
    if copies and len(passages) < k <= len(pool):
        pool = retrieve(corpus, question, _MORE * k, filters, also=also)
        passages, copies = without_copies(_timely(pool, asked))
    ranked = newest_first(passages, lambda r: r.score, lambda r: r.passage.article)
    return Found(ranked[:k], copies)


def _timely(found: Sequence[Retrieved], asked: Asked | None) -> list[Retrieved]:
    """``found``, what speaks of the times that are asked about a little further ahead."""
    if asked is None:
        return list(found)
    raised = [replace(r, score=r.score + _gain(r, asked)) for r in found]
    return sorted(raised, key=lambda r: -r.score)


def _gain(retrieved: Retrieved, asked: Asked) -> float:
    article = retrieved.passage.article
    published = article.published_day
    if published is None:
        return 0.0
    if asked.names(article, retrieved.passage.span, published):
        return _TELLS
    return _PUBLISHED if asked.fits(periods.day(published)) else 0.0


def newest_first(
    items: Sequence[T], score: Callable[[T], float], article: Callable[[T], Article]
) -> list[T]:
    """``items`` (best first), by date where scores fall short of the leader's by less than ``TIE``.

    An article without a date comes after those that have one.
    """
    ordered: list[T] = []
    rest = list(items)
    while rest:
        leader = score(rest[0])
        tied = next(
            (at for at, item in enumerate(rest) if score(item) < leader * (1 - TIE)), len(rest)
        )
        ordered += sorted(rest[:tied], key=lambda item: -_ordinal(article(item)))
        rest = rest[tied:]
    return ordered


def _ordinal(article: Article) -> int:
    published = article.published_day
    return published.toordinal() if published else 0
