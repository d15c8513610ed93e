"""Reader of plain text as copied from Korean news sites: title, deck, byline, body.

The parts are not marked, so they are recognised by their form: a byline is a date with a
reporter's name, a caption has a photo credit, a heading is a short line without a sentence
ending. Lines wrapped at a margin are one paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.readers.authorship import names_guest
from geungeo.rag.readers.dates import DATE, parse_date
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.layout import paragraphs, table_lines
from geungeo.rag.readers.lines import (
    REPORTER,
    Block,
    ends_sentence,
    enumerated,
    is_byline,
    is_caption,
    is_heading,
    is_speaker_label,
    is_statement,
    page_lines,
)
from geungeo.rag.readers.metadata import byline_author, clean_title, is_outlet, lead
from geungeo.rag.text import Span, clean

_LINE = re.compile(r"[^\n]+")
_BYLINE_WITHIN = 6
_BYLINE_CHARS = 80
_TITLE_CHARS = 150


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank: its span, its text, and whether a blank line follows."""

    span: Span
    text: str
    before_blank: bool


def read_plain(text: str, source: str) -> Reading:
    """Read one article from plain text.

    The text is kept unchanged except for NFC and for lines of the page around the article.
    """
    text = clean(text)
    text, left_out = _without_page(text)
    text, site = _without_site(text)
    left_out = (*site, *left_out)
    lines = _lines(text)
    spans = _blocks(lines)
    texts = [span.of(text) for span in spans]
    byline = _byline_at(texts)
    signed = texts[byline] if byline is not None else ""
    tables = _in_tables(lines, spans)
    listed = enumerated(texts)
    kinds = [
        SectionKind.BODY
        if number in tables or number in listed
        else _kind(number, line, byline, texts)
        for number, line in enumerate(texts)
    ]
    blocks: tuple[Block, ...] = tuple(zip(kinds, texts, strict=True))
    facts = Facts(blocks, left_out)
    first = next((text for text in texts if not is_speaker_label(text)), texts[0])
    title = texts[0] if kinds[0] is SectionKind.TITLE else shorten(" ".join(first.split()))
    draft = Draft(
        title=clean_title(title, facts.publisher),
        blocks=blocks,
        source=source,
        text=text,
        author=(byline_author(signed) if signed and not names_guest(signed) else None)
        or facts.author,
        publisher=facts.publisher or next(iter(site), None),
        published_at=(parse_date(signed) if signed else None) or facts.published_at,
        left_out=left_out,
    )
    return Reading((draft,))


def shorten(text: str, limit: int = 60) -> str:
    """Cut ``text`` at a word to at most ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head) + "…"


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    for match in _LINE.finditer(text):
        span = Span(*match.span()).strip(text)
        if span:
            blank = (
                not text[match.end() : match.end() + 200]
                .partition("\n")[2]
                .partition("\n")[0]
                .strip()
            )
            found.append(_Line(span, span.of(text), blank))
    return found


def _without_page(text: str) -> tuple[str, tuple[str, ...]]:
    """Remove the lines of the page around the article from ``text``; return both."""
    lines = _lines(text)
    blocks: list[Block] = [(SectionKind.BODY, line.text) for line in lines]
    dropped = page_lines(blocks)
    if not dropped or len(dropped) == len(lines):
        return text, ()
    at, parts = 0, list[str]()
    for number in sorted(dropped):
        start = text.rfind("\n", 0, lines[number].span.start) + 1
        end = text.find("\n", lines[number].span.end)
        parts.append(text[at:start])
        at = len(text) if end < 0 else end + 1
    parts.append(text[at:])
    return "".join(parts), tuple(lines[number].text for number in sorted(dropped))


def _without_site(text: str) -> tuple[str, tuple[str, ...]]:
    """Remove the name of the site that the copy of a page begins with; return it too."""
    lines = _lines(text)
    if len(lines) < 3 or not is_outlet(lines[0].text) or ends_sentence(lines[0].text):
        return text, ()
    return text[lines[1].span.start :], (lines[0].text,)


def _blocks(lines: list[_Line]) -> list[Span]:
    """Return the spans of the blocks: lines, and paragraphs of lines wrapped at a margin."""
    found: list[Span] = []
    run: list[_Line] = []
    for line in lines:
        run.append(line)
        if line.before_blank:
            found.extend(_run_blocks(run))
            run = []
    found.extend(_run_blocks(run))
    return found


def _run_blocks(run: list[_Line]) -> list[Span]:
    texts = [line.text for line in run]
    return [
        Span(run[first].span.start, run[last - 1].span.end) for first, last in paragraphs(texts)
    ]


def _in_tables(lines: list[_Line], spans: list[Span]) -> set[int]:
    """Return the numbers of the blocks that are rows of a table."""
    rows = {lines[number].span for number in table_lines([line.text for line in lines])}
    return {number for number, span in enumerate(spans) if span in rows and number}


def _byline_at(lines: list[str]) -> int | None:
    """Return the number of the line near the top that is mainly a date or a reporter's name.

    A short story may end within these lines: what closes it is no byline above a body.
    """
    closing = len(lines)
    while closing > 1 and is_byline(lines[closing - 1]):
        closing -= 1
    for number, line in enumerate(lines[: min(_BYLINE_WITHIN, closing)]):
        if len(line) > _BYLINE_CHARS and any(lead([line])):
            return None  # (서울=연합뉴스) 홍길동 기자 = begins the body
        if number == 0 or len(line) > _BYLINE_CHARS or ends_sentence(line):
            continue
        if is_byline(line):
            return number
        rest = REPORTER.sub("", DATE.sub("", line))
        if rest != line and len(rest.strip(" \t|·:/-입력수정승인등록")) <= len(line) // 2:
            return number
    return None


def _kind(number: int, line: str, byline: int | None, lines: list[str]) -> SectionKind:
    if number == byline:
        return SectionKind.BYLINE
    if is_speaker_label(line):
        return SectionKind.HEADING
    if number == 0:
        return SectionKind.TITLE if _is_title(line, byline, lines) else SectionKind.BODY
    if byline is not None and number < byline:
        return SectionKind.BYLINE if is_byline(line) else SectionKind.DECK
    if is_byline(line):
        return SectionKind.BYLINE
    if is_caption(line):
        return SectionKind.CAPTION
    if "\n" not in line and is_heading(line) and number < len(lines) - 1:
        return SectionKind.HEADING
    return SectionKind.BODY


def _is_title(line: str, byline: int | None, lines: list[str]) -> bool:
    if len(lines) == 1 or len(line) > _TITLE_CHARS or "\n" in line:
        return False
    # A headline may ask or exclaim; that a byline follows shows that it is one.
    has_byline = byline is not None or any(map(is_byline, lines[1:_BYLINE_WITHIN]))
    return not ends_sentence(line) or (not is_statement(line) and has_byline)
