"""Times named in a text: explicit ones, and ones relative to its publication date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
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
def seoul_time(moment: str) -> str:
    """Return a time of ISO 8601 with a zone as that in Asia/Seoul; a day and others as they are."""
    try:
        parsed = datetime.fromisoformat(moment)
        return moment if parsed.tzinfo is None else parsed.astimezone(SEOUL).isoformat()
    except (ValueError, OverflowError):
        return moment


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


def bare_dates(text: str, published: date | None) -> Iterator[re.Match[str]]:
    """Yield the matches of ``BARE_DATE`` in ``text`` that are no part of a named time."""
    times = named_times(text, published)
    for match in BARE_DATE.finditer(text):
        if not any(time.span.start <= match.start() < time.span.end for time in times):
            yield match


def bare_days(text: str, published: date) -> frozenset[date]:
    """Return the days that dates without a year (8월 9일) or month (29일) in ``text`` may mean.

    A bare day follows the month that is named before it; otherwise it is the latest such day, or
    one that is still to come in the month of publication, or, where something is planned, in the
    next. A month and day are of the nearest years.
    """
    found: set[date] = set()
    times = named_times(text, published)
    months = [(time.span.end, time.period.first) for time in times if time.period.grain in _DATED]
    here = published.replace(day=1)
    for match in bare_dates(text, published):
        day, month = match["day"] or match["day2"] or match["day3"], month_of(match)
        if month:
            starts = [date(published.year + by, month, 1) for by in (-1, 0, 1)]
            starts = [one for one in starts if abs((one - published).days) < _NEAR_YEAR]
            months += [(match.end(), one) for one in starts]
        else:
            before = [first for end, first in months if end <= match.start()]
            starts = [*before[-2:], here]
            starts += [periods.shift_months(here, -1)] if int(day) > published.day else []
            planned = _TO_COME.search(text, match.end(), match.end() + _PLAN)
            starts += [periods.shift_months(here, 1)] if planned else []
        if day:
            found |= _with_day(starts, int(day))
    return frozenset(found)


def times_that_follow(text: str, before: str, published: date) -> list[Period]:
    """Return what 이듬해 3월, 그해 8월, 이튿날, 사흘 뒤 and 하루 앞서 in ``text`` mean.

    They count from the last time before them, which may be in ``before``. A date without a month
    may be of several; all are returned.

    >>> times_that_follow("이듬해 3월 소송을 냈다.", "2018년 갈라섰다.", date(2026, 2, 1))[0].first
    datetime.date(2019, 3, 1)
    """
    joined = f"{before}\n{text}"[-_MAX_TEXT:]
    start = len(joined) - len(text)
    known = [(time.span.end, time.period) for time in named_times(joined, published)]
    found: list[Period] = []
    for match in _THAT_YEAR.finditer(joined):
        earlier = [one for one in known if one[0] <= match.start()]
        if not earlier:
            continue
        _, counted_from = max(earlier, key=itemgetter(0))
        try:
            period = korean.year_and(match, counted_from.first.year + (match["word"] == "이듬해"))
        except ValueError:
            continue  # 30 February
        known.append((match.end(), period))
        found += [period] if match.start() >= start else []
    for match in _DAYS_APART.finditer(joined, start):
        shift = timedelta(days=_days_of(match))
        found += [
            periods.day(one + shift) for one in _last_days(joined[: match.start()], published)
        ]
    return found


def _days_of(match: re.Match[str]) -> int:
    if match["next"] or match["previous"]:
        return 1 if match["next"] else -1
    words, number = match["days"], match["number"]
    return int(number) if number else korean.DAYS[words]


def _last_days(text: str, published: date) -> frozenset[date]:
    """Return the days that the last date in ``text`` may mean; none if it has no date."""
    bare = [match.start() for match in bare_dates(text, published) if match["part"] is None]
    times = named_times(text, published)
    named = [time for time in times if time.period.grain is periods.Grain.DAY]
    if named and (not bare or named[-1].span.start > bare[-1]):
        return frozenset({named[-1].period.first})
    if not bare:
        return frozenset()
    last = bare_days(text, published) - bare_days(text[: bare[-1]], published)
    return last or bare_days(text[bare[-1] :], published)


_THAT_YEAR = re.compile(rf"(?<![가-힣])(?P<word>이듬해|그\s?해|같은\s해)(?:{korean.SUB_YEAR})?")
_DAYS_APART = re.compile(
    r"(?<![가-힣\d])(?:(?P<next>이튿날|다음\s날)|(?P<previous>전날|하루\s(?:앞서|앞선|전))"
    rf"|(?:(?P<days>{'|'.join(korean.DAYS)})|(?P<number>\d{{1,2}})일)\s?(?:뒤|후|만에|만인))(?![가-힣]{{2}})"
)


def _with_day(months: Iterable[date], number: int) -> set[date]:
    """Return the day ``number`` of each of ``months`` that has one."""
    found = set()
    for month in months:
        try:
            found.add(month.replace(day=number))
        except ValueError:
            continue
    return found


def month_of(match: re.Match[str]) -> int | None:
    """Return the number of the month that a match of ``BARE_DATE`` names, or ``None``."""
    if match["name"]:
        names = [name[:3].lower() for name in MONTH_NAMES]
        return names.index(match["name"][:3].lower()) + 1
    return int(match["month"]) if match["month"] else None


_DATED = frozenset({periods.Grain.DAY, periods.Grain.MONTH, periods.Grain.PART})
_TO_COME = re.compile(r"예정|계획|방침|기로 [했하]|겠다")
# Characters between a day and the word that says that something is planned for it.
_PLAN = 60
# Days between a publication and the first of a month that it names without a year.
_NEAR_YEAR = 330
# A date without a year; with ``part`` (초, 중순) of a month instead of a day.
BARE_DATE = re.compile(
    r"(?<![\d년])(?<!\d년 )(?:(?P<month>1[0-2]|0?[1-9])월"
    r"(?:\s?(?P<day>3[01]|[12]\d|[1-9])일(?!간|째)|\s?(?P<part>초순|상순|중순|하순|초|말)(?![가-힣]{2}))?"
    r"|(?P<day2>3[01]|[12]\d|[1-9])일(?!간|째))"
    rf"|\b(?P<name>{_NAMES}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
    r"(?:\s(?P<day3>3[01]|[12]\d|[1-9])(?!\d))?(?!,?\s(?:19|20)\d\d)"
)


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
