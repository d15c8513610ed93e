"""Typed access to the fields of an unchecked record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from geungeo.eval.cases import Document
from geungeo.rag.text import nfc


class BadRecordError(ValueError):
    """An invalid record; the message gives the reason in one line."""


def text_field(record: Mapping[str, Any], key: str) -> str:
    """Return a non-blank string in NFC."""
    value = record.get(key)
    if value is None:
        raise BadRecordError(f"{key!r} is missing")
    return checked_text(value, key)


def optional_text(record: Mapping[str, Any], key: str) -> str | None:
    """Return the same as :func:`text_field`; None if absent or null."""
    return None if record.get(key) is None else text_field(record, key)


def texts_field(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return a list of non-blank strings; empty if absent or null."""
    value = record.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadRecordError(f"{key!r} must be a list of strings")
    return tuple(checked_text(entry, key) for entry in value)


def checked_text(value: Any, key: str) -> str:
    """Return ``value`` in NFC; raise if it is not a non-blank string that can be encoded."""
    if not isinstance(value, str):
        raise BadRecordError(f"{key!r} must be a string, not {type(value).__name__}")
    if not value.strip():
        raise BadRecordError(f"{key!r} is blank")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRecordError(f"{key!r} holds a lone surrogate") from error
    return nfc(value)


def document_of(title: str, text: str) -> Document:
    """Return a document with a hash as its id, so that equal paragraphs are one document."""
    digest = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()
    return Document(id=f"p-{digest[:20]}", title=title, text=text)
