"""FAISS indexes for :class:`geungeo.index.vectors.VectorIndex`: an exact scan, or a graph.

The graph is HNSW (Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search
using Hierarchical Navigable Small World graphs", 2018) over float16 vectors. It does not support
removal: a removed vector stays under the key -1 until a quarter is removed, then the graph is
rebuilt. Searches filtered to few vectors are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geungeo.rag.protocols import FloatArray

if TYPE_CHECKING:
    import faiss

IntArray = npt.NDArray[np.int64]

_LINKS = 32
_BUILD_WIDTH = 80
# Candidates kept during a search: more are slower and closer to the exact scan. Above about
# 100,000 vectors their number must grow, by one per 250.
_SEARCH_WIDTH = 512
_VECTORS_PER_CANDIDATE = 250
_REMOVED = -1
_MAX_REMOVED_SHARE = 0.25
# Up to this number of allowed vectors are scanned instead of searched in the graph.
_FEW = 10_000
# Smaller additions run on one thread, so that every process builds the same graph from them.
_SMALL = 1_000


def exact(dimension: int) -> faiss.IndexIDMap2:
    """Create an empty index that scans all vectors."""
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def is_graph(index: faiss.IndexIDMap2) -> bool:
    """Whether ``index`` is a graph, not an exact scan."""
    import faiss

    return isinstance(faiss.downcast_index(index.index), faiss.IndexHNSW)


def keys(index: faiss.IndexIDMap2) -> IntArray:
    """Return ``(ntotal,)`` int64: the key at each position, -1 if it was removed."""
    import faiss

    found: IntArray = faiss.vector_to_array(index.id_map)
    return found


def alive_count(index: faiss.IndexIDMap2) -> int:
    """Return the number of vectors that are not removed."""
    if not is_graph(index):
        return int(index.ntotal)
    return int((keys(index) != _REMOVED).sum())


def add(index: faiss.IndexIDMap2, new: IntArray, vectors: FloatArray) -> None:
    """Add ``vectors`` (n, dim) under the keys ``new``."""
    with one_thread() if len(new) < _SMALL else nullcontext():
        index.add_with_ids(vectors, new)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS work in the calling thread: for little work, waking others takes longer."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def rebuilt_graph(index: faiss.IndexIDMap2) -> faiss.IndexIDMap2:
    """Build a graph of the vectors of ``index`` that are not removed."""
    import faiss

    scalar = faiss.ScalarQuantizer.QT_fp16
    inner = faiss.IndexHNSWSQ(index.d, scalar, _LINKS, faiss.METRIC_INNER_PRODUCT)
    inner.hnsw.efConstruction = _BUILD_WIDTH
    inner.hnsw.efSearch = _SEARCH_WIDTH
    graph = faiss.IndexIDMap2(inner)
    places = np.flatnonzero(keys(index) != _REMOVED)
    vectors = index.index.reconstruct_batch(places)
    # float16 needs no training, but FAISS requires the call.
    inner.train(vectors[:1])
    if len(places):
        graph.add_with_ids(vectors, keys(index)[places])
    return graph


def remove(index: faiss.IndexIDMap2, old: IntArray) -> faiss.IndexIDMap2:
    """Remove the keys ``old``; return ``index``, or a new index that replaces it."""
    import faiss

    if not is_graph(index):
        index.remove_ids(old)
        return index
    present = keys(index)
    present[np.isin(present, old)] = _REMOVED
    faiss.copy_array_to_vector(present, index.id_map)
    return rebuilt_graph(index) if (present == _REMOVED).mean() > _MAX_REMOVED_SHARE else index


def search(
    index: faiss.IndexIDMap2, vector: FloatArray, k: int, allowed: IntArray | None
) -> tuple[IntArray, FloatArray]:
    """Return ``(keys, cosines)`` of the ``k`` nearest; missing ones have the key -1."""
    import faiss

    if not is_graph(index):
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))
    elif allowed is not None and len(allowed) <= _FEW:
        return _scan(index, vector, k, allowed)
    else:
        usable = (
            faiss.IDSelectorRange(0, np.iinfo(np.int64).max)
            if allowed is None
            else faiss.IDSelectorBatch(allowed)
        )
        width = max(_SEARCH_WIDTH, index.ntotal // _VECTORS_PER_CANDIDATE, k)
        parameters = faiss.SearchParametersHNSW(sel=usable, efSearch=width)
    with one_thread():
        scores, found = index.search(vector[None, :], k, params=parameters)
    return found[0], scores[0]


def _scan(
    index: faiss.IndexIDMap2, vector: FloatArray, k: int, allowed: IntArray
) -> tuple[IntArray, FloatArray]:
    present = keys(index)
    places = np.flatnonzero(np.isin(present, allowed) & (present != _REMOVED))
    if not len(places):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    scores: FloatArray = index.index.reconstruct_batch(places) @ vector
    best = np.argsort(-scores, kind="stable")[:k]
    return present[places[best]], scores[best]
