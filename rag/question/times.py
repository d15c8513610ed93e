"""Times that a question asks about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from geungeo.rag.answer import Filters
from geungeo.rag.article import Article
from geungeo.rag.language.dates.periods import Period
from geungeo.rag.language.dates.times import named_times, start_of
from geungeo.rag.text import Span, fold

# Events are reported when they happen and for about a year afterwards.
_REPORTED_FOR = timedelta(days=400)
# Longer periods do not help to distinguish sentences.
_MAX_PERIOD = timedelta(days=367)


@dataclass(frozen=True, slots=True)
class Asked:
    """The times in a question (at least one); relative ones are resolved against today.

    ``words`` are the question's expressions for them: a sentence that names the same time
    otherwise is matched as if it used these. ``relative`` are the folded relative expressions.
    """

    periods: tuple[Period, ...]
    words: str
    relative: frozenset[str]

    def published(self, filters: Filters) -> Filters | None:
        """Narrow ``filters`` to articles of the time asked about; ``None`` if they have dates."""
        if filters.published_from is not None or filters.published_to is not None:
            return None
        first = min(period.first for period in self.periods)
        try:
            last = max(period.last for period in self.periods) + _REPORTED_FOR
        except OverflowError:
            return None
        return replace(filters, published_from=start_of(first)[:10], published_to=last.isoformat())

    def fits(self, period: Period) -> bool:
        """Whether ``period`` overlaps a time that the question asks about."""
        return any(period.overlaps(asked) for asked in self.periods)

    def names(self, article: Article, span: Span, published: date) -> bool:
        """Whether a time in ``span`` fits that is relative there or in the question."""
        return any(
            self.fits(time.period)
            for time in named_times(span.of(article.text), published)
            if time.relative or self.relative
        )


def asked_times(question: str, today: date) -> Asked | None:
    """Return the times that ``question`` names, or ``None``; ``today`` is the user's date."""
    # 최근 10년간 contains nearly every time, so it does not distinguish sentences.
    found = [
        time
        for time in named_times(question, today)
        if time.period.last - time.period.first < _MAX_PERIOD
    ]
    if not found:
        return None
    return Asked(
        tuple(time.period for time in found),
        " ".join(time.span.of(question) for time in found),
        frozenset(fold(time.span.of(question)) for time in found if time.relative),
    )
