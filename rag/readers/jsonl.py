"""Reader of JSON Lines: one article per line, lines separated by ``\\n`` only.

The fields are those of :mod:`geungeo.rag.readers.records`. Blank lines and exact duplicates are
skipped and counted; a bad line is reported with its number, and the other lines are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from geungeo.rag.article import Draft
from geungeo.rag.errors import MalformedSource
from geungeo.rag.readers.draft import Reading, Records
from geungeo.rag.readers.records import draft_of


def read_jsonl(text: str, source: str, columns: Mapping[str, str] | None = None) -> Reading:
    """Read all articles of a JSONL document.

    Raises:
        SourceError: no line is an article.
    """
    records = Records()
    lines = text.removeprefix("\ufeff").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        record = line.strip(" \t\r")
        if record:
            records.add(record, partial(_draft, record, f"{source}:{number}", columns))
        else:
            records.skip()
    return records.reading(f"{source}: no records")


def _draft(line: str, place: str, columns: Mapping[str, str] | None) -> Draft:
    fields = parse_json(line, place)
    if not isinstance(fields, dict):
        raise MalformedSource(f"{place}: the line is not a JSON object")
    return draft_of(fields, place, columns)


def parse_json(text: str, source: str) -> Any:
    """Parse a JSON value.

    Raises:
        MalformedSource: it is not valid JSON, or nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedSource(f"{source}: not valid JSON ({_brief(error)})") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not valid JSON")


def _brief(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
