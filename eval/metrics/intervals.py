"""Bootstrap intervals, and paired differences between two runs.

Percentile bootstrap: items are drawn with replacement, all turns of a conversation
together, because they are not independent; 95 % between the 2.5th and 97.5th percentile.
Efron, Tibshirani: An Introduction to the Bootstrap (1993), chapter 13; paired
differences as in Koehn, Statistical Significance Tests for Machine Translation
Evaluation, EMNLP 2004. A metric at its bound in every row has an interval of no width:
read it with its ``n``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from pydantic import BaseModel, ConfigDict

from geungeo.eval.metrics.metric import Array, Metric
from geungeo.eval.rows import Row

RESAMPLES = 1_000
LOWER, UPPER = 2.5, 97.5
_CHUNK = 100


class Estimate(BaseModel):
    """A value, its 95 % interval, and the number of cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float
    n: int


class Difference(BaseModel):
    """New minus old over the shared rows; ``clear`` if the interval excludes 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: float
    new: float
    difference: float
    low: float
    high: float
    n: int
    clear: bool


def estimate(metric: Metric, rows: Sequence[Row], seed: int) -> Estimate | None:
    """Compute the metric over ``rows``; None if it has no case or is undefined."""
    sums = _by_item(metric, rows, _items(rows))
    if sums is None:
        return None
    total = sums.sum(axis=0)
    value = float(metric.formula(total))
    if np.isnan(value):
        return None
    draws = metric.formula(_resampled(sums, seed))
    low, high = _interval(draws, value)
    return Estimate(value=_short(value), low=low, high=high, n=round(float(total[-1])))


def difference(
    metric: Metric, old: Sequence[Row], new: Sequence[Row], seed: int
) -> Difference | None:
    """Compute the paired difference over rows with the same key; None if there is none."""
    shared = {row.key for row in old} & {row.key for row in new}
    before = [row for row in old if row.key in shared and metric.numbers(row) is not None]
    after = [row for row in new if row.key in shared and metric.numbers(row) is not None]
    items = _items([*before, *after])
    old_sums, new_sums = _by_item(metric, before, items), _by_item(metric, after, items)
    if old_sums is None or new_sums is None:
        return None
    old_value = float(metric.formula(old_sums.sum(axis=0)))
    new_value = float(metric.formula(new_sums.sum(axis=0)))
    if np.isnan(old_value) or np.isnan(new_value):
        return None
    # The same seed draws the same items for both, which pairs them.
    draws = metric.formula(_resampled(new_sums, seed)) - metric.formula(_resampled(old_sums, seed))
    value = new_value - old_value
    low, high = _interval(draws, value)
    return Difference(
        old=_short(old_value),
        new=_short(new_value),
        difference=_short(value),
        low=low,
        high=high,
        n=round(float(new_sums.sum(axis=0)[-1])),
        clear=low > 0 or high < 0,
    )


def percentile_estimate(values: Sequence[float], percent: float, seed: int) -> Estimate | None:
    """Compute a percentile (linear interpolation) of ``values`` with its bootstrap interval."""
    if not values:
        return None
    array = np.asarray(values, dtype=np.float64)
    value = float(np.percentile(array, percent))
    generator = np.random.default_rng(seed)
    draws = np.concatenate(
        [
            np.percentile(
                array[generator.integers(0, len(array), (_CHUNK, len(array)))], percent, axis=1
            )
            for _ in range(RESAMPLES // _CHUNK)
        ]
    )
    low, high = _interval(draws, value)
    return Estimate(value=_short(value), low=low, high=high, n=len(values))


def _items(rows: Iterable[Row]) -> dict[str, int]:
    names = dict.fromkeys(row.item for row in rows)
    return {name: at for at, name in enumerate(names)}


def _by_item(metric: Metric, rows: Iterable[Row], items: dict[str, int]) -> Array | None:
    """Return (items, d) sums of the rows' numbers; None if no row is a case."""
    sums: Array | None = None
    for row in rows:
        numbers = metric.numbers(row)
        if numbers is None:
            continue
        if sums is None:
            sums = np.zeros((len(items), len(numbers)))
        sums[items[row.item]] += numbers
    return sums


def _resampled(sums: Array, seed: int) -> Array:
    """Return (RESAMPLES, d) sums over items drawn with replacement."""
    return _draws(len(sums), seed) @ sums


@lru_cache(maxsize=4)
def _draws(count: int, seed: int) -> Array:
    """Return (RESAMPLES, count): how often each item is drawn in each resample."""
    generator = np.random.default_rng(seed)
    shares = np.full(count, 1.0 / count)
    return generator.multinomial(count, shares, size=RESAMPLES).astype(np.float64)


def _interval(draws: Array, value: float) -> tuple[float, float]:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return _short(value), _short(value)
    low, high = np.percentile(defined, [LOWER, UPPER])
    return _short(float(low)), _short(float(high))


def _short(value: float) -> float:
    return round(value, 6)
