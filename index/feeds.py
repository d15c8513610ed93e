"""The feeds of a store (RSS, Atom, sitemaps): which are known, when they are due, what was seen.

:mod:`geungeo.index.pulling` reads them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from geungeo.index.database import Connection, Database, Row
from geungeo.rag.errors import FeedNotFound, InvalidRequest
from geungeo.rag.readers.draft import web_address

MOST_CHANGES = 5  # of one item on one day
_CLAIM = 900.0  # seconds after which the claim of a process that died expires
_FIRST_WAIT, _LONGEST_WAIT = 300.0, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed and the outcome of its last pull; times are seconds since the epoch."""

    url: str
    title: str | None
    added_at: float
    pulled_at: float | None
    due_at: float
    etag: str | None
    last_modified: str | None
    failures: int
    error: str | None


_COLUMNS = "url, title, added_at, pulled_at, due_at, etag, last_modified, failures, error"


class Feeds:
    """The feeds of a store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, url: str) -> bool:
        """Add a feed; return whether it is new.

        Raises:
            InvalidRequest: the address is not http or https.
        """
        if web_address(url) is None:
            raise InvalidRequest(f"{url!r} is not an http or https address")
        now = self._clock()
        with self._database.write() as connection:
            done = connection.execute(
                "INSERT INTO feeds (url, added_at, due_at, failures) VALUES (?, ?, ?, 0)"
                " ON CONFLICT (url) DO NOTHING",
                (url, now, now),
            )
            return done.rowcount == 1

    def all(self) -> list[FeedState]:
        """Return all feeds by address."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM feeds ORDER BY url")  # noqa: S608
            return [FeedState(**dict(row)) for row in rows]

    def remove(self, url: str) -> None:
        """Remove a feed; its articles stay. Raise ``FeedNotFound``."""
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM feeds WHERE url = ?", (url,)).rowcount:
                raise FeedNotFound(f"there is no feed {url!r}; run: geungeo feeds list")

    def is_due(self, state: FeedState) -> bool:
        """Whether the time of the next pull has come."""
        return state.due_at <= self._clock()

    def claim(self, url: str) -> bool:
        """Reserve a feed for this process; ``False`` if another process is pulling it."""
        now = self._clock()
        with self._database.write() as connection:
            done = connection.execute(
                "UPDATE feeds SET claimed_until = ?1 WHERE url = ?2"
                " AND (claimed_until IS NULL OR claimed_until <= ?3)",
                (now + _CLAIM, url, now),
            )
            return done.rowcount == 1

    def succeeded(self, state: FeedState, title: str | None, wait: float) -> None:
        """Record a pull that worked, and the state to ask with the next time."""
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                "UPDATE feeds SET title = COALESCE(?, title), pulled_at = ?, due_at = ?, etag = ?,"
                " last_modified = ?, failures = 0, error = NULL, claimed_until = NULL"
                " WHERE url = ?",
                (title, now, now + wait, state.etag, state.last_modified, state.url),
            )

    def failed(self, state: FeedState, error: str) -> float:
        """Record a pull that failed; return the seconds until the next attempt."""
        wait: float = min(_FIRST_WAIT * 2.0 ** min(state.failures, 16), _LONGEST_WAIT)
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                "UPDATE feeds SET pulled_at = ?, due_at = ?, failures = failures + 1, error = ?,"
                " claimed_until = NULL WHERE url = ?",
                (now, now + wait, error, state.url),
            )
        return wait

    def release(self, url: str) -> None:
        """Give up the claim on a feed."""
        with self._database.write() as connection:
            connection.execute("UPDATE feeds SET claimed_until = NULL WHERE url = ?", (url,))

    def is_new(self, feed: str, item: str, signature: str) -> bool | None:
        """Whether an item is new or changed; ``None`` if it has changed too often today."""
        with self._database.read() as connection:
            row = self._item(connection, feed, item)
        if row is None:
            return True
        if row["signature"] == signature:
            return False
        too_often = row["day"] == self._today() and row["changes"] >= MOST_CHANGES
        return None if too_often else True

    def remember(self, feed: str, item: str, signature: str) -> None:
        """Record the state of an item whose article was stored."""
        today = self._today()
        with self._database.write() as connection:
            row = self._item(connection, feed, item)
            changes = row["changes"] + 1 if row is not None and row["day"] == today else 1
            connection.execute(
                "INSERT INTO feed_items VALUES (?, ?, ?, ?, ?) ON CONFLICT (feed, item) DO UPDATE"
                " SET signature = excluded.signature, day = excluded.day,"
                " changes = excluded.changes",
                (feed, item, signature, today, changes),
            )

    def _item(self, connection: Connection, feed: str, item: str) -> Row | None:
        row: Row | None = connection.execute(
            "SELECT signature, day, changes FROM feed_items WHERE feed = ? AND item = ?",
            (feed, item),
        ).fetchone()
        return row

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
