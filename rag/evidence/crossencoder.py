"""Reads a question and a sentence together, and says how well the one answers the other.

multilingual-e5-small's bundled weights with a low-rank adaptation and a line over what the states
say (:mod:`geungeo.rag.evidence.pairing`), both taught by
``python -m geungeo.eval.training.crossencoder``. What vectors cannot tell apart, since each text
got its own before the two met, is told here: another's name, an absent fact, a paraphrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.resources import as_file, files

import numpy as np

from geungeo.rag.embedding.encoder import Encoder
from geungeo.rag.evidence.pairing import SentenceInContext, pair_ids, parts, seen
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import FloatArray

WEIGHTS = "crossencoder.npz"
_KEPT = 4_096


class CrossEncoder:
    """Judges sentences; remembers the last 4,096 judgements. Thread-safe, loads on first use."""

    def __init__(self) -> None:
        self._memo: Memo[tuple[str, SentenceInContext], float] = Memo(_KEPT, self._judge)

    def judge(self, question: str, passages: Sequence[SentenceInContext]) -> FloatArray:
        """Return ``(len(passages),)``: the log-odds that each sentence answers; 0 is even."""
        known = self._memo.get((question, passage) for passage in passages)
        return np.array([known[question, passage] for passage in passages], dtype=np.float32)

    def _judge(self, wanted: Sequence[tuple[str, SentenceInContext]]) -> Iterator[float]:
        encoder, weights, bias = self._loaded
        pairs = [pair_ids(encoder.pieces, question, passage) for question, passage in wanted]
        for pair, states in zip(pairs, encoder.states(pairs), strict=True):
            yield float(seen(states, *parts(encoder.pieces, pair)) @ weights) + bias

    @cached_property
    def _loaded(self) -> tuple[Encoder, FloatArray, float]:
        with (
            as_file(files("geungeo.rag.evidence").joinpath(WEIGHTS)) as path,
            np.load(path, allow_pickle=False) as stored,
        ):
            arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        weights, bias = arrays.pop("head.w")[0], float(arrays.pop("head.b")[0])
        return Encoder(adapter=arrays), weights, bias
