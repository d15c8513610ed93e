"""Bounds that a run must keep: ``--min recall@5=0.9``, ``--max p95_ms=800``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from geungeo.eval.metrics.catalogue import METRICS, PERCENTILES, is_metric, lower_is_better
from geungeo.eval.metrics.intervals import Estimate
from geungeo.rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric with its bound; ``side`` tells on which side of it the value must stay."""

    metric: str
    bound: float
    side: Literal["least", "most"]

    def miss(self, metrics: Mapping[str, Estimate]) -> str | None:
        """Why the gate is missed, or None. A metric without cases misses its gate."""
        found = metrics.get(self.metric)
        wanted = f"at {self.side} {self.bound:g}"
        if found is None:
            return f"{self.metric} was not measured (no cases), must be {wanted}"
        kept = found.value >= self.bound if self.side == "least" else found.value <= self.bound
        return None if kept else f"{self.metric} is {found.value:.4f}, must be {wanted}"


def parse_gates(minimums: Iterable[str], maximums: Iterable[str]) -> list[Gate]:
    """Gates from ``METRIC=VALUE`` texts.

    Where lower is better, a ``--min`` is read as the worst value allowed, a maximum.

    Raises:
        UsageError: the metric is unknown or the value no number.
    """
    gates = [_parse(text, "--min") for text in minimums]
    return gates + [_parse(text, "--max") for text in maximums]


def _parse(text: str, option: str) -> Gate:
    name, separator, value = text.partition("=")
    name = name.strip()
    if not separator:
        raise UsageError(f"{option} {text!r} must have the form METRIC=VALUE")
    if not is_metric(name):
        known = ", ".join([*METRICS, *PERCENTILES])
        raise UsageError(f"{option}: unknown metric {name!r}; known are {known}")
    try:
        bound = float(value)
    except ValueError as error:
        raise UsageError(f"{option} {name}: {value!r} is not a number") from error
    if not math.isfinite(bound):
        raise UsageError(f"{option} {name}: {value!r} is not a finite number")
    upper = option == "--max" or lower_is_better(name)
    return Gate(name, bound, "most" if upper else "least")
