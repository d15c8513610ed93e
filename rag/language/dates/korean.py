"""Korean relative time expressions, resolved against a publication date.

The rules follow Korean news usage; docs/evidence.md lists them. Ambiguous expressions
(``연말``, ``이날``, ``전년``, a bare ``15일``) are not resolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from geungeo.rag.language.dates import periods
from geungeo.rag.language.dates.periods import Period

Rule = Callable[[re.Match[str], date], Period | None]

_BEGIN = r"(?<![가-힣A-Za-z0-9])"
# A time ends before a particle or a character other than Hangul: 지난해 말, not 지난해 말레이시아.
_PARTICLE = (
    r"(?:에는|에도|에만|에서|에|엔|부터는|부터|까지는|까지|의|은|는|이|가|을|를|과|와|도|만|쯤|께|경|로|보다|이후"
    r"|이래|이면|이다|이었다|였다|내|중|간)"
)
_END = rf"(?={_PARTICLE}?(?![가-힣]))"
# Not before 의: 오늘의 날씨, 올해의 선수 are names of things.
_BARE = r"(?!의(?![가-힣]))" + _END

_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_LOCAL = r"(?:\s?\(현지\s?시[각간]\))?"
# 3일간, 3일 동안, 3일째: a duration, not a day of the month.
_NO_LENGTH = r"(?!간|째|여|\s?(?:동안|사이|연속|만에|이내)|\s[간새](?![가-힣]))"
_DAY_OF_MONTH = rf"{_DAY}(?:\s?[~∼–-]\s?(?P<day2>3[01]|[12]\d|[1-9]))?일{_NO_LENGTH}{_LOCAL}"
_PART_OF_MONTH = rf"(?P<mpart>초순|상순|중순|하순|초|말){_END}"
_SUB_MONTH = (
    rf"{_MONTH}(?:\s?[~∼–-]\s?(?P<month2>1[0-2]|[1-9]))?월"
    rf"(?:\s?{_DAY_OF_MONTH}|\s?{_PART_OF_MONTH})?"
)
SUB_YEAR = (
    rf"(?:\s?(?:{_SUB_MONTH}|(?P<season>봄|여름|가을|겨울){_END}|(?P<half>[상하])반기"
    rf"|(?P<quarter>[1-4])(?:[/·]4)?\s?분기|(?P<ypart>초|중반|말){_END}))"
)
_WEEKDAYS = "월화수목금토일"
_NUMERALS = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6}
_NUMERALS |= {"일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "여드레": 8}
DAYS |= {"아흐레": 9, "열흘": 10, "보름": 15}
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMERALS)})\s?(?P<unit>년|개월|달|주일?|일)"
_WORD_COUNT = rf"(?P<days>{'|'.join(DAYS)})"

_YEARS = {"지지난해": -2, "재작년": -2, "지난해": -1, "작년": -1, "올해": 0, "금년": 0, "올": 0}
_YEARS |= {"내년": 1, "내후년": 2}
_MONTHS = {"지지난달": -2, "지난달": -1, "이달": 0, "이번달": 0, "다음달": 1, "내달": 1}
_WEEKS = {"지지난주": -2, "지난주": -1, "이번주": 0, "금주": 0, "다음주": 1}
_NEAR_DAYS = {"그저께": -2, "그제": -2, "어제": -1, "오늘": 0, "내일": 1, "모레": 2, "글피": 3}


def year_and(match: re.Match[str], year: int) -> Period:
    """Return the part of ``year`` that the groups of ``SUB_YEAR`` name; the whole year if none."""
    if match["month"]:
        return _month_and(match, year, int(match["month"]))
    if match["season"]:
        return periods.season(year, match["season"])
    if match["half"]:
        return periods.half(year, 1 if match["half"] == "상" else 2)
    if match["quarter"]:
        return periods.quarter(year, int(match["quarter"]))
    if match["ypart"]:
        return periods.part_of_year(year, match["ypart"])
    return periods.year(year)


def _month_and(match: re.Match[str], year: int, month: int) -> Period:
    if match["day"]:
        first = date(year, month, int(match["day"]))
        return periods.day(first, first.replace(day=int(match["day2"])) if match["day2"] else None)
    if match["mpart"]:
        return periods.part_of_month(year, month, match["mpart"])
    last = match.groupdict().get("month2")
    return periods.month(year, month, int(last) if last else None)


def _by_year(match: re.Match[str], published: date) -> Period | None:
    if match["season"] == "겨울":
        return _winter(match["word"], published)
    return year_and(match, published.year + _YEARS[match["word"]])


def _winter(word: str, published: date) -> Period | None:
    """Resolve 올겨울 to the present or the coming winter.

    It is ambiguous in March, as is 지난해 겨울 (two winters touch that year): return ``None``.
    """
    shift = _YEARS[word]
    if shift < 0 or published.month == 3 or (shift and published.month < 3):
        return None
    return periods.season(published.year + shift - (published.month < 3), "겨울")


def _past_month(match: re.Match[str], published: date) -> Period | None:
    """Resolve 지난 1월 to the latest before this month; with a day or part, to the latest such."""
    month = int(match["month"])
    found = _month_and(match, published.year, month)
    named = match["day"] or match["mpart"]
    if found.last <= published and (named or found.last.month != published.month):
        return found
    return _month_and(match, published.year - 1, month)


def _coming_month(match: re.Match[str], published: date) -> Period | None:
    """Resolve 오는 9월 to the next to begin; the present month is meant only with a day."""
    month = int(match["month"])
    found = _month_and(match, published.year, month)
    if not match["day"] and month == published.month:
        return None
    if found.first > published:
        return found
    return _month_and(match, published.year + 1, month)


def _past_day(match: re.Match[str], published: date) -> Period | None:
    """Resolve 지난 7일, 7일(현지시각) to the latest such day; ambiguous on that day itself."""
    return _day_near(match, published, -1)


def _coming_day(match: re.Match[str], published: date) -> Period | None:
    return _day_near(match, published, 1)


def _day_near(match: re.Match[str], published: date, direction: int) -> Period | None:
    number = int(match["day"])
    if number == published.day:
        return None
    ahead = number > published.day
    month = published.replace(day=1)
    if ahead != (direction > 0):
        month = periods.shift_months(month, direction)
    first = month.replace(day=number)
    return periods.day(first, first.replace(day=int(match["day2"])) if match["day2"] else None)


def _by_month(match: re.Match[str], published: date) -> Period | None:
    month = periods.shift_months(published.replace(day=1), _MONTHS[_squeezed(match["word"])])
    return _month_and(match, month.year, month.month)


def _by_week(match: re.Match[str], published: date) -> Period | None:
    found = periods.week(published + timedelta(weeks=_WEEKS[_squeezed(match["word"])]))
    if match["weekday"]:
        return periods.day(found.first + timedelta(days=_WEEKDAYS.index(match["weekday"])))
    return found


def _weekend(match: re.Match[str], published: date) -> Period | None:
    """Resolve 지난 주말 to the last that is over; ambiguous when published on a weekend."""
    shift = {"지난": -1, "이번": 0, "다음": 1}[match["which"]]
    if published.weekday() >= 5 and shift:
        return None
    saturday = periods.week(published + timedelta(weeks=shift)).first + timedelta(days=5)
    return periods.day(saturday, saturday + timedelta(days=1))


def _past_weekday(match: re.Match[str], published: date) -> Period | None:
    back = (published.weekday() - _WEEKDAYS.index(match["weekday"]) - 1) % 7 + 1
    return periods.day(published - timedelta(days=back))


def _coming_weekday(match: re.Match[str], published: date) -> Period | None:
    ahead = (_WEEKDAYS.index(match["weekday"]) - published.weekday() - 1) % 7 + 1
    return periods.day(published + timedelta(days=ahead))


def _past_part(match: re.Match[str], published: date) -> Period | None:
    """Resolve 지난 가을, 지난 3분기, 지난 상반기 to the latest that is over."""
    years = (published.year, published.year - 1, published.year - 2)
    parts = (_year_part(match, year) for year in years)
    # A winter lasts into the next year, so that of the year before may not be over.
    return next(part for part in parts if part.last < published)


def _coming_part(match: re.Match[str], published: date) -> Period | None:
    found = _year_part(match, published.year)
    return found if found.first > published else _year_part(match, published.year + 1)


def _year_part(match: re.Match[str], year: int) -> Period:
    if match["season"]:
        return periods.season(year, match["season"])
    if match["half"]:
        return periods.half(year, 1 if match["half"] == "상" else 2)
    return periods.quarter(year, int(match["quarter"]))


def _this_season(match: re.Match[str], published: date) -> Period | None:
    if match["season"] == "겨울":
        return _winter("올", published)
    return periods.season(published.year, match["season"])


def _near_quarter(match: re.Match[str], published: date) -> Period | None:
    shift = {"지난": -1, "이번": 0, "다음": 1}[match["which"]]
    count = 4 * published.year + (published.month - 1) // 3 + shift
    return periods.quarter(count // 4, count % 4 + 1)


def _near_day(match: re.Match[str], published: date) -> Period | None:
    return periods.day(published + timedelta(days=_NEAR_DAYS[match["word"]]))


def _last_years_end(match: re.Match[str], published: date) -> Period | None:
    del match
    return periods.part_of_year(published.year - 1, "말")


def _moved(match: re.Match[str], published: date, direction: int) -> tuple[date, str]:
    if match["days"]:
        return published + timedelta(days=direction * DAYS[match["days"]]), "일"
    count = direction * int(_NUMERALS.get(match["count"]) or match["count"])
    unit = match["unit"]
    if unit == "년":
        return periods.shift_months(published, 12 * count), unit
    if unit in {"개월", "달"}:
        return periods.shift_months(published, count), "달"
    return published + timedelta(days=count * (7 if unit.startswith("주") else 1)), "일"


def _ago(match: re.Match[str], published: date) -> Period | None:
    moment, unit = _moved(match, published, -1)
    if unit == "년":
        return periods.year(moment.year)
    if unit == "달":
        return periods.month(moment.year, moment.month)
    return periods.week(moment) if (match["unit"] or "").startswith("주") else periods.day(moment)


def _stretch(first: date, last: date, unit: str) -> Period:
    if unit == "년":
        return periods.year(first.year, last.year)
    return periods.months(first, last) if unit == "달" else periods.day(first, last)


def _since(match: re.Match[str], published: date) -> Period | None:
    moment, unit = _moved(match, published, -1)
    return _stretch(moment, published, unit)


def _until(match: re.Match[str], published: date) -> Period | None:
    moment, unit = _moved(match, published, 1)
    return _stretch(published, moment, unit)


def _squeezed(text: str) -> str:
    return text.replace(" ", "")


_AHEAD = r"(?:오는|다가오는)"
_PART = (
    rf"(?:(?P<season>봄|여름|가을|겨울){_END}|(?P<half>[상하])반기"
    r"|(?P<quarter>[1-4])(?:[/·]4)?\s?분기)"
)
_LENGTH = rf"(?:{_COUNT}|{_WORD_COUNT})여?"
_SPAN = r"\s?(?:간|동안|새|사이)"
_PATTERNS: tuple[tuple[str, Rule], ...] = (
    (rf"{_BEGIN}(?P<word>올){SUB_YEAR}", _by_year),
    (
        rf"{_BEGIN}(?P<word>지지난해|지난해|재작년|작년|올해|금년|내후년|내년)"
        rf"(?:{SUB_YEAR}|(?!의(?![가-힣])))",
        _by_year,
    ),
    (rf"{_BEGIN}지난\s?{_SUB_MONTH}", _past_month),
    (rf"{_BEGIN}{_AHEAD}\s{_SUB_MONTH}", _coming_month),
    (rf"{_BEGIN}지난\s?{_DAY_OF_MONTH}", _past_day),
    (rf"(?<![\d월.,~∼–-])(?<!월\s){_DAY}(?P<day2>)일\s?\(현지\s?시[각간]\)", _past_day),
    (rf"{_BEGIN}{_AHEAD}\s{_DAY_OF_MONTH}", _coming_day),
    (
        rf"{_BEGIN}(?<!그 )(?P<word>지지난\s?달|지난\s?달|이달|이번\s?달|다음\s?달|내달)"
        rf"(?:\s?{_DAY_OF_MONTH}|\s?{_PART_OF_MONTH}|{_BARE})",
        _by_month,
    ),
    (
        rf"{_BEGIN}(?<!그 )(?P<word>지지난\s?주|지난\s?주|이번\s?주|금주|다음\s?주)"
        rf"(?:\s(?P<weekday>[{_WEEKDAYS}])요일|{_END})",
        _by_week,
    ),
    (rf"{_BEGIN}(?<!그 )(?P<which>지난|이번|다음)\s?주말{_END}", _weekend),
    (rf"{_BEGIN}지난\s(?P<weekday>[{_WEEKDAYS}])요일", _past_weekday),
    (rf"{_BEGIN}{_AHEAD}\s(?P<weekday>[{_WEEKDAYS}])요일", _coming_weekday),
    (rf"{_BEGIN}지난\s?{_PART}", _past_part),
    (rf"{_BEGIN}{_AHEAD}\s{_PART}", _coming_part),
    (rf"{_BEGIN}이번\s(?P<season>봄|여름|가을|겨울){_END}", _this_season),
    (rf"{_BEGIN}(?P<which>지난|이번|다음)\s분기", _near_quarter),
    (rf"{_BEGIN}(?P<word>그저께|그제|어제|오늘|내일|모레|글피){_BARE}", _near_day),
    (rf"{_BEGIN}지난\s연말{_END}", _last_years_end),
    # A bare "사흘 전" may count from an event named before it; these patterns exclude one.
    (
        rf"(?:^|(?<=[,“\"‘(])|(?<=[,“\"‘(]\s)|(?<=[은는]\s)|(?<=불과\s)|(?<=지금으로부터\s))"
        rf"(?:{_COUNT}|{_WORD_COUNT})\s?전{_END}",
        _ago,
    ),
    (rf"{_BEGIN}지난\s?{_LENGTH}{_SPAN}{_END}", _since),
    (rf"{_BEGIN}최근\s?{_LENGTH}(?:{_SPAN})?{_END}", _since),
    (rf"{_BEGIN}(?:향후|앞으로)\s{_LENGTH}(?:{_SPAN}|(?!\s?(?:뒤|후|안|내))){_END}", _until),
)
EXPRESSIONS = [(re.compile(pattern), rule) for pattern, rule in _PATTERNS]
