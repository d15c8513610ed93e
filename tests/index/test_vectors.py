"""Exact and graph index, compared with directly computed cosines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geungeo.index.vectors import Generation, VectorIndex
from geungeo.rag.protocols import FloatArray

DIMENSION = 32


def unit(seed: int, rows: int) -> FloatArray:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSION)).astype(np.float32)
    found: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


@pytest.fixture(params=[10**9, 0], ids=["exact", "graph"])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    return VectorIndex(DIMENSION, exact_limit=request.param)


def oracle(
    keys: list[int], vectors: FloatArray, query: FloatArray, k: int
) -> list[tuple[int, float]]:
    scores = vectors @ query
    order = np.argsort(-scores, kind="stable")[:k]
    return [(keys[at], float(scores[at])) for at in order]


def assert_same(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> None:
    assert [key for key, _ in found] == [key for key, _ in expected]
    # float16 has eleven significant bits.
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=2e-3)


def test_the_nearest_come_first_with_their_cosines(index: VectorIndex) -> None:
    keys, vectors = list(range(100, 400)), unit(1, 300)
    index.add(keys, vectors)
    for query in unit(2, 20):
        assert_same(index.search(query, 10), oracle(keys, vectors, query, 10))


def test_k_larger_than_the_index(index: VectorIndex) -> None:
    keys, vectors = [7, 9], unit(3, 2)
    index.add(keys, vectors)
    assert_same(index.search(vectors[0], 10), oracle(keys, vectors, vectors[0], 10))


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.search(unit(4, 1)[0], 5) == [] and len(index) == 0
    index.remove([1])
    index.add([], np.empty((0, DIMENSION), dtype=np.float32))
    assert index.keys() == set()


def test_duplicate_vectors_have_equal_scores(index: VectorIndex) -> None:
    vector = unit(5, 1)
    index.add([3, 1], np.repeat(vector, 2, axis=0))
    found = index.search(vector[0], 2)
    assert {key for key, _ in found} == {1, 3} and found[0][1] == found[1][1]


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_removed_vectors_are_not_found(index: VectorIndex, share: float) -> None:
    keys, vectors = list(range(200)), unit(6, 200)
    index.add(keys, vectors)
    removed = set(range(int(200 * share)))
    index.remove(sorted(removed))
    kept = [key for key in keys if key not in removed]
    assert len(index) == len(kept) and index.keys() == set(kept)
    query = vectors[0]
    assert_same(index.search(query, 5), oracle(kept, vectors[kept], query, 5))
    index.add([0], vectors[:1])
    assert index.search(query, 1)[0][0] == 0


@pytest.mark.parametrize("few", [True, False])
def test_a_filter_restricts_to_its_keys(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch, *, few: bool
) -> None:
    monkeypatch.setattr("geungeo.index.graph._FEW", 10**6 if few else 0)
    keys, vectors = list(range(300)), unit(7, 300)
    index.add(keys, vectors)
    allowed = np.arange(0, 300, 3, dtype=np.int64)
    kept = [int(key) for key in allowed]
    for query in unit(8, 5):
        found = index.search(query, 10, allowed)
        assert_same(found, oracle(kept, vectors[kept], query, 10))
    assert index.search(unit(8, 1)[0], 3, np.array([999], dtype=np.int64)) == []


def test_an_exact_index_becomes_a_graph_above_its_limit() -> None:
    index = VectorIndex(DIMENSION, exact_limit=100)
    keys, vectors = list(range(150)), unit(9, 150)
    for start in range(0, 150, 30):
        index.add(keys[start : start + 30], vectors[start : start + 30])
    query = unit(10, 1)[0]
    assert_same(index.search(query, 10), oracle(keys, vectors, query, 10))


def test_a_saved_index_is_loaded_unchanged(index: VectorIndex, tmp_path: Path) -> None:
    generation = Generation(3, "abc")
    keys, vectors = list(range(50)), unit(11, 50)
    index.add(keys, vectors)
    index.remove([4, 5])
    index.save(tmp_path, maker="m", generation=generation)
    loaded, flaw = VectorIndex.load(tmp_path, maker="m", dimension=DIMENSION, generation=generation)
    assert flaw is None and loaded is not None
    query = unit(12, 1)[0]
    assert loaded.search(query, 8) == index.search(query, 8)
    loaded.remove([6])
    loaded.add([6], vectors[6:7])
    assert loaded.keys() == set(keys) - {4, 5}
