"""Results of an evaluation: the file, the tables for a terminal, and the gates."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.console import Group as Renderables
from rich.table import Table
from rich.text import Text

from geungeo.eval.cases import Dataset, Format
from geungeo.eval.metrics.catalogue import (
    METRICS,
    PERCENTILES,
    ReasonCount,
    by_dataset,
    by_kind,
    by_reason,
    by_tag,
    is_metric,
    lower_is_better,
    measure,
    measure_latency,
)
from geungeo.eval.metrics.intervals import Difference, Estimate, difference
from geungeo.eval.provenance import Run
from geungeo.eval.rows import Latency, Row
from geungeo.eval.runner import Progress
from geungeo.rag.errors import MalformedSource, UsageError

SCHEMA: Literal[1] = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BadLineInfo(_Model):
    """A part of a file that was skipped, and the reason."""

    where: str
    why: str


class DatasetInfo(_Model):
    """One file that was evaluated. ``n`` counts its finished cases."""

    name: str
    path: str
    format: Format
    sha256: str
    n: int
    documents: int
    bad_lines: tuple[BadLineInfo, ...]
    blank_lines: int
    notes: tuple[str, ...]


class Group(_Model):
    """Metrics of a subset of the rows."""

    n: int
    metrics: dict[str, Estimate]


class Comparison(_Model):
    """Paired differences to an earlier results file: this run minus the earlier one.

    ``changed`` names the differences between the runs as (old, new).
    """

    old: str
    revision: str | None
    shared: int
    only_old: int
    only_new: int
    changed: dict[str, tuple[Any, Any]] = {}
    metrics: dict[str, Difference]


class Results(_Model):
    """A whole evaluation. ``rows`` are equal in two runs; ``latencies`` are not."""

    schema_version: Literal[1] = SCHEMA
    created_at: str
    complete: bool
    planned: int
    datasets: tuple[DatasetInfo, ...]
    n: int
    failed: int
    metrics: dict[str, Estimate]
    by_dataset: dict[str, Group]
    by_kind: dict[str, Group]
    by_tag: dict[str, Group]
    by_reason: dict[str, ReasonCount]
    comparison: Comparison | None = None
    run: Run
    rows: tuple[Row, ...]
    latencies: tuple[Latency, ...]


def summarise(
    datasets: Sequence[Dataset], progress: Progress, run: Run, *, planned: int, now: datetime
) -> Results:
    """Compute all metrics over the finished rows. ``planned`` counts cases."""
    rows, seed = progress.rows, run.seed
    return Results(
        created_at=now.isoformat(timespec="seconds"),
        complete=progress.complete,
        planned=planned,
        datasets=tuple(_info(dataset, rows) for dataset in datasets),
        n=len(rows),
        failed=sum(row.failed for row in rows),
        metrics={**measure(rows, seed), **measure_latency(progress.latencies, seed)},
        by_dataset=_groups(by_dataset(rows, seed), [(row.dataset, row) for row in rows]),
        by_kind=_groups(by_kind(rows, seed), [(row.kind, row) for row in rows]),
        by_tag=_groups(by_tag(rows, seed), [(tag, row) for row in rows for tag in row.tags]),
        by_reason=by_reason(rows),
        run=run,
        rows=tuple(rows),
        latencies=tuple(progress.latencies),
    )


def _info(dataset: Dataset, rows: Iterable[Row]) -> DatasetInfo:
    return DatasetInfo(
        name=dataset.name,
        path=dataset.path,
        format=dataset.format,
        sha256=dataset.sha256,
        n=sum(row.dataset == dataset.name for row in rows),
        documents=len(dataset.documents),
        bad_lines=tuple(BadLineInfo(where=bad.where, why=bad.why) for bad in dataset.bad_lines),
        blank_lines=dataset.blank_lines,
        notes=dataset.notes,
    )


def _groups(
    metrics: dict[str, dict[str, Estimate]], members: Sequence[tuple[str, Row]]
) -> dict[str, Group]:
    return {
        name: Group(n=sum(group == name for group, _ in members), metrics=figures)
        for name, figures in metrics.items()
    }


def compare(old: Results, new: Results, name: str) -> Comparison:
    """Compute paired differences over the cases of both runs; ``name`` is the old file's."""
    before, after = {row.key for row in old.rows}, {row.key for row in new.rows}
    found = (
        (metric.name, difference(metric, old.rows, new.rows, new.run.seed))
        for metric in METRICS.values()
    )
    return Comparison(
        old=name,
        revision=old.run.revision,
        shared=len(before & after),
        only_old=len(before - after),
        only_new=len(after - before),
        changed=_changed(old.run, new.run),
        metrics={name: value for name, value in found if value is not None},
    )


