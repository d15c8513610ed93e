"""The command ``geungeo eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from geungeo.eval.results import Results
    from geungeo.eval.runner import Planned
    from geungeo.rag.settings import Settings

GATE_MISSED = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@click.command("eval")
@click.argument("datasets", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write metrics and rows to this file.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a self-contained HTML report to this file.",
)
@click.option(
    "--min",
    "minimums",
    multiple=True,
    metavar="METRIC=VALUE",
    help="Exit with status 1 if METRIC is worse; may be repeated.",
)
@click.option(
    "--max",
    "maximums",
    multiple=True,
    metavar="METRIC=VALUE",
    help="Exit with status 1 if METRIC is larger; may be repeated.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Ask only this many items, sampled by --seed."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the sample and of the intervals.",
)
@click.option("--backend", help="Use this backend instead of the configured one.")
@click.option(
    "--compare",
    "old_file",
    type=click.Path(path_type=Path),
    help="Show paired differences to an earlier --json FILE.",
)
@click.option(
    "--judge",
    type=click.Choice(["gold", "grounding", "llm"]),
    default="gold",
    show_default=True,
    help="Judge of citations; see docs/evaluation.md.",
)
@click.option("--retrieval-only", is_flag=True, help="Score ranks only; generate no answers.")
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same options.")
@click.option("--strict", is_flag=True, help="Stop at the first invalid line of a data set.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for stores that are made for a run and for unfinished runs.",
)
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Measure retrieval, answers, citations and abstention on DATASETS.

    DATASETS are files in geungeo's JSONL format (asked of the configured store), KorQuAD/SQuAD JSON
    or NoMIRACL JSONL (asked of a store made for the run). The default is the data set that ships
    with geungeo.
    """
    status = _run(context, options)
    if status:
        context.exit(status)


def _run(context: click.Context, options: dict[str, Any]) -> int:
    from geungeo.eval.data import SEED_QUESTIONS, data_file
    from geungeo.eval.datasets import read_datasets
    from geungeo.eval.results import compare, parse_gates, read_results, write_results
    from geungeo.eval.runner import plan
    from geungeo.eval.stores import default_cache, open_benches

    settings = _settings(context, options["backend"])
    # Check all arguments before the long work begins.
    gates = parse_gates(options["minimums"], options["maximums"])
    _check_writable(options["json_file"], options["report_file"])
    old = read_results(options["old_file"]) if options["old_file"] else None
    datasets = read_datasets(
        options["datasets"] or [data_file(SEED_QUESTIONS)], strict=options["strict"]
    )
    _report_bad_lines(datasets)
    cache = options["cache"] or default_cache()
    with _Bars() as bars, open_benches(datasets, settings, cache, bars.building) as benches:
        planned = plan(
            benches, options["limit"], options["seed"], retrieval_only=options["retrieval_only"]
        )
        results = _evaluate(planned, settings, cache, options, bars)
        if old is not None:
            name = str(options["old_file"])
            results = results.model_copy(update={"comparison": compare(old, results, name)})
        if options["json_file"]:
            write_results(results, options["json_file"])
        if options["report_file"]:
            from geungeo.eval.report import write_report

            libraries = {bench.dataset.name: bench.library for bench in benches}
            write_report(results, libraries, options["report_file"])
    return _conclude(results, gates)


def _settings(context: click.Context, backend: str | None) -> Settings:
    from geungeo.rag.settings import load

    given = context.obj if isinstance(context.obj, dict) else {}
    return load(given.get("config"), store=given.get("store"), backend=backend)


def _check_writable(*paths: Path | None) -> None:
    from geungeo.rag.errors import UsageError

    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"cannot write {path}: folder {path.parent} does not exist")


def _report_bad_lines(datasets: Any) -> None:
    for dataset in datasets:
        for bad in dataset.bad_lines:
            click.echo(_safe(f"{dataset.path}: {bad.where}: {bad.why}: skipped"), err=True)
        for note in dataset.notes:
            click.echo(_safe(f"{dataset.path}: {note}"), err=True)


def _safe(text: str) -> str:
    """Escape control characters, which data sets may contain, so that ``text`` is one line."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _evaluate(
    planned: list[Planned], settings: Settings, cache: Path, options: dict[str, Any], bars: _Bars
) -> Results:
    from datetime import UTC, datetime

    from geungeo.eval.journal import Journal, journal_key
    from geungeo.eval.judge import GroundingJudge, make_judge
    from geungeo.eval.provenance import describe_run
    from geungeo.eval.results import summarise
    from geungeo.eval.runner import Options, run
    from geungeo.eval.score import Judges

    benches = list({id(bench): bench for bench, _ in planned}.values())
    datasets = [bench.dataset for bench in benches]
    judge = make_judge(options["judge"], settings)
    described = describe_run(
        settings,
        seed=options["seed"],
        limit=options["limit"],
        judge=judge.name,
        retrieval_only=options["retrieval_only"],
        stores={bench.dataset.name: bench.library.fingerprint() for bench in benches},
    )
    with Journal(cache, journal_key(described, datasets), resume=options["resume"]) as journal:
        if journal.finished:
            bars.note(f"resuming: {len(journal.finished)} of {len(planned)} items are done")
        progress = run(
            planned,
            Judges(judge, GroundingJudge()),
            Options(retrieval_only=options["retrieval_only"]),
            journal,
            bars.asking(len(planned)),
        )
        if progress.complete:
            journal.discard()
    cases = sum(len(item.cases) for _, item in planned)
    return summarise(datasets, progress, described, planned=cases, now=datetime.now(UTC))


def _conclude(results: Results, gates: list[Any]) -> int:
    from rich.console import Console

    from geungeo.eval.results import show

    show(Console(), results)
    missing = [row for row in results.rows if row.gold_found is False]
    if missing:
        click.echo(
            f"{len(missing)} gold quotes are not in the store (first: {_safe(missing[0].key)}); "
            "they are excluded from retrieval and quote_hit",
            err=True,
        )
    if results.failed:
        first = next(row for row in results.rows if row.failed)
        click.echo(
            _safe(
                f"{results.failed} calls failed (first: {first.key}: {first.error or first.reason})"
            ),
            err=True,
        )
    if not results.complete:
        click.echo(
            f"interrupted: {results.n} of {results.planned} cases are done and saved; "
            "run the same command with --resume to continue",
            err=True,
        )
        return INTERRUPTED
    misses = [miss for gate in gates if (miss := gate.miss(results.metrics))]
    for miss in misses:
        click.echo(f"gate missed: {miss}", err=True)
    return GATE_MISSED if misses else 0


class _Bars:
    """Progress bars on stderr, if it is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._progress = Progress(
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._building: dict[str, Any] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def note(self, message: str) -> None:
        """Print a line above the bars."""
        self._console.print(message, markup=False, highlight=False)

    def building(self, name: str, done: int, total: int) -> None:
        """Show the progress of building a store."""
        from rich.markup import escape

        if name not in self._building:
            self._building[name] = self._progress.add_task(f"store {escape(name)}", total=total)
        self._progress.update(self._building[name], completed=done)

    def asking(self, total: int) -> Any:
        """Add a bar and return a callback to call after each item."""
        task = self._progress.add_task("questions", total=total)
        return lambda: self._progress.advance(task)
