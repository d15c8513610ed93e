"""The results as text for a terminal."""

from __future__ import annotations

from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.console import Group as Renderables
from rich.table import Table
from rich.text import Text

from geungeo.eval.metrics.catalogue import METRICS
from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.results import Comparison, Results

_COUNTS = {"unsupported_claims"}
# Shown for each kind of question, where they have cases.
_KIND_ROWS = (
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
    console.print(Renderables(*parts))


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
    """Metrics down, kinds across: kinds are few, and their names short."""
    table = _table("by kind", *results.by_kind, right=set(range(1, len(results.by_kind) + 1)))
    groups = list(results.by_kind.values())
    table.add_row("cases", *(str(group.n) for group in groups))
    for name in _KIND_ROWS:
        if any(name in group.metrics for group in groups):
            table.add_row(name, *(_cell(name, group.metrics) for group in groups))
    return table


def _cell(name: str, metrics: dict[str, Estimate]) -> str:
    return figure(name, metrics[name].value) if name in metrics else ""


def _reasons(results: Results) -> Table:
    table = _table("abstained because", "rightly", "wrongly", right={1, 2})
    for reason, count in results.by_reason.items():
        table.add_row(reason, str(count.right), str(count.wrong))
    return table


def _comparison(comparison: Comparison) -> Renderables:
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
    if comparison.changed:
        title += f"; changed: {', '.join(comparison.changed)}"
    return Renderables(Text(title), table)


def _table(*columns: str, right: set[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        # Text, not markup: names of data sets and kinds come from files.
        justify: Literal["left", "right"] = "right" if at in right else "left"
        table.add_column(Text(column), justify=justify, no_wrap=at == 0)
    return table
