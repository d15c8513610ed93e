"""Shared parts of the readers: results, publication dates, web addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from geungeo.rag.article import Draft
from geungeo.rag.errors import SourceError


@dataclass(frozen=True, slots=True)
class Reading:
    """The drafts in one document, and its records that could not be read.

    ``skipped`` counts blank and duplicate records.
    """

    drafts: tuple[Draft, ...]
    failures: tuple[SourceError, ...] = ()
    skipped: int = 0


Reader: TypeAlias = Callable[[str, str], Reading]
"""``(decoded text, source name) -> Reading``."""


SEOUL = ZoneInfo("Asia/Seoul")

DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s*[-./년]\s*(?P<m>\d{1,2})\s*[-./월]\s*(?P<d>\d{1,2})\s*[일.]?"
    r"(?:\s*\(?[월화수목금토일]\)?)?"
    r"(?:[T\s]+(?:(?P<ampm>오전|오후)\s*)?(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?)?"
)


def parse_date(text: str) -> str | None:
    """Return the first date in ``text`` as ISO 8601 (a day, or a time with its zone), or ``None``.

    A time without a zone is Asia/Seoul, as in Korean newspapers.
    """
    stripped = text.strip()
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        return _printed(stripped)
    if len(stripped) <= len("2025-03-10"):
        return moment.date().isoformat()
    return (moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)).isoformat()


def _printed(text: str) -> str | None:
    match = DATE.search(text)
    if not match:
        return None
    year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
    try:
        if match["H"] is None:
            return date(year, month, day).isoformat()
        hour = int(match["H"])
        if match["ampm"]:
            hour = hour % 12 + (12 if match["ampm"] == "오후" else 0)
        second = int(match["S"] or 0)
        return datetime(year, month, day, hour, int(match["M"]), second, tzinfo=SEOUL).isoformat()
    except ValueError:
        return None


def web_address(url: str | None) -> str | None:
    """Return ``url`` if it is a valid http or https URL; otherwise (``javascript:``) ``None``."""
    if not url or not url.startswith(("http://", "https://")):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None
