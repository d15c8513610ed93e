"""What is derived from SQLite and kept in memory: vectors and lexical channels.

Every look checks SQLite's generation, so that a server sees what another process ingested;
only the difference is loaded. Readers share, a refresh excludes them.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geungeo.index.database import Database
from geungeo.index.files import Step, WriteLock
from geungeo.index.lexical import LexicalIndex
from geungeo.index.vectors import MANIFEST, Flaw, Generation, VectorIndex
from geungeo.rag.errors import StoreCorrupt
from geungeo.rag.language.terms import CHANNELS, Bag
from geungeo.rag.protocols import Embedder

log = logging.getLogger(__name__)

_CHUNK = 5_000


@dataclass(slots=True)
class Views:
    """A consistent set of derived indexes for one generation."""

    generation: Generation
    keys: set[int]
    vectors: VectorIndex
    lexical: dict[str, LexicalIndex]


class Derived:
    """Keeps the views fresh, and their files in ``folder``."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        embedder: Embedder,
        writing: WriteLock,
        step: Step,
    ) -> None:
        self._folder = folder
        self._database = database
        self._embedder = embedder
        self._writing = writing
        self._step = step
        self._lock = threading.RLock()
        self._views: Views | None = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Views]:
        """Fresh views, unchanged while they are read."""
        with self._lock:
            yield self.fresh()

    def fresh(self) -> Views:
        """The views for SQLite's present generation, loading what is new.

        What a crash or damage left of the file is mended on the first look.
        """
        with self._lock:
            views, flaw = self._current()
            if flaw:
                self._mend(flaw)
            return views

    def _current(self) -> tuple[Views, Flaw | None]:
        """The views, and what was wrong with the file if it was just read."""
        generation = self._generation()
        views, flaw = self._views, None
        if views is not None and views.generation == generation:
            return views, None
        # Half a refresh is worse than none: should it fail, the next look loads all anew.
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
        """Write the vectors of the present generation to their file; the writer alone may.

        Should that fail, nothing is lost: SQLite holds them too.
        """
        with self._lock:
            views, _ = self._current()
            try:
                views.vectors.save(
                    self._folder,
                    maker=self._embedder.identity,
                    generation=views.generation,
                    step=self._step,
                )
            except OSError as error:
                log.warning(
                    "the articles are stored, but not the FAISS index in %s (%s): each start "
                    "rebuilds it from SQLite, until it is mended",
                    self._folder,
                    error.strerror,
                )

    def rebuild(self) -> None:
        """Make the views from SQLite alone, and write the file; for who holds the lock."""
        with self._lock:
            self._views = None
            (self._folder / MANIFEST).unlink(missing_ok=True)
            self.save()

    def flaw(self) -> Flaw | None:
        """What is wrong with the file, if anything; a store without articles needs none."""
        generation = self._generation()
        return self._file(generation)[1] if generation.number else None

    def settled_flaw(self) -> Flaw | None:
        """:meth:`flaw`, unless somebody is writing and saves the file when done."""
        flaw = self.flaw()
        if flaw and flaw.behind:
            with self._writing.attempt() as held:
                return flaw if held else None
        return flaw

    def _file(self, generation: Generation) -> tuple[VectorIndex | None, Flaw | None]:
        return VectorIndex.load(
            self._folder,
            maker=self._embedder.identity,
            dimension=self._embedder.dimension,
            generation=generation,
        )

    def _mend(self, flaw: Flaw) -> None:
        """Write what was rebuilt, unless someone else writes now or nobody may."""
        with self._writing.attempt() as held:
            if held:
                self.save()
            elif flaw.behind:
                return  # somebody is writing, and will save when done
        log.warning(
            "mended: the FAISS index in %s was rebuilt from SQLite%s: %s",
            self._folder,
            "" if held else ", in memory only",
            flaw.reason,
        )

    def _refresh(self, views: Views, generation: Generation) -> None:
        with self._database.read() as connection:
            current = {int(row[0]) for row in connection.execute("SELECT key FROM passages")}
        gone, new = sorted(views.keys - current), sorted(current - views.keys)
        for channel in views.lexical.values():
            channel.remove(gone)
        # A loaded file already holds its generation's vectors; the lexical channels hold none.
        indexed = views.vectors.keys()
        views.vectors.remove(sorted(indexed - current))
        for start in range(0, len(new), _CHUNK):
            self._add(views, new[start : start + _CHUNK], indexed)
        views.keys = current
        views.generation = generation

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
            raise StoreCorrupt(
                f"passages in {self._folder} are damaged; run: geungeo doctor --repair"
            ) from error

    @staticmethod
    def _index(
        views: Views, rows: Sequence[sqlite3.Row], without_vector: Sequence[sqlite3.Row]
    ) -> None:
        for channel, index in views.lexical.items():
            index.add([row["key"] for row in rows], [Bag.from_bytes(row[channel]) for row in rows])
        if without_vector:
            vectors = [np.frombuffer(row["vector"], dtype="<f4") for row in without_vector]
            views.vectors.add([row["key"] for row in without_vector], np.stack(vectors))
