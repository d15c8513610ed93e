"""What is derived from SQLite and kept in memory: vectors and lexical channels.

Every look checks SQLite's generation, so that a server sees what another process ingested;
only the difference is loaded. Readers share, a refresh excludes them.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geungeo.index.database import Database
from geungeo.index.lexical import LexicalIndex
from geungeo.index.vectors import MANIFEST, VectorIndex
from geungeo.rag.protocols import Embedder
from geungeo.rag.retrieval.terms import CHANNELS, Bag

log = logging.getLogger(__name__)

_CHUNK = 5_000


@dataclass(slots=True)
class Views:
    """A consistent set of derived indexes for one generation."""

    generation: int
    keys: set[int]
    vectors: VectorIndex
    lexical: dict[str, LexicalIndex]


class Derived:
    """Keeps the views fresh, and their files in ``folder``."""

    def __init__(self, folder: Path, database: Database, embedder: Embedder) -> None:
        self._folder = folder
        self._database = database
        self._embedder = embedder
        self._lock = threading.RLock()
        self._views: Views | None = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Views]:
        """Fresh views, unchanged while they are read."""
        with self._lock:
            yield self.fresh()

    def fresh(self) -> Views:
        """The views for SQLite's present generation, loading what is new."""
        with self._lock:
            generation = int(self._database.meta("generation") or 0)
            if self._views is None:
                self._views = self._load(generation)
            elif self._views.generation != generation:
                self._refresh(self._views, generation)
            return self._views

    def save(self) -> None:
        """Write the vectors of the present generation to their file."""
        with self._lock:
            views = self.fresh()
            views.vectors.save(
                self._folder, maker=self._embedder.identity, generation=views.generation
            )

    def problems(self) -> list[str]:
        """How the derived file differs from the truth, one line each."""
        generation = int(self._database.meta("generation") or 0)
        if not generation:
            return []
        _, problem = VectorIndex.load(
            self._folder,
            maker=self._embedder.identity,
            dimension=self._embedder.dimension,
            generation=generation,
        )
        return [f"FAISS index: {problem}; run: geungeo doctor --repair"] if problem else []

    def _load(self, generation: int) -> Views:
        dimension = self._embedder.dimension
        vectors, problem = VectorIndex.load(
            self._folder,
            maker=self._embedder.identity,
            dimension=dimension,
            generation=generation,
        )
        saved = (self._folder / MANIFEST).exists()
        if vectors is None and saved:
            log.warning("the FAISS index is rebuilt from SQLite: %s", problem)
        views = Views(0, set(), vectors or VectorIndex(dimension), {})
        views.lexical = {channel: LexicalIndex() for channel in CHANNELS}
        self._refresh(views, generation)
        return views

    def _refresh(self, views: Views, generation: int) -> None:
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
        for channel, index in views.lexical.items():
            index.add([row["key"] for row in rows], [Bag.from_bytes(row[channel]) for row in rows])
        missing = [row for row in rows if row["key"] not in indexed]
        if missing:
            vectors = np.stack([np.frombuffer(row["vector"], dtype="<f4") for row in missing])
            views.vectors.add([row["key"] for row in missing], vectors)
