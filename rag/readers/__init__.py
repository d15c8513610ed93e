"""Readers: turn documents of all formats into drafts."""

from __future__ import annotations

import re
from pathlib import PurePath

from geungeo.rag.errors import EmptySource, UnsupportedSource
from geungeo.rag.readers.draft import Reader, Reading
from geungeo.rag.readers.encoding import decode
from geungeo.rag.readers.html import read_html
from geungeo.rag.readers.json_file import read_json
from geungeo.rag.readers.jsonl import read_jsonl
from geungeo.rag.readers.markdown import read_markdown
from geungeo.rag.readers.plain import read_plain
from geungeo.rag.text import clean

_READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
}
SUFFIXES = frozenset(_READERS)

_LOOKS_LIKE_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(<!doctype html|<html[\s>])", re.IGNORECASE)


def read(data: bytes, source: str, suffix: str | None = None) -> Reading:
    """Read a document; ``source`` is its path, URL or name, whose suffix gives the format.

    ``suffix`` overrides the suffix of the name, as for a URL.

    Raises:
        UnsupportedSource: the suffix is not supported, or the bytes are not text.
        UndecodableSource: no known encoding fits; the line is named.
        EmptySource: the document contains no text.
        MalformedSource: no part of the document follows the rules of its format.
    """
    if not data.strip():
        raise EmptySource(f"{source}: the document is empty")
    suffix = PurePath(source.split("?")[0]).suffix.lower() if suffix is None else suffix
    if suffix and suffix not in _READERS:
        raise UnsupportedSource(
            f"{source}: cannot read {suffix} files; supported are {', '.join(sorted(_READERS))}"
        )
    text = decode(data, source)
    if not clean(text).strip():
        raise EmptySource(f"{source}: the document contains no text")
    reader = _READERS[suffix] if suffix else read_plain
    if reader is read_plain and _LOOKS_LIKE_HTML.match(text):
        reader = read_html
    return reader(text, source)
