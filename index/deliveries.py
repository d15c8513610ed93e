"""Durable queue of questions from chat services, kept until their answers are posted.

A delivery is committed before it is acknowledged, so a crash loses none. An answer is committed
before it is posted, and each posted message is recorded afterwards. Only a crash between a post
and its commit repeats a message. So messages are posted at least once: no chat service offers
conditional posting, which exactly-once delivery would need.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from geungeo.index.conversations import Clock
from geungeo.index.database import Connection, Database, Row

Receipt = Literal["accepted", "duplicate", "parked", "ignored", "full"]

# A claim that is not renewed in time is free for other workers: its holder has died.
LEASE_SECONDS = 20.0
MAX_ATTEMPTS = 12
# Seconds that a reply may arrive before the question that it replies to.
PARKED_SECONDS = 600.0
MAX_PARKED = 1_000
# Services stop redelivering within a day; after a longer pause a thread needs a new mention.
KEEP_SECONDS = 7 * 86_400.0
THREAD_SECONDS = 180 * 86_400.0
_PURGE_EVERY = 3_600.0
_LANE = "deliveries"

_CLAIMABLE = """
SELECT id FROM deliveries d
WHERE channel = :channel
  AND (state = 'waiting' AND due_at <= :now OR state = 'working' AND owned_until < :now)
  AND NOT EXISTS (
    SELECT 1 FROM deliveries o
    WHERE o.conversation_id = d.conversation_id AND o.id <> d.id
      AND (o.state = 'working' AND o.owned_until >= :now
        OR o.state IN ('waiting', 'working') AND (o.position, o.id) < (d.position, d.id)))
ORDER BY due_at, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An incoming delivery.

    ``keys`` are all its ids: if one is known, it is a duplicate. ``position`` orders the questions
    of one conversation. An ``uninvited`` one (without a mention) counts only in a thread in which
    the bot takes part. ``messages`` are ready to be posted, ``None`` if ``job`` is not done yet.

    A delivery that begins no thread of its own belongs to the last conversation whose id begins
    with ``continues`` and that had a question in the last ``within`` seconds, if there is one.
    """

    channel: str
    keys: tuple[str, ...]
    job: str
    conversation_id: str | None = None
    position: str = ""
    uninvited: bool = False
    messages: Sequence[Mapping[str, Any]] | None = None
    continues: str | None = None
    within: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery; the first ``sent`` of its ``messages`` have been posted.

    ``conversation_id`` may be another than the one that it came with: see ``NewDelivery``.
    """

    id: int
    job: str
    conversation_id: str | None
    messages: tuple[dict[str, Any], ...] | None
    sent: int
    attempts: int
    received_at: float


class LostClaim(Exception):
    """Another process has taken over the delivery; this one must stop working on it."""


