"""Shared parts of the readers: results, web addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

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

RecordReader: TypeAlias = Callable[[str, str, Mapping[str, str] | None], Reading]
"""``(decoded text, source name, columns of the fields) -> Reading``."""

BinaryReader: TypeAlias = Callable[[bytes, str], Reading]
"""``(bytes, source name) -> Reading``."""


def web_address(url: str | None) -> str | None:
    """Return a valid http or https URL without tracking; otherwise (``javascript:``) ``None``."""
    if not url or not url.startswith(("http://", "https://")):
        return None
    try:
        return untracked(url) if urlsplit(url).hostname else None
    except ValueError:
        return None


def untracked(url: str) -> str:
    """Return ``url`` without the parameters that say where its reader comes from.

    With them one article would have several addresses.
    """
    address, mark, fragment = url.partition("#")
    path, _, query = address.partition("?")
    given = query.split("&")
    kept = [one for one in given if not _TRACKING.match(one)]
    if kept == given:
        return url
    return "?".join([path, *(["&".join(kept)] if kept else [])]) + mark + fragment


_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|igsh|mc_cid|mc_eid|NaPm)(?:=|$)",
    re.IGNORECASE,
)
