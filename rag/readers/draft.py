"""Shared parts of the readers: results, records, web addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from geungeo.rag.article import Draft
from geungeo.rag.errors import EmptySource, SourceError


@dataclass(frozen=True, slots=True)
class Reading:
    """The drafts in one document, and its records that could not be read.

    ``skipped`` counts blank and duplicate records.
    """

    drafts: tuple[Draft, ...]
    failures: tuple[SourceError, ...] = ()
    skipped: int = 0


class Records:
    """Drafts and failures of one document, as its records are read one after the other."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._failures: list[SourceError] = []
        self._seen: set[Hashable] = set()
        self._skipped = 0

    def skip(self) -> None:
        """Count a blank record."""
        self._skipped += 1

    def fail(self, failure: SourceError) -> None:
        """Keep the reason why a record cannot be read."""
        self._failures.append(failure)

    def add(self, key: Hashable, draft: Callable[[], Draft]) -> None:
        """Add the article of a record, or the reason why it cannot be read.

        Records with a ``key`` that was added before are skipped and counted.
        """
        if key in self._seen:
            self.skip()
            return
        self._seen.add(key)
        try:
            self._drafts.append(draft())
        except SourceError as error:
            self.fail(error)

    def reading(self, empty: str) -> Reading:
        """Return all of it.

        Raises:
            SourceError: no record is an article; the first failure, or ``EmptySource`` with the
                message ``empty``.
        """
        if not self._drafts:
            raise self._failures[0] if self._failures else EmptySource(empty)
        return Reading(tuple(self._drafts), tuple(self._failures), self._skipped)


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
