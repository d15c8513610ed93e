"""What a reader returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from geungeo.rag.article import Draft
from geungeo.rag.errors import SourceError


@dataclass(frozen=True, slots=True)
class Reading:
    """The drafts in one document, and the records of it that could not be read.

    ``skipped`` counts blank and duplicate records.
    """

    drafts: tuple[Draft, ...]
    failures: tuple[SourceError, ...] = ()
    skipped: int = 0


Reader: TypeAlias = Callable[[str, str], Reading]
"""``(decoded text, source name) -> Reading``."""
