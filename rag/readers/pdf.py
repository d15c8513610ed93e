"""Reader of PDF files: the text of all pages in reading order, with the page of each paragraph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geungeo.rag.article import SectionKind
from geungeo.rag.errors import UnsupportedSource
from geungeo.rag.readers.archive import needs_extra
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.layout import is_wrapped, table_lines, width
from geungeo.rag.readers.lines import Block, ends_sentence
from geungeo.rag.readers.prose import draft_of_paragraphs
from geungeo.rag.text import clean

_MOST_PAGES = 2_000
_PAGE_NUMBER = re.compile(
    r"^[-–—\s]*(?:p\.?\s*)?\d{1,4}\s*(?:/\s*\d{1,4})?[-–—\s]*(?:쪽|면|페이지)?$", re.I
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its text and its box, in points from the lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


def read_pdf(data: bytes, source: str) -> Reading:
    """Read one article from a PDF file.

    Raises:
        UnsupportedSource: the file is damaged, encrypted, too long, or has pictures only.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise needs_extra(source, ".pdf") from error
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnsupportedSource(
                f"{source}: this PDF is encrypted; save it without a password"
            ) from error
        raise UnsupportedSource(
            f"{source}: this PDF is damaged or cut off; save it again"
        ) from error
    try:
        count = len(document)
        if count > _MOST_PAGES:
            raise UnsupportedSource(
                f"{source}: {count:,} pages are over the limit of {_MOST_PAGES:,}; split the file"
            )
        pages = [_page_lines(document, number) for number in range(count)]
        title = (document.get_metadata_dict().get("Title") or "").strip() or None
    finally:
        document.close()
    shown = "".join(line.text for page in pages for line in page)
    if len(shown.strip()) < 10 * max(1, min(count, 3)) and count:
        raise UnsupportedSource(
            f"{source}: no text in this PDF, only pictures ({count} pages); recognise the text "
            "first, for example with: ocrmypdf -l kor FILE OUT"
        )
    strange = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" for char in shown)
    if strange > 0.2 * len(shown):
        raise UnsupportedSource(
            f"{source}: the fonts of this PDF do not say which characters they show; recognise "
            "the text first, for example with: ocrmypdf --force-ocr -l kor FILE OUT"
        )
    pages, left_out = _without_margins(pages)
    blocks, numbers = _paragraphs(pages)
    empty = [number for number, page in enumerate(pages, 1) if not page]
    warnings = (
        [f"no text on page {', '.join(map(str, empty[:10]))} of {count}: pictures are not read"]
        if empty
        else []
    )
    return draft_of_paragraphs(
        blocks, source, title=title, pages=numbers, warnings=warnings, left_out=left_out
    )


def _page_lines(document: Any, number: int) -> list[_Line]:
    """Return the lines of a page in reading order: column by column."""
    page = document[number]
    text = page.get_textpage()
    try:
        found: list[_Line] = []
        for index in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(index)
            part = clean(text.get_text_bounded(left, bottom, right, top)).replace("\n", " ").strip()
            if part:
                found.append(_Line(part, left, bottom, right, top))
        gutter = _gutter(found, page.get_width())
        return _by_columns(_joined(found, gutter), gutter)
    finally:
        text.close()
        page.close()


def _joined(parts: Sequence[_Line], gutter: float | None) -> list[_Line]:
    """Join neighbouring boxes on the same line, but not across the gutter of two columns.

    A wide gap separates the cells of a table.
    """
    lines: list[_Line] = []
    for part in parts:
        last = lines[-1] if lines else None
        height = part.top - part.bottom
        if (
            last is not None
            and abs(last.bottom - part.bottom) < height * 0.5
            and -height < part.left - last.right < height * 8
            and not (gutter is not None and last.right <= gutter <= part.left)
        ):
            gap = part.left - last.right
            space = "" if gap < height * 0.15 else " " if gap < height * 1.5 else "   "
            lines[-1] = _Line(
                f"{last.text}{space}{part.text}",
                last.left,
                min(last.bottom, part.bottom),
                part.right,
                max(last.top, part.top),
            )
        else:
            lines.append(part)
    return lines


