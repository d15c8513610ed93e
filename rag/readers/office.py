"""Readers of word processor documents: DOCX, HWPX and HWP 5."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from geungeo.rag.article import SectionKind
from geungeo.rag.errors import UnsupportedSource
from geungeo.rag.readers.archive import (
    checked_archive,
    local,
    needs_extra,
    parse_xml,
    part_of,
)
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.lines import Block
from geungeo.rag.readers.prose import draft_of_paragraphs
from geungeo.rag.text import clean

# DOCX


def read_docx(data: bytes, source: str) -> Reading:
    """Read one article from a Word document: paragraphs by style, tables as rows.

    Raises:
        UnsupportedSource: the document is damaged, encrypted or too large.
        EmptySource: it contains no text.
    """
    checked_archive(data, source).close()
    try:
        import docx
    except ImportError as error:
        raise needs_extra(source, ".docx") from error
    try:
        document = docx.Document(io.BytesIO(data))
        blocks = list(_docx_blocks(document))
        properties = document.core_properties
        title, author, created = properties.title, properties.author, properties.created
    except Exception as error:
        raise UnsupportedSource(
            f"{source}: this document cannot be opened ({type(error).__name__}); "
            "save it again as .docx"
        ) from error
    # Word fills these in by itself; they are not what the text says of its publication.
    del created
    return draft_of_paragraphs(blocks, source, title=title or None, author=_person(author))


def _docx_blocks(document: Any) -> Iterator[Block]:
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            yield from ((SectionKind.BODY, row) for row in _docx_rows(item))
            continue
        style = (item.style.name or "").lower() if item.style is not None else ""
        kind = SectionKind.BODY
        if style == "title":
            kind = SectionKind.TITLE
        elif style == "subtitle":
            kind = SectionKind.DECK
        elif style.startswith(("heading", "제목")):
            kind = SectionKind.HEADING
        elif style.startswith(("caption", "캡션")):
            kind = SectionKind.CAPTION
        for line in item.text.split("\n"):
            if line.strip():
                yield kind, line.strip()


def _docx_rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        last: Any = None
        for cell in row.cells:
            if cell._tc is not last:  # a merged cell is listed once for each column
                cells.append(" ".join(cell.text.split()) or "-")
            last = cell._tc
        if any(cell != "-" for cell in cells):
            yield " | ".join(cells)


def _person(name: str | None) -> str | None:
    """Return an author that is not the default of the program."""
    name = (name or "").strip()
    generic = {
        "",
        "user",
        "admin",
        "administrator",
        "python-docx",
        "owner",
        "pc",
        "사용자",
        "author",
    }
    return None if name.lower() in generic else name


# HWPX


def read_hwpx(data: bytes, source: str) -> Reading:
    """Read one article from an HWPX document (OWPML, KS X 6101).

    Raises:
        UnsupportedSource: the document is damaged, encrypted or too large.
        EmptySource: it contains no text.
    """
    with checked_archive(data, source) as archive:
        names = sorted(
            (name for name in archive.namelist() if _is_section(name)), key=_section_number
        )
        if not names:
            raise UnsupportedSource(f"{source}: no text part in this HWPX document; save it again")
        if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise UnsupportedSource(f"{source}: this file is encrypted; save it without a password")
        blocks = [
            block
            for name in names
            for block in _hwpx_blocks(parse_xml(part_of(archive, name, source), source))
        ]
        title = _hwpx_title(archive, source)
    return draft_of_paragraphs(blocks, source, title=title)


def _is_section(name: str) -> bool:
    return name.startswith("Contents/section") and name.endswith(".xml")


def _section_number(name: str) -> int:
    digits = "".join(char for char in name if char.isdigit())
    return int(digits or 0)


def _hwpx_title(archive: Any, source: str) -> str | None:
    if "Contents/content.hpf" not in archive.namelist():
        return None
    root = parse_xml(part_of(archive, "Contents/content.hpf", source), source)
    title = next((one for one in root.iter() if local(one) == "title"), None)
    text = "".join(title.itertext()).strip() if title is not None else ""
    return text or None


def _hwpx_blocks(root: Any) -> Iterator[Block]:
    for element in root:
        if local(element) == "p":
            yield from _hwpx_paragraph(element)


def _hwpx_paragraph(paragraph: Any) -> Iterator[Block]:
    """Yield the text of a paragraph, then the rows of the tables that are anchored in it."""
    parts: list[str] = []
    tables: list[Any] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        name = local(element)
        if name == "tbl":
            tables.append(element)
        elif name == "t":
            parts.append(_hwpx_text(element))
        elif name in {"lineBreak"}:
            parts.append("\n")
        elif name not in {"linesegarray", "secPr", "footNote", "endNote", "header", "footer"}:
            stack.extend(reversed(element))
    for line in "".join(parts).split("\n"):
        if line.strip():
            yield SectionKind.BODY, line.strip()
    for table in tables:
        rows = [row for row in table.iter() if local(row) == "tr"]
        yield from _rows(
            [
                _hwpx_cell(cell, number, column)
                for number, row in enumerate(rows)
                for column, cell in enumerate(one for one in row if local(one) == "tc")
            ]
        )


def _hwpx_cell(cell: Any, row: int, column: int) -> _Cell:
    """Read a cell, at its own address where it has one, or at ``row`` and ``column``."""
    text = " ".join(_hwpx_text(part) for part in cell.iter() if local(part) == "t")
    own = {local(child): child.attrib for child in cell}
    place, span = own.get("cellAddr", {}), own.get("cellSpan", {})
    return _Cell(
        _count(place.get("rowAddr"), row),
        _count(place.get("colAddr"), column),
        max(1, _count(span.get("rowSpan"), 1)),
        max(1, _count(span.get("colSpan"), 1)),
        " ".join(text.split()),
    )


def _count(value: str | None, default: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else default


def _hwpx_text(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        name = local(child)
        parts.append({"lineBreak": "\n", "tab": " ", "nbSpace": " ", "fwSpace": " "}.get(name, ""))
        parts.append(child.tail or "")
    return "".join(parts)


# HWP 5 (Hancom, "한글문서파일형식 5.0")

_PARA_HEADER = 66
_PARA_TEXT = 67
_CTRL_HEADER = 71
_LIST_HEADER = 72
_COMPRESSED, _PASSWORD, _DISTRIBUTED = 0x1, 0x2, 0x4
_MOST_STREAM = 100_000_000
# Fields of a table, spanned ones included.
_MOST_CELLS = 100_000
# Control characters that fill one unit; all other below 32 fill eight.
_SINGLE = {0, 10, 13, 24, 25, 26, 27, 28, 29, 30, 31}


def read_hwp(data: bytes, source: str) -> Reading:
    """Read one article from an HWP 5 document.

    Raises:
        UnsupportedSource: the document is damaged, encrypted, or of another version.
        EmptySource: it contains no text.
    """
    if data.startswith(b"PK\x03\x04"):
        return read_hwpx(data, source)
    if data.startswith(b"HWP Document File V3"):
        raise UnsupportedSource(
            f"{source}: this is an HWP 3 document; save it as .hwpx in a current version"
        )
    try:
        import olefile
    except ImportError as error:
        raise needs_extra(source, ".hwp") from error
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            header = container.openstream("FileHeader").read(40)
            flags = struct.unpack_from("<I", header, 36)[0]
            if not header.startswith(b"HWP Document File"):
                raise UnsupportedSource(f"{source}: this file is not an HWP document")
            if flags & _PASSWORD:
                raise UnsupportedSource(
                    f"{source}: this document is encrypted; save it without a password"
                )
            folder = "ViewText" if flags & _DISTRIBUTED else "BodyText"
            if folder == "ViewText":
                raise UnsupportedSource(
                    f"{source}: this document is for distribution only and encrypted; "
                    "save it as a normal document"
                )
            names = sorted(
                ("/".join(path) for path in container.listdir() if path[0] == folder),
                key=_section_number,
            )
            blocks: list[Block] = []
            for name in names:
                stream = container.openstream(name).read()
                if flags & _COMPRESSED:
                    stream = _inflate(stream, source)
                blocks.extend(_hwp_blocks(stream))
    except UnsupportedSource:
        raise
    except Exception as error:
        raise UnsupportedSource(
            f"{source}: the document is damaged or cut off ({type(error).__name__}); save it again"
        ) from error
    return draft_of_paragraphs(blocks, source)


def _inflate(data: bytes, source: str) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = unpacker.decompress(data, _MOST_STREAM + 1)
    if len(unpacked) > _MOST_STREAM:
        raise UnsupportedSource(
            f"{source}: a part unpacks to more than {_MOST_STREAM:,} bytes; split the document"
        )
    return unpacked


def _hwp_blocks(stream: bytes) -> Iterator[Block]:
    """Yield the paragraphs of a section; those in the cells of a table as rows."""
    at = 0
    cells: list[_Cell] = []
    table_level = -1
    while at + 4 <= len(stream):
        (head,) = struct.unpack_from("<I", stream, at)
        at += 4
        tag, level, size = head & 0x3FF, (head >> 10) & 0x3FF, head >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", stream, at)
            at += 4
        record = stream[at : at + size]
        at += size
        if tag == _CTRL_HEADER and record[:4] == b" lbt":
            yield from _rows(cells)
            cells, table_level = [], level
        elif tag == _LIST_HEADER and table_level >= 0 and level > table_level:
            cells.append(_hwp_cell(record))
        elif tag == _PARA_HEADER and table_level >= 0 and level <= table_level:
            yield from _rows(cells)
            cells, table_level = [], -1
        elif tag == _PARA_TEXT:
            text = _hwp_text(record)
            if table_level >= 0 and level > table_level and cells:
                cells[-1].text = f"{cells[-1].text} {' '.join(text.split())}".strip()
            else:
                for line in text.split("\n"):
                    if line.strip():
                        yield SectionKind.BODY, line.strip()
    yield from _rows(cells)


@dataclass(slots=True)
class _Cell:
    """A cell of a table: its place from 0, the rows and columns that it spans, and its text."""

    row: int
    column: int
    rows: int
    columns: int
    text: str = ""


def _hwp_cell(record: bytes) -> _Cell:
    """Read the place of a cell; a list without one (a caption) is a row of its own."""
    if len(record) < 16:
        return _Cell(-1, 0, 1, 1)
    column, row, columns, rows = struct.unpack_from("<4H", record, 8)
    return _Cell(row, column, max(rows, 1), max(columns, 1))


def _rows(cells: Sequence[_Cell]) -> Iterator[Block]:
    """Yield each row of a table; a cell that spans several rows or columns is part of each."""
    rows: dict[int, dict[int, str]] = {}
    last = max((cell.row for cell in cells), default=-1)
    left = _MOST_CELLS
    for cell in cells:
        over = range(cell.row, min(cell.row + cell.rows, last + 1))
        across = range(cell.column, cell.column + cell.columns)
        if len(over) * len(across) > left:  # spans that no real table has
            over, across = over[:1], across[:1]
        left -= len(over) * len(across)
        for row in over:
            for column in across:
                rows.setdefault(row, {})[column] = cell.text
    for _, texts_by_column in sorted(rows.items()):
        texts = [text for _, text in sorted(texts_by_column.items())]
        if any(texts):
            whole = len(set(texts)) == 1
            yield SectionKind.BODY, texts[0] if whole else " | ".join(t or "-" for t in texts)


def _hwp_text(record: bytes) -> str:
    units = struct.unpack(f"<{len(record) // 2}H", record[: len(record) // 2 * 2])
    kept: list[int] = []
    at = 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            kept.append(unit)
            at += 1
        elif unit in _SINGLE:
            kept.append(10 if unit in {10, 13} else 32 if unit in {24, 30, 31} else 0)
            at += 1
        else:
            kept.append(32 if unit == 9 else 0)
            at += 8
    shown = [unit for unit in kept if unit]
    raw = struct.pack(f"<{len(shown)}H", *shown)
    return clean(raw.decode("utf-16-le", "replace"))
