"""API keys: made once, shown once, kept as a digest.

A key is ``geungeo_ID_SECRET``: the id finds the row, the secret of 256 random bits proves the
right to it. Nobody can guess or enumerate such a secret, so one SHA-256 is as good as a slow
password hash, and costs a request microseconds instead of a tenth of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from geungeo.index.database import Database
from geungeo.rag.errors import InvalidRequest, KeyNotFound, StoreUnavailable

Scope = Literal["ask", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_SECRET_BYTES = 32
_KEY = re.compile(r"geungeo_([0-9a-f]{8})_([A-Za-z0-9_-]{43})", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
# What an unknown id is compared with, so that it takes the time of a known one.
_NO_DIGEST = bytes(hashlib.sha256().digest_size)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; times are ISO 8601, UTC. The secret is not among it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: str
    revoked_at: str | None


class ApiKeys:
    """The keys of one store. Revoked ones are kept: they show what once had access."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any_made = False

    def create(self, name: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
        """A new key and its text, which can never be read again.

        Raises:
            InvalidRequest: the name or the scopes are not possible.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequest("a key's name has 1 to 100 characters, none of them a control")
        if not scopes or not scopes <= set(SCOPES):
            raise InvalidRequest(f"a key has one or more of the scopes {', '.join(SCOPES)}")
        key = ApiKey(secrets.token_hex(4), name, scopes, datetime.now(UTC).isoformat(), None)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, NULL)",
                (key.id, key.name, " ".join(sorted(scopes)), _digest(secret), key.created_at),
            )
        return key, f"geungeo_{key.id}_{secret}"

    def verify(self, text: str) -> ApiKey | None:
        """The key that ``text`` is, or ``None`` if it is none that is valid."""
        parts = _KEY.fullmatch(text)
        key_id, secret = parts.groups() if parts else ("", "")
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        matches = hmac.compare_digest(_digest(secret), row["digest"] if row else _NO_DIGEST)
        if not matches or row is None or row["revoked_at"] is not None:
            return None
        return _key(row)

    def list(self) -> list[ApiKey]:
        """Every key ever made, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM api_keys ORDER BY created_at, id").fetchall()
        return [_key(row) for row in rows]

    def revoke(self, key_id: str) -> ApiKey:
        """End a key's validity, at once for every running server; again is no error.

        Raises:
            KeyNotFound: there is no key of that id.
        """
        with self._database.write() as connection:
            connection.execute(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (datetime.now(UTC).isoformat(), key_id),
            )
            row = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise KeyNotFound(f"there is no key {key_id!r}; see: geungeo keys list")
        return _key(row)

    def any_made(self) -> bool:
        """Whether a key was ever made: revoking the last one must not open the doors."""
        if not self._any_made:
            with self._database.read() as connection:
                row = connection.execute("SELECT EXISTS (SELECT 1 FROM api_keys)").fetchone()
            self._any_made = bool(row[0])
        return self._any_made


@contextlib.contextmanager
def open_keys(folder: Path) -> Iterator[ApiKeys]:
    """The keys of the store in ``folder``, without loading models or indexes.

    Raises:
        StoreUnavailable: the folder cannot be made or used; names it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"cannot use store folder {folder}: {error.strerror}") from error
    database = Database(folder)
    try:
        yield ApiKeys(database)
    finally:
        database.close()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: sqlite3.Row) -> ApiKey:
    scopes = frozenset(scope for scope in SCOPES if scope in row["scopes"].split())
    return ApiKey(row["id"], row["name"], scopes, row["created_at"], row["revoked_at"])
