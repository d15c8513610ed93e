"""FAISS below :class:`geungeo.index.vectors.VectorIndex`: an exact scan, or a graph.

The graph is HNSW (Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search
using Hierarchical Navigable Small World graphs", 2018) over float16 vectors. It cannot forget:
a removed vector keeps its place under the key -1 until a quarter is gone, then the rest is
built anew. A filter that leaves few vectors is answered exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geungeo.rag.protocols import FloatArray

if TYPE_CHECKING:
    import faiss

IntArray = npt.NDArray[np.int64]

_LINKS = 32
_WIDTH_OF_BUILDING = 80
# Candidates kept while searching: the larger, the nearer to the exact scan, and the slower. Beyond
# some 100,000 vectors they have to grow along, one for each 250.
_WIDTH_OF_SEARCH = 512
_VECTORS_A_CANDIDATE = 250
_GONE = -1
_MOST_GONE = 0.25
# Fewer vectors than this are scanned rather than sought in the graph.
_FEW = 10_000
# Small additions run on one thread, so that every process builds the same graph from them.
_SMALL = 1_000


def exact(dimension: int) -> faiss.IndexIDMap2:
    """An empty index that scans all vectors."""
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def is_graph(index: faiss.IndexIDMap2) -> bool:
    """Whether ``index`` seeks in a graph, not in all vectors."""
    import faiss

    return isinstance(faiss.downcast_index(index.index), faiss.IndexHNSW)


def keys(index: faiss.IndexIDMap2) -> IntArray:
    """``(ntotal,)``: the key at each place, -1 where it was removed."""
    import faiss

    found: IntArray = faiss.vector_to_array(index.id_map)
    return found


def living(index: faiss.IndexIDMap2) -> int:
    """How many vectors have not been removed."""
    if not is_graph(index):
        return int(index.ntotal)
    return int((keys(index) != _GONE).sum())


def add(index: faiss.IndexIDMap2, new: IntArray, vectors: FloatArray) -> None:
    """Add ``vectors`` (n, dim) under the keys ``new``."""
    import faiss

    threads = faiss.omp_get_max_threads()
    if len(new) < _SMALL:
        faiss.omp_set_num_threads(1)
    try:
        index.add_with_ids(vectors, new)
    finally:
        faiss.omp_set_num_threads(threads)


def grown(index: faiss.IndexIDMap2) -> faiss.IndexIDMap2:
    """A graph over the living vectors of ``index``."""
    import faiss

    scalar = faiss.ScalarQuantizer.QT_fp16
    inner = faiss.IndexHNSWSQ(index.d, scalar, _LINKS, faiss.METRIC_INNER_PRODUCT)
    inner.hnsw.efConstruction = _WIDTH_OF_BUILDING
    inner.hnsw.efSearch = _WIDTH_OF_SEARCH
    graph = faiss.IndexIDMap2(inner)
    places = np.flatnonzero(keys(index) != _GONE)
    vectors = index.index.reconstruct_batch(places)
    # float16 needs no training, but FAISS wants to be asked.
    inner.train(vectors[:1])
    if len(places):
        graph.add_with_ids(vectors, keys(index)[places])
    return graph


def without(index: faiss.IndexIDMap2, gone: IntArray) -> faiss.IndexIDMap2:
    """``index`` after removing the keys ``gone``: itself, or a smaller one in its place."""
    import faiss

    if not is_graph(index):
        index.remove_ids(gone)
        return index
    present = keys(index)
    present[np.isin(present, gone)] = _GONE
    faiss.copy_array_to_vector(present, index.id_map)
    return grown(index) if (present == _GONE).mean() > _MOST_GONE else index


def search(
    index: faiss.IndexIDMap2, vector: FloatArray, k: int, allowed: IntArray | None
) -> tuple[IntArray, FloatArray]:
    """``(keys, cosines)`` of the ``k`` nearest; a key of -1 where there are fewer."""
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
        width = max(_WIDTH_OF_SEARCH, index.ntotal // _VECTORS_A_CANDIDATE, k)
        parameters = faiss.SearchParametersHNSW(sel=usable, efSearch=width)
    scores, found = index.search(vector[None, :], k, params=parameters)
    return found[0], scores[0]


def _scan(
    index: faiss.IndexIDMap2, vector: FloatArray, k: int, allowed: IntArray
) -> tuple[IntArray, FloatArray]:
    present = keys(index)
    places = np.flatnonzero(np.isin(present, allowed) & (present != _GONE))
    if not len(places):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    scores: FloatArray = index.index.reconstruct_batch(places) @ vector
    best = np.argsort(-scores, kind="stable")[:k]
    return present[places[best]], scores[best]
