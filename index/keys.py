"""API keys: shown once at creation, stored as a digest.

A key is ``geungeo_ID_SECRET``: the id selects the row, the secret of 256 random bits is
verified. Such a secret cannot be guessed, so one SHA-256 is as safe as a slow password hash,
and takes microseconds per request instead of a tenth of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from geungeo.index.database import Database, Row, open_database
from geungeo.rag.errors import InvalidRequest, KeyNotFound
from geungeo.rag.settings import StoreUrl

Scope = Literal["ask", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_SECRET_BYTES = 32
_KEY = re.compile(r"geungeo_([0-9a-f]{8})_([A-Za-z0-9_-]{43})", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
# Compared for unknown ids, so that they take as long as known ones.
_NO_DIGEST = bytes(hashlib.sha256().digest_size)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret; times are ISO 8601, UTC."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: str
    revoked_at: str | None


class ApiKeys:
    """The API keys of a store. Revoked ones are kept as a record of past access."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any_made = False

    def create(self, name: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
        """Create a key; return it with its text, which cannot be read again.

        Raises:
            InvalidRequest: the name or the scopes are invalid.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequest(
                "a key's name must have 1 to 100 characters and no control characters"
            )
        if not scopes or not scopes <= set(SCOPES):
            raise InvalidRequest(f"a key must have one or more of the scopes {', '.join(SCOPES)}")
        key = ApiKey(secrets.token_hex(4), name, scopes, datetime.now(UTC).isoformat(), None)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, NULL)",
                (key.id, key.name, " ".join(sorted(scopes)), _digest(secret), key.created_at),
            )
        return key, f"geungeo_{key.id}_{secret}"

    def verify(self, text: str) -> ApiKey | None:
        """Return the key with this text, or ``None`` if it is invalid or revoked."""
        parts = _KEY.fullmatch(text)
        key_id, secret = parts.groups() if parts else ("", "")
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        matches = hmac.compare_digest(_digest(secret), row["digest"] if row else _NO_DIGEST)
        if not matches or row is None or row["revoked_at"] is not None:
            return None
        return _key(row)

    def list(self) -> list[ApiKey]:
        """Return all keys ever created, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM api_keys ORDER BY created_at, id").fetchall()
        return [_key(row) for row in rows]

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key, with immediate effect in all servers; repeating it is no error.

        Raises:
            KeyNotFound: there is no key with this id.
        """
        with self._database.write() as connection:
            connection.execute(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (datetime.now(UTC).isoformat(), key_id),
            )
            row = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise KeyNotFound(f"there is no key {key_id!r}; run: geungeo keys list")
        return _key(row)

    def any_made(self) -> bool:
        """Whether a key was ever created; revoking the last one must not open access."""
        if not self._any_made:
            with self._database.read() as connection:
                row = connection.execute("SELECT EXISTS (SELECT 1 FROM api_keys)").fetchone()
            self._any_made = bool(row[0])
        return self._any_made


@contextlib.contextmanager
def open_keys(place: Path | StoreUrl) -> Iterator[ApiKeys]:
    """Open the keys of the store in ``place``, without loading models or indexes.

    Raises:
        StoreUnavailable: the store cannot be created or used.
    """
    database = open_database(place)
    try:
        yield ApiKeys(database)
    finally:
        database.close()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Row) -> ApiKey:
    scopes = frozenset(scope for scope in SCOPES if scope in row["scopes"].split())
    return ApiKey(row["id"], row["name"], scopes, row["created_at"], row["revoked_at"])
