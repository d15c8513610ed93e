"""Reader of PDF files: the text of all pages in reading order, with the page of each paragraph."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from ctypes import c_double
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from geungeo.rag.article import SectionKind
from geungeo.rag.errors import UnsupportedSource
from geungeo.rag.language.morphemes import glued
from geungeo.rag.readers.archive import needs_extra
from geungeo.rag.readers.draft import Reading, web_address
from geungeo.rag.readers.layout import table_lines, width
from geungeo.rag.readers.lines import Block, ends_sentence
from geungeo.rag.readers.prose import draft_of_paragraphs
from geungeo.rag.text import clean

_MOST_PAGES = 2_000
_PAGE_NUMBER = re.compile(
    r"^[-–—\s]*(?:p\.?\s*)?\d{1,4}\s*(?:/\s*\d{1,4})?[-–—\s]*(?:쪽|면|페이지)?$", re.I
)
# What a browser prints above and below a page: 26. 11. 29. 오후 1:04 ... https://... 1/2
_PRINTED_AT = re.compile(
    r"^\d{1,4}[./]\s?\d{1,2}[./]\s?\d{1,4}\.?,?\s*(?:오전|오후)?\s?\d{1,2}:\d{2}(?:\s?[AP]M)?(?:\s|$)"
)
_PRINTED_FROM = re.compile(r"^(?P<url>(?:https?|file)://\S+)(?:\s+\d{1,4}\s?/\s?\d{1,4})?$")
_HANGUL_END = re.compile(r"[가-힣]['\"’”)\]]?$")
_HANGUL_START = re.compile(r"^[\"'‘“(\[]?[가-힣]")
_AMOUNT = re.compile(r"\d\n(?:%|[가-힣]*[명원개년월일분초건회층호대위곳만억조천])|[\da-z]\n다[.,]")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff、。，]")
_TITLE_BLOCKS = 6  # the title is one of the first blocks
_TITLE_CHARS = 150


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its text, the ends of its baseline and the size of its letters in points.

    ``y`` grows upwards. ``spaced`` says that the line ends with a space that the file has.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    spaced: bool = False


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
    printed = (_PRINTED_FROM.match(text) for text in left_out)
    url = next((match["url"] for match in printed if match), None)
    blocks, numbers = _paragraphs(pages)
    empty = [number for number, page in enumerate(pages, 1) if not page]
    warnings = (
        [f"no text on page {', '.join(map(str, empty[:10]))} of {count}: pictures are not read"]
        if empty
        else []
    )
    return draft_of_paragraphs(
        blocks,
        source,
        title=title,
        url=web_address(url),
        pages=numbers,
        warnings=warnings,
        left_out=left_out,
    )


def _page_lines(document: Any, number: int) -> list[_Line]:
    """Return the lines of a page in reading order: column by column."""
    page = document[number]
    text = page.get_textpage()
    try:
        return _in_order(_segments(text))
    finally:
        text.close()
        page.close()


def _segments(text: Any) -> list[_Line]:
    """Return the parts of lines that no wide gap separates, in the order of the file.

    Each glyph can be an object of its own (browsers print Hangul so); pdfium's generated spaces
    and line breaks are what separates them.
    """
    from pypdfium2 import raw

    found: list[_Line] = []
    chars: list[str] = []
    left = right = y = size = 0.0
    space = spaced = False
    box = raw.FS_RECTF()
    matrix = raw.FS_MATRIX()
    origin_x, origin_y = c_double(), c_double()

    def finish() -> None:
        nonlocal space, spaced
        joined = "".join(chars).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        part = clean(joined).replace("\n", " ").strip()
        if part:
            found.append(_Line(part, left, right, y, size, spaced))
        chars.clear()
        space = spaced = False

    for index in range(text.count_chars()):
        char = chr(raw.FPDFText_GetUnicode(text, index))
        if char in "\r\n":
            finish()
            continue
        if char.isspace():
            space = True
            spaced = spaced or raw.FPDFText_IsGenerated(text, index) == 0
            continue
        raw.FPDFText_GetLooseCharBox(text, index, box)
        raw.FPDFText_GetCharOrigin(text, index, origin_x, origin_y)
        if chars:
            gap = box.left - right
            if not -size < gap < size * 0.9 or abs(origin_y.value - y) > size * 0.6:
                finish()
        if not chars:
            raw.FPDFText_GetMatrix(text, index, matrix)
            size = raw.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
            size = size or max(box.top - box.bottom, 1.0)
            left, y = box.left, origin_y.value
        elif space:
            chars.append(" ")
        chars.append("-" if char in _HYPHENS else char)
        right = box.right
        space = spaced = False
    finish()
    return found


_HYPHENS = "\x02\ufffe\xad"  # pdfium's marks for a hyphen at the end of a line


def _joined(parts: Sequence[_Line]) -> list[_Line]:
    """Join neighbouring parts of the same line; a wide gap separates the cells of a table."""
    lines: list[_Line] = []
    for part in parts:
        last = lines[-1] if lines else None
        if (
            last is not None
            and abs(last.y - part.y) < part.size * 0.5
            and -part.size < part.left - last.right < part.size * _CELL_GAP
        ):
            gap = part.left - last.right
            space = "" if gap < part.size * 0.15 else " " if gap < part.size * 1.5 else "   "
            lines[-1] = replace(
                last, text=f"{last.text}{space}{part.text}", right=part.right, spaced=part.spaced
            )
        else:
            lines.append(part)
    return lines


def _in_order(parts: Sequence[_Line]) -> list[_Line]:
    """Return the lines of a page in reading order: column by column, in each band of the page.

    A page without columns keeps the order of the file.
    """
    if gutters := _gutters(parts):
        return _by_columns(parts, gutters)
    bands = _bands(parts)
    columns = [_gutters(band) for band in bands]
    if not any(columns):
        return _joined(parts)
    return [
        line
        for band, gutters in zip(bands, columns, strict=True)
        for line in _by_columns(band, gutters)
    ]


def _by_columns(parts: Sequence[_Line], gutters: Sequence[float]) -> list[_Line]:
    """Return the lines of text in columns; lines across a gutter separate what is above them."""
    if not gutters:
        return _joined(_downwards(parts))
    at = min(gutters, key=lambda one: sum(part.left < one < part.right for part in parts))
    ordered: list[_Line] = []
    pending: list[_Line] = []

    def finish() -> None:
        left = [part for part in pending if part.left < at]
        right = [part for part in pending if part.left >= at]
        ordered.extend(_by_columns(left, [one for one in gutters if one < at]))
        ordered.extend(_by_columns(right, [one for one in gutters if one > at]))
        pending.clear()

    for part in _downwards(parts):
        if part.left < at < part.right:
            finish()
            ordered.append(part)
        else:
            pending.append(part)
    finish()
    return ordered


def _downwards(parts: Sequence[_Line]) -> list[_Line]:
    return sorted(parts, key=lambda part: (-round(part.y), part.left))


def _gutters(parts: Sequence[_Line]) -> list[float]:
    """Return where the columns of a text end; an empty list for a single column."""
    best: tuple[float, float] | None = None
    for at in sorted({round(part.left) - 0.5 for part in parts}):
        left = [part for part in parts if part.right <= at]
        right = [part for part in parts if part.left >= at]
        across = len(parts) - len(left) - len(right)
        if across <= _MOST_ACROSS * len(parts) and _is_text(left) and _is_text(right):
            best = min(best or (len(parts), at), (across, at))
    if best is None:
        return []
    at = best[1]
    left = [part for part in parts if part.right <= at]
    right = [part for part in parts if part.left >= at]
    return [*_gutters(left), at, *_gutters(right)]


def _is_text(parts: Sequence[_Line]) -> bool:
    """Whether parts of lines fill a column: several are wide, and most end near its margin."""
    wide = [part for part in parts if part.right - part.left >= _COLUMN_WIDTH * part.size]
    if len(parts) < _COLUMN_LINES or len(wide) < _COLUMN_LINES - 1:
        return False
    start, margin = min(part.left for part in wide), max(part.right for part in wide)
    full = sum(part.right - start >= _FULL_LINE * (margin - start) for part in wide)
    return full >= len(wide) / 2


def _bands(parts: Sequence[_Line]) -> list[list[_Line]]:
    """Divide a page where lines over its whole width end, and at wide gaps."""
    found: list[list[_Line]] = []
    if not parts:
        return found
    extent = max(part.right for part in parts) - min(part.left for part in parts)
    last: tuple[float, bool] | None = None
    for part in _downwards(parts):
        whole = part.right - part.left > _WHOLE_WIDTH * extent
        if last is None or last[1] != whole or last[0] - part.y > part.size * _BAND_GAP:
            found.append([])
        found[-1].append(part)
        last = (part.y, whole)
    return found


_CELL_GAP = 20.0  # letters between two cells of a row
_MOST_ACROSS = 0.2  # of the lines of a page that cross a gutter
_COLUMN_LINES = 4
_COLUMN_WIDTH = 7.0  # letters of the narrowest column
_FULL_LINE = 0.8
_WHOLE_WIDTH = 0.6  # of the width of the text
_BAND_GAP = 3.0  # letters


def _without_margins(pages: list[list[_Line]]) -> tuple[list[list[_Line]], list[str]]:
    """Remove page numbers, and headers and footers that most pages repeat."""
    usual = _usual_size(pages)
    edges = [_edges(page) for page in pages]
    counts: Counter[str] = Counter()
    places: Counter[tuple[str, int, int]] = Counter()
    for page, edge in zip(pages, edges, strict=True):
        lines = [line for line in page if round(line.y) in edge]
        counts.update({_key(line.text) for line in lines})
        places.update({_place(line) for line in lines if line.size <= usual * 1.05})
    least = 0.6 * len(pages)
    left_out: list[str] = []
    kept: list[list[_Line]] = []
    for page, edge in zip(pages, edges, strict=True):
        lines = []
        # The title of the page is beside the time of printing.
        printed = [line for line in page if _PRINTED_AT.match(line.text)]
        for line in page:
            if round(line.y) in edge and (
                (len(pages) >= 3 and counts[_key(line.text)] >= least)
                or (len(pages) == 2 and places[_place(line)] == 2)
                or (_PAGE_NUMBER.match(line.text) and line.size <= usual * 1.2)
                or any(abs(line.y - time.y) < line.size * 0.5 for time in printed)
                or _PRINTED_FROM.match(line.text)
            ):
                left_out.append(line.text)
            else:
                lines.append(line)
        kept.append(lines)
    return kept, left_out


def _edges(page: Sequence[_Line]) -> set[int]:
    """Return the heights of the two highest and the two lowest lines of a page."""
    heights = sorted({round(line.y) for line in page})
    return {*heights[:2], *heights[-2:]}


def _usual_size(pages: Sequence[Sequence[_Line]]) -> float:
    """Return the size of most letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _key(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _place(line: _Line) -> tuple[str, int, int]:
    return _key(line.text), round(line.y), round(line.left)


def _paragraphs(pages: Sequence[Sequence[_Line]]) -> tuple[list[Block], list[int]]:
    """Join the lines of each paragraph; return the blocks and the page that each begins on."""
    blocks: list[Block] = []
    numbers: list[int] = []
    sizes: list[float] = []
    run: list[_Line] = []
    began = 1
    usual = _usual_size(pages)
    pitch = _pitch(pages)

    def finish() -> None:
        if run:
            blocks.append((SectionKind.BODY, _text(run)))
            numbers.append(began)
            sizes.append(run[0].size)
            run.clear()

    for number, page in enumerate(pages, 1):
        rows = table_lines([line.text for line in page])
        prose = [line for index, line in enumerate(page) if index not in rows]
        for index, line in enumerate(page):
            if index in rows:
                finish()
                blocks.append((SectionKind.BODY, re.sub(r"\s{2,}|\t", " | ", line.text)))
                numbers.append(number)
                sizes.append(usual)
                continue
            if run and not _continues(run[-1], line, _margin(run[-1], prose), pitch):
                finish()
            if not run:
                began = number
            run.append(line)
    finish()
    heading = _largest(blocks, numbers, sizes, usual)
    if heading is not None:
        blocks[heading] = (SectionKind.TITLE, blocks[heading][1])
    return blocks, numbers


def _largest(
    blocks: Sequence[Block], numbers: Sequence[int], sizes: Sequence[float], usual: float
) -> int | None:
    """Return the number of the block in the largest letters, if they are larger than usual."""
    first = [
        number
        for number in range(min(len(blocks), _TITLE_BLOCKS))
        if numbers[number] == numbers[0] and len(blocks[number][1]) <= _TITLE_CHARS
    ]
    largest = max(first, key=lambda number: sizes[number], default=None)
    return largest if largest is not None and sizes[largest] > usual * 1.15 else None


def _pitch(pages: Sequence[Sequence[_Line]]) -> float:
    """Return the usual distance of two lines, as a multiple of the size of the letters."""
    found = Counter(
        round((last.y - line.y) / last.size, 1)
        for page in pages
        for last, line in pairwise(page)
        if last.y - line.y > last.size * 0.5 and abs(last.size - line.size) < last.size * 0.1
    )
    often = sum(found.values()) * 0.25
    return min((ratio for ratio, count in found.items() if count >= often), default=1.5)


def _margin(line: _Line, lines: Sequence[_Line]) -> float:
    """Return where the longest line of the column of ``line`` ends."""
    return max(
        (
            other.right
            for other in lines
            if abs(other.left - line.left) < line.size * 3
            and abs(other.size - line.size) < line.size * 0.1
        ),
        default=line.right,
    )


def _continues(last: _Line, line: _Line, margin: float, pitch: float) -> bool:
    """Whether a line goes on with the paragraph of the line before it."""
    if abs(line.size - last.size) > 0.1 * last.size:
        return False  # another size of letters: a heading
    if last.y - line.y > last.size * max(pitch * 1.3, 1.5):
        return False
    # A line is full if the first word of the next one did not fit.
    word = line.text.split(maxsplit=1)[0]
    share = width(word) / max(width(line.text), 1)
    full = last.right + share * (line.right - line.left) > margin - last.size * 0.3
    if ends_sentence(last.text):
        near = 0 < last.y - line.y < last.size * 2
        return full and near and line.left - last.left < last.size * 0.5
    return full


def _text(lines: Sequence[_Line]) -> str:
    """Join the lines of a paragraph; lines of Hangul can break within a word."""
    text = lines[0].text
    margin = max(line.right for line in lines)
    for last, line in pairwise(lines):
        # Where one more syllable had room, the line does not break within a word.
        whole = last.spaced or margin - last.right > last.size * 1.2
        # A word that a narrow column hyphenates.
        if text.endswith("-") and line.text[:1].isascii() and line.text[:1].islower():
            text = text[:-1] + line.text
        elif (_WIDE.match(text[-1]) and _WIDE.match(line.text)) or (
            not whole and _AMOUNT.search(f"{text[-6:]}\n{line.text[:6]}")
        ):
            text += line.text
        elif not whole and _HANGUL_END.search(text) and _HANGUL_START.match(line.text):
            text = glued(text, line.text)
        else:
            text = f"{text} {line.text}"
    return re.sub(r"\s+", " ", text)
