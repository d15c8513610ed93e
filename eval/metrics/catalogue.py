"""All metrics by name, computed over a set of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from geungeo.eval.metrics.abstention import ABSTENTION_METRICS
from geungeo.eval.metrics.answering import ANSWER_METRICS, CONVERSATION_METRICS
from geungeo.eval.metrics.checking import CHECK_METRICS
from geungeo.eval.metrics.intervals import Estimate, estimate, percentile_estimate
from geungeo.eval.metrics.metric import Metric
from geungeo.eval.metrics.retrieval import RETRIEVAL_METRICS
from geungeo.eval.rows import Latency, Row

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *RETRIEVAL_METRICS,
        *ANSWER_METRICS,
        *ABSTENTION_METRICS,
        *CONVERSATION_METRICS,
        *CHECK_METRICS,
    )
}
PERCENTILES: dict[str, float] = {"p50_ms": 50.0, "p95_ms": 95.0}
STAGES: tuple[str, ...] = ("search", "rewrite", "retrieve", "generate", "ground", "total")


class ReasonCount(BaseModel):
    """Counts of one abstention reason: right and wrong abstentions, and by kind of question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    right: int
    wrong: int
    by_kind: dict[str, int]


def lower_is_better(name: str) -> bool:
    """Whether ``name`` is a count of errors or a time."""
    return name.split(":")[0] in PERCENTILES or METRICS[name].better == "lower"


def is_metric(name: str) -> bool:
    """Whether ``name`` is valid in ``--min``; ``p95_ms:retrieve`` is the time of one stage."""
    base, _, stage = name.partition(":")
    return name in METRICS or (base in PERCENTILES and (not stage or stage in STAGES))


def measure(rows: Sequence[Row], seed: int) -> dict[str, Estimate]:
    """Compute every metric that has cases among ``rows``, with its interval."""
    found = ((name, estimate(metric, rows, seed)) for name, metric in METRICS.items())
    return {name: value for name, value in found if value is not None}


def measure_latency(latencies: Iterable[Latency], seed: int) -> dict[str, Estimate]:
    """Compute ``p50_ms`` and ``p95_ms`` of whole answers and of each stage (``p50_ms:STAGE``).

    Percentiles over answered and abstained rows, with linear interpolation, in ms.
    """
    times: dict[str, list[float]] = {}
    for latency in latencies:
        for stage, milliseconds in latency.stages.items():
            times.setdefault(stage, []).append(milliseconds)
    figures: dict[str, Estimate] = {}
    for stage in STAGES:
        for name, percent in PERCENTILES.items():
            value = percentile_estimate(times.get(stage, []), percent, seed)
            if value is not None:
                figures[name if stage == "total" else f"{name}:{stage}"] = value
    return figures


def by_kind(rows: Sequence[Row], seed: int) -> dict[str, dict[str, Estimate]]:
    """Return :func:`measure` for each kind of question."""
    return _grouped(((row.kind, row) for row in rows), seed)


def by_tag(rows: Sequence[Row], seed: int) -> dict[str, dict[str, Estimate]]:
    """Return :func:`measure` for each tag; a row counts for all its tags."""
    return _grouped(((tag, row) for row in rows for tag in row.tags), seed)


def by_dataset(rows: Sequence[Row], seed: int) -> dict[str, dict[str, Estimate]]:
    """Return :func:`measure` for each file."""
    return _grouped(((row.dataset, row) for row in rows), seed)


def by_reason(rows: Iterable[Row]) -> dict[str, ReasonCount]:
    """Count each abstention reason, right and wrong, and by kind of question."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    for row in rows:
        if row.status == "abstained" and row.reason:
            (right if row.expected == "abstain" else wrong)[row.reason] += 1
            kinds.setdefault(row.reason, Counter())[row.kind] += 1
    return {
        reason: ReasonCount(
            right=right[reason], wrong=wrong[reason], by_kind=dict(sorted(counts.items()))
        )
        for reason, counts in sorted(kinds.items())
    }


def _grouped(pairs: Iterable[tuple[str, Row]], seed: int) -> dict[str, dict[str, Estimate]]:
    groups: dict[str, list[Row]] = {}
    for name, row in pairs:
        groups.setdefault(name, []).append(row)
    return {name: measure(rows, seed) for name, rows in sorted(groups.items())}
