"""The local engine: indexes derived from the database and kept in memory.

Every access checks the database's generation, so that a server sees what another process, or
another server, ingested; only the difference is loaded.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from geungeo.index.articles import KeyArray, allowed_keys
from geungeo.index.database import Connection, Database, Row
from geungeo.index.engine import Engine, forget_collection, require_embedder
from geungeo.index.files import Step
from geungeo.index.lexical import IntArray, LexicalIndex
from geungeo.index.vectors import MANIFEST, Flaw, Generation, VectorIndex
from geungeo.rag.errors import StoreCorrupt
from geungeo.rag.language.terms import CHANNELS, Bag, TermArray
from geungeo.rag.protocols import Embedder, Filters, FloatArray, Scores

log = logging.getLogger(__name__)

_CHUNK = 5_000
_FILTERS_KEPT = 8


@dataclass(slots=True)
class Views:
    """A consistent set of derived indexes for one generation."""

    generation: Generation
    keys: set[int]
    vectors: VectorIndex
    lexical: dict[str, LexicalIndex]
    # The keys that filters allow: each question asks for the same ones once per channel.
    allowed: dict[Filters, KeyArray] = field(default_factory=dict)


class LocalEngine(Engine):
    """Owner of the views: keeps them up to date, and their files in the folder of the database."""

    name = "FAISS index"

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        step: Step,
    ) -> None:
        self._folder = database.folder
        self._database = database
        self._embedder = embedder
        self._step = step
        self._lock = threading.RLock()
        self._views: Views | None = None

    # Searching

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""
        with self.reading() as views:
            return dict(views.vectors.search(vector, k, self._allowed(views, filters)))

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 in one channel."""
        with self.reading() as views:
            return dict(views.lexical[channel].search(terms, k, self._allowed(views, filters)))

    def _allowed(self, views: Views, filters: Filters) -> KeyArray | None:
        if not filters:
            return None
        if filters not in views.allowed:
            if len(views.allowed) >= _FILTERS_KEPT:
                views.allowed.clear()
            views.allowed[filters] = allowed_keys(self._database, filters)
        return views.allowed[filters]

    def document_frequency(self, channel: str, terms: TermArray) -> IntArray:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""
        with self.reading() as views:
            return views.lexical[channel].document_frequency(terms)

    def size(self) -> int:
        """Return the number of passages."""
        return len(self.fresh().vectors)

    # The views

    @contextlib.contextmanager
    def reading(self) -> Iterator[Views]:
        """Yield up-to-date views, which do not change during the block."""
        with self._lock:
            yield self.fresh()

    def fresh(self) -> Views:
        """Return the views for the database's present generation, loading what is new.

        A missing or corrupt file is rebuilt on the first access.
        """
        with self._lock:
            views, flaw = self._current()
            if flaw:
                self._rebuild_file(flaw)
            return views

    def _current(self) -> tuple[Views, Flaw | None]:
        """Return the views, and the flaw of the file if it was read just now."""
        generation = self._generation()
        views, flaw = self._views, None
        if views is not None and views.generation == generation:
            return views, None
        # Another process may have indexed the articles again, with another embedder.
        require_embedder(self._database, self._embedder)
        # If the refresh fails halfway, the next access must load everything again.
        self._views = None
        if views is None:
            vectors, flaw = self._file(generation)
            views = Views(
                generation,
                set(),
                vectors or VectorIndex(self._embedder.dimension),
                {channel: LexicalIndex() for channel in CHANNELS},
            )
        self._refresh(views, generation)
        views.allowed.clear()
        self._views = views
        return views, flaw if generation.number else None

    def _generation(self) -> Generation:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT key, value FROM meta WHERE key IN ('generation', 'commit')"
            )
            meta = {row["key"]: row["value"] for row in rows}
        return Generation(int(meta.get("generation", 0)), meta.get("commit"))

    def settle(self) -> None:
        """Do nothing: each search loads what was committed."""

    def replace(self, connection: Connection) -> None:
        """Let the engine of other servers, if the store has one, build its index again."""
        forget_collection(self._database, connection)

    def save(self) -> None:
        """Write the vectors of the present generation to their file; the caller holds the lock.

        If that fails, nothing is lost: the database contains them too.
        """
        with self._lock:
            views, _ = self._current()
            if self._folder is None:
                return
            try:
                views.vectors.save(
                    self._folder,
                    maker=self._embedder.identity,
                    generation=views.generation,
                    step=self._step,
                )
            except OSError as error:
                log.warning(
                    "the articles are stored, but the FAISS index in %s could not be written (%s): "
                    "each start rebuilds it from the database until writing succeeds",
                    self._folder,
                    error.strerror,
                )

    def rebuild(self) -> None:
        """Rebuild the views from the database and write the file; the caller holds the lock."""
        with self._lock:
            self._views = None
            if self._folder is not None:
                (self._folder / MANIFEST).unlink(missing_ok=True)
            self.save()

    def health(self) -> list[str]:
        """Return what is wrong with the file, unless it is only behind: then it is updated."""
        flaw = self._flaw()
        return [flaw.reason] if flaw and not flaw.behind else []

    def check(self) -> list[str]:
        """Return what is wrong with the file, unless a writer is about to save it."""
        flaw = self._flaw()
        if flaw and flaw.behind:
            with self._database.writing.attempt() as held:
                return [flaw.reason] if held else []
        return [flaw.reason] if flaw else []

    def close(self) -> None:
        """Do nothing: the memory is freed with the engine."""

    def _flaw(self) -> Flaw | None:
        """Return the flaw of the file, if any; a store without articles needs no file."""
        generation = self._generation()
        return self._file(generation)[1] if generation.number else None

    def _file(self, generation: Generation) -> tuple[VectorIndex | None, Flaw | None]:
        if self._folder is None:
            return None, None
        return VectorIndex.load(
            self._folder,
            maker=self._embedder.identity,
            dimension=self._embedder.dimension,
            generation=generation,
        )

    def _rebuild_file(self, flaw: Flaw) -> None:
        """Write the rebuilt file, unless another process writes now or the store is read-only."""
        with self._database.writing.attempt() as held:
            if held:
                self.save()
            elif flaw.behind:
                return  # another writer is active and saves the file when done
        log.warning(
            "repaired: the FAISS index in %s was rebuilt from the database%s: %s",
            self._folder,
            "" if held else ", in memory only",
            flaw.reason,
        )

    def _refresh(self, views: Views, generation: Generation) -> None:
        current = self._keys(views.keys)
        gone, new = sorted(views.keys - current), sorted(current - views.keys)
        for channel in views.lexical.values():
            channel.remove(gone)
        # A loaded file contains the vectors of its generation; the lexical channels start empty.
        indexed = views.vectors.keys()
        views.vectors.remove(sorted(indexed - current))
        for start in range(0, len(new), _CHUNK):
            self._add(views, new[start : start + _CHUNK], indexed)
        views.keys = current
        views.generation = generation

    def _keys(self, known: set[int]) -> set[int]:
        """Return the keys of all passages; if only new ones were added, just those are read."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT key FROM passages WHERE key > ?", (max(known, default=0),)
            )
            new = {int(row[0]) for row in rows}
            total = int(connection.execute("SELECT COUNT(*) FROM passages").fetchone()[0])
            if total == len(known) + len(new):
                # A key is never used twice, so none was removed. A change between the two queries
                # has another generation, and is found at the next access.
                return known | new
            return {int(row[0]) for row in connection.execute("SELECT key FROM passages")}

    def _add(self, views: Views, keys: Sequence[int], indexed: set[int]) -> None:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT key, vector, morphemes, bigrams FROM passages "
                "WHERE key BETWEEN ? AND ? ORDER BY key",
                (keys[0], keys[-1]),
            ).fetchall()
        wanted = set(keys)
        rows = [row for row in rows if row["key"] in wanted]
        try:
            self._index(views, rows, [row for row in rows if row["key"] not in indexed])
        except (ValueError, TypeError, AssertionError, LookupError) as error:
            place = self._folder or self._database.name
            raise StoreCorrupt(
                f"passages in {place} are damaged; run: geungeo doctor --repair"
            ) from error

    @staticmethod
    def _index(views: Views, rows: Sequence[Row], without_vector: Sequence[Row]) -> None:
        for channel, index in views.lexical.items():
            index.add([row["key"] for row in rows], [Bag.from_bytes(row[channel]) for row in rows])
        if without_vector:
            vectors = [np.frombuffer(row["vector"], dtype="<f4") for row in without_vector]
            views.vectors.add([row["key"] for row in without_vector], np.stack(vectors))
