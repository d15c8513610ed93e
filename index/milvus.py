"""Milvus as the engine of a store in PostgreSQL; needs ``geungeo[milvus]``.

Milvus has a collection of all passages, which can be built again at any time, and proposes
candidates. What they are worth is computed here, from the vectors, terms and statistics in
PostgreSQL, as the local engine does; so what Milvus approximates, or still has although it was
removed, changes no score and no citation.

A change is committed in PostgreSQL together with an outbox, then applied to the collection, then
acknowledged. A server that dies in between leaves the outbox to the next one that reads. Rows that
were applied stay until Milvus has flushed them, and are applied again if it was away meanwhile.
Which collection is in use is a row of PostgreSQL, not an alias of Milvus: so a collection that was
built again replaces the old one in the transaction that writes its passages.

A collection belongs to one store. A physical copy of its database names it, too, and would change
it: so a row of the collection names the start of the PostgreSQL server that changes it, of which
two that run beside each other have different ones. A store that finds one there that it does not
know leaves the collection, and says so, also in the collection.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import numpy as np

from geungeo.index.articles import conditions
from geungeo.index.database import Connection, Database, Row, set_meta
from geungeo.index.engine import (
    ARTICLES,
    NUMBERS,
    OBSOLETE,
    OWNER,
    Counts,
    Engine,
    collection_of,
    forget_collection,
    obsolete,
    own_collection,
    require_embedder,
    table_identity,
)
from geungeo.index.fallback import Fallback
from geungeo.index.files import Step
from geungeo.index.lexical import IntArray, LexicalIndex, Statistics, document_weights
from geungeo.index.postgres import lock_number
from geungeo.index.vectors import VectorIndex
from geungeo.rag.errors import MissingExtra, SettingsError, StoreError, StoreUnavailable
from geungeo.rag.language.terms import CHANNELS, Bag, TermArray
from geungeo.rag.protocols import Embedder, Filters, FloatArray, Scores
from geungeo.rag.retrieval.notes import note
from geungeo.rag.settings import EngineUrl

try:
    import grpc
    from pymilvus import DataType, MilvusClient, MilvusException
except ImportError as error:
    raise MissingExtra("Milvus needs its client; run: pip install 'geungeo[milvus]'") from error

log = logging.getLogger(__name__)
# It logs a traceback with addresses for each failing call; here the cause is logged.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)

T = TypeVar("T")

_STARTS = "engine_starts"  # metadata: starts of the server in which it changed the collection
_KEPT_STARTS = 100
_LANE = "engine"  # the outbox is applied by one server at a time

# Candidates of a channel for each passage that is wanted: the weights in the collection are those
# of the mean length at the time when it was built.
_PROPOSED = 2
# A bounded read of Milvus may be as much behind (its setting common.gracefulTime is 5 s).
_FRESH_SECONDS = 6.0
# Passages that are not in the collection yet are scored by every question, up to this number.
_MAX_PENDING = 1_000
# Seconds after which a server that has not applied its changes counts as lost.
_LOST_SECONDS = 1.0
# When applied rows are flushed and leave the outbox.
_FLUSH_SECONDS, _FLUSH_ROWS = 30.0, 5_000
# How often a server looks whether another store changes its collection, and how long a collection
# must have been its own before it is dropped.
_CONFIRM_SECONDS, _OBJECTION_SECONDS = 10.0, 60.0
# Seconds for a question, and for a change or a check.
_SEARCH_SECONDS, _CHANGE_SECONDS = 5.0, 60.0
_BATCH = 500
_COUNTED = 50_000  # passages whose statistics are summed up in memory
_MOST = 16_384  # that Milvus returns
_PAGE = 10_000  # keys in one comparison
# How much the mean length may have changed since the collection was built; of few passages most are
# proposed anyway.
_MAX_DRIFT, _FEW = 1.5, 1_000
_NOTHING = "the store has no collection in Milvus"
_REPAIR = "run: geungeo doctor --repair"

# After a failed call the next ones fail at once, for as many seconds; then a connection is tried,
# while gRPC would wait for up to two minutes.
_PAUSE_SECONDS = 0.5
# After a failed call PostgreSQL finds passages for as long, if that is set, until Milvus is tried.
_AWAY_SECONDS = 5.0
_GRPC_OPTIONS = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
    # A connection that is lost unnoticed is given up after 15 s: the client sends a ping after 10 s
    # of silence, and gRPC would wait for its answer for a minute.
    "grpc.http2.ping_timeout_ms": 5_000,
}

# The index of the vectors is named: what Milvus chooses itself (AUTOINDEX) depends on version and
# settings. A collection of up to so many passages, when it is built, is scanned: nothing is missed,
# also in segments that still grow. A larger one has a graph for each segment, whose width follows
# the rule of geungeo.index.graph for segments of 1 GiB, some 250,000 passages.
_SCANNED = 1_000_000
_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 200, 1_024
_GRAPH = "geungeo_graph_"  # how the names of collections with graphs begin

_MARK = -1  # the row of the collection that says who changes it; passages have keys from 1
_CONTESTED = "contested"
_COPIED = "another store changes the collection, too: one is a copy of the other (docs/scale.md)"

_LAST_DIMENSION = 2**32 - 2  # of a sparse vector; terms have one more value
_NO_DATE = ""

_STATE = """
SELECT collection, passages,
    CAST(EXTRACT(EPOCH FROM clock_timestamp()) - changed_at AS DOUBLE PRECISION) AS age,
    (SELECT value FROM meta WHERE key = 'commit') AS stamp,
    (SELECT MIN(number) FROM outbox WHERE applied_at IS NULL) AS oldest,
    ARRAY(SELECT key FROM outbox WHERE applied_at IS NULL ORDER BY number LIMIT 1001) AS pending,
    ARRAY(SELECT length FROM engine_channels ORDER BY channel) AS lengths,
    ARRAY(SELECT mean FROM engine_channels ORDER BY channel) AS means
