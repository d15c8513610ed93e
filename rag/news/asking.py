"""The times that a question asks about, and which sentences speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from geungeo.rag.article import Article
from geungeo.rag.evidence.features import Candidate
from geungeo.rag.evidence.question import Question
from geungeo.rag.language.dates.periods import Grain, Period, day
from geungeo.rag.language.dates.times import Time, named_times, start_of
from geungeo.rag.protocols import Filters
from geungeo.rag.text import Span, fold, listed

# What happened in a period is told in it and for about a year afterwards.
_TOLD_FOR = timedelta(days=400)
# A longer time than any single one that a question is about.
_LONG = timedelta(days=367)
# What a question may say besides a time and still ask for nothing but what happened then.
_HAPPENED = listed(
    "일 사건 소식 뉴스 벌어지 생기 일어나 발생 알리 알려주 궁금하 happen happened event events"
)
# A sentence that dates its matter elsewhere stands back; one that fits needs no push.
_ELSEWHEN = 0.5


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

    def gloss(self, found: Sequence[Candidate]) -> list[Candidate]:
        """``found``, each with the question's words for a time that it names otherwise."""
        return [self._glossed(candidate) for candidate in found]

    def _glossed(self, candidate: Candidate) -> Candidate:
        published = candidate.article.published_day
        if published is None:
            return candidate
        own = self.names(candidate.article, candidate.span, published)
        if own:
            return replace(candidate, gloss=self.words, gloss_near=self.words)
        around = self.names(candidate.article, candidate.near, published)
        if around or self.fits(day(published)):
            return replace(candidate, gloss_near=self.words)
        return candidate

    def names(self, article: Article, span: Span, published: date) -> bool:
        """Whether a time named at ``span`` fits, in words that the question does not share."""
        return any(
            self.fits(time.period)
            for time in named_times(span.of(article.text), published)
            if time.relative or self.relative
        )

    def is_all_of(self, question: Question) -> bool:
        """Whether ``question`` has no other subject: ``2026년 1월에 무슨 일이 있었나?``"""
        words = fold(self.words)
        return all(
            concept.surface in words or concept.surface in _HAPPENED
            for concept in question.concepts
        )

    def tells(self, candidate: Candidate) -> bool:
        """Whether the sentence itself names a time that is asked about."""
        told = named_times(candidate.text, candidate.article.published_day)
        return any(self.fits(time.period) for time in told)

    def prior(self, found: Sequence[Candidate]) -> np.ndarray:
        """``(n,)``: by what each sentence's score is multiplied for dating its matter elsewhere.

        A sentence that does so in the question's own words stands back only for one that fits.
        """
        rivalled = any(self.tells(candidate) for candidate in found)
        return np.array(
            [
                _ELSEWHEN
                if self._elsewhen(c.article, c.span) and (rivalled or not self._echoed(c))
                else 1.0
                for c in found
            ]
        )

    def _echoed(self, candidate: Candidate) -> bool:
        """Whether the sentence has the question's very words (올해) for its own, other time.

        Whoever asks so may have the article before them; the note says which year is meant.
        """
        published = candidate.article.published_day
        told = named_times(candidate.text, published)
        return any(
            fold(time.span.of(candidate.text)) in self.relative for time in told if time.relative
        )

    def contradicted(self, candidate: Candidate) -> bool:
        """Whether ``candidate`` dates its matter otherwise and nothing around it fits either.

        A mere year may describe something else in the question (``2023년 설립된 회사가 …``):
        if it stands anywhere in the article, nothing is contradicted.
        """
        article = candidate.article
        if not self._elsewhen(article, candidate.span) or self._echoed(candidate):
            return False
        mere_year = all(period.grain is Grain.YEAR for period in self.periods)
        around = article.text if mere_year else candidate.near.of(article.text)
        published = article.published_day
        return not any(
            self.fits(time.period)
            for line in around.splitlines()
            for time in named_times(line, published)
        )

    def _elsewhen(self, article: Article, span: Span) -> bool:
        """Whether the sentence names times, and all of them lie outside the asked ones.

        A year that is told outright must differ in nothing but the year: in ``2020년 데뷔`` a
        question about somebody born in 2005 finds its answer.
        """
        published = article.published_day
        if published is None:
            return False
        told = named_times(span.of(article.text), published)
        if any(self.fits(time.period) for time in told):
            return False
        return any(time.relative or self._other_year(time) for time in told)

    def _other_year(self, time: Time) -> bool:
        return any(
            asked.grain is time.period.grain is not Grain.YEAR
            and asked.first.month == time.period.first.month
            and (asked.grain is not Grain.DAY or asked.first.day == time.period.first.day)
            for asked in self.periods
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
