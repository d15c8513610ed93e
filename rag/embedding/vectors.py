"""What every engine owes its caller, checked in one place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geungeo.rag.errors import BackendUnavailable
from geungeo.rag.protocols import FloatArray


def unit(vectors: npt.ArrayLike, *, rows: int, maker: str) -> FloatArray:
    """``vectors`` as ``(rows, dim)`` float32 of unit norm.

    Raises:
        BackendUnavailable: wrong shape, NaN, infinity or a zero vector; names ``maker``.
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
