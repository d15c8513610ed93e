"""Counters of requests in a window of time, shared by all servers of a store in PostgreSQL."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from geungeo.index.database import Database

_PURGE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Window:
    """The present window of a client: its requests, and its end in seconds since the epoch."""

    hits: int
    ends: float


class Counters:
    """Exact counters: a request is counted by one statement, on the clock of the database.

    Clients are stored as digests.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purged = float("-inf")

    def add(self, client: str, seconds: int, amount: int = 1) -> Window:
        """Count requests of ``client``, whose window begins with the first and has ``seconds``."""
        now = self._database.now().timestamp()
        with self._database.read() as connection:
            # In autocommit mode a statement is a transaction; the row's lock orders the servers.
            row = connection.execute(
                "INSERT INTO rates VALUES (?1, ?2, ?3) ON CONFLICT (client) DO UPDATE SET"
                " ends = CASE WHEN rates.ends <= ?4 THEN excluded.ends ELSE rates.ends END,"
                " hits = CASE WHEN rates.ends <= ?4 THEN excluded.hits"
                " ELSE rates.hits + excluded.hits END"
                " RETURNING hits, ends",
                (_digest(client), now + seconds, amount, now),
            ).fetchone()
            if time.monotonic() - self._purged > _PURGE_SECONDS:
                self._purged = time.monotonic()
                connection.execute("DELETE FROM rates WHERE ends <= ?", (now,))
        return Window(int(row["hits"]), float(row["ends"]))

    def get(self, client: str) -> Window:
        """Return the present window of ``client``; without requests if there is none."""
        now = self._database.now().timestamp()
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT hits, ends FROM rates WHERE client = ? AND ends > ?",
                (_digest(client), now),
            ).fetchone()
        return Window(0, now) if row is None else Window(int(row["hits"]), float(row["ends"]))

    def reset(self, client: str | None = None) -> int:
        """Forget the window of ``client``, or all; return their number."""
        with self._database.read() as connection:
            if client is None:
                return connection.execute("DELETE FROM rates").rowcount
            done = connection.execute("DELETE FROM rates WHERE client = ?", (_digest(client),))
            return done.rowcount

    def now(self) -> float:
        """Return the time on the clock of the database, in seconds since the epoch."""
        return self._database.now().timestamp()


def _digest(client: str) -> bytes:
    return hashlib.sha256(client.encode()).digest()
