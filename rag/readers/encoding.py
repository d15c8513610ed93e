"""Decoding of documents: UTF-8, UTF-16, the Korean code pages and ISO-2022."""

from __future__ import annotations

import codecs
import unicodedata

from geungeo.rag.errors import UndecodableSource, UnsupportedSource

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = {
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP or Office",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
    b"\x7fELF": "ELF",
    b"SQLite format 3": "SQLite",
    b"\xd0\xcf\x11\xe0": "Office or HWP",
}
# Escape sequences that designate the characters of a 7-bit encoding (RFC 1557, RFC 1468).
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"))
# Least share of letters, digits, spaces and punctuation among the characters of a text.
_PLAUSIBLE = 0.97
_SAMPLE = 50_000


def decode(data: bytes, source: str) -> str:
    """Decode ``data``.

    Raises:
        UnsupportedSource: the bytes have a known binary format or look binary.
        UndecodableSource: the text is in no known encoding; the line is named.
    """
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            article = "an" if name[0] in "EO" else "a"
            raise UnsupportedSource(f"{source}: this is {article} {name} file, not text")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strictly(data, encoding, source)
    for escape, encoding in _ESCAPES:
        if escape in data[:_SAMPLE]:
            return _strictly(data, encoding, source)
    if b"\x00" in data:
        return _without_bom(data, source)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _legacy(data, source, error)


def _strictly(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableSource(
            f"{source}: marked as {error.encoding.replace('_', '-')}, but byte {error.start} is "
            "invalid; save the file as UTF-8"
        ) from error


def _without_bom(data: bytes, source: str) -> str:
    """Decode data with NUL bytes: UTF-16 without a byte order mark, or not text."""
    if len(data) % 2 == 0:
        for encoding in ("utf-16-le", "utf-16-be"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _plausible(text, korean=False) and any(char in text for char in " \n"):
                return text
    raise UnsupportedSource(f"{source}: this is a binary file, not text")


def _legacy(data: bytes, source: str, utf8: UnicodeDecodeError) -> str:
    """Decode as CP949 (a superset of EUC-KR) if that gives Korean text, or name the bad line."""
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        text = ""
    if _plausible(text, korean=True):
        return text
    line = data.count(b"\n", 0, utf8.start) + 1
    if _looks_binary(data):
        raise UnsupportedSource(f"{source}: this is a binary file, not text")
    raise UndecodableSource(
        f"{source}: line {line} is neither UTF-8 nor CP949 (EUC-KR); save the file as UTF-8"
    )


def _plausible(text: str, *, korean: bool) -> bool:
    sample = text[:_SAMPLE]
    if not sample:
        return False
    good = sum(
        (unicodedata.category(char)[0] in "LNPZS" and not "\ue000" <= char <= "\uf8ff")
        or char in "\n\r\t"
        for char in sample
    )
    if good < _PLAUSIBLE * len(sample):
        return False
    wide = [char for char in sample if ord(char) > 0x7F]
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in wide)
    # Random double bytes decode to rare Hanja and syllables; Korean text is mostly Hangul.
    return not korean or hangul >= 0.5 * len(wide)


def _looks_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    odd = sum(byte < 9 or 13 < byte < 32 for byte in sample)
    return odd > 0.02 * len(sample)
