"""Match the times of sentences with the times that a question asks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geungeo.rag.article import Article
from geungeo.rag.evidence.features import Candidate
from geungeo.rag.language.dates.periods import Grain, day
from geungeo.rag.language.dates.times import Time, named_times
from geungeo.rag.question.concepts import Concept
from geungeo.rag.question.times import Asked
from geungeo.rag.text import Span, fold, listed

# Words that a question about a time may contain and still only ask what happened then.
_HAPPENED = listed(
    "일 사건 소식 뉴스 벌어지 생기 일어나 발생 알리 알려주 궁금하 happen happened event events"
)
# Factor for sentences dated outside the period that was asked about.
_OTHER_TIME_FACTOR = 0.5


def gloss(asked: Asked, found: Sequence[Candidate]) -> list[Candidate]:
    """Return ``found``, each with the question's words for a time that it names differently."""
    return [_glossed(asked, candidate) for candidate in found]


def _glossed(asked: Asked, candidate: Candidate) -> Candidate:
    published = candidate.article.published_day
    if published is None:
        return candidate
    own = asked.names(candidate.article, candidate.span, published)
    if own:
        return replace(candidate, gloss=asked.words, gloss_near=asked.words)
    around = asked.names(candidate.article, candidate.near, published)
    if around or asked.fits(day(published)):
        return replace(candidate, gloss_near=asked.words)
    return candidate


def asks_only_what_happened(asked: Asked, concepts: Sequence[Concept]) -> bool:
    """Whether the question asks only what happened then: ``1월에 무슨 일이 있었나?``"""
    words = fold(asked.words)
    return all(concept.surface in words or concept.surface in _HAPPENED for concept in concepts)


def names_asked_time(asked: Asked, candidate: Candidate) -> bool:
    """Whether the sentence itself names a time that is asked about."""
    mentioned = named_times(candidate.text, candidate.article.published_day)
    return any(asked.fits(time.period) for time in mentioned)


def time_factors(asked: Asked, found: Sequence[Candidate]) -> np.ndarray:
    """Return ``(n,)``: a factor below 1 for each sentence about another time than the asked one.

    A sentence that names its time in the question's own words is lowered only if another one fits.
    """
    has_rival = any(names_asked_time(asked, candidate) for candidate in found)
    return np.array(
        [
            _OTHER_TIME_FACTOR
            if _about_other_time(asked, c.article, c.span) and (has_rival or not _echoed(asked, c))
            else 1.0
            for c in found
        ]
    )


def _echoed(asked: Asked, candidate: Candidate) -> bool:
    """Whether the sentence uses the question's own words (올해) for another time.

    The user may be reading the article and mean its year; the note says which year it is.
    """
    mentioned = named_times(candidate.text, candidate.article.published_day)
    return any(
        fold(time.span.of(candidate.text)) in asked.relative for time in mentioned if time.relative
    )


def contradicts_time(asked: Asked, candidate: Candidate) -> bool:
    """Whether ``candidate`` is about another time and no sentence around it fits either.

    A mere year may describe something else in the question (``2023년 설립된 회사가 …``): if it
    occurs anywhere in the article, nothing is contradicted.
    """
    article = candidate.article
    if not _about_other_time(asked, article, candidate.span) or _echoed(asked, candidate):
        return False
    mere_year = all(period.grain is Grain.YEAR for period in asked.periods)
    around = article.text if mere_year else candidate.near.of(article.text)
    published = article.published_day
    return not any(
        asked.fits(time.period)
        for line in around.splitlines()
        for time in named_times(line, published)
    )


def _about_other_time(asked: Asked, article: Article, span: Span) -> bool:
    """Whether the sentence names times, all of them outside the asked ones.

    A year that is written out must differ in nothing but the year: ``2020년 데뷔`` answers a
    question about someone born in 2005.
    """
    published = article.published_day
    if published is None:
        return False
    mentioned = named_times(span.of(article.text), published)
    if any(asked.fits(time.period) for time in mentioned):
        return False
    return any(time.relative or _other_year(asked, time) for time in mentioned)


def _other_year(asked: Asked, time: Time) -> bool:
    return any(
        period.grain is time.period.grain is not Grain.YEAR
        and period.first.month == time.period.first.month
        and (period.grain is not Grain.DAY or period.first.day == time.period.first.day)
        for period in asked.periods
    )
