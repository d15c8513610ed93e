"""The results as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from geungeo.eval.metrics.catalogue import METRICS
from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.results import Comparison, Results

_COUNTS = {"unsupported_claims"}
# Shown for each kind of question, where they have cases.
_KIND_COLUMNS = (
    "recall@5",
    "answer_hit",
    "turn_answer_hit",
    "quote_hit",
    "citation_precision",
    "abstain_recall",
)


def show(console: Console, results: Results) -> None:
    """Print headline, kinds, reasons and comparison."""
    parts: list[RenderableType] = [_headline(results), _kinds(results)]
    if results.by_reason:
        parts.append(_reasons(results))
    if results.comparison:
        parts.append(_comparison(results.comparison))
    console.print(Group(*parts))


def figure(name: str, value: float) -> str:
    """A metric's value as it is printed: counts whole, times in ms, shares to 3 places."""
    if name in _COUNTS:
        return f"{value:.0f}"
    return f"{value:.1f}" if "_ms" in name else f"{value:.3f}"


def interval(name: str, estimate: Estimate) -> str:
    """The 95 % interval, in the metric's own form."""
    return f"{figure(name, estimate.low)} to {figure(name, estimate.high)}"


def _headline(results: Results) -> Table:
    table = _table("metric", "value", "95 % interval", "cases", "what it is", right={1, 2, 3})
    for name, estimate in results.metrics.items():
        if ":" in name:
            continue  # stages stand in the JSON and the report
        table.add_row(
            name,
            figure(name, estimate.value),
            interval(name, estimate),
            str(estimate.n),
            METRICS[name].title if name in METRICS else "whole answer, ms",
        )
    return table


def _kinds(results: Results) -> Table:
    columns = [
        name
        for name in _KIND_COLUMNS
        if any(name in group.metrics for group in results.by_kind.values())
    ]
    table = _table("kind", "cases", *columns, right=set(range(1, len(columns) + 2)))
    for kind, group in results.by_kind.items():
        table.add_row(kind, str(group.n), *_cells(columns, group.metrics))
    return table


def _cells(columns: Iterable[str], metrics: dict[str, Estimate]) -> Iterable[str]:
    return (figure(name, metrics[name].value) if name in metrics else "" for name in columns)


def _reasons(results: Results) -> Table:
    table = _table("abstained because", "rightly", "wrongly", right={1, 2})
    for reason, count in results.by_reason.items():
        table.add_row(reason, str(count.right), str(count.wrong))
    return table


def _comparison(comparison: Comparison) -> Group:
    table = _table("metric", "old", "new", "difference", "95 % interval", "", right={1, 2, 3, 4})
    for name, change in comparison.metrics.items():
        table.add_row(
            name,
            figure(name, change.old),
            figure(name, change.new),
            f"{change.difference:+.3f}",
            f"{change.low:+.3f} to {change.high:+.3f}",
            "clear" if change.clear else "within noise",
        )
    title = f"against {comparison.old}, paired over {comparison.shared} shared cases"
    if comparison.only_old or comparison.only_new:
        title += f" ({comparison.only_old} only there, {comparison.only_new} only here)"
    return Group(Text(title), table)


def _table(*columns: str, right: set[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        # Text, not markup: names of data sets and kinds come from files.
        table.add_column(Text(column), justify="right" if at in right else "left")
    return table
