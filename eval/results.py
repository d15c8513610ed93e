"""The results file: what ``--json`` writes and ``--compare`` reads."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from geungeo.eval.cases import Dataset, Format
from geungeo.eval.metrics.catalogue import (
    METRICS,
    ReasonCount,
    by_dataset,
    by_kind,
    by_reason,
    by_tag,
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
    """A part of a file that was left out, and why."""

    where: str
    why: str


class DatasetInfo(_Model):
    """One file that was evaluated. ``n`` counts its cases that were done."""

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
    """The metrics over a part of the rows."""

    n: int
    metrics: dict[str, Estimate]


class Comparison(_Model):
    """Paired differences to an earlier results file: this run minus that one.

    ``changed`` names what differs between the runs, as (old, new).
    """

    old: str
    revision: str | None
    shared: int
    only_old: int
    only_new: int
    changed: dict[str, tuple[Any, Any]] = {}
    metrics: dict[str, Difference]


class Results(_Model):
    """A whole evaluation. ``rows`` are the same in two runs; ``latencies`` are not."""

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
    """All figures over the rows that are there. ``planned`` counts cases."""
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
    """Paired differences over the cases that both runs have; ``name`` is the old file's."""
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
    """A results file as ``--json`` wrote it.

    Raises:
        UsageError: it cannot be read.
        MalformedSource: it is no results file, or one of another version.
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
    """Write as JSON: keys in a fixed order, one row a line, so that results can be diffed."""
    whole = results.model_dump(mode="json")
    rows, latencies = whole.pop("rows"), whole.pop("latencies")
    head = json.dumps(whole, ensure_ascii=False, indent=1)[:-2]
    body = f'{head},\n "rows": {_lines(rows)},\n "latencies": {_lines(latencies)}\n}}\n'
    write_whole(path, body)


def _lines(values: Sequence[object]) -> str:
    lines = ",\n  ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"[\n  {lines}\n ]" if values else "[]"


def write_whole(path: Path, text: str) -> None:
    """Write beside ``path`` and rename, so that what stands there is never half a file.

    Raises:
        UsageError: the path cannot be written; names it.
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