def _changed(old: Run, new: Run) -> dict[str, tuple[Any, Any]]:
    before = {**old.model_dump(mode="json"), **old.settings}
    after = {**new.model_dump(mode="json"), **new.settings}
    names = [name for name in after if name not in ("settings", "code_sha256")]
    return {
        name: (before.get(name), after[name]) for name in names if before.get(name) != after[name]
    }


def read_results(path: Path) -> Results:
    """Read a results file that ``--json`` wrote.

    Raises:
        UsageError: it cannot be read.
        MalformedSource: it is not a results file, or one of another version.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read results file {path}: {error}") from error
    try:
        return Results.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise MalformedSource(
            f"{path} is not a results file of this version: {where}: {first['msg']}"
        ) from error


def write_results(results: Results, path: Path) -> None:
    """Write results as JSON: keys in a fixed order, one row a line, so that diffs are readable."""
    whole = results.model_dump(mode="json")
    rows, latencies = whole.pop("rows"), whole.pop("latencies")
    head = json.dumps(whole, ensure_ascii=False, indent=1)[:-2]
    body = f'{head},\n "rows": {_lines(rows)},\n "latencies": {_lines(latencies)}\n}}\n'
    write_atomically(path, body)


def _lines(values: Sequence[object]) -> str:
    lines = ",\n  ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"[\n  {lines}\n ]" if values else "[]"


def write_atomically(path: Path, text: str) -> None:
    """Write a file atomically: beside ``path``, then renamed.

    Raises:
        UsageError: the path cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


_COUNTS = {"unsupported_claims"}
# Metrics that are shown for each kind of question.
_KIND_ROWS = (
    "recall@5",
    "answer_hit",
    "turn_answer_hit",
    "quote_hit",
    "citation_precision",
    "abstain_recall",
)


def show(console: Console, results: Results) -> None:
    """Print the tables: metrics, kinds, reasons and comparison."""
    parts: list[RenderableType] = [_headline(results), _kinds(results)]
    if results.by_reason:
        parts.append(_reasons(results))
    if results.comparison:
        parts.append(_comparison(results.comparison))
    console.print(Renderables(*parts))


def figure(name: str, value: float) -> str:
    """Format a metric's value: counts as integers, times in ms, shares to 3 places."""
    if name in _COUNTS:
        return f"{value:.0f}"
    return f"{value:.1f}" if "_ms" in name else f"{value:.3f}"


def interval(name: str, estimate: Estimate) -> str:
    """Format the 95 % interval of a metric."""
    return f"{figure(name, estimate.low)} to {figure(name, estimate.high)}"


def _headline(results: Results) -> Table:
    table = _table("metric", "value", "95 % interval", "cases", "description", right={1, 2, 3})
    for name, estimate in results.metrics.items():
        if ":" in name:
            continue  # stages are in the JSON and the report
        table.add_row(
            name,
            figure(name, estimate.value),
            interval(name, estimate),
            str(estimate.n),
            METRICS[name].title if name in METRICS else "whole answer, ms",
        )
    return table


def _kinds(results: Results) -> Table:
    """Return a table with a row for each metric and a column for each kind."""
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


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric with its bound; ``side`` is ``least`` for a minimum and ``most`` for a maximum."""

    metric: str
    bound: float
    side: Literal["least", "most"]

    def miss(self, metrics: Mapping[str, Estimate]) -> str | None:
        """Return why the gate is missed, or None. A metric without cases misses its gate."""
        found = metrics.get(self.metric)
        wanted = f"at {self.side} {self.bound:g}"
        if found is None:
            return f"{self.metric} was not measured (no cases), must be {wanted}"
        kept = found.value >= self.bound if self.side == "least" else found.value <= self.bound
        return None if kept else f"{self.metric} is {found.value:.4f}, must be {wanted}"


def parse_gates(minimums: Iterable[str], maximums: Iterable[str]) -> list[Gate]:
    """Parse gates from ``METRIC=VALUE`` texts.

    For a metric where lower is better, ``--min`` gives the worst allowed value, a maximum.

    Raises:
        UsageError: the metric is unknown or the value is not a number.
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
