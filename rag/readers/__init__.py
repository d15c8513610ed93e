"""Readers: turn documents of all formats into drafts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from geungeo.rag.errors import EmptySource, UnsupportedSource

if TYPE_CHECKING:
    from geungeo.rag.readers.draft import Reading

SUFFIXES = frozenset(
    [
        ".atom",
        ".csv",
        ".docx",
        ".eml",
        ".htm",
        ".html",
        ".hwp",
        ".hwpx",
        ".json",
        ".jsonl",
        ".markdown",
        ".md",
        ".mht",
        ".mhtml",
        ".ndjson",
        ".pdf",
        ".rss",
        ".tsv",
        ".txt",
        ".xlsx",
        ".xml",
    ]
)


def read(
    data: bytes,
    source: str,
    suffix: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
) -> Reading:
    """Read a document; ``source`` is its path, URL or name, whose suffix gives the format.

    ``suffix`` overrides the suffix of the name, as for a URL. ``columns`` gives the column or key
    of a field (``{"text": "본문"}``) in formats of records.

    Raises:
        UnsupportedSource: the suffix is not supported, or the bytes are not text.
        UndecodableSource: no known encoding fits; the line is named.
        EmptySource: the document contains no text.
        MalformedSource: no part of the document follows the rules of its format.
    """
    if not data.strip():
        raise EmptySource(f"{source}: the document is empty")
    suffix = PurePath(source.split("?")[0]).suffix.lower() if suffix is None else suffix
    if suffix and suffix not in SUFFIXES:
        raise UnsupportedSource(
            f"{source}: cannot read {suffix} files; supported are {', '.join(sorted(SUFFIXES))}"
        )
    # Only who reads documents needs the readers; who asks does not.
    from geungeo.rag.readers.formats import read_as

    return read_as(suffix, data, source, columns)
