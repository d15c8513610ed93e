"""Times named in a text: explicit ones, and ones relative to its publication date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from geungeo.rag.language.dates import english, korean, periods
from geungeo.rag.language.dates.periods import MONTH_NAMES, Period
from geungeo.rag.text import Span

SEOUL = ZoneInfo("Asia/Seoul")
# Characters of a text that are read: longer than any sentence or question.
_MAX_TEXT = 4_000

_YEAR = r"(?<![\d.,])(?P<year>(?:19|20)\d\d)"
_KOREAN_DATE = re.compile(rf"{_YEAR}년(?!간|\s?동안|\s?만에){korean.SUB_YEAR}?")
_ISO_DATE = re.compile(rf"{_YEAR}[-./](?P<month>\d{{1,2}})(?:[-./](?P<day>\d{{1,2}}))?(?!\d)")
_NAMES = "|".join(MONTH_NAMES)
_ENGLISH_DATE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})\s)?(?P<month>{_NAMES})\s(?:(?P<d2>\d{{1,2}}),?\s)?(?P<year>(?:19|20)\d\d)\b"
)
_ENGLISH_YEAR = re.compile(
    r"\b(?:in|since|during|of|by|until|for|early|late)\s(?P<year>(?:19|20)\d\d)\b"
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
# Relative to the time named before, if there is one.
_NEXT = re.compile(r"다음|내달")


@dataclass(frozen=True, slots=True)
class Time:
    """A time named in a text at ``span``; ``relative`` if it needed a publication date."""

    span: Span
    period: Period
    relative: bool


@lru_cache(maxsize=1_024)
def seoul_day(moment: str) -> date | None:
    """Return the day in Asia/Seoul of an ISO 8601 date or time (without a zone: Seoul time)."""
    try:
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            return parsed.date()
        return parsed.astimezone(SEOUL).date()
    except (ValueError, OverflowError):
        return None


def today_in_seoul() -> date:
    """Return the present day in Asia/Seoul."""
    return datetime.now(SEOUL).date()


def start_of(day: date) -> str:
    """Return the first moment of ``day`` in Asia/Seoul, as ISO 8601."""
    return datetime.combine(day, time(), SEOUL).isoformat()


def named_times(text: str, published: date | None) -> tuple[Time, ...]:
    """Return the times in ``text``, in order and disjoint; relative ones only with ``published``.

    A relative time that counts from another date (a speaker's “내년” in a sentence about an
    earlier year, 다음 달 after another month) is left out.
    """
    return _named_times(text[:_MAX_TEXT], published)


@lru_cache(maxsize=4_096)
def _named_times(text: str, published: date | None) -> tuple[Time, ...]:
    found = [Time(Span(a, b), period, relative=False) for a, b, period in _explicit(text)]
    if published is not None:
        found += [
            Time(Span(a, b), period, relative=True) for a, b, period in _relative(text, published)
        ]
    found = _disjoint(found)
    if published is None:
        return tuple(found)
    quoted = [Span(*match.span()) for match in _QUOTED.finditer(text)]
    return tuple(
        item
        for item in found
        if not item.relative or _is_anchored(item, found, quoted, published, text)
    )


def _relative(text: str, published: date) -> Iterator[tuple[int, int, Period]]:
    """Yield ``(start, end, period)`` of every relative time, including overlaps, in no order."""
    for pattern, rule in (*korean.EXPRESSIONS, *english.EXPRESSIONS):
        for match in pattern.finditer(text):
            try:
                period = rule(match, published)
            except (ValueError, OverflowError):
                # 30 February, or a year outside the calendar.
                continue
            if period is not None:
                yield match.start(), match.end(), period


def relative_times(text: str, published: date) -> tuple[Time, ...]:
    """Return the relative times in ``text``, resolved against ``published``."""
    return tuple(item for item in named_times(text, published) if item.relative)


def _is_anchored(
    item: Time, found: Sequence[Time], quoted: Sequence[Span], published: date, text: str
) -> bool:
    """Whether ``item`` counts from the publication date, not from another date in the text."""
    here = periods.day(published)
    around = next((quote for quote in quoted if quote.contains(item.span)), None)
    if around and any(
        not around.contains(other.span) and other.period.first.year != published.year
        for other in found
        if other.period.last < published
    ):
        return False
    if _NEXT.match(item.span.of(text)):
        earlier = [other for other in found if other.span.end <= item.span.start]
        return not earlier or earlier[-1].period.overlaps(here)
    return True


def _explicit(text: str) -> Iterable[tuple[int, int, Period]]:
    for match in _KOREAN_DATE.finditer(text):
        if (period := _korean(match)) is not None:
            yield match.start(), match.end(), period
    for pattern in (_ISO_DATE, _ENGLISH_DATE, _ENGLISH_YEAR):
        for match in pattern.finditer(text):
            if (period := _western(match)) is not None:
                yield match.start("year" if pattern is _ENGLISH_YEAR else 0), match.end(), period


def _korean(match: re.Match[str]) -> Period | None:
    try:
        return korean.year_and(match, int(match["year"]))
    except ValueError:
        return None


def _western(match: re.Match[str]) -> Period | None:
    parts = match.groupdict()
    year, name = int(parts["year"]), parts.get("month")
    number = parts.get("day") or parts.get("d1") or parts.get("d2")
    try:
        if name is None:
            return periods.year(year)
        month = int(name) if name.isdigit() else MONTH_NAMES.index(name) + 1
        return periods.day(date(year, month, int(number))) if number else periods.month(year, month)
    except ValueError:
        return None


def _disjoint(found: Iterable[Time]) -> list[Time]:
    """Drop overlaps: keep the first time, and the longest of those with the same start."""
    kept: list[Time] = []
    for item in sorted(found, key=lambda t: (t.span.start, -t.span.end, t.relative)):
        if not kept or item.span.start >= kept[-1].span.end:
            kept.append(item)
    return kept
