"""Checksums over rows: what SQLite holds of an article, and what was derived from it.

SQLite's own check finds a broken page, not a flipped bit inside a text or a vector.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

_RECORD = (
    "SELECT id, version, url, title, author, publisher, published_at, language, text,"
    " text_sha256, sections, source, ingested_at FROM articles WHERE id = ? AND version = ?"
)
# A passage's key is not part of it: a restored backup counts its keys on.
_SENTENCES = (
    'SELECT ordinal, start, "end", kind, vector FROM sentences'
    " WHERE article_id = ? AND version = ? ORDER BY ordinal"
)
_PASSAGES = (
    'SELECT start, "end", first, last, vector, morphemes, bigrams FROM passages'
    " WHERE article_id = ? AND version = ? ORDER BY key"
)


def record_digest(connection: sqlite3.Connection, article_id: str, version: int) -> bytes:
    """SHA-256 over the row of an article version."""
    return _digest(connection.execute(_RECORD, (article_id, version)))


def derived_digest(connection: sqlite3.Connection, article_id: str, version: int) -> bytes:
    """SHA-256 over the sentences and passages of an article version."""
    identity = (article_id, version)
    return _digest(connection.execute(_SENTENCES, identity)) + _digest(
        connection.execute(_PASSAGES, identity)
    )


def seal(connection: sqlite3.Connection, article_id: str, version: int) -> None:
    """Remember the checksums of what was just written, in the same transaction.

    A record that is sealed already stays so: sealing again would bless what befell it.
    """
    connection.execute(
        "INSERT INTO seals VALUES (?, ?, ?, ?)"
        " ON CONFLICT (article_id, version) DO UPDATE SET derived = excluded.derived",
        (
            article_id,
            version,
            record_digest(connection, article_id, version),
            derived_digest(connection, article_id, version),
        ),
    )


def _digest(rows: Iterable[sqlite3.Row]) -> bytes:
    digest = hashlib.sha256()
    for row in rows:
        for value in row:
            data = _bytes(value)
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.digest()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
