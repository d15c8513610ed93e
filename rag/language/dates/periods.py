"""Calendar periods: first and last day, with the grain at which they were named."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from geungeo.rag.text import Language


class Grain(StrEnum):
    """The precision at which a time was named; it is never shown more precisely."""

    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    SEASON = "season"
    MONTH = "month"
    PART = "part"
    DAY = "day"


# First month of each season. Winter spans the turn of the year.
_SEASONS = {"봄": 3, "여름": 6, "가을": 9, "겨울": 12}
# Parts of a year in months and of a month in days, first and last; 0 is the last day.
_YEAR_PARTS = {"초": (1, 3), "중반": (5, 8), "말": (10, 12)}
_MONTH_PARTS = {
    "초": (1, 10),
    "초순": (1, 10),
    "상순": (1, 10),
    "중순": (11, 20),
    "하순": (21, 0),
    "말": (21, 0),
}
_ENGLISH = {"봄": "spring", "여름": "summer", "가을": "autumn", "겨울": "winter"}
_ENGLISH |= {"초": "early", "초순": "early", "상순": "early", "중반": "mid", "중순": "mid"}
_ENGLISH |= {"하순": "late", "말": "late"}
_MONTHS = "January February March April May June July August September October November December"
MONTH_NAMES = tuple(_MONTHS.split())


@dataclass(frozen=True, slots=True)
class Period:
    """The days ``first`` to ``last``, both included.

    A period of several years, months or days keeps that grain. ``part`` is the word for a
    season (가을) or for a part of a year or month (초, 말).
    """

    first: date
    last: date
    grain: Grain
    part: str = ""

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"not a period: {self.first} is after {self.last}")

    def overlaps(self, other: Period) -> bool:
        """Whether the two periods have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def contains(self, other: Period) -> bool:
        """Whether ``other`` lies wholly inside this period."""
        return self.first <= other.first and other.last <= self.last


def year(number: int, last: int | None = None) -> Period:
    """Return a calendar year, or the years ``number`` to ``last``."""
    return Period(date(number, 1, 1), date(last or number, 12, 31), Grain.YEAR)


def month(of_year: int, number: int, last: int | None = None) -> Period:
    """Return a month, or the months ``number`` to ``last`` of one year."""
    return Period(
        date(of_year, number, 1), _month_end(of_year, last if last else number), Grain.MONTH
    )


def months(first: date, last: date) -> Period:
    """Return the months from that of ``first`` to that of ``last``."""
    return Period(first.replace(day=1), _month_end(last.year, last.month), Grain.MONTH)


def day(first: date, last: date | None = None) -> Period:
    """Return a day, or the days ``first`` to ``last``."""
    return Period(first, last or first, Grain.DAY)


def week(of: date) -> Period:
    """Return the week (Monday to Sunday) that contains ``of``."""
    monday = of - timedelta(days=of.weekday())
    return day(monday, monday + timedelta(days=6))


def half(of_year: int, number: int) -> Period:
    """Return the first (1) or second (2) half of a year."""
    return Period(
        date(of_year, 6 * number - 5, 1),
        _month_end(of_year, 6 * number),
        Grain.HALF,
        str(number),
    )


def quarter(of_year: int, number: int) -> Period:
    """Return a quarter (1 to 4) of a year."""
    return Period(
        date(of_year, 3 * number - 2, 1),
        _month_end(of_year, 3 * number),
        Grain.QUARTER,
        str(number),
    )


def season(of_year: int, name: str) -> Period:
    """Return a meteorological season; the winter of a year begins in its December."""
    begins = date(of_year, _SEASONS[name], 1)
    ends = shift_months(begins, 2)
    return Period(begins, _month_end(ends.year, ends.month), Grain.SEASON, name)


def part_of_year(of_year: int, name: str) -> Period:
    """Return 초 (January to March), 중반 (May to August) or 말 (October to December) of a year."""
    first, last = _YEAR_PARTS[name]
    return Period(date(of_year, first, 1), _month_end(of_year, last), Grain.PART, name)


def part_of_month(of_year: int, number: int, name: str) -> Period:
    """Return 초/상순 (1 to 10), 중순 (11 to 20) or 하순/말 (21 to the end) of a month."""
    first, last = _MONTH_PARTS[name]
    end = date(of_year, number, last) if last else _month_end(of_year, number)
    return Period(date(of_year, number, first), end, Grain.PART, name)


def shift_months(moment: date, by: int) -> date:
    """Return the same day ``by`` months later, or the last day of that month."""
    count = 12 * moment.year + moment.month - 1 + by
    number, of_year = count % 12 + 1, count // 12
    return date(of_year, number, min(moment.day, monthrange(of_year, number)[1]))


def _month_end(of_year: int, number: int) -> date:
    return date(of_year, number, monthrange(of_year, number)[1])


def label(period: Period, language: Language) -> str:
    """Return ``period`` in words, at its own grain: ``2025년 가을``, ``January 2026``."""
    return _korean(period) if language == "ko" else _english(period)


def _korean(period: Period) -> str:
    first, last = period.first, period.last
    if period.grain is Grain.YEAR:
        return f"{first.year}년" if first.year == last.year else f"{first.year}~{last.year}년"
    if period.grain is Grain.HALF:
        return f"{first.year}년 {'상' if period.part == '1' else '하'}반기"
    if period.grain is Grain.QUARTER:
        return f"{first.year}년 {period.part}분기"
    if period.grain is Grain.PART:
        within = f"{first.month}월 " if first.month == last.month else ""
        return f"{first.year}년 {within}{period.part}"
    if period.grain is Grain.SEASON and first.year == last.year:
        return f"{first.year}년 {period.part}"
    if period.grain is Grain.DAY:
        begins = f"{first.year}년 {first.month}월 {first.day}일"
        if first == last:
            return begins
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.year}년 {first.month}월 {first.day}~{last.day}일"
        over = f"{last.year}년 " if last.year != first.year else ""
        return f"{begins}~{over}{last.month}월 {last.day}일"
    # Months, and winter, for which a year alone would be ambiguous.
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.year}년 {first.month}월"
    if first.year == last.year:
        return f"{first.year}년 {first.month}~{last.month}월"
    return f"{first.year}년 {first.month}월~{last.year}년 {last.month}월"


def _english(period: Period) -> str:
    first, last = period.first, period.last
    begins, ends = MONTH_NAMES[first.month - 1], MONTH_NAMES[last.month - 1]
    if period.grain is Grain.YEAR:
        return f"{first.year}" if first.year == last.year else f"{first.year}–{last.year}"
    if period.grain is Grain.HALF:
        return f"the {'first' if period.part == '1' else 'second'} half of {first.year}"
    if period.grain is Grain.QUARTER:
        return f"Q{period.part} {first.year}"
    if period.grain is Grain.PART:
        within = f"{begins} " if first.month == last.month else ""
        return f"{_ENGLISH[period.part]} {within}{first.year}"
    if period.grain is Grain.SEASON and first.year == last.year:
        return f"{_ENGLISH[period.part]} {first.year}"
    if period.grain is Grain.DAY:
        if first == last:
            return f"{first.day} {begins} {first.year}"
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{last.day} {begins} {first.year}"
        over = f" {first.year}" if last.year != first.year else ""
        return f"{first.day} {begins}{over} – {last.day} {ends} {last.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{begins} {first.year}"
    over = f" {first.year}" if last.year != first.year else ""
    return f"{begins}{over} – {ends} {last.year}"
