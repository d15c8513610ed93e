"""ZIP containers and XML of office documents, opened with limits on what they unpack to."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from geungeo.rag.errors import MalformedSource, UnsupportedSource

_MOST_ENTRIES = 5_000
_MOST_BYTES = 200_000_000  # of all entries, unpacked
_MOST_RATIO = 200  # of unpacked to packed, for entries of more than a few megabytes
_LARGE = 5_000_000
_ENCRYPTED = 0x1
_OLE = b"\xd0\xcf\x11\xe0"


def needs_extra(source: str, suffix: str) -> UnsupportedSource:
    """Return the error for a format whose libraries are not installed."""
    return UnsupportedSource(
        f"{source}: reading {suffix} files needs an extra; run: pip install 'geungeo[documents]'"
    )


def checked_archive(data: bytes, source: str) -> zipfile.ZipFile:
    """Open a ZIP container after checking its entries.

    Raises:
        UnsupportedSource: it is damaged, encrypted, or unpacks to too much.
    """
    if data.startswith(_OLE):
        raise UnsupportedSource(
            f"{source}: this file is encrypted with a password, or in an older Office format; "
            "save it without a password in the present format"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnsupportedSource(
            f"{source}: the file is damaged or cut off ({error}); save it again"
        ) from error
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise UnsupportedSource(f"{source}: this file is encrypted; save it without a password")
    unpacked = sum(entry.file_size for entry in entries)
    bomb = any(
        entry.file_size > _LARGE and entry.file_size > _MOST_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    if len(entries) > _MOST_ENTRIES or unpacked > _MOST_BYTES or bomb:
        raise UnsupportedSource(
            f"{source}: the file unpacks to {unpacked:,} bytes in {len(entries):,} parts, which is "
            "over the limit; split the document"
        )
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels", ".hpf")):
            with archive.open(entry) as part:
                reject_entities(_start(part, source), f"{source}: {entry.filename}")
    return archive


def _start(part: Any, source: str) -> bytes:
    try:
        start: bytes = part.read(100_000)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise UnsupportedSource(
            f"{source}: the file is damaged or cut off ({error}); save it again"
        ) from error
    return start


def reject_entities(data: bytes, source: str) -> None:
    """Raise ``UnsupportedSource`` if an XML document declares entities.

    Entities can grow a small file to gigabytes, and can name files of this machine.
    """
    if b"<!ENTITY" in data.upper():
        raise UnsupportedSource(
            f"{source}: the XML declares entities, which are not read; remove its DOCTYPE"
        )


def part_of(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    """Return a part of a container; raise ``UnsupportedSource`` if it is missing or damaged."""
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise UnsupportedSource(
            f"{source}: the part {name} is missing or damaged; save the document again"
        ) from error


def parse_xml(data: bytes, source: str) -> Any:
    """Return the root of an XML document, parsed without entities and without the network.

    Raises:
        MalformedSource: it is not well-formed.
        UnsupportedSource: it declares entities.
    """
    from lxml import etree

    reject_entities(data[:100_000], source)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedSource(f"{source}: not valid XML ({str(error)[:80]})") from error
    if root is None:
        raise MalformedSource(f"{source}: not valid XML (no element)")
    return root


def local(element: Any) -> str:
    """Return the name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
