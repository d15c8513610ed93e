"""BM25 over hashed terms, in memory, in segments.

Scores follow Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond" (2009), eq. 3.15, with Lucene's non-negative IDF ``ln(1 + (N - n + 0.5)/(n + 0.5))``.
New passages form a small segment, and segments are merged when there are many, so that adding
an article does not rebuild the whole index. A removed passage is masked until its segment is
merged.

An engine on other machines only proposes passages; their scores are computed here, too, from the
statistics of all passages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geungeo.rag.language.terms import Bag, TermArray
from geungeo.rag.protocols import FloatArray

K1 = 1.2
B = 0.75
_MAX_SEGMENTS = 8

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Number and mean length of all passages, and how many contain each term of a question."""

    total: int
    mean: float
    frequencies: Mapping[int, int]

    def weights(self, terms: TermArray) -> dict[int, float]:
        """Return the weight of each term of a question that occurs: its IDF times its repeats."""
        wanted, repeats = np.unique(terms, return_counts=True)
        return {
            int(term): float(np.log1p((self.total - n + 0.5) / (n + 0.5))) * int(repeat)
            for term, repeat in zip(wanted, repeats, strict=True)
            if (n := min(self.frequencies.get(int(term), 0), self.total))
        }


def document_weights(bag: Bag, mean: float) -> FloatArray:
    """Return ``(n,)`` float32: what each term of a passage adds to its score, without the IDF."""
    counts = bag.counts.astype(np.float32)
    return _scored(1.0, counts, _saturation(counts.sum(keepdims=True), mean))


def _saturation(lengths: FloatArray, mean: float) -> FloatArray:
    return K1 * (1 - B + B * lengths / max(mean, 1.0))


def _scored(weight: float, counts: FloatArray, saturation: FloatArray) -> FloatArray:
    return weight * counts * (K1 + 1) / (counts + saturation)


@dataclass(slots=True)
class _Segment:
    """Postings sorted by term: term ``t`` has the rows ``bounds[t]:bounds[t + 1]``."""

    keys: IntArray
    lengths: FloatArray
    alive: npt.NDArray[np.bool_]
    terms: TermArray
    bounds: IntArray
    documents: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint8]

    def postings(self, term: int) -> slice:
        at = int(np.searchsorted(self.terms, term))
        if at == len(self.terms) or self.terms[at] != term:
            return slice(0, 0)
        return slice(int(self.bounds[at]), int(self.bounds[at + 1]))


def _segment(
    keys: IntArray,
    lengths: FloatArray,
    terms: TermArray,
    documents: npt.NDArray[np.int32],
    counts: npt.NDArray[np.uint8],
) -> _Segment:
    order = np.argsort(terms, kind="stable")
    terms = terms[order]
    unique, starts = np.unique(terms, return_index=True)
    bounds = np.append(starts, len(terms)).astype(np.int64)
    alive = np.ones(len(keys), dtype=np.bool_)
    return _Segment(keys, lengths, alive, unique, bounds, documents[order], counts[order])


