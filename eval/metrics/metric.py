"""Definition of a metric: numbers per row that are added, and a formula over their sums.

Because sums and formula are separate, one bootstrap serves all metrics, ratios such as F1 included:
resampling rows means resampling their numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geungeo.eval.rows import Row

Array = npt.NDArray[np.float64]
RowNumbers = Callable[[Row], tuple[float, ...] | None]
Formula = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of an evaluation.

    ``numbers`` returns a row's addends, None if the row is not a case of this metric. The last
    addend always counts cases, so that its sum is the metric's ``n``. ``formula`` maps sums ``(...,
    d)`` to values ``(...)``, NaN where undefined.
    """

    name: str
    group: str
    title: str
    numbers: RowNumbers
    formula: Formula
    better: Literal["higher", "lower"] = "higher"


def ratio(sums: Array) -> Array:
    """Divide the first addend by the last: a mean over cases. ``(..., d)`` to ``(...)``."""
    return divide(sums[..., 0], sums[..., -1])


def first(sums: Array) -> Array:
    """Return the first addend: a count. ``(..., d)`` to ``(...)``; NaN without any case."""
    return np.where(sums[..., -1] > 0, sums[..., 0], np.nan)


def divide(above: Array, below: Array) -> Array:
    """Return the element-wise ``above / below``, NaN where ``below`` is 0."""
    safe = np.where(below > 0, below, 1.0)
    return np.where(below > 0, above / safe, np.nan)