def _by_columns(lines: list[_Line], gutter: float | None) -> list[_Line]:
    """Sort the lines of a page of two columns; others keep the order of the file."""
    if gutter is None:
        return lines
    ordered: list[_Line] = []
    pending: list[_Line] = []
    # Lines across both columns separate the parts of the page.
    for line in sorted(lines, key=lambda one: (-round(one.top), one.left)):
        if line.left < gutter < line.right:
            ordered += _left_then_right(pending, gutter)
            pending = []
            ordered.append(line)
        else:
            pending.append(line)
    return ordered + _left_then_right(pending, gutter)


def _left_then_right(lines: Sequence[_Line], gutter: float) -> list[_Line]:
    return sorted(lines, key=lambda line: (line.left > gutter, -line.top, line.left))


def _gutter(lines: Sequence[_Line], page_width: float) -> float | None:
    """Return the middle of the empty strip between two columns of text, if there is one."""
    for share in (0.5, 0.48, 0.52, 0.45, 0.55):
        at = page_width * share
        left = [line for line in lines if line.right <= at]
        right = [line for line in lines if line.left >= at]
        across = len(lines) - len(left) - len(right)
        long_enough = [
            side for side in (left, right) if sum(len(line.text) > 12 for line in side) >= 4
        ]
        if len(long_enough) == 2 and across <= 0.2 * len(lines):
            return at
    return None


def _without_margins(pages: list[list[_Line]]) -> tuple[list[list[_Line]], list[str]]:
    """Remove page numbers, and headers and footers that most pages repeat."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_key(line.text) for line in [*page[:2], *page[-2:]]})
    repeated = {
        text for text, count in counts.items() if len(pages) >= 3 and count >= 0.6 * len(pages)
    }
    left_out: list[str] = []
    kept: list[list[_Line]] = []
    for page in pages:
        lines: list[_Line] = []
        for number, line in enumerate(page):
            edge = number < 2 or number >= len(page) - 2
            if edge and (_key(line.text) in repeated or _PAGE_NUMBER.match(line.text)):
                left_out.append(line.text)
            else:
                lines.append(line)
        kept.append(lines)
    return kept, left_out


def _key(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _paragraphs(pages: Sequence[Sequence[_Line]]) -> tuple[list[Block], list[int]]:
    """Join the lines of each paragraph; return the blocks and the page that each begins on."""
    blocks: list[Block] = []
    numbers: list[int] = []
    run: list[_Line] = []
    began = 1

    def finish() -> None:
        if run:
            blocks.append((SectionKind.BODY, _text(run)))
            numbers.append(began)
            run.clear()

    for number, page in enumerate(pages, 1):
        rows = table_lines([line.text for line in page])
        widest = max((line.right - line.left for line in page), default=0.0)
        for index, line in enumerate(page):
            if index in rows:
                finish()
                blocks.append((SectionKind.BODY, re.sub(r"\s{2,}|\t", " | ", line.text)))
                numbers.append(number)
                continue
            if run and not _continues(run[-1], line, widest):
                finish()
            if not run:
                began = number
            run.append(line)
    finish()
    return blocks, numbers


def _continues(last: _Line, line: _Line, widest: float) -> bool:
    """Whether a line goes on with the paragraph of the line before it."""
    height = max(last.top - last.bottom, 1.0)
    if abs((line.top - line.bottom) - height) > 0.25 * height:
        return False  # another size of letters: a heading
    gap = last.bottom - line.top
    if 0 <= gap > height * 1.1:
        return False
    full = last.right - last.left > 0.8 * min(widest, max(line.right - line.left, 1.0) * 1.2)
    if ends_sentence(last.text):
        return full and line.left - last.left < height * 0.5
    return full or is_wrapped([last.text, line.text])


def _text(lines: Sequence[_Line]) -> str:
    """Join the lines of a paragraph; lines of Hangul can break within a word."""
    text = lines[0].text
    for line in lines[1:]:
        # A word that a narrow column hyphenates.
        if text.endswith("-") and line.text[:1].isascii() and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text = f"{text} {line.text}"
    return re.sub(r"\s+", " ", text) if width(text) else text
