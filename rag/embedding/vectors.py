"""Checks of the vectors that engines return, and digests of their weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geungeo.rag.errors import BackendUnavailable
from geungeo.rag.protocols import ContextualEmbedder, Embedder, FloatArray


def unit(vectors: npt.ArrayLike, *, rows: int, maker: str) -> FloatArray:
    """Return ``vectors`` as ``(rows, dim)`` float32 of unit norm.

    Raises:
        BackendUnavailable: wrong shape, NaN, infinity or a zero vector; ``maker`` is named.
    """
    try:
        array = np.ascontiguousarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BackendUnavailable(f"{maker} returned vectors of unequal length") from error
    if array.ndim != 2 or array.shape[0] != rows:
        raise BackendUnavailable(f"{maker} returned shape {array.shape} for {rows} texts")
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or (norms < 1e-6).any():
        raise BackendUnavailable(f"{maker} returned a vector that is zero or not finite")
    normalised: FloatArray = array / norms
    return normalised


def embed_parts(embedder: Embedder, texts: Sequence[Sequence[str]]) -> list[FloatArray]:
    """Return ``(1 + len(parts), dim)`` for each text: the vector of the whole, then of each part.

    An embedder that cannot read parts in their context gets each part as a text of its own.
    """
    if isinstance(embedder, ContextualEmbedder):
        return embedder.embed_parts(texts)
    wanted = [["\n".join(parts), *parts] for parts in texts]
    distinct = list(dict.fromkeys(text for group in wanted for text in group))
    if not distinct:
        return []
    vectors = dict(zip(distinct, embedder.embed(distinct, query=False), strict=True))
    return [np.stack([vectors[text] for text in group]) for group in wanted]


_MARK = "#sha256:"
_DIGITS = 16


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return ``#sha256:…`` over names and contents; 70 MB take about 50 ms."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return _MARK + digest.hexdigest()[:_DIGITS]


def digest_of_tensors(tensors: Iterable[tuple[str, memoryview]]) -> str:
    """Return ``#sha256:…`` over names and raw contents, in the given order."""
    digest = hashlib.sha256()
    for name, data in tensors:
        digest.update(name.encode())
        digest.update(data)
    return _MARK + digest.hexdigest()[:_DIGITS]


def without_digest(identity: str) -> str:
    """Return ``identity`` without its digest, as older stores recorded it."""
    return identity.partition(_MARK)[0]
