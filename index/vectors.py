"""The FAISS index: derived from SQLite, kept in a file, never trusted blindly.

A generation is an index file named by its own digest and a manifest, swapped in last. What
does not match its manifest to the byte, or was made for other vectors, is not loaded at
all: the caller rebuilds it from SQLite.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geungeo.index import graph
from geungeo.index.files import Step, no_step, remove_leftovers, sync_folder, write_atomically
from geungeo.rag.protocols import FloatArray

if TYPE_CHECKING:
    import faiss

MANIFEST = "vectors.json"
_METRIC = "inner_product"
# Chosen so that a scan stays cheap beside embedding the question; ``geungeo bench scale``
# measures both.
EXACT_LIMIT = 20_000
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Generation:
    """A state of the articles: a number that grows, and what tells it from another's same.

    ``commit`` is drawn anew for every change; stores of the first format have none.
    """

    number: Any
    commit: Any = None

    def __str__(self) -> str:
        return f"generation {self.number} ({self.commit or 'unnamed'})"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why the file is not used; ``behind`` if only because SQLite has moved on."""

    reason: str
    behind: bool = False


class VectorIndex:
    """Inner-product search by passage key. Vectors are (n, dim) float32, unit norm.

    Exact up to ``exact_limit`` vectors; beyond, a graph answers (:mod:`geungeo.index.graph`).
    """

    def __init__(self, dimension: int, exact_limit: int = EXACT_LIMIT) -> None:
        self.dimension = dimension
        self._exact_limit = exact_limit
        self._index: faiss.IndexIDMap2 = graph.exact(dimension)

    def __len__(self) -> int:
        return graph.living(self._index)

    def add(self, keys: Sequence[int], vectors: FloatArray) -> None:
        """Index ``vectors`` under ``keys``, which must be new."""
        if not len(keys):
            return
        if not graph.is_graph(self._index) and len(self) + len(keys) > self._exact_limit:
            self._index = graph.grown(self._index)
        graph.add(self._index, np.array(keys, dtype=np.int64), vectors)

    def remove(self, keys: Sequence[int]) -> None:
        """Forget ``keys``; unknown ones are ignored."""
        if len(keys):
            self._index = graph.without(self._index, np.array(keys, dtype=np.int64))

    def search(
        self, vector: FloatArray, k: int, allowed: IntArray | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` nearest ``(key, cosine)``, highest first; ``allowed`` restricts the keys."""
        k = min(k, len(self))
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        keys, scores = graph.search(self._index, vector, k, allowed)
        return [
            (int(key), float(score)) for key, score in zip(keys, scores, strict=True) if key >= 0
        ]

    def keys(self) -> set[int]:
        """All keys in the index."""
        return {int(key) for key in graph.keys(self._index) if key >= 0}

    def save(
        self, folder: Path, *, maker: str, generation: Generation, step: Step = no_step
    ) -> None:
        """Write this generation into ``folder`` and drop older ones.

        Raises:
            OSError: also when the device is full; the older generation then stands.
        """
        import faiss

        data = faiss.serialize_index(self._index).tobytes()
        digest = hashlib.sha256(data).hexdigest()
        name = f"vectors-{digest[:16]}.faiss"
        write_atomically(folder / name, data, name="vectors", step=step)
        manifest = {
            "file": name,
            "sha256": digest,
            "size": len(data),
            "ntotal": int(self._index.ntotal),
            "dimension": self.dimension,
            "metric": _METRIC,
            "maker": maker,
            "generation": generation.number,
            "commit": generation.commit,
        }
        packed = json.dumps(manifest, indent=1).encode()
        write_atomically(folder / MANIFEST, packed, name="manifest", step=step)
        for old in folder.glob("vectors-*.faiss"):
            if old.name != name:
                old.unlink(missing_ok=True)
        remove_leftovers(folder)
        step("old vectors removed")
        sync_folder(folder)
        step("saved")

    @classmethod
    def load(
        cls, folder: Path, *, maker: str, dimension: int, generation: Generation
    ) -> tuple[VectorIndex | None, Flaw | None]:
        """The saved generation, or ``None`` and why it must be rebuilt."""
        import faiss

        manifest, problem = _manifest(folder)
        made_by = {"maker": maker, "dimension": dimension, "metric": _METRIC}
        for key, value in made_by.items():
            if not problem and manifest.get(key) != value:
                problem = f"made for {key} {manifest.get(key)!r}, not {value!r}"
        data, problem = _payload(folder, manifest) if not problem else (b"", problem)
        if problem:
            return None, Flaw(problem)
        found = Generation(manifest.get("generation"), manifest.get("commit"))
        if found != generation:
            return None, Flaw(f"made for {found}, not {generation}", behind=True)
        faiss.set_deserialization_vector_byte_limit(len(data))
        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except RuntimeError as error:
            return None, Flaw(f"FAISS refuses it: {str(error).splitlines()[0][:200]}")
        if not isinstance(index, faiss.IndexIDMap2) or index.d != dimension:
            return None, Flaw("it holds another kind of index than its manifest says")
        if index.ntotal != manifest.get("ntotal"):
            return None, Flaw("it holds another number of vectors than its manifest says")
        self = cls(dimension)
        self._index = index
        return self, None


def _manifest(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return {}, "there is no manifest"
    except (OSError, ValueError, RecursionError) as error:
        return {}, f"the manifest cannot be read: {error}"
    return (manifest, "") if isinstance(manifest, dict) else ({}, "the manifest is not an object")


def _payload(folder: Path, manifest: dict[str, Any]) -> tuple[bytes, str]:
    """The index file's bytes if they are exactly what the manifest promises."""
    name = manifest.get("file")
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".faiss"):
        return b"", "the manifest names a file outside the store"
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file():
            return b"", f"{name} is missing or not a plain file"
        if path.stat().st_size != manifest.get("size"):
            return b"", f"{name} has another size than its manifest says"
        data = path.read_bytes()
    except OSError as error:
        return b"", f"{name} cannot be read: {error.strerror}"
    if hashlib.sha256(data).hexdigest() != manifest.get("sha256"):
        return b"", f"{name} does not match its checksum"
    return data, ""
