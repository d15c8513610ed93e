"""Engines: what finds passages, and what the database keeps for one on other machines.

The database has the truth, an engine an index of it. The local one is in the memory of each server
(:mod:`geungeo.index.derived`); another one, which all servers share, proposes passages whose scores
are computed here (:mod:`geungeo.index.milvus`). For that one, a change of articles also updates the
statistics of terms, and notes its passages in an outbox, in the same transaction.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from geungeo.index.database import Connection, Database, set_meta
from geungeo.index.files import Step
from geungeo.index.lexical import IntArray
from geungeo.rag.embedding.vectors import without_digest
from geungeo.rag.errors import EmbedderMismatch, SettingsError
from geungeo.rag.language.terms import CHANNELS, Bag, TermArray
from geungeo.rag.protocols import Embedder, Filters, FloatArray, Scores
from geungeo.rag.settings import EngineUrl

ARTICLES = "articles"
"""Lane of the transactions that change articles, which follow each other."""

NUMBERS: Mapping[str, int] = {channel: number for number, channel in enumerate(CHANNELS)}
"""Number of each lexical channel in the database."""

OWNER = "engine_owner"
"""Metadata: the table that the collection belongs to."""
OBSOLETE = "engine_obsolete"
"""Metadata: replaced collections that still have to be dropped."""


class Engine(Protocol):
    """An index of the current passages. Thread-safe."""

    name: str
    """Name for messages."""

    @abstractmethod
    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""

    @abstractmethod
    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 in one channel."""

    @abstractmethod
    def document_frequency(self, channel: str, terms: TermArray) -> IntArray:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""

    @abstractmethod
    def size(self) -> int:
        """Return the number of passages."""

    @abstractmethod
    def settle(self) -> None:
        """Let every search that begins from now on see all committed changes."""

    @abstractmethod
    def save(self) -> None:
        """Write what a restart would have to compute again; called after changes."""

    @abstractmethod
    def replace(self, connection: Connection) -> None:
        """Index all passages again, inside the transaction in which all were written again."""

    @abstractmethod
    def rebuild(self) -> None:
        """Build the index again from the database; the caller holds the lock of changes."""

    @abstractmethod
    def health(self) -> list[str]:
        """Return the problems that a quick check finds.

        Raises:
            StoreUnavailable: the engine does not answer.
        """

    @abstractmethod
    def check(self) -> list[str]:
        """Return the problems that a comparison with the database finds."""

    @abstractmethod
    def close(self) -> None:
        """Close connections."""


def open_engine(
    url: EngineUrl | str,
    database: Database,
    embedder: Embedder,
    step: Step,
    *,
    fallback: bool = False,
) -> Engine:
    """Open the engine at ``url``, or the local one (``local``), for the store in ``database``.

    With ``fallback`` PostgreSQL finds passages while an engine on other machines is away.

    Raises:
        SettingsError: that engine does not go with that store.
        MissingExtra: the client is not installed; the message has the command.
        StoreUnavailable: the index has to be built, and that is impossible at present.
    """
    if isinstance(url, EngineUrl):
        if database.folder is not None:
            raise SettingsError(
                "setting 'engine': Milvus needs a store in PostgreSQL (docs/scale.md); set "
                "GEUNGEO_STORE to one, or GEUNGEO_ENGINE to local"
            )
        from geungeo.index.milvus import MilvusEngine

        return MilvusEngine(url, database, embedder, step, fallback=fallback)
    from geungeo.index.derived import LocalEngine

    return LocalEngine(database, embedder, step)


def require_embedder(database: Database, embedder: Embedder) -> None:
    """Raise ``EmbedderMismatch`` if the store was indexed with another embedder."""
    stored, present = database.meta("embedder"), embedder.identity
    # Older stores recorded the model without the digest of its weights.
    if stored is None or stored in {present, without_digest(present)}:
        return
    solution = "set GEUNGEO_EMBEDDER back"
    if without_digest(stored) == without_digest(present):
        solution = "the model's weights were changed or damaged: install them again"
    elif stored.partition("@")[0] == present.partition("@")[0]:
        solution = "install the version of geungeo that made it"
    raise EmbedderMismatch(
        f"store {database.folder or database.name} was indexed with {stored}, but the embedder is "
        f"{present}: {solution}, or run: geungeo reindex"
    )


# What the database keeps for an engine on other machines


