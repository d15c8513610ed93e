"""Publication dates: the forms in which newspapers, feeds and databases write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from geungeo.rag.language.dates.times import seoul_time

SEOUL = ZoneInfo("Asia/Seoul")

_CLOCK = (
    r"(?:[T\s,·|(]+(?:(?P<ampm>오전|오후|AM|PM|am|pm)\s*)?(?P<H>\d{1,2})\s*(?::|시|時)\s*(?P<M>\d{2})"
    r"[분分]?(?::(?P<S>\d{2})(?:\.\d+)?)?(?:\s?(?P<ampm2>AM|PM|am|pm)\b)?"
    r"(?:\s?(?P<zone>Z|KST|GMT|UTC|[+-]\d\d:?\d\d)\b)?)?"
)
DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s*[-./년年]\s*(?P<m>\d{1,2})\s*[-./월月]\s*(?P<d>\d{1,2})(?!\d)(?:\s*[일日.])?"
    r"(?:\s*[(（]?[월화수목금토일月火水木金土日](?:요일|曜日?)?[)）]?)?" + _CLOCK
)
# `25.07.02` and `'25. 7. 2`: a year of two digits, with no other digit around.
_SHORT = re.compile(
    r"(?<![\d.])['’]?(?P<y>\d\d)\s*[-./]\s*(?P<m>\d{1,2})\s*[-./]\s*(?P<d>\d{1,2})(?![\d])\.?"
    r"(?:\s*\(?[월화수목금토일]\)?)?" + _CLOCK
)
_COMPACT = re.compile(
    r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:[T\s]?(?P<c>\d\d(?:\d\d){0,2}))?"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<m>[A-Z][a-z]{2})[a-z]*\.?"
_ENGLISH = (
    re.compile(
        rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[,.]?\s+(?P<y>(?:19|20)\d\d){_CLOCK}"
    ),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<y>(?:19|20)\d\d){_CLOCK}"),
)
# Of years of two digits only those with a time: 24.07.05 can be a number of a version.
_SHORT_TIME = re.compile(rf"{_SHORT.pattern}(?<=:\d\d)")
DATES = (DATE, *_ENGLISH, _SHORT_TIME)
# The date of publication, where a line names several.
_FIRST_PUBLISHED = re.compile(
    r"(?:최초\s*)?(?:기사)?(?:입력|등록|승인|송고|전송|출고|배포|게시|발행|작성)(?:일시|시간|일)?\s*[:|]?\s*(?=['’]?\d)"
)


def parse_date(text: str) -> str | None:
    """Return the date of publication in ``text`` as ISO 8601, or ``None``.

    It is a day, or a time with its zone. A time without a zone is Asia/Seoul, as in Korean
    newspapers; a time of another zone is given as that in Asia/Seoul, so that days and the order
    of times agree. Of several dates the one marked as the first publication (``입력``) counts,
    otherwise the first.
    """
    stripped = text.strip()
    if not stripped:
        return None
    found = _iso(stripped) or _number(stripped) or _rfc822(stripped) or _printed(stripped)
    return seoul_time(found) if found else None


def _iso(text: str) -> str | None:
    if text.isdigit() and len(text) != len("20250310"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1900 <= moment.year <= 2100:
        return None
    if len(text) <= len("2025-03-10"):
        return moment.date().isoformat()
    return (moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)).isoformat()


def _number(text: str) -> str | None:
    """Read `20250702`, `2025070209`, `202507020910` and seconds or milliseconds since 1970."""
    if match := _COMPACT.fullmatch(text):
        clock = match["c"]
        try:
            if not clock:
                return date(int(match["y"]), int(match["m"]), int(match["d"])).isoformat()
            return (
                datetime.strptime(
                    f"{match['y']}{match['m']}{match['d']}{clock:0<6}", "%Y%m%d%H%M%S"
                )
                .replace(tzinfo=SEOUL)
                .isoformat()
            )
        except ValueError:
            pass
    if not _EPOCH.fullmatch(text):
        return None
    seconds = float(text)
    seconds = seconds / 1000 if seconds >= 1e11 else seconds
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _rfc822(text: str) -> str | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # Without a comma or a zone this parser also accepts what is no date of a mail.
    if not re.search(r"[A-Za-z]{3}", text) or not re.search(r"\d\d:\d\d", text):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)).isoformat()


def _printed(text: str) -> str | None:
    first = _FIRST_PUBLISHED.search(text)
    for part in (text[first.end() :], text) if first else (text,):
        for pattern in (DATE, *_ENGLISH, _SHORT):
            for match in pattern.finditer(part):
                if (found := _moment(match)) is not None:
                    return found
    return None


def _moment(match: re.Match[str]) -> str | None:
    year = int(match["y"])
    if year < 100:
        year += 2000
    month = match["m"]
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
        day = date(year, number, int(match["d"]))
        if match["H"] is None:
            return day.isoformat()
        hour = int(match["H"])
        half = (match["ampm"] or match["ampm2"] or "").lower()
        if half:
            hour = hour % 12 + (12 if half in {"오후", "pm"} else 0)
        clock = datetime(
            day.year, day.month, day.day, hour, int(match["M"]), int(match["S"] or 0), tzinfo=SEOUL
        )
        zone = match["zone"]
        if zone and zone != "KST":
            zone = "+00:00" if zone in {"Z", "GMT", "UTC"} else zone
            return datetime.fromisoformat(clock.strftime("%Y-%m-%dT%H:%M:%S") + zone).isoformat()
        return clock.isoformat()
    except ValueError:
        return None
