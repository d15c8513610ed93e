"""The times that a question asks about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from geungeo.rag.answer import Filters
from geungeo.rag.article import Article
from geungeo.rag.language.dates.periods import Period
from geungeo.rag.language.dates.times import named_times, start_of
from geungeo.rag.text import Span, fold

# What happened in a period is told in it and for about a year afterwards.
_TOLD_FOR = timedelta(days=400)
# A longer time than any single one that a question is about.
_LONG = timedelta(days=367)


@dataclass(frozen=True, slots=True)
class Asked:
    """The times in a question (never empty); relative ones count from the asker's today.

    ``words`` are the question's own words for them: a sentence that speaks of the same time
    in other words is read as if it used these. ``relative`` are those that count from today.
    """

    periods: tuple[Period, ...]
    words: str
    relative: frozenset[str]

    def published(self, filters: Filters) -> Filters | None:
        """``filters`` narrowed to when the matter was news; ``None`` if they have dates."""
        if filters.published_from is not None or filters.published_to is not None:
            return None
        first = min(period.first for period in self.periods)
        try:
            last = max(period.last for period in self.periods) + _TOLD_FOR
        except OverflowError:
            return None
        return replace(filters, published_from=start_of(first)[:10], published_to=last.isoformat())

    def fits(self, period: Period) -> bool:
        """Whether ``period`` has a day in common with a time that is asked about."""
        return any(period.overlaps(asked) for asked in self.periods)

    def names(self, article: Article, span: Span, published: date) -> bool:
        """Whether a time named at ``span`` fits, in words that the question does not share."""
        return any(
            self.fits(time.period)
            for time in named_times(span.of(article.text), published)
            if time.relative or self.relative
        )


def asked_times(question: str, today: date) -> Asked | None:
    """The times that ``question`` asks about, if it names any; ``today`` is the asker's."""
    # 최근 10년간 holds nearly every time: it tells no sentence from another.
    found = [t for t in named_times(question, today) if t.period.last - t.period.first < _LONG]
    if not found:
        return None
    return Asked(
        tuple(time.period for time in found),
        " ".join(time.span.of(question) for time in found),
        frozenset(fold(time.span.of(question)) for time in found if time.relative),
    )
