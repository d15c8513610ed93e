"""FAISS index, derived from SQLite and kept in a file that is verified when loaded.

A generation is an index file, named by its digest, and a manifest, which is replaced last. An
index that does not match its manifest to the byte, or was made for other vectors, is not
loaded; the caller rebuilds it from SQLite.
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
# Chosen so that a scan takes little time compared with embedding the question;
# ``geungeo bench scale`` measures both.
EXACT_LIMIT = 20_000
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Generation:
    """A state of the articles: an increasing number, and a random id of the change.

    ``commit`` distinguishes states with the same number, as after a restore; stores of the first
    format have none.
    """

    number: Any
    commit: Any = None

    def __str__(self) -> str:
        return f"generation {self.number} ({self.commit or 'unnamed'})"


@dataclass(frozen=True, slots=True)
class Flaw:
    """The reason why the file is not used; ``behind`` if it is only older than SQLite."""

    reason: str
    behind: bool = False


class VectorIndex:
    """Index for inner-product search by passage key. Vectors are (n, dim) float32, unit norm.

    Exact up to ``exact_limit`` vectors; above that a graph is used (:mod:`geungeo.index.graph`).
    """

    def __init__(self, dimension: int, exact_limit: int = EXACT_LIMIT) -> None:
        self.dimension = dimension
        self._exact_limit = exact_limit
        self._index: faiss.IndexIDMap2 = graph.exact(dimension)

    def __len__(self) -> int:
        return graph.alive_count(self._index)

    def add(self, keys: Sequence[int], vectors: FloatArray) -> None:
        """Index ``vectors`` under ``keys``, which must be new."""
        if not len(keys):
            return
        if not graph.is_graph(self._index) and len(self) + len(keys) > self._exact_limit:
            self._index = graph.rebuilt_graph(self._index)
        graph.add(self._index, np.array(keys, dtype=np.int64), vectors)

    def remove(self, keys: Sequence[int]) -> None:
        """Remove ``keys``; unknown ones are ignored."""
        if len(keys):
            self._index = graph.remove(self._index, np.array(keys, dtype=np.int64))

    def search(
        self, vector: FloatArray, k: int, allowed: IntArray | None = None
    ) -> list[tuple[int, float]]:
        """Return the ``k`` nearest ``(key, cosine)`` of the ``allowed`` keys.

        The highest come first, equal ones by key.
        """
        k = min(k, len(self))
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        keys, scores = graph.search(self._index, vector, k, allowed)
        found = [
            (int(key), float(score)) for key, score in zip(keys, scores, strict=True) if key >= 0
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def keys(self) -> set[int]:
        """Return all keys in the index."""
        return {int(key) for key in graph.keys(self._index) if key >= 0}

    def save(
        self, folder: Path, *, maker: str, generation: Generation, step: Step = no_step
    ) -> None:
        """Write this generation to ``folder`` and remove older ones.

        Raises:
            OSError: for example when the device is full; the older generation then remains.
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
        """Load the saved generation; ``None`` and a flaw if it must be rebuilt."""
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
            return None, Flaw(f"FAISS cannot load it: {str(error).splitlines()[0][:200]}")
        if not isinstance(index, faiss.IndexIDMap2) or index.d != dimension:
            return None, Flaw("its kind of index differs from its manifest")
        if index.ntotal != manifest.get("ntotal"):
            return None, Flaw("its number of vectors differs from its manifest")
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
    """Return the index file's bytes if they match the manifest, or a problem."""
    name = manifest.get("file")
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".faiss"):
        return b"", "the manifest names a file outside the store"
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file():
            return b"", f"{name} is missing or not a plain file"
        if path.stat().st_size != manifest.get("size"):
            return b"", f"the size of {name} differs from its manifest"
        data = path.read_bytes()
    except OSError as error:
        return b"", f"{name} cannot be read: {error.strerror}"
    if hashlib.sha256(data).hexdigest() != manifest.get("sha256"):
        return b"", f"{name} does not match its checksum"
    return data, ""