FROM engine
"""
_PASSAGES = (
    "SELECT p.key, p.vector, p.morphemes, p.bigrams, p.article_id, a.publisher, a.published_at"
    " FROM passages p JOIN articles a ON a.id = p.article_id AND a.version = p.version"
)
_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


@dataclass(frozen=True, slots=True)
class _State:
    """State of the store for a search; ``pending`` are keys that are yet to apply.

    ``away`` is why Milvus cannot be used, while PostgreSQL finds passages instead.
    """

    collection: str
    passages: int
    age: float
    stamp: str | None
    oldest: int | None
    pending: Sequence[int]
    lengths: Sequence[int]
    means: Sequence[float]
    away: StoreUnavailable | None = None

    @property
    def consistency(self) -> str:
        """Return how far Milvus may be behind: not at all while a change is recent."""
        return "Strong" if self.age < _FRESH_SECONDS else "Bounded"


class MilvusEngine(Engine):
    """A collection in Milvus, which all servers of a store share."""

    name = "Milvus"

    def __init__(
        self,
        url: EngineUrl,
        database: Database,
        embedder: Embedder,
        step: Step,
        *,
        fallback: bool = False,
    ) -> None:
        """Build the collection if the store has none; otherwise Milvus may be away now.

        Raises:
            SettingsError: the URL is malformed.
            StoreUnavailable: the collection has to be built, and Milvus cannot be used.
        """
        self._milvus = _Milvus(url)
        self._database = database
        self._embedder = embedder
        self._step = step
        self._fallback = Fallback(database, embedder.dimension) if fallback else None
        self._stamp: str | None = None
        # Milvus may have lost changes that it has not flushed, also before this process began.
        self._suspect = True
        self._overdue: tuple[int | None, float] = None, 0.0
        self._confirmed = float("-inf")
        self._replaying = threading.Lock()
        with database.read() as connection:
            found, named = own_collection(connection), collection_of(connection)
        if found is None:
            if named is not None:
                log.warning("the collection %s is left to the store that this one copies", named)
            require_embedder(database, embedder)
            with database.write(ARTICLES) as connection:
                # Another server may have built it before this one got the lock.
                if own_collection(connection) is None:
                    self.replace(connection)
        elif database.meta(OWNER) is None:
            with database.write(_LANE) as connection:
                set_meta(connection, OWNER, table_identity(connection))

    # Searching

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""
        state = self._reading()
        if state.away is None:
            try:
                keys = self._candidates(state, "vector", vector, k, filters)
            except StoreUnavailable as error:
                keys = self._nearest(error, vector, k, filters)
        else:
            keys = self._nearest(state.away, vector, k, filters)
        rows = self._rows("vector", keys, filters)
        found = VectorIndex(len(vector))
        if rows:
            vectors = np.stack([np.frombuffer(row["vector"], dtype="<f4") for row in rows])
            found.add([row["key"] for row in rows], vectors)
        return dict(found.search(vector, k))

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 in one channel."""
        state = self._reading()
        known = self._statistics(state, channel, terms)
        weights = {_dimension(term): weight for term, weight in known.weights(terms).items()}
        if not weights or state.away is not None:
            return {}
        try:
            keys = self._candidates(state, channel, weights, k, filters)
        except StoreUnavailable:
            if self._fallback is None:
                raise
            return {}
        rows = self._rows(channel, keys, filters)
        found = LexicalIndex()
        found.add([row["key"] for row in rows], [Bag.from_bytes(row[channel]) for row in rows])
        return dict(found.search(terms, k, statistics=known))

    def document_frequency(self, channel: str, terms: TermArray) -> IntArray:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""
        known = self._statistics(self._reading(), channel, terms)
        return np.array([known.frequencies.get(int(term), 0) for term in terms], dtype=np.int64)

    def size(self) -> int:
        """Return the number of passages."""
        return self._reading().passages

    def _nearest(
        self, error: StoreUnavailable, vector: FloatArray, k: int, filters: Filters
    ) -> list[int]:
        """Return keys that PostgreSQL proposes; raise ``error`` if it cannot."""
        if self._fallback is None:
            raise error
        try:
            keys = self._fallback.nearest(vector, _PROPOSED * k, filters)
        except StoreUnavailable as missing:
            log.warning("PostgreSQL cannot be used instead of Milvus: %s", missing)
            raise error from missing
        cause = str(error).removesuffix("; try again later")
        note(f"{cause}: passages were found in PostgreSQL, by their vectors only")
        return keys

    def _statistics(self, state: _State, channel: str, terms: TermArray) -> Statistics:
        number = NUMBERS[channel]
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT term, passages FROM term_counts WHERE channel = ? AND term = ANY(?)",
                (number, [int(term) for term in np.unique(terms)]),
            )
            frequencies = {int(row[0]): int(row[1]) for row in rows}
        return Statistics(
            state.passages, state.lengths[number] / max(state.passages, 1), frequencies
        )

    def _candidates(
        self,
        state: _State,
        field: str,
        query: FloatArray | Mapping[int, float],
        k: int,
        filters: Filters,
    ) -> list[int]:
        """Return keys that Milvus proposes, and those that it cannot know yet."""
        if filters.article_ids is not None and not filters.article_ids:
            return []
        try:
            found = self._milvus.propose(state, field, query, _PROPOSED * k, filters)
        except _CollectionMissing:
            # Another server may have built a new one since.
            now = self._reading()
            if now.collection == state.collection:
                raise
            return self._candidates(now, field, query, k, filters)
        except StoreUnavailable:
            self._suspect = True
            raise
        return list({*found, *state.pending})

    def _rows(self, column: str, keys: Sequence[int], filters: Filters) -> list[Row]:
        """Return the passages with these keys that exist and pass ``filters``, by key."""
        condition, values = conditions(filters) if filters else ("TRUE", [])
        with self._database.read() as connection:
            # Only constant fragments are joined; all values are bound.
            return connection.execute(
                f"SELECT p.key, p.{column} FROM passages p JOIN articles a"  # noqa: S608
                " ON a.id = p.article_id AND a.version = p.version"
                f" WHERE p.key = ANY(?) AND {condition} ORDER BY p.key",
                [list(keys), *values],
            ).fetchall()

    # The outbox

    def _reading(self) -> _State:
        """Return the present state; apply changes whose server seems lost."""
        if self._fallback is None:
            return self._settled()
        away = self._milvus.failure(_AWAY_SECONDS) if self._suspect else None
        if away is None:
            try:
                return self._settled()
            except StoreUnavailable as error:
                away = error
        return replace(self._state(), away=away)

    def _settled(self) -> _State:
        state = self._state()
        if state.stamp != self._stamp:
            # Another process may have indexed the articles again, with another embedder.
            require_embedder(self._database, self._embedder)
            self._stamp = state.stamp
        self._confirm()
        if self._suspect:
            self._replay()
        elif len(state.pending) > _MAX_PENDING:
            self._apply_all()
        elif self._is_overdue(state.oldest):
            self._apply(wait=False)
        else:
            return state
        return self._state()

    def _is_overdue(self, oldest: int | None) -> bool:
        """Whether the same row is pending for longer than a server needs that is alive."""
        seen, since = self._overdue
        if oldest is None or oldest != seen:
            self._overdue = oldest, time.monotonic()
            return False
        return time.monotonic() - since > _LOST_SECONDS

    def _state(self) -> _State:
        with self._database.read() as connection:
            row = connection.execute(_STATE).fetchone()
        if row is None:
            raise StoreUnavailable(f"{_NOTHING}; {_REPAIR}")
        return _State(*row)

    def _collection(self) -> str | None:
        with self._database.read() as connection:
            return collection_of(connection)

    def settle(self) -> None:
        """Apply all committed changes to the collection, and drop the one that it replaced."""
        self._confirm()
        if self._suspect:
            self._replay()
        else:
            self._apply_all()
        self._drop_obsolete()

    def _replay(self) -> None:
        """Apply what Milvus may have lost again."""
        with self._replaying:
            if not self._suspect:
                return
            if self._fallback is not None:
                # Quicker to fail than a change is.
                self._milvus.probe(self._state().collection)
            with self._database.write(_LANE) as connection:
                connection.execute("UPDATE outbox SET applied_at = NULL")
            self._apply_all()
            self._milvus.probe(self._state().collection)
            self._suspect = False

    def _apply_all(self) -> None:
        while self._apply(wait=True):
            pass

    def _apply(self, *, wait: bool) -> int:
        """Apply the oldest rows of the outbox; return their number.

        Without ``wait``, none are applied while another server does it.
        """
        with self._database.write(_LANE if wait else None) as connection:
            if not wait and not _locked(connection):
                return 0
            rows = connection.execute(
                "SELECT number, key FROM outbox WHERE applied_at IS NULL ORDER BY number LIMIT ?",
                (_BATCH,),
            ).fetchall()
            if not rows:
                return 0
            collection = collection_of(connection)
            if collection is None:
                raise StoreUnavailable(f"{_NOTHING}; {_REPAIR}")
            keys = sorted({int(row["key"]) for row in rows})
            known = connection.execute(f"{_PASSAGES} WHERE p.key = ANY(?)", (keys,)).fetchall()
            try:
                self._milvus.put(collection, known, _means(connection))
                self._milvus.remove(collection, sorted({*keys} - {row["key"] for row in known}))
            except StoreUnavailable:
                self._suspect = True
                raise
            self._step("applied")
            connection.execute(
                f"UPDATE outbox SET applied_at = {_NOW} WHERE number = ANY(?)",  # noqa: S608
                ([row["number"] for row in rows],),
            )
            connection.execute(f"UPDATE engine SET changed_at = {_NOW}")  # noqa: S608
        self._step("marked")
        return len(rows)

    def save(self) -> None:
        """Let Milvus flush from time to time, and remove what it has flushed from the outbox."""
        try:
            with self._database.read() as connection:
                row = connection.execute(
                    f"SELECT COUNT(*), {_NOW} - MIN(applied_at) FROM outbox"  # noqa: S608
                    " WHERE applied_at IS NOT NULL"
                ).fetchone()
            if row[0] >= _FLUSH_ROWS or (row[0] and row[1] > _FLUSH_SECONDS):
                self._flush()
        except StoreError as error:
            log.info("the outbox is kept, as Milvus was not flushed: %s", error)

    def _flush(self) -> None:
        with self._database.write(_LANE) as connection:
            collection = collection_of(connection)
            if collection is None:
                return
            rows = connection.execute(
                "SELECT DISTINCT key FROM outbox JOIN passages USING (key)"
                " WHERE applied_at IS NOT NULL ORDER BY key"
            )
            # A Milvus that was killed may have lost them, unnoticed.
            for some in _batches(iter(rows), _BATCH):
                keys = [int(row["key"]) for row in some]
                if lost := {*keys} - self._milvus.among(collection, keys):
                    log.warning("Milvus lost %d passages; they are applied again", len(lost))
                    connection.execute(
                        "UPDATE outbox SET applied_at = NULL WHERE key = ANY(?)", (sorted(lost),)
                    )
            self._milvus.flush(collection)
            connection.execute("DELETE FROM outbox WHERE applied_at IS NOT NULL")
        self._apply_all()

    # Building again

    def rebuild(self) -> None:
        """Build a new collection from the database; the old one is used until it is complete."""
        with self._database.write(ARTICLES) as connection:
            self.replace(connection)
        self._drop_obsolete()

    def replace(self, connection: Connection) -> None:
        """Build a new collection in a transaction, which lets all servers use it."""
        connection.execute("SELECT pg_advisory_xact_lock(?)", (lock_number(_LANE),))
        forget_collection(self._database, connection)
        connection.execute(
            f"INSERT INTO engine (collection, changed_at, passages) VALUES ('', {_NOW}, 0)"  # noqa: S608
        )
        self._count(connection)
        passages = connection.execute("SELECT passages FROM engine").fetchone()[0]
        name = f"{'geungeo_' if passages <= _SCANNED else _GRAPH}{secrets.token_hex(8)}"
        connection.execute("UPDATE engine SET collection = ?", (name,))
        set_meta(connection, OWNER, table_identity(connection))
        row = connection.execute("SELECT value FROM meta WHERE key = 'dimension'").fetchone()
        try:
            self._milvus.create(name, int(row[0]) if row else self._embedder.dimension)
            start, _ = _note_start(connection)
            self._milvus.mark(name, f"{start} 0")  # no other store knows its name
            self._fill(connection, name)
            connection.execute(f"UPDATE engine SET changed_at = {_NOW}")  # noqa: S608
        except BaseException:
            self._milvus.drop(name)
            raise

    def _count(self, connection: Connection) -> None:
        """Compute the statistics of all passages."""
        for number in NUMBERS.values():
            connection.execute("INSERT INTO engine_channels VALUES (?, 0, 0)", (number,))
        rows = self._database.stream(connection, "SELECT morphemes, bigrams FROM passages")
        for some in _batches(rows, _COUNTED):
            connection.execute("UPDATE engine SET passages = passages + ?", (len(some),))
            for channel in CHANNELS:
                counts = Counts()
                counts.add(Bag.from_bytes(row[channel]) for row in some)
                counts.write(connection, channel)
        _set_means(connection)

    def _fill(self, connection: Connection, name: str) -> None:
        means = _means(connection)
        done = 0
        for some in _batches(self._database.stream(connection, _PASSAGES), _BATCH):
            self._milvus.put(name, some, means)
            done += len(some)
            if done % (100 * _BATCH) == 0:
                log.info("%d passages are in the new collection of Milvus", done)
        self._milvus.flush(name)

    # Whose the collection is

    def _confirm(self, *, at_once: bool = False) -> None:
        """Raise ``_Contested`` if another store changes the collection; look from time to time."""
        if not at_once and time.monotonic() - self._confirmed < _CONFIRM_SECONDS:
            return
        with self._database.read() as connection:
            name, start = collection_of(connection), _start(connection)
        try:
            if name is not None and self._milvus.marked(name, strong=at_once)[0] != start:
                self._take_over()
        except _CollectionMissing:
            # Another server may have built a new one since.
            if self._collection() == name:
                raise
        except _Contested:
            self._confirmed = float("-inf")  # the next question refuses, too
            raise
        except StoreUnavailable:
            self._suspect = True
            raise
        self._confirmed = time.monotonic()

    def _take_over(self) -> None:
        """Mark the collection after a start of PostgreSQL, if no other store has."""
        # Committed before Milvus has it: after a crash in between it must not be unknown.
        with self._database.write(_LANE) as connection:
            _note_start(connection)
        with self._database.write(_LANE) as connection:
            if (name := collection_of(connection)) is not None:
                self._owned_since(connection, name)

    def _owned_since(self, connection: Connection, name: str) -> float:
        """Return since when only this store changes a collection, which may be from now on.

        Raises:
            _Contested: another one does.
        """
        start, known = _note_start(connection)
        found, since = self._milvus.marked(name, strong=True)
        if found == start:
            return since
        if found and found not in known:
            if found != _CONTESTED:
                log.warning("the collection %s is also changed by a copy of this store", name)
                # The other one finds that, and leaves it, too.
                self._milvus.mark(name, _CONTESTED)
            raise _Contested(f"Milvus: {_COPIED}; {_REPAIR}")
        now = _now(connection)
        self._milvus.mark(name, f"{start} {now:.0f}")
        return now

    def _drop_obsolete(self) -> None:
        """Drop collections that were replaced; a search that is going on finds the new one."""
        try:
            if not self._database.meta(OBSOLETE):
                return
            with self._database.write(_LANE) as connection:
                _note_start(connection)
            with self._database.write(_LANE) as connection:
                used = collection_of(connection)
                kept = [
                    name
                    for name in obsolete(connection)
                    if name != used and not self._is_dropped(connection, name)
                ]
                set_meta(connection, OBSOLETE, " ".join(kept))
        except StoreError as error:
            log.warning("the collection that was replaced is dropped later: %s", error)

    def _is_dropped(self, connection: Connection, name: str) -> bool:
        """Drop a collection, or leave it to another store; ``False`` if that may yet object."""
        try:
            since = self._owned_since(connection, name)
        except (_CollectionMissing, _Contested):
            return True
        if _now(connection) - since < _OBJECTION_SECONDS:
            return False
        self._milvus.drop(name)
        return True

    # Checks

    def health(self) -> list[str]:
        """Return no problems if Milvus answers; raise ``StoreUnavailable`` if it does not.

        While PostgreSQL is used instead, this server is ready.
        """
        state = self._reading()
        try:
            if state.away is None:
                self._milvus.probe(state.collection)
        except StoreUnavailable:
            if self._fallback is None:
                raise
            self._suspect = True
        return []

    def check(self) -> list[str]:
        """Compare the keys of the collection, and the statistics, with the passages."""
        if (collection := self._collection()) is None or not self._milvus.has(collection):
            return ["the store has no collection"]
        try:
            self._confirm(at_once=True)
        except _Contested:
            return [_COPIED]
        self.settle()
        problems = self._wrong_statistics()
        missing, strays = self._differences()
        if missing:
            problems.append(f"{missing} passages are missing in the collection")
        if strays:
            problems.append(f"{strays} passages in the collection do not exist")
        return problems

    def _wrong_statistics(self) -> list[str]:
        with self._database.snapshot() as connection:
            stored = connection.execute(_STATE).fetchone()
            sums = dict(
                connection.execute(
                    "SELECT channel, CAST(SUM(passages) AS BIGINT) FROM term_counts"
                    " GROUP BY channel"
                ).fetchall()
            )
            # A term takes five bytes.
            row = connection.execute(
                "SELECT COUNT(*), COALESCE(SUM(octet_length(morphemes)), 0) / 5,"
                " COALESCE(SUM(octet_length(bigrams)), 0) / 5 FROM passages"
            ).fetchone()
        state, (total, *terms) = _State(*stored), row
        if total != state.passages or any(
            terms[number] != sums.get(number, 0) for number in NUMBERS.values()
        ):
            return ["the statistics of terms differ from the passages"]
        for length, mean in zip(state.lengths, state.means, strict=True) if total > _FEW else ():
            present = length / max(total, 1)
            if mean and not 1 / _MAX_DRIFT < present / mean < _MAX_DRIFT:
                return [f"it was built for passages of {mean:.0f} terms, not {present:.0f}"]
        if total > _MAX_DRIFT * _SCANNED and not state.collection.startswith(_GRAPH):
            return [f"it was built for fewer passages, and scans the vectors of all {total:,}"]
        return []

    def _differences(self) -> tuple[int, int]:
        """Return how many passages are missing in the collection, and how many do not exist."""
        missing, strays = set[int](), set[int]()
        collection = self._state().collection
        for after, until in self._ranges():
            with self._database.read() as connection:
                rows = connection.execute(
                    "SELECT key FROM passages WHERE key > ? AND key <= ?", (after, until)
                )
                stored = {int(row[0]) for row in rows}
            indexed = self._milvus.between(collection, after, until)
            missing |= stored - indexed
            strays |= indexed - stored
        # Compare again what a change may have met.
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT p.key FROM passages p WHERE p.key = ANY(?)"
                " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.key = p.key)",
                (list(missing),),
            )
            really = [row[0] for row in rows]
            rows = connection.execute(
                "SELECT stray FROM unnest(CAST(? AS BIGINT[])) AS stray"
                " WHERE NOT EXISTS (SELECT 1 FROM passages WHERE key = stray)"
                " AND NOT EXISTS (SELECT 1 FROM outbox WHERE key = stray)",
                (list(strays),),
            )
            return len(really), len(rows.fetchall())

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Yield ranges that cover all keys, each with few passages."""
        after = -1
        while True:
            with self._database.read() as connection:
                row = connection.execute(
                    "SELECT MAX(key) FROM (SELECT key FROM passages WHERE key > ?"
                    " ORDER BY key LIMIT ?) AS page",
                    (after, _PAGE),
                ).fetchone()
            if row[0] is None:
                yield after, 2**63 - 1
                return
            yield after, int(row[0])
            after = int(row[0])

    def close(self) -> None:
        """Close the connection."""
        self._milvus.close()


class _CollectionMissing(StoreUnavailable):
    """The collection that PostgreSQL names does not exist in Milvus."""


class _Contested(StoreUnavailable):
    """Another store changes the collection that PostgreSQL names."""


class _Milvus:
    """A connection to Milvus, made at its first use; its errors are translated."""

    def __init__(self, url: EngineUrl) -> None:
        self._address, self._options = _parsed(url)
        self._client: Any = None
        self._connecting = threading.Lock()
        self._cause, self._failed_at = "", 0.0

    def propose(
        self,
        state: _State,
        field: str,
        query: FloatArray | Mapping[int, float],
        k: int,
        filters: Filters,
    ) -> list[int]:
        """Return the keys of the ``k`` best passages by inner product with ``query``."""
        limit = min(k, _MOST)
        found = self._call(
            lambda client: client.search(
                state.collection,
                data=[query],
                anns_field=field,
                limit=limit,
                filter=expression(filters),
                search_params={"metric_type": "IP", "params": _search_width(state, field, limit)},
                consistency_level=state.consistency,
                timeout=_SEARCH_SECONDS,
            )
        )
        return [int(hit["id"]) for hit in found[0]]

    def put(self, collection: str, rows: Sequence[Row], means: Sequence[float]) -> None:
        """Write passages, also those that are there."""
        if rows:
            data = [_entity(row, means) for row in rows]
            self._call(lambda client: client.upsert(collection, data, timeout=_CHANGE_SECONDS))

    def remove(self, collection: str, keys: Sequence[int]) -> None:
        """Remove passages, also those that are not there."""
        if keys:
            self._call(
                lambda client: client.delete(collection, ids=[*keys], timeout=_CHANGE_SECONDS)
            )

    def between(self, collection: str, after: int, until: int) -> set[int]:
        """Return the keys above ``after`` and up to ``until``, of which there may be 16,384."""
        return self._keys(collection, f"id > {after:d} and id <= {until:d}")

    def among(self, collection: str, keys: Sequence[int]) -> set[int]:
        """Return those of ``keys`` that are in the collection."""
        return self._keys(collection, f"id in [{', '.join(f'{key:d}' for key in keys)}]")

    def _keys(self, collection: str, which: str) -> set[int]:
        rows = self._call(
            lambda client: client.query(
                collection,
                filter=which,
                output_fields=["id"],
                limit=_MOST,
                consistency_level="Strong",
                timeout=_CHANGE_SECONDS,
            )
        )
        return {int(row["id"]) for row in rows}

    def mark(self, collection: str, value: str) -> None:
        """Write who changes the collection, as a row that no question finds."""
        # A search may return it as one result, which is dropped as PostgreSQL has no such passage.
        row = {"id": _MARK, "article": 0, "publisher": 0, "published_at": value}
        sparse = {channel: {_LAST_DIMENSION: 1e-6} for channel in CHANNELS}

        def work(client: Any) -> None:
            fields = client.describe_collection(collection, timeout=_CHANGE_SECONDS)["fields"]
            [size] = [one["params"]["dim"] for one in fields if one["name"] == "vector"]
            vector = np.zeros(int(size), dtype=np.float32)
            data = [{**row, **sparse, "vector": vector}]
            client.upsert(collection, data, timeout=_CHANGE_SECONDS)

        self._call(work)

    def marked(self, collection: str, *, strong: bool) -> tuple[str, float]:
        """Return who changes the collection, empty if that is not noted, and since when."""
        rows = self._call(
            lambda client: client.query(
                collection,
                filter=f"id == {_MARK}",
                output_fields=["published_at"],
                consistency_level="Strong" if strong else "Bounded",
                timeout=_SEARCH_SECONDS,
            )
        )
        start, _, since = str(rows[0]["published_at"]).partition(" ") if rows else ("", "", "")
        return start, float(since or 0)

    def has(self, collection: str) -> bool:
        """Whether the collection exists."""
        found = self._call(lambda c: c.has_collection(collection, timeout=_SEARCH_SECONDS))
        return bool(found)

    def probe(self, collection: str) -> None:
        """Raise ``StoreUnavailable`` if the collection cannot be searched."""
        self._call(
            lambda client: client.query(
                collection, filter="id == 0", output_fields=["id"], timeout=_SEARCH_SECONDS
            )
        )

    def flush(self, collection: str) -> None:
        """Let Milvus write what it has in memory."""
        self._call(lambda client: client.flush(collection, timeout=_CHANGE_SECONDS))

    def create(self, collection: str, dimension: int) -> None:
        """Create an empty collection, and load it."""
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        for channel in CHANNELS:
            schema.add_field(channel, DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("article", DataType.INT64)
        schema.add_field("publisher", DataType.INT64)
        schema.add_field("published_at", DataType.VARCHAR, max_length=64)
        indexes = MilvusClient.prepare_index_params()
        if collection.startswith(_GRAPH):
            how = {"M": _LINKS, "efConstruction": _BUILD_WIDTH}
            indexes.add_index("vector", index_type="HNSW", metric_type="IP", params=how)
        else:
            indexes.add_index("vector", index_type="FLAT", metric_type="IP")
        for channel in CHANNELS:
            indexes.add_index(channel, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")

        def work(client: Any) -> None:
            client.create_collection(
                collection, schema=schema, consistency_level="Bounded", timeout=_CHANGE_SECONDS
            )
            # Without "sync" it would look every half a second whether an empty index is built.
            client.create_index(collection, indexes, sync=False, timeout=_CHANGE_SECONDS)
            client.load_collection(collection, timeout=_CHANGE_SECONDS)

        self._call(work)

    def drop(self, collection: str) -> None:
        """Drop a collection; if that fails, it only takes space."""
        try:
            self._call(lambda c: c.drop_collection(collection, timeout=_CHANGE_SECONDS))
        except StoreUnavailable as error:
            log.warning("the collection %s was not dropped: %s", collection, error)

    def close(self) -> None:
        """Close the connection."""
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def failure(self, seconds: float) -> StoreUnavailable | None:
        """Return why the last call failed, if it did and is not older."""
        if self._cause and time.monotonic() - self._failed_at < seconds:
            return StoreUnavailable(f"Milvus {self._cause}; try again later")
        return None

    def _call(self, work: Callable[[Any], T]) -> T:
        if failure := self.failure(_PAUSE_SECONDS):
            raise failure
        try:
            done = work(self._connected())
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            raise self._translated(error) from None
        self._cause = ""
        return done

    def _connected(self) -> Any:
        with self._connecting:
            if self._client is None:
                self._client = MilvusClient(
                    timeout=_SEARCH_SECONDS, grpc_options=_GRPC_OPTIONS, **self._options
                )
            return self._client

    def _translated(self, error: Exception) -> StoreUnavailable:
        text = " ".join(str(error).split())
        for name in ("password", "token", "user"):
            if secret := self._options.get(name):
                text = text.replace(str(secret), "***")
        cause = next((cause for words, cause in _CAUSES if re.search(words, text)), None)
        if cause != self._cause or cause is None:
            log.warning("Milvus at %s: %s", self._address, text[:500])
        if cause == _MISSING:
            self._cause = ""
            return _CollectionMissing(f"Milvus {cause}; {_REPAIR}")
        self._cause, self._failed_at = cause or "", time.monotonic()
        return StoreUnavailable(
            f"Milvus {cause or 'reported an error; see the log'}; try again later"
        )


_MISSING = "has not the collection of the store"
_CAUSES = (
    ("(?i)collection not found|can't find collection|collection .*not exist", _MISSING),
    ("(?i)unauthenticated|auth check failure|permission|privilege", "refused user or password"),
    ("(?i)deadline|timed? ?out", "does not answer"),
    ("(?i)rate ?limit|quota|memory", "has too much work or too little memory"),
    ("(?i)not loaded|loading|recovering|not ready|no available", "is loading the collection"),
    ("(?i)ssl|handshake|certificate", "refused the encrypted connection"),
    ("(?i)unavailable|refused|connect|reset|closed|socket", "does not accept connections"),
)


def _parsed(url: EngineUrl) -> tuple[str, dict[str, Any]]:
    """Return the address for messages, and the options of the client."""
    refused = SettingsError(
        f"setting 'engine': {url} is not a URL of Milvus; write it as "
        "milvus+http://USER:PASSWORD@HOST:PORT/DATABASE, with the special characters of a password "
        "as %XX"
    )
    try:
        parts = urlsplit(url.reveal().partition("+")[2])
        port = parts.port or 19530
    except ValueError:
        raise refused from None
    if not parts.hostname or parts.query or parts.fragment or "/" in parts.path[1:]:
        raise refused
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    options: dict[str, Any] = {"uri": f"{parts.scheme}://{host}:{port}"}
    if parts.username:
        options["user"] = unquote(parts.username)
        options["password"] = unquote(parts.password or "")
    if parts.path.strip("/"):
        options["db_name"] = unquote(parts.path[1:])
    return str(url), options


def expression(filters: Filters) -> str:
    """Return the filter expression of Milvus for :func:`geungeo.index.articles.conditions`.

    Names are compared by their hashes, so that none is part of an expression; PostgreSQL compares
    the names themselves.
    """
    fragments = list[str]()
    if filters.article_ids is not None:
        hashes = ", ".join(str(name_hash(one)) for one in sorted(filters.article_ids))
        fragments.append(f"article in [{hashes}]")
    if filters.publisher is not None:
        fragments.append(f"publisher == {name_hash(filters.publisher)}")
    if filters.published_from is not None:
        fragments.append(f"published_at >= {_quoted(filters.published_from)}")
    if filters.published_to is not None:
        # All that begin with the given day or minute: "~" follows all characters of a date.
        fragments.append(f"published_at < {_quoted(filters.published_to, end='~')}")
    if filters.published_from is not None or filters.published_to is not None:
        fragments.append(f"published_at != {_quoted(_NO_DATE)}")
    return " and ".join(fragments)


_DATE = re.compile(r"[0-9A-Za-z:.+ -]*")


def _quoted(date: str, *, end: str = "") -> str:
    """Return a date as a text of the expression language.

    A date with other characters is none, and compares with dates as its first part does.
    """
    whole = _DATE.match(date)
    return f'"{whole[0] if whole else ""}{end}"'


def name_hash(name: str | None) -> int:
    """Return a hash of 64 bits, as a signed number; 0 for no name."""
    if name is None:
        return 0
    # As PostgreSQL stores the name, see geungeo.index.postgres.
    digest = hashlib.blake2b(name.replace("\0", "\ufffd").encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big", signed=True)


def _search_width(state: _State, field: str, limit: int) -> dict[str, int]:
    """Return how many candidates a graph keeps while it is searched; nothing for other indexes."""
    if field != "vector" or not state.collection.startswith(_GRAPH):
        return {}
    return {"ef": max(_SEARCH_WIDTH, limit)}


def _entity(row: Row, means: Sequence[float]) -> dict[str, Any]:
    """Return a passage as the collection has it."""
    return {
        "id": int(row["key"]),
        "vector": np.frombuffer(row["vector"], dtype="<f4"),
        **{
            channel: _weights(Bag.from_bytes(row[channel]), means[number])
            for channel, number in NUMBERS.items()
        },
        "article": name_hash(row["article_id"]),
        "publisher": name_hash(row["publisher"]),
        "published_at": (row["published_at"] or _NO_DATE)[:64],
    }


def _weights(bag: Bag, mean: float) -> dict[int, float]:
    weights = document_weights(bag, mean).tolist()
    return dict(zip(map(_dimension, bag.terms.tolist()), weights, strict=True))


def _dimension(term: int) -> int:
    return min(term, _LAST_DIMENSION)


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while some := list(islice(rows, size)):
        yield some


def _now(connection: Connection) -> float:
    return float(connection.execute(f"SELECT {_NOW}").fetchone()[0])


def _start(connection: Connection) -> str:
    """Return when PostgreSQL was started, in microseconds."""
    row = connection.execute(
        "SELECT CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000000 AS BIGINT)"
    ).fetchone()
    return str(row[0])


def _note_start(connection: Connection) -> tuple[str, list[str]]:
    """Note the present start of PostgreSQL; return it, and all that were noted."""
    start = _start(connection)
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_STARTS,)).fetchone()
    known = str(row[0]).split() if row else []
    if start not in known:
        known = [*known, start][-_KEPT_STARTS:]
        set_meta(connection, _STARTS, " ".join(known))
    return start, known


def _locked(connection: Connection) -> bool:
    """Try to take the lock of the outbox until the end of the transaction."""
    row = connection.execute(
        "SELECT pg_try_advisory_xact_lock(?)", (lock_number(_LANE),)
    ).fetchone()
    return bool(row[0])


def _set_means(connection: Connection) -> None:
    """Let the weights be those of the present mean lengths, if there is none yet."""
    connection.execute(
        "UPDATE engine_channels SET mean = CAST(length AS DOUBLE PRECISION) / passages"
        " FROM engine WHERE mean = 0 AND passages > 0"
    )


def _means(connection: Connection) -> list[float]:
    """Return the mean lengths for which the weights in the collection are computed."""
    _set_means(connection)
    rows: Iterable[Row] = connection.execute("SELECT mean FROM engine_channels ORDER BY channel")
    return [float(row[0]) for row in rows]