class LexicalIndex:
    """Index of one lexical channel. Not thread-safe; its owner serialises writes and reads."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []

    def __len__(self) -> int:
        return sum(int(segment.alive.sum()) for segment in self._segments)

    def add(self, keys: Sequence[int], bags: Sequence[Bag]) -> None:
        """Index passages ``keys`` with their terms."""
        if not keys:
            return
        sizes = [len(bag.terms) for bag in bags]
        self._segments.append(
            _segment(
                np.array(keys, dtype=np.int64),
                np.array([float(bag.counts.sum()) for bag in bags], dtype=np.float32),
                np.concatenate([bag.terms for bag in bags]),
                np.repeat(np.arange(len(keys), dtype=np.int32), sizes),
                np.concatenate([bag.counts for bag in bags]),
            )
        )
        if len(self._segments) > _MAX_SEGMENTS:
            self._merge()

    def remove(self, keys: Sequence[int]) -> None:
        """Remove passages; unknown keys are ignored."""
        gone = np.array(list(keys), dtype=np.int64)
        for segment in self._segments:
            segment.alive &= ~np.isin(segment.keys, gone)
        self._segments = [segment for segment in self._segments if segment.alive.any()]

    def document_frequency(self, terms: TermArray) -> IntArray:
        """Return ``(n,)`` int64: the number of passages that contain each term."""
        return np.array([self._frequency(int(term)) for term in terms], dtype=np.int64)

    def search(
        self,
        terms: TermArray,
        k: int,
        allowed: IntArray | None = None,
        *,
        statistics: Statistics | None = None,
    ) -> list[tuple[int, float]]:
        """Return the ``k`` best ``(key, score)``, highest first, ties by key; scores above 0 only.

        ``allowed`` restricts the result to these keys. ``statistics`` are those of all passages,
        if these are only some of them.
        """
        if k < 1 or not self._segments:
            return []
        known = self.statistics(terms) if statistics is None else statistics
        weights = known.weights(terms)
        found: list[tuple[int, float]] = []
        for segment in self._segments:
            scores = self._score(segment, weights, known.mean)
            usable = (
                segment.alive
                if allowed is None
                else (segment.alive & np.isin(segment.keys, allowed))
            )
            scores[~usable] = 0.0
            found.extend(
                (int(segment.keys[at]), float(scores[at])) for at in _best(scores, segment.keys, k)
            )
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def statistics(self, terms: TermArray) -> Statistics:
        """Return the statistics of these passages, with those of ``terms``."""
        total = len(self)
        # In float64 the sum is exact, and so the same however the passages are segmented.
        length = sum(float(one.lengths[one.alive].sum(dtype=np.float64)) for one in self._segments)
        frequencies = {int(term): self._frequency(int(term)) for term in np.unique(terms)}
        return Statistics(total, length / max(total, 1), frequencies)

    @staticmethod
    def _score(segment: _Segment, weights: Mapping[int, float], mean: float) -> FloatArray:
        scores = np.zeros(len(segment.keys), dtype=np.float32)
        saturation = _saturation(segment.lengths, mean)
        for term, weight in weights.items():
            rows = segment.postings(term)
            documents = segment.documents[rows]
            counts = segment.counts[rows].astype(np.float32)
            scores[documents] += _scored(weight, counts, saturation[documents])
        return scores

    def _frequency(self, term: int) -> int:
        return sum(
            int(segment.alive[segment.documents[segment.postings(term)]].sum())
            for segment in self._segments
        )

    def _merge(self) -> None:
        """Merge all segments except a dominant one, dropping removed passages."""
        small = sorted(self._segments, key=lambda segment: len(segment.keys))
        rest = sum(len(segment.keys) for segment in small[:-1])
        kept = [small.pop()] if len(small[-1].keys) > 2 * rest else []
        parts = [_alive_parts(segment) for segment in small]
        shift = np.cumsum([0, *(len(keys) for keys, *_ in parts)])
        self._segments = [
            *kept,
            _segment(
                np.concatenate([part[0] for part in parts]),
                np.concatenate([part[1] for part in parts]),
                np.concatenate([part[2] for part in parts]),
                np.concatenate(
                    [part[3] + np.int32(by) for part, by in zip(parts, shift, strict=False)]
                ),
                np.concatenate([part[4] for part in parts]),
            ),
        ]


def _best(scores: FloatArray, keys: IntArray, k: int) -> IntArray:
    """Return the positions of the ``k`` highest scores above 0; of equal ones, the lowest keys."""
    places = np.flatnonzero(scores > 0)
    if len(places) > k:
        lowest = np.partition(scores[places], len(places) - k)[len(places) - k]
        places = places[scores[places] >= lowest]
    return places[np.lexsort((keys[places], -scores[places]))][:k]


def _alive_parts(
    segment: _Segment,
) -> tuple[IntArray, FloatArray, TermArray, npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return the parts of ``segment`` without removed passages, documents renumbered."""
    number = np.cumsum(segment.alive, dtype=np.int32) - 1
    terms = np.repeat(segment.terms, np.diff(segment.bounds))
    rows = segment.alive[segment.documents]
    return (
        segment.keys[segment.alive],
        segment.lengths[segment.alive],
        terms[rows],
        number[segment.documents[rows]].astype(np.int32),
        segment.counts[rows],
    )
