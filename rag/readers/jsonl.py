"""Reader of JSON Lines: one article per line, lines separated by ``\\n`` only.

Fields: ``text`` (or ``body``, ``content``) and optionally ``id``, ``title``, ``url``,
``author``, ``publisher``, ``published_at`` (or ``date``), ``language``. Blank lines and
exact duplicates are skipped and counted; a bad line is reported with its number, and the
other lines are read.
"""

from __future__ import annotations

import json
from typing import Any

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource, MalformedSource, SourceError
from geungeo.rag.readers.draft import Reading, parse_date, web_address
from geungeo.rag.readers.plain import is_caption, shorten
from geungeo.rag.text import clean

_TEXT_FIELDS = ("text", "body", "content")


def read_jsonl(text: str, source: str) -> Reading:
    """Read all articles of a JSONL document.

    Raises:
        MalformedSource: no line is an article.
    """
    drafts: list[Draft] = []
    failures: list[SourceError] = []
    seen: set[str] = set()
    skipped = 0
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        record = line.strip(" \t\r")
        if not record or record in seen:
            skipped += 1
            continue
        seen.add(record)
        try:
            drafts.append(_draft(record, f"{source}:{number}"))
        except SourceError as error:
            failures.append(error)
    if not drafts:
        raise failures[0] if failures else EmptySource(f"{source}: no records")
    return Reading(tuple(drafts), tuple(failures), skipped)


def _draft(record: str, source: str) -> Draft:
    try:
        fields = json.loads(record, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedSource(f"{source}: not valid JSON ({_brief(error)})") from error
    if not isinstance(fields, dict):
        raise MalformedSource(f"{source}: the line is not a JSON object")
    body = next((fields[name] for name in _TEXT_FIELDS if fields.get(name)), None)
    if not isinstance(body, str) or not clean(body).strip():
        raise MalformedSource(f"{source}: no text; expected one of {', '.join(_TEXT_FIELDS)}")
    paragraphs = [line for raw in clean(body).split("\n") if (line := raw.strip())]
    return Draft(
        title=_string(fields, "title", source) or shorten(paragraphs[0]),
        blocks=tuple(
            (SectionKind.CAPTION if is_caption(line) else SectionKind.BODY, line)
            for line in paragraphs
        ),
        source=source,
        id=_string(fields, "id", source),
        url=web_address(_string(fields, "url", source)),
        author=_string(fields, "author", source),
        publisher=_string(fields, "publisher", source),
        published_at=parse_date(
            _string(fields, "published_at", source) or _string(fields, "date", source) or ""
        ),
        language=_string(fields, "language", source),
    )


def _string(fields: dict[str, Any], name: str, source: str) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise MalformedSource(f"{source}: field {name!r} must be a string")
    return " ".join(clean(value).split()) or None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not valid JSON")


def _brief(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
