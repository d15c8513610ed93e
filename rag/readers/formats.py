"""Readers by format, and which of them reads a document."""

from __future__ import annotations

import re
from collections.abc import Mapping

from geungeo.rag.errors import EmptySource, SourceError
from geungeo.rag.readers.draft import BinaryReader, Reader, Reading, RecordReader
from geungeo.rag.readers.encoding import decode
from geungeo.rag.readers.feed import LOOKS_LIKE_FEED, read_feed
from geungeo.rag.readers.html import read_html
from geungeo.rag.readers.json_file import read_json
from geungeo.rag.readers.jsonl import read_jsonl
from geungeo.rag.readers.mail import read_mail
from geungeo.rag.readers.markdown import read_markdown
from geungeo.rag.readers.office import read_docx, read_hwp, read_hwpx
from geungeo.rag.readers.pdf import read_pdf
from geungeo.rag.readers.plain import read_plain
from geungeo.rag.readers.rows import read_csv, read_xlsx
from geungeo.rag.text import clean

_READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
}
# Formats of several records, whose fields a mapping can name.
_RECORDS: dict[str, RecordReader] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
}
_BINARY: dict[str, BinaryReader] = {
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".hwpx": read_hwpx,
    ".hwp": read_hwp,
    ".eml": read_mail,
    ".mht": read_mail,
    ".mhtml": read_mail,
}
SPREADSHEET = ".xlsx"

_LOOKS_LIKE_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(<!doctype html|<html[\s>])", re.IGNORECASE)
_LOOKS_LIKE_JSON = re.compile(r"\s*(?:\{\s*\"|\[\s*\{)")


def read_as(suffix: str, data: bytes, source: str, columns: Mapping[str, str] | None) -> Reading:
    """Read a document of the format of ``suffix``; see :func:`geungeo.rag.readers.read`."""
    if suffix == SPREADSHEET:
        return read_xlsx(data, source, columns)
    if suffix in _BINARY:
        return _BINARY[suffix](data, source)
    text = decode(data, source)
    if not clean(text).strip():
        raise EmptySource(f"{source}: the document contains no text")
    if suffix in _RECORDS:
        return _RECORDS[suffix](text, source, columns)
    return _reader(text, suffix, columns)(text, source)


def suffixes() -> frozenset[str]:
    """Return the suffixes of all formats."""
    return frozenset({*_READERS, *_RECORDS, *_BINARY, SPREADSHEET})


def _reader(text: str, suffix: str, columns: Mapping[str, str] | None) -> Reader:
    """Return the reader of a text format; the content counts where the suffix says only text."""
    if suffix in {".html", ".htm"} and LOOKS_LIKE_FEED.match(text):
        return read_feed
    if suffix not in {"", ".txt", ".xml"}:
        return _READERS[suffix]
    if _LOOKS_LIKE_HTML.match(text):
        return read_html
    if LOOKS_LIKE_FEED.match(text):
        return read_feed
    if suffix != ".xml" and _LOOKS_LIKE_JSON.match(text) and _is_json(text):
        return lambda content, source: read_json(content, source, columns)
    return _READERS[suffix or ".txt"]


def _is_json(text: str) -> bool:
    """Whether a text that begins like JSON is JSON, or JSON Lines, with articles."""
    try:
        read_json(text, "")
    except SourceError:
        return False
    return True
