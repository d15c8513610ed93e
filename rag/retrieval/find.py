"""Find passages: use dates in the question, drop copies, prefer newer articles."""

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
from geungeo.rag.retrieval.channels import Retrieved, rank
from geungeo.rag.retrieval.copies import Copy, without_copies

# Scores that differ by less than this share count as equal.
TIE = 0.03
# Bonus for a passage that names the time asked about in other words, which no channel matches.
_NAMED_BONUS = 0.15
# Bonus for a passage that was published at that time.
_PUBLISHED_BONUS = 0.05
# Factor by which at most more passages are read when some may be dropped or reordered.
_OVERSAMPLING = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first, and the copies that were left out."""

    passages: list[Retrieved]
    copies: list[Copy]


def find(corpus: Corpus, question: Question, k: int, filters: Filters) -> Found:
    """Find the ``k`` best passages for ``question``."""
    asked = question.times
    also = asked.published(filters) if asked else None
    most = _OVERSAMPLING * k
    ranking = rank(corpus, question, most, filters, also=also)
    count = min(most, ranking.count_within(_NAMED_BONUS, k)) if asked else k
    passages, copies = without_copies(_timely(ranking.first(count), asked))
    while len(passages) < k and count < min(most, len(ranking)):
        # As many copies may be among the next ones.
        count = min(most, count + 2 * (k - len(passages)))
        passages, copies = without_copies(_timely(ranking.first(count), asked))
    ranked = newest_first(passages, lambda r: r.score, lambda r: r.passage.article)
    return Found(ranked[:k], copies)


def _timely(found: Sequence[Retrieved], asked: Asked | None) -> list[Retrieved]:
    """Rank passages about the times asked about a little higher."""
    if asked is None:
        return list(found)
    raised = [replace(r, score=r.score + _time_bonus(r, asked)) for r in found]
    return sorted(raised, key=lambda r: -r.score)


def _time_bonus(retrieved: Retrieved, asked: Asked) -> float:
    article = retrieved.passage.article
    published = article.published_day
    if published is None:
        return 0.0
    if asked.names(article, retrieved.passage.span, published):
        return _NAMED_BONUS
    return _PUBLISHED_BONUS if asked.fits(periods.day(published)) else 0.0


def newest_first(
    items: Sequence[T], score: Callable[[T], float], article: Callable[[T], Article]
) -> list[T]:
    """Sort ``items`` (best first) by date where scores are within ``TIE`` of the leader's.

    Articles without a date come after those that have one.
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