@contextlib.contextmanager
def recording(
    database: Database, connection: Connection, article_ids: Sequence[str]
) -> Iterator[None]:
    """Note what a block changes of the passages of ``article_ids``, in its transaction.

    Nothing is noted if the store has no engine on other machines, whatever that of this server.
    """
    if not _has_collection(database, connection):
        yield
        return
    before = _bags(connection, article_ids)
    yield
    after = _bags(connection, article_ids)
    gone = [before[key] for key in before.keys() - after.keys()]
    new = [after[key] for key in after.keys() - before.keys()]
    connection.executemany(
        "INSERT INTO outbox (key) VALUES (?)",
        [(key,) for key in sorted(before.keys() ^ after.keys())],
    )
    connection.execute("UPDATE engine SET passages = passages + ?", (len(new) - len(gone),))
    for channel in CHANNELS:
        counts = Counts()
        counts.add(bags[channel] for bags in new)
        counts.subtract(bags[channel] for bags in gone)
        counts.write(connection, channel)


def forget_collection(database: Database, connection: Connection) -> None:
    """Forget the collection of the store, if it has one: all passages were written again.

    It is dropped by the next server that has a connection to Milvus.
    """
    if _has_collection(database, connection):
        if name := own_collection(connection):
            set_meta(connection, OBSOLETE, " ".join([*obsolete(connection), name]))
        for table in ("engine", "engine_channels", "term_counts", "outbox"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed


def collection_of(connection: Connection) -> str | None:
    """Return the collection that the database names."""
    row = connection.execute("SELECT collection FROM engine").fetchone()
    return None if row is None else str(row[0])


def own_collection(connection: Connection) -> str | None:
    """Return the collection, unless the store was restored from a dump of another one."""
    name = collection_of(connection)
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (OWNER,)).fetchone()
    # Earlier versions did not note it, and an administrator may remove it (docs/scale.md).
    return name if row is None or row[0] == table_identity(connection) else None


def obsolete(connection: Connection) -> list[str]:
    """Return the replaced collections that still have to be dropped."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (OBSOLETE,)).fetchone()
    return str(row[0]).split() if row else []


def table_identity(connection: Connection) -> str:
    """Return an identifier of the table ``engine`` that no restored copy of it has."""
    row = connection.execute(
        "SELECT system_identifier, CAST(CAST('engine' AS regclass) AS oid) FROM pg_control_system()"
    ).fetchone()
    return f"{row[0]}/{row[1]}"


class Counts:
    """Differences of the statistics of one channel."""

    def __init__(self) -> None:
        self.length = 0
        self.terms: Counter[int] = Counter()

    def add(self, bags: Iterable[Bag]) -> None:
        """Count passages that were added."""
        for bag in bags:
            self.length += int(bag.counts.sum(dtype=np.int64))
            self.terms.update(bag.terms.tolist())

    def subtract(self, bags: Iterable[Bag]) -> None:
        """Count passages that were removed."""
        for bag in bags:
            self.length -= int(bag.counts.sum(dtype=np.int64))
            self.terms.subtract(bag.terms.tolist())

    def write(self, connection: Connection, channel: str) -> None:
        """Add the differences to the statistics in the database."""
        number = NUMBERS[channel]
        # In order, so that rows of one page are written together.
        changed = sorted((term, count) for term, count in self.terms.items() if count)
        terms, counts = [term for term, _ in changed], [count for _, count in changed]
        connection.execute(
            "INSERT INTO term_counts (channel, term, passages)"
            " SELECT CAST(? AS SMALLINT), * FROM unnest(CAST(? AS BIGINT[]), CAST(? AS BIGINT[]))"
            " ON CONFLICT (channel, term)"
            " DO UPDATE SET passages = term_counts.passages + excluded.passages",
            (number, terms, counts),
        )
        connection.execute(
            "DELETE FROM term_counts WHERE channel = ? AND term = ANY(?) AND passages <= 0",
            (number, [term for term, count in changed if count < 0]),
        )
        connection.execute(
            "UPDATE engine_channels SET length = length + ? WHERE channel = ?",
            (self.length, number),
        )


def _has_collection(database: Database, connection: Connection) -> bool:
    """Whether the store has an index on other machines; a folder has none."""
    if database.folder is not None:
        return False
    return connection.execute("SELECT 1 FROM engine").fetchone() is not None


def _bags(connection: Connection, article_ids: Sequence[str]) -> dict[int, dict[str, Bag]]:
    """Return the terms of the passages of some articles, by key."""
    rows = connection.execute(
        "SELECT key, morphemes, bigrams FROM passages WHERE article_id = ANY(?)",
        (list(article_ids),),
    )
    return {
        row["key"]: {channel: Bag.from_bytes(row[channel]) for channel in CHANNELS} for row in rows
    }
