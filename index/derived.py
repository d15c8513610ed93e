"""Indexes derived from the database and kept in memory: vectors and lexical channels.

Every access checks the database's generation, so that a server sees what another process, or
another server, ingested; only the difference is loaded.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geungeo.index.database import Database, Row
from geungeo.index.files import Step
from geungeo.index.lexical import LexicalIndex
from geungeo.index.vectors import MANIFEST, Flaw, Generation, VectorIndex
from geungeo.rag.embedding.vectors import without_digest
from geungeo.rag.errors import EmbedderMismatch, StoreCorrupt
from geungeo.rag.language.terms import CHANNELS, Bag
from geungeo.rag.protocols import Embedder

log = logging.getLogger(__name__)

_CHUNK = 5_000


def require_embedder(database: Database, embedder: Embedder) -> None:
    """Raise ``EmbedderMismatch`` if the store was indexed with another embedder."""
    stored, present = database.meta("embedder"), embedder.identity
    # Older stores recorded the model without the digest of its weights.
    if stored is None or stored in {present, without_digest(present)}:
        return
    solution = "set GEUNGEO_EMBEDDER back"
    if without_digest(stored) == without_digest(present):
        solution = "the model's weights were changed or damaged: install them again"
    raise EmbedderMismatch(
        f"store {database.folder or database.name} was indexed with {stored}, but the embedder is "
        f"{present}: {solution}, or run: geungeo reindex"
    )


@dataclass(slots=True)
class Views:
    """A consistent set of derived indexes for one generation."""

    generation: Generation
    keys: set[int]
    vectors: VectorIndex
    lexical: dict[str, LexicalIndex]


class Derived:
    """Owner of the views: keeps them up to date, and their files in the folder of the database."""

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
        self._views = views
        return views, flaw if generation.number else None

    def _generation(self) -> Generation:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT key, value FROM meta WHERE key IN ('generation', 'commit')"
            )
            meta = {row["key"]: row["value"] for row in rows}
        return Generation(int(meta.get("generation", 0)), meta.get("commit"))

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

    def flaw(self) -> Flaw | None:
        """Return the flaw of the file, if any; a store without articles needs no file."""
        generation = self._generation()
        return self._file(generation)[1] if generation.number else None

    def settled_flaw(self) -> Flaw | None:
        """Return :meth:`flaw`, but ``None`` while a writer is about to save the file."""
        flaw = self.flaw()
        if flaw and flaw.behind:
            with self._database.writing.attempt() as held:
                return flaw if held else None
        return flaw

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
