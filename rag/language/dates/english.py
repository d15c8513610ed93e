"""English relative time expressions, resolved against a publication date."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from geungeo.rag.language.dates import periods
from geungeo.rag.language.dates.periods import MONTH_NAMES, Period

Rule = Callable[[re.Match[str], date], Period | None]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEASONS = {"spring": "봄", "summer": "여름", "fall": "가을", "autumn": "가을"}
_SHIFT = {"last": -1, "this": 0, "next": 1}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NUMBERS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12}
_MONTH_INDEX = {name.lower(): number for number, name in enumerate(MONTH_NAMES, 1)}

# Case-sensitive: "march" and "may" are not months.
_WEEKDAY = rf"(?P<weekday>(?-i:{'|'.join(_WEEKDAYS).title()}))"
_MONTH = rf"(?P<month>(?-i:{'|'.join(MONTH_NAMES)}))"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)})\s(?P<unit>year|month|week|day)s?"
# "will meet on Tuesday" is in the future; other weekdays in a newspaper are in the past.
_FUTURE = re.compile(r"\b(?:will|shall|to be|is set|are set|plans?|scheduled|expected|due)\b", re.I)


def _unit(match: re.Match[str], published: date) -> Period | None:
    shift, unit = _SHIFT[match["which"].lower()], match["unit"].lower()
    if unit == "year":
        return periods.year(published.year + shift)
    if unit == "month":
        moved = periods.shift_months(published.replace(day=1), shift)
        return periods.month(moved.year, moved.month)
    if unit == "quarter":
        count = 4 * published.year + (published.month - 1) // 3 + shift
        return periods.quarter(count // 4, count % 4 + 1)
    return periods.week(published + timedelta(weeks=shift))


def _season(match: re.Match[str], published: date) -> Period | None:
    """Resolve last summer to the latest that is over; next summer only if it is unambiguous."""
    name, which = _SEASONS[match["season"].lower()], match["which"].lower()
    found = periods.season(published.year, name)
    if which == "next":
        return None if found.first > published else periods.season(published.year + 1, name)
    if which == "last" and found.last >= published:
        return periods.season(published.year - 1, name)
    return found


def _month(match: re.Match[str], published: date) -> Period | None:
    number, which = _MONTH_INDEX[match["month"].lower()], match["which"].lower()
    if which == "this":
        return periods.month(published.year, number)
    over = number < published.month if which == "last" else number <= published.month
    shift = {"last": 0 if over else -1, "next": 1 if over else 0}[which]
    return periods.month(published.year + shift, number)


def _last_weekday(match: re.Match[str], published: date) -> Period | None:
    return periods.day(_before(published, match["weekday"]))


def _next_weekday(match: re.Match[str], published: date) -> Period | None:
    """Resolve next Friday; on a Monday it could be this week's, so return ``None``."""
    wanted = _WEEKDAYS.index(match["weekday"].lower())
    if wanted > published.weekday():
        return None
    return periods.day(published + timedelta(days=7 + wanted - published.weekday()))


def _on_weekday(match: re.Match[str], published: date) -> Period | None:
    """Resolve to the nearest such day: in the past, unless the sentence is about the future."""
    wanted = _WEEKDAYS.index(match["weekday"].lower())
    if wanted == published.weekday():
        return periods.day(published)
    if _FUTURE.search(match.string):
        return periods.day(published + timedelta(days=(wanted - published.weekday()) % 7))
    return periods.day(_before(published, match["weekday"]))


def _before(published: date, weekday: str) -> date:
    wanted = _WEEKDAYS.index(weekday.lower())
    return published - timedelta(days=(published.weekday() - wanted - 1) % 7 + 1)


def _day(match: re.Match[str], published: date) -> Period | None:
    shift = {"yesterday": -1, "today": 0, "tomorrow": 1}[match["word"].lower()]
    return periods.day(published + timedelta(days=shift))


def _moved(match: re.Match[str], published: date, direction: int) -> date:
    word = match["count"].lower()
    count = direction * (int(word) if word.isdigit() else _NUMBERS[word])
    unit = match["unit"].lower()
    if unit in {"year", "month"}:
        return periods.shift_months(published, count * (12 if unit == "year" else 1))
    return published + timedelta(days=count * (7 if unit == "week" else 1))


def _ago(match: re.Match[str], published: date) -> Period | None:
    moment, unit = _moved(match, published, -1), match["unit"].lower()
    if unit == "year":
        return periods.year(moment.year)
    if unit == "month":
        return periods.month(moment.year, moment.month)
    return periods.week(moment) if unit == "week" else periods.day(moment)


def _over(match: re.Match[str], published: date) -> Period | None:
    ahead = match["which"].lower() in {"next", "coming"}
    moment = _moved(match, published, 1 if ahead else -1)
    first, last = min(moment, published), max(moment, published)
    unit = match["unit"].lower()
    if unit == "year":
        return periods.year(first.year, last.year)
    return periods.months(first, last) if unit == "month" else periods.day(first, last)


_WHICH = r"\b(?P<which>last|this|next)"
_PATTERNS: tuple[tuple[str, Rule], ...] = (
    # "the last year of his term" is not a date.
    (rf"(?<!\bthe ){_WHICH}\s(?P<unit>year|month|week|quarter)\b(?!\s(?:of|’s|'s))", _unit),
    (rf"{_WHICH}\s(?P<season>spring|summer|fall|autumn)\b", _season),
    (rf"{_WHICH}\s{_MONTH}\b(?!\s\d)", _month),
    (rf"\blast\s{_WEEKDAY}\b", _last_weekday),
    (rf"\bnext\s{_WEEKDAY}\b", _next_weekday),
    (rf"\bon\s{_WEEKDAY}\b(?!s|,?\s(?:{'|'.join(_MONTH_INDEX)})|,?\s\d)", _on_weekday),
    (r"\b(?P<word>yesterday|today|tomorrow)\b(?!['’]s)", _day),
    (rf"\b{_COUNT}\sago\b", _ago),
    (
        rf"\b(?:over|in|during|for|within|across)\sthe\s(?P<which>past|last|next|coming)\s{_COUNT}\b",
        _over,
    ),
)
EXPRESSIONS = [(re.compile(pattern, re.IGNORECASE), rule) for pattern, rule in _PATTERNS]
