"""Builders of small documents in binary formats."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

PlacedLine = tuple[float, float, float, str]
"""``(x, y, size, text)`` of a line on a page of 595 by 842 points."""


def pdf(
    pages: Sequence[Sequence[PlacedLine]], title: str | None = None, *, encrypted: bool = False
) -> bytes:
    """Return a PDF whose font maps each code of two bytes to the same UTF-16 unit.

    ``encrypted`` gives it a password that is not empty.
    """
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Adobe-Identity-UCS"
        " def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange "
        "100 beginbfrange "
        + " ".join(f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256))
        + " endbfrange endcmap CMapName currentdict /CMap defineresource pop end end"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H"
        b" /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /CIDSystemInfo"
        b" << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000"
        b" /FontDescriptor 6 0 R /W [0 [500] 1 127 500] >>",
        _stream(to_unicode.encode()),
        b"<< /Type /FontDescriptor /FontName /Test /Flags 4 /FontBBox [0 -200 1000 800]"
        b" /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
    ]
    kids: list[int] = []
    for page in pages:
        content = "\n".join(
            f"BT /F1 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET"
            for x, y, size, text in page
        )
        objects.append(_stream(content.encode()))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        kids.append(len(objects))
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode()
    info = ""
    if title is not None:
        objects.append(f"<< /Title <FEFF{title.encode('utf-16-be').hex()}> >>".encode())
        info = f" /Info {len(objects)} 0 R"
    if encrypted:
        objects.append(
            b"<< /Filter /Standard /V 1 /R 2 /P -44 /O <"
            + b"41" * 32
            + b"> /U <"
            + b"42" * 32
            + b"> >>"
        )
        info += f" /Encrypt {len(objects)} 0 R /ID [<{'43' * 16}> <{'43' * 16}>]"
    out = bytearray(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R{info} >>\n".encode()
    out += f"startxref\n{start}\n%%EOF".encode()
    return bytes(out)


def _stream(data: bytes) -> bytes:
    return f"<< /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts.items():
            container.writestr(name, data)
    return out.getvalue()


# Row, column, rows, columns and text of a cell.
Cell = tuple[int, int, int, int, str]


def _hwpx_cell(text: str, place: str = "") -> str:
    run = f"<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>"
    return f"<hp:tc><hp:subList>{run}</hp:subList>{place}</hp:tc>"


def hwpx(
    paragraphs: Sequence[str],
    rows: Sequence[Sequence[str]] = (),
    cells: Sequence[Cell] = (),
) -> bytes:
    """Return an HWPX document of paragraphs and, in the last one, a table of rows or cells."""
    space = "http://www.hancom.co.kr/hwpml/2011/paragraph"
    body = "".join(f"<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>" for text in paragraphs)
    table = [[_hwpx_cell(text) for text in row] for row in rows]
    for row, column, over, across, text in cells:
        place = (
            f'<hp:cellAddr colAddr="{column}" rowAddr="{row}"/>'
            f'<hp:cellSpan colSpan="{across}" rowSpan="{over}"/>'
        )
        table += [[] for _ in range(row + 1 - len(table))]
        table[row].append(_hwpx_cell(text, place))
    if table:
        lines = "".join(f"<hp:tr>{''.join(row)}</hp:tr>" for row in table)
        body += f"<hp:p><hp:run><hp:tbl>{lines}</hp:tbl><hp:t/></hp:run></hp:p>"
    section = (
        '<?xml version="1.0" encoding="UTF-8"?><hs:sec xmlns:hp="'
        + space
        + '" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section">'
        + body
        + "</hs:sec>"
    )
    return archive({"mimetype": "application/hwp+zip", "Contents/section0.xml": section})


def hwp_record(tag: int, level: int, data: bytes) -> bytes:
    """Return a record of an HWP 5 section."""
    head = tag | (level << 10)
    if len(data) < 0xFFF:
        return struct.pack("<I", head | (len(data) << 20)) + data
    return struct.pack("<II", head | (0xFFF << 20), len(data)) + data


def hwp_paragraph(text: str, level: int = 0) -> bytes:
    """Return the records of a paragraph."""
    units = (text + "\r").encode("utf-16-le")
    return hwp_record(66, level, b"\0" * 22) + hwp_record(67, level + 1, units)


def hwp_table(cells: Sequence[Cell]) -> bytes:
    """Return the records of a paragraph that holds a table."""
    rows = max(row + over for row, _, over, _, _ in cells)
    columns = max(column + over for _, column, _, over, _ in cells)
    held = struct.pack("<H", 11) + b" lbt" + b"\0" * 8 + struct.pack("<2H", 11, 13)
    records = hwp_record(66, 0, b"\0" * 22) + hwp_record(67, 1, held)
    records += hwp_record(71, 1, b" lbt" + b"\0" * 40)
    size = struct.pack("<IHH", 0, min(rows, 0xFFFF), min(columns, 0xFFFF))
    records += hwp_record(77, 2, size + b"\0" * 14)
    for row, column, over, across, text in cells:
        place = struct.pack("<4H", column, row, across, over)
        records += hwp_record(72, 2, struct.pack("<HHI", 1, 0, 0) + place + b"\0" * 18)
        records += hwp_paragraph(text, 2)
    return records


def hwp_section(paragraphs: Sequence[str], cells: Sequence[Cell] = (), after: str = "") -> bytes:
    """Return the compressed records of a section: paragraphs, a table, a paragraph after it."""
    records = b"".join(map(hwp_paragraph, paragraphs))
    if cells:
        records += hwp_table(cells)
    if after:
        records += hwp_paragraph(after)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(records) + packer.flush()


def ole(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file (MS-CFB, version 3) of streams; ``/`` separates storages.

    Streams are padded to 4,096 bytes, so that no mini stream is needed.
    """
    sector = 512
    parents: dict[str, list[int]] = {"": []}
    entries: list[tuple[str, int, bytes | None]] = [("Root Entry", 5, None)]
    for path, data in streams.items():
        folder, _, name = path.rpartition("/")
        if folder and folder not in parents:
            parents[""].append(len(entries))
            parents[folder] = []
            entries.append((folder, 1, None))
        parents[folder].append(len(entries))
        entries.append((name, 2, data))
    sizes = [max(4096, len(data)) if data is not None else 0 for _, _, data in entries]
    fat: list[int] = []
    body = bytearray()
    starts: list[int] = []
    for (_, _, content), size in zip(entries, sizes, strict=True):
        if content is None:
            starts.append(0xFFFFFFFE)
            continue
        starts.append(len(fat))
        count = -(-size // sector)
        fat += [len(fat) + one + 1 for one in range(count - 1)] + [0xFFFFFFFE]
        body += content.ljust(count * sector, b"\0")
    directory_at = len(fat)
    blocks = -(-len(entries) * 128 // sector)
    fat += [len(fat) + one + 1 for one in range(blocks - 1)] + [0xFFFFFFFE]
    folders = {name: number for number, (name, kind, _) in enumerate(entries) if kind == 1}
    directory = bytearray()
    right: dict[int, int] = {}
    child: dict[int, int] = {}
    for folder, children in parents.items():
        # A chain of right siblings, sorted as the format wants: by length, then by name.
        ordered = sorted(children, key=lambda one: (len(entries[one][0]), entries[one][0].upper()))
        child[folders.get(folder, 0)] = ordered[0] if ordered else 0xFFFFFFFF
        right |= dict(zip(ordered, [*ordered[1:], 0xFFFFFFFF], strict=True))
    for number, (name, kind, content) in enumerate(entries):
        text = name.encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBBIII16sIQQIQ",
            text,
            len(text),
            kind,
            1,
            0xFFFFFFFF,
            right.get(number, 0xFFFFFFFF),
            child.get(number, 0xFFFFFFFF) if kind != 2 else 0xFFFFFFFF,
            b"",
            0,
            0,
            0,
            starts[number],
            len(content.ljust(4096, b"\0")) if content is not None else 0,
        )
    body += directory.ljust(blocks * sector, b"\0")
    fat_at = len(fat)
    fat.append(0xFFFFFFFD)
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(sector, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        b"",
        0,
        1,
        directory_at,
        0,
        4096,
        0xFFFFFFFE,
        0,
        0xFFFFFFFE,
        0,
        fat_at,
    ).ljust(sector, b"\xff")
    return header + bytes(body) + table[:sector]


def hwp(
    paragraphs: Sequence[str], flags: int = 1, cells: Sequence[Cell] = (), after: str = ""
) -> bytes:
    """Return an HWP 5 document of paragraphs, a table and a paragraph after it."""
    head = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags)
    return ole(
        {
            "FileHeader": head.ljust(256, b"\0"),
            "BodyText/Section0": hwp_section(paragraphs, cells, after),
        }
    )
