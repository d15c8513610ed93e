"""BM25, compared with a direct implementation of the formula."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.index.lexical import K1, B, LexicalIndex
from geungeo.rag.language.terms import Bag, term_hash

WORDS = st.lists(st.sampled_from(list("가나다라마바돈쌀값")), min_size=1, max_size=12)


def oracle(documents: dict[int, list[str]], query: list[str]) -> dict[int, float]:
    """Compute BM25 directly from its formula, without an index."""
    mean = sum(map(len, documents.values())) / len(documents)
    scores: dict[int, float] = {}
    for key, words in documents.items():
        counts, score = Counter(words), 0.0
        for term, repeat in Counter(query).items():
            n = sum(term in other for other in documents.values())
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            tf = counts[term]
            norm = K1 * (1 - B + B * len(words) / max(mean, 1))
            score += repeat * idf * tf * (K1 + 1) / (tf + norm)
        if score > 0:
            scores[key] = score
    return scores


def hashed(words: list[str]) -> np.ndarray:
    return np.array([term_hash(word) for word in words], dtype=np.uint32)


@given(
    batches=st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=14),
    removed=st.sets(st.integers(0, 30)),
    query=WORDS,
    k=st.integers(1, 60),
)
@settings(max_examples=200, deadline=None)
def test_scores_equal_the_oracle_after_any_additions_and_removals(
    batches: list[list[list[str]]], removed: set[int], query: list[str], k: int
) -> None:
    index = LexicalIndex()
    documents: dict[int, list[str]] = {}
    for batch in batches:
        keys = list(range(len(documents), len(documents) + len(batch)))
        documents.update(zip(keys, batch, strict=True))
        index.add(keys, [Bag.of(words) for words in batch])
    index.remove(sorted(removed))
    documents = {key: words for key, words in documents.items() if key not in removed}
    assert len(index) == len(documents)
    if not documents:
        assert index.search(hashed(query), k) == []
        return
    expected = sorted(oracle(documents, query).items(), key=lambda pair: -pair[1])[:k]
    got = index.search(hashed(query), k)
    assert [score for _, score in got] == pytest.approx([score for _, score in expected], rel=1e-4)


@given(
    documents=st.lists(WORDS, min_size=1, max_size=40),
    cuts=st.sets(st.integers(1, 39)),
    query=WORDS,
    k=st.integers(1, 12),
)
@settings(max_examples=100, deadline=None)
def test_equal_scores_are_ordered_by_key_however_the_passages_were_added(
    documents: list[list[str]], cuts: set[int], query: list[str], k: int
) -> None:
    """Servers of one store add the same passages in other portions."""
    bags = [Bag.of(words) for words in documents * 3]
    whole, parts = LexicalIndex(), LexicalIndex()
    whole.add(range(len(bags)), bags)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(bags)), len(bags)]
    for start, end in itertools.pairwise(bounds):
        parts.add(range(start, end), bags[start:end])
    found = whole.search(hashed(query), k)
    assert parts.search(hashed(query), k) == found
    everything = whole.search(hashed(query), len(bags))
    assert found == sorted(everything, key=lambda pair: (-pair[1], pair[0]))[:k]


def test_only_allowed_keys_are_returned() -> None:
    index = LexicalIndex()
    index.add([1, 2, 3], [Bag.of(["돈"])] * 3)
    assert [key for key, _ in index.search(hashed(["돈"]), 9, np.array([3, 1]))] == [1, 3]


def test_bags_are_unchanged_by_packing() -> None:
    bag = Bag.of(["돈", "쌀", "돈"])
    again = Bag.from_bytes(bag.to_bytes())
    assert again.terms.tolist() == bag.terms.tolist()
    assert again.counts.tolist() == bag.counts.tolist()
