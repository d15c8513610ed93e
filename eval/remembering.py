"""An embedder that embeds nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geungeo.rag.protocols import Embedder, FloatArray


class Remembering:
    """Gives an embedder's vectors; each text is embedded once in the life of the process."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[tuple[str, bool], FloatArray] = {}
        self.identity = inner.identity
        self.dimension = inner.dimension

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """``(len(texts), dim)`` float32, unit norm."""
        new = sorted({text for text in texts if (text, query) not in self._known})
        if new:
            for text, vector in zip(new, self._inner.embed(new, query=query), strict=True):
                self._known[text, query] = vector
        rows = [self._known[text, query] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)
