"""Reader of JSON files: a list of articles, or an object that holds one.

NewsAPI (``articles``), Naver's search API (``items``), AI Hub (``documents``, ``data``) and the
corpora of 모두의 말뭉치 (``document`` with ``paragraph``) have this form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from geungeo.rag.article import Draft
from geungeo.rag.errors import MalformedSource
from geungeo.rag.readers.draft import Reading, Records
from geungeo.rag.readers.jsonl import parse_json, read_jsonl
from geungeo.rag.readers.records import draft_of

_LISTS = (
    *("articles", "items", "documents", "document", "data", "results", "news", "records", "docs"),
    *("rows", "entries", "response", "hits", "return_object"),
)


def read_json(text: str, source: str, columns: Mapping[str, str] | None = None) -> Reading:
    """Read the articles of a JSON file; one that is really JSON Lines is read as such.

    Raises:
        SourceError: the file is not valid JSON, or no record is an article.
    """
    text = text.removeprefix("\ufeff")
    try:
        value = parse_json(text, source)
    except MalformedSource:
        if _is_lines(text):
            return read_jsonl(text, source, columns)
        raise
    found = _records(value)
    records = Records()
    for number, record in enumerate(found, 1):
        place = source if len(found) == 1 else f"{source}#{number}"
        records.add(repr(record), partial(_draft, record, place, columns))
    return records.reading(f"{source}: no records")


def _draft(record: Any, place: str, columns: Mapping[str, str] | None) -> Draft:
    if not isinstance(record, dict):
        raise MalformedSource(f"{place}: the record is not a JSON object")
    return draft_of(record, place, columns)


def _is_lines(text: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:3])


def _records(value: Any) -> list[Any]:
    for _ in range(4):
        if isinstance(value, list):
            return value
        if not isinstance(value, dict):
            return [value]
        inner = next(
            (
                value[name]
                for name in _LISTS
                if isinstance(value.get(name), list | dict) and value[name] and _holds(value[name])
            ),
            None,
        )
        if inner is None:
            return [value]
        value = inner
    return [value]


def _holds(value: Any) -> bool:
    """Whether a value contains records rather than the sentences of one."""
    return isinstance(value, dict) or any(isinstance(one, dict) for one in value)
