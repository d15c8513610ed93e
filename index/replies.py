"""Stored replies to requests with an idempotency key, so that a repeat has no effect.

Follows the IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geungeo.index.conversations import Clock
from geungeo.index.database import Database

KEEP_SECONDS = 86_400.0
# The worker of a request that takes longer is considered dead.
ABANDONED_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Known:
    """A key that was used before, with the reply if the same request is done."""

    status: Literal["done", "working", "other request"]
    reply: str = ""


class Replies:
    """Replies by key, kept for a day. Thread-safe, and shared by all processes of the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, key: str, fingerprint: str) -> Known | None:
        """Reserve ``key`` for a request with this ``fingerprint``; ``None`` if it was free."""
        now = self._clock().timestamp()
        with self._database.write(f"reply {key}") as connection:
            connection.execute(
                "DELETE FROM replies WHERE began_at < ? OR (reply IS NULL AND began_at < ?)",
                (now - KEEP_SECONDS, now - ABANDONED_SECONDS),
            )
            row = connection.execute("SELECT * FROM replies WHERE key = ?", (key,)).fetchone()
            if row is None:
                connection.execute(
                    "INSERT INTO replies VALUES (?, ?, NULL, ?)", (key, fingerprint, now)
                )
                return None
        if row["fingerprint"] != fingerprint:
            return Known("other request")
        return Known("working") if row["reply"] is None else Known("done", row["reply"])

    def finish(self, key: str, reply: str) -> None:
        """Store the reply to the request that reserved ``key``."""
        with self._database.write() as connection:
            connection.execute("UPDATE replies SET reply = ? WHERE key = ?", (reply, key))

    def abandon(self, key: str) -> None:
        """Free ``key``: its request failed and may be repeated."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM replies WHERE key = ? AND reply IS NULL", (key,))