class Deliveries:
    """A durable queue in the database, shared by all processes of the store. Thread-safe.

    The questions of one conversation are processed one at a time, in the order of their positions,
    as the second may refer to the answer of the first.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._purged = float("-inf")

    def accept(self, incoming: Sequence[NewDelivery], capacity: int) -> list[Receipt]:
        """Commit deliveries in one transaction; return the receipt of each.

        With ``capacity`` or more unfinished ones a new one gets ``full``: it is not kept and must
        be delivered again. Duplicates are recognised even when the queue is full.
        """
        now = self._now()
        with self._database.write(_LANE) as connection:
            self._purge(connection, now)
            return [self._accept(connection, one, capacity, now) for one in incoming]

    def _accept(
        self, connection: Connection, one: NewDelivery, capacity: int, now: float
    ) -> Receipt:
        known = self._known(connection, one.keys)
        if known is not None:
            self._name(connection, one.keys, known["id"])
            if known["state"] != "parked" or one.uninvited:
                return "duplicate"
            self._join(connection, one.conversation_id, now)
            return "accepted"
        one = self._continuing(connection, one, now)
        part = one.conversation_id is not None and self._takes_part(connection, one, now)
        state = "parked" if one.uninvited and not part else "waiting"
        if state == "parked" and _count(connection, "state = 'parked'") >= MAX_PARKED:
            return "ignored"
        if state == "waiting" and _count(connection, "state IN ('waiting','working')") >= capacity:
            return "full"
        row = connection.execute(
            "INSERT INTO deliveries (channel, conversation_id, position, state, job, messages,"
            " sent, calls, attempts, received_at, due_at) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)"
            " RETURNING id",
            (
                one.channel,
                one.conversation_id,
                one.position,
                state,
                one.job,
                None if one.messages is None else json.dumps(list(one.messages)),
                now,
                now,
            ),
        ).fetchone()
        self._name(connection, one.keys, row["id"])
        if state == "parked":
            return "parked"
        self._join(connection, one.conversation_id, now)
        return "accepted"

    def _continuing(self, connection: Connection, one: NewDelivery, now: float) -> NewDelivery:
        """Return ``one`` as a part of the conversation that it goes on with."""
        if one.continues is None or self._takes_part(connection, one, now):
            return one
        row = connection.execute(
            "SELECT conversation_id FROM threads WHERE seen_at >= ?1"
            " AND substr(conversation_id, 1, length(CAST(?2 AS TEXT))) = ?2"
            " ORDER BY seen_at DESC, conversation_id DESC LIMIT 1",
            (now - one.within, one.continues),
        ).fetchone()
        return one if row is None else replace(one, conversation_id=row["conversation_id"])

    def only_article(self, conversation_id: str) -> str | None:
        """Return the article that the questions of a thread are about; ``None`` for all."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT article_id FROM threads WHERE conversation_id = ?", (conversation_id,)
            ).fetchone()
        return None if row is None else row["article_id"]

    def toggle_article(self, conversation_id: str, article_id: str) -> bool:
        """Restrict a thread to an article, or end that; return whether it is restricted now."""
        with self._database.write() as connection:
            row = connection.execute(
                "INSERT INTO threads (conversation_id, seen_at, article_id) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (conversation_id) DO UPDATE SET seen_at = excluded.seen_at,"
                " article_id = CASE WHEN threads.article_id IS NOT DISTINCT FROM"
                " excluded.article_id THEN NULL ELSE excluded.article_id END RETURNING article_id",
                (conversation_id, self._now(), article_id),
            ).fetchone()
        return row["article_id"] is not None

    def _known(self, connection: Connection, keys: Sequence[str]) -> Row | None:
        if not keys:
            return None
        row: Row | None = connection.execute(
            "SELECT d.id, d.state FROM delivery_keys JOIN deliveries d ON d.id = delivery_id "  # noqa: S608 - fixed
            f"WHERE key IN ({', '.join('?' * len(keys))})",
            keys,
        ).fetchone()
        return row

    def _name(self, connection: Connection, keys: Sequence[str], delivery: int) -> None:
        connection.executemany(
            "INSERT INTO delivery_keys VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(key, delivery) for key in keys],
        )

    def _takes_part(self, connection: Connection, one: NewDelivery, now: float) -> bool:
        row = connection.execute(
            "SELECT 1 FROM threads WHERE conversation_id = ? AND seen_at >= ?",
            (one.conversation_id, now - THREAD_SECONDS),
        ).fetchone()
        return row is not None

    def _join(self, connection: Connection, conversation_id: str | None, now: float) -> None:
        """Take part in a thread from now on, and queue replies that arrived before its question."""
        if conversation_id is None:
            return
        connection.execute(
            "INSERT INTO threads (conversation_id, seen_at) VALUES (?, ?)"
            " ON CONFLICT (conversation_id) DO UPDATE SET seen_at = excluded.seen_at",
            (conversation_id, now),
        )
        connection.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = ? "
            "WHERE conversation_id = ? AND state = 'parked'",
            (now, conversation_id),
        )

    def _purge(self, connection: Connection, now: float) -> None:
        connection.execute(
            "DELETE FROM deliveries WHERE state = 'parked' AND due_at < ?", (now - PARKED_SECONDS,)
        )
        if now - self._purged < _PURGE_EVERY:
            return
        self._purged = now
        connection.execute(
            "DELETE FROM deliveries WHERE state IN ('done', 'failed') AND due_at < ?",
            (now - KEEP_SECONDS,),
        )
        connection.execute("DELETE FROM threads WHERE seen_at < ?", (now - THREAD_SECONDS,))

    # Working

    def claim(self, channel: str, owner: str) -> Delivery | None:
        """Claim the next delivery for ``owner`` for ``LEASE_SECONDS``; ``None`` if none is due.

        The caller must give up a delivery after ``MAX_ATTEMPTS`` claims: it may crash its worker.
        """
        now = self._now()
        with self._database.read() as connection:
            # Reading needs no lock, and mostly there is nothing to claim.
            if connection.execute(_CLAIMABLE, {"channel": channel, "now": now}).fetchone() is None:
                return None
        with self._database.write(_LANE) as connection:
            found = connection.execute(_CLAIMABLE, {"channel": channel, "now": now}).fetchone()
            if found is None:
                return None
            row = connection.execute(
                "UPDATE deliveries SET state = 'working', owner = ?, owned_until = ?,"
                " attempts = attempts + 1 WHERE id = ? RETURNING *",
                (owner, now + LEASE_SECONDS, found["id"]),
            ).fetchone()
        messages = None if row["messages"] is None else tuple(json.loads(row["messages"]))
        return Delivery(
            row["id"],
            row["job"],
            row["conversation_id"],
            messages,
            row["sent"],
            row["attempts"],
            row["received_at"],
        )

    def renew(self, owner: str) -> None:
        """Extend the claims of ``owner`` by ``LEASE_SECONDS``."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE deliveries SET owned_until = ? WHERE owner = ? AND state = 'working'",
                (self._now() + LEASE_SECONDS, owner),
            )

    def answered(self, delivery: int, owner: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Store the messages to post; raise ``LostClaim``."""
        self._change(delivery, owner, "messages = ?", json.dumps(list(messages)))

    def called(self, delivery: int, owner: str) -> int:
        """Count an outgoing call before it is made; return the number of calls.

        Raises:
            LostClaim: another process has the delivery.
        """
        return int(self._change(delivery, owner, "calls = calls + 1")["calls"])

    def posted(self, delivery: int, owner: str) -> None:
        """Record that the next message is posted; raise ``LostClaim``."""
        self._change(delivery, owner, "sent = sent + 1")

    def later(self, delivery: int, owner: str, delay: float) -> None:
        """Return the delivery to the queue, due in ``delay`` seconds; raise ``LostClaim``."""
        self._change(
            delivery, owner, "state = 'waiting', owner = NULL, due_at = ?", self._now() + delay
        )

    def finish(self, delivery: int, owner: str, state: Literal["done", "failed"]) -> None:
        """Finish the delivery and erase its contents; raise ``LostClaim``."""
        self._change(
            delivery,
            owner,
            "job = '', messages = NULL, owner = NULL, state = ?, due_at = ?",
            state,
            self._now(),
        )

    def release(self, owner: str) -> None:
        """Return all unfinished deliveries of ``owner`` to the queue."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'waiting', owner = NULL, attempts = attempts - 1 "
                "WHERE owner = ? AND state = 'working'",
                (owner,),
            )

    def _change(self, delivery: int, owner: str, what: str, *values: Any) -> Row:
        with self._database.write() as connection:
            row: Row | None = connection.execute(
                f"UPDATE deliveries SET {what} "  # noqa: S608 - constants, see the callers
                "WHERE id = ? AND owner = ? AND state = 'working' RETURNING *",
                (*values, delivery, owner),
            ).fetchone()
        if row is None:
            raise LostClaim(f"delivery {delivery} is no longer claimed by {owner}")
        return row

    def unfinished(self) -> int:
        """Return the number of deliveries that are queued or in progress."""
        with self._database.read() as connection:
            return _count(connection, "state IN ('waiting', 'working')")

    def _now(self) -> float:
        return self._clock().timestamp()


def _count(connection: Connection, which: str) -> int:
    query = f"SELECT COUNT(*) FROM deliveries WHERE {which}"  # noqa: S608 - constants
    return int(connection.execute(query).fetchone()[0])
