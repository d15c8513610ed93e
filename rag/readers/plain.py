"""Reader of plain text as copied from Korean news sites: title, deck, byline, body.

The parts are not marked, so they are recognised by their form: a byline is a date with a
reporter's name, a caption ends in a photo credit, a heading is a short line without a
sentence ending.
"""

from __future__ import annotations

import re

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.readers.draft import DATE, Reading, parse_date
from geungeo.rag.text import clean

_REPORTER = re.compile(
    r"(?P<name>[가-힣]{2,4})\s*(?:선임|전문|객원|수습|인턴)?\s*(?:기자|특파원|논설위원|앵커)(?![가-힣])"
)
_OPENER = re.compile(
    r"^[\[(〔【]\s*(?:[가-힣]{2,4}=)?(?P<publisher>[가-힣A-Za-z0-9·& ]{2,20}?)"
    r"(?:\s+(?P<name>[가-힣]{2,4})\s*(?:기자|특파원))?\s*[\])〕】]"
)
_CREDIT = re.compile(r"(?:사진|자료|출처|그래픽|이미지|영상)\s*(?:제공)?\s*[=:ⓒ]|[▲△◀▶]|ⓒ")
_SENTENCE_END = re.compile(r"[.!?…。]['\"’”)\]]*$")
_BYLINE_WITHIN = 6
_BYLINE_CHARS = 80
_HEADING_CHARS = 60
_TITLE_CHARS = 150


def read_plain(text: str, source: str) -> Reading:
    """Read one article from plain text; the text is kept unchanged except for NFC."""
    text = clean(text)
    lines = [stripped for line in text.split("\n") if (stripped := line.strip())]
    byline = _byline_at(lines)
    kinds = [_kind(number, line, byline, len(lines)) for number, line in enumerate(lines)]
    title = lines[0] if kinds[0] is SectionKind.TITLE else shorten(lines[0])
    publisher, author = _opener(lines, kinds)
    reporter = _REPORTER.search(lines[byline]) if byline is not None else None
    draft = Draft(
        title=title,
        blocks=tuple(zip(kinds, lines, strict=True)),
        source=source,
        text=text,
        author=reporter["name"] if reporter else author,
        publisher=publisher,
        published_at=parse_date(lines[byline]) if byline is not None else None,
    )
    return Reading((draft,))


def shorten(text: str, limit: int = 60) -> str:
    """Cut ``text`` at a word to at most ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head) + "…"


def _byline_at(lines: list[str]) -> int | None:
    """Return the number of the line near the top that is mainly a date or a reporter's name."""
    for number, line in enumerate(lines[:_BYLINE_WITHIN]):
        if number == 0 or len(line) > _BYLINE_CHARS or _SENTENCE_END.search(line):
            continue
        rest = _REPORTER.sub("", DATE.sub("", line))
        if rest != line and len(rest.strip(" \t|·:/-입력수정승인등록")) <= len(line) // 2:
            return number
    return None


def _kind(number: int, line: str, byline: int | None, count: int) -> SectionKind:
    if number == byline:
        return SectionKind.BYLINE
    if number == 0:
        is_title = count > 1 and len(line) <= _TITLE_CHARS and not _SENTENCE_END.search(line)
        return SectionKind.TITLE if is_title else SectionKind.BODY
    if byline is not None and number < byline:
        return SectionKind.DECK
    if is_caption(line):
        return SectionKind.CAPTION
    if is_heading(line) and number < count - 1:
        return SectionKind.HEADING
    return SectionKind.BODY


def is_caption(line: str) -> bool:
    """Whether ``line`` looks like a caption, with a photo credit."""
    credits_at = [match.start() for match in _CREDIT.finditer(line)]
    return bool(credits_at) and (credits_at[0] == 0 or credits_at[-1] > len(line) - 40)


def is_heading(line: str) -> bool:
    """Whether ``line`` looks like a heading: short, and not a sentence."""
    return len(line) <= _HEADING_CHARS and not _SENTENCE_END.search(line)


def _opener(lines: list[str], kinds: list[SectionKind]) -> tuple[str | None, str | None]:
    """Return publisher and reporter of ``[애플경제 전윤미 기자]`` at the start of the body."""
    for line, kind in zip(lines, kinds, strict=True):
        if kind is SectionKind.BODY and (match := _OPENER.match(line)):
            return match["publisher"].strip(), match["name"]
    return None, None
