"""``python -m tests.load NAME``: load scenarios as commands, recorded in a journal."""

from __future__ import annotations

import asyncio
import os
import platform
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click

from tests.load import scenarios
from tests.load.engines import engines
from tests.load.first_claim import first_claim
from tests.load.scenarios import Figures
from tests.load.servers import servers
from tests.load.slack_ack import slack_ack
from tests.load.target import Target, target
from tests.support.journal import DEFAULT_FOLDER, Journal, Row
from tests.support.model_server import SlowModel

CHECK_FAILED = 1
# Scenarios that share a server are adjacent.
EXTRACTIVE = ("saturation", "arrivals", "overload", "drips")
STREAMING = ("conversations", "disconnects")
SCENARIOS = (*EXTRACTIVE, *STREAMING, "model-overload")
BATCH = 250
# Fewer than the server admits: rejected requests do not count.
PARALLEL = 24
# Share of the capacity at which an open loop is no overload.
_EASY = 0.5
# With these seconds an answer, the capacity is known.
_MODEL_SECONDS = 4.0
_MODEL_CONCURRENCY = 4
_MODEL_QUEUE = 8


class Load:
    """A runner of scenarios that records each in the journal."""

    def __init__(self, journal: Journal, options: dict[str, Any]) -> None:
        self._journal = journal
        self._options = options

    async def run(self, names: tuple[str, ...]) -> None:
        """Run the named scenarios, in the order of SCENARIOS."""
        seed, seconds = self._options["seed"], self._options["seconds"]
        if any(name in names for name in EXTRACTIVE):
            async with target(seed, {}) as made:
                await self._extractive(made, names, seconds)
        if any(name in names for name in STREAMING):
            await self._streaming(names, seconds)
        if "model-overload" in names:
            model = _model(_MODEL_SECONDS)
            settings = {
                "GEUNGEO_LLM_CONCURRENCY": str(_MODEL_CONCURRENCY),
                "GEUNGEO_LLM_QUEUE": str(_MODEL_QUEUE),
            }
            async with model, target(seed, settings, model) as made:
                rate = self._options["overload"] * _MODEL_CONCURRENCY / _MODEL_SECONDS
                self._note("model-overload", await scenarios.overload(made, rate, seconds))

    async def _extractive(self, made: Target, names: tuple[str, ...], seconds: float) -> None:
        if "saturation" in names:
            level = seconds / len(scenarios.LEVELS)
            self._note("saturation", await scenarios.saturation(made, level))
        capacity = self._capacity()
        if "arrivals" in names:
            easy = _EASY * capacity
            self._note("arrivals", await scenarios.arrivals(made, easy, seconds))
        if "overload" in names:
            rate = self._options["overload"] * capacity
            self._note("overload", await scenarios.overload(made, rate, seconds))
        if "drips" in names:
            self._note("drips", await scenarios.drips(made, self._options["drips"], seconds))

    async def _streaming(self, names: tuple[str, ...], seconds: float) -> None:
        count, each = self._options["conversations"], self._options["answer_seconds"]
        settings = {
            "GEUNGEO_LLM_CONCURRENCY": str(min(1000, max(count, PARALLEL))),
            "GEUNGEO_LLM_TIMEOUT": str(min(600.0, 60 + 2 * each)),
        }
        async with AsyncExitStack() as stack:
            model = await stack.enter_async_context(_model(each))
            made = await stack.enter_async_context(target(self._options["seed"], settings, model))
            if "conversations" in names:
                done = await scenarios.conversations(made, count, seconds)
                self._note("conversations", done)
            if "disconnects" in names:
                await self._disconnects(made, seconds)

    async def _disconnects(self, made: Target, seconds: float) -> None:
        """Run batches until the journal has enough, or for ``seconds``."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while clock() < end:
            missing = self._options["disconnects"] - self._sum("disconnects", "disconnects")
            if missing <= 0:
                return
            count = min(BATCH, missing)
            self._note("disconnects", await scenarios.disconnects(made, count, PARALLEL))

    def _rows(self, kind: str) -> list[Row]:
        return [row for row in self._journal.rows if row["kind"] == kind]

    def _sum(self, kind: str, figure: str) -> int:
        return sum(int(row[figure]) for row in self._rows(kind))

    def _capacity(self) -> float:
        """Return the answers per second that were measured last."""
        measured = self._rows("saturation")
        if not measured:
            raise click.UsageError("measure the capacity first: --scenario saturation")
        return float(measured[-1]["answers_per_second"])

    def _note(self, kind: str, figures: Figures) -> None:
        row = {"case": f"{kind}/{len(self._rows(kind))}", "kind": kind, **figures}
        self._journal.add(row)
        for line in lines_of(row):
            click.echo(line)


def _model(seconds: float) -> SlowModel:
    """Return a model that writes two sentences in ``seconds``, at little cost for this process."""
    return SlowModel(answer_seconds=seconds, sentences=2, pieces=6)


def lines_of(row: Row) -> list[str]:
    """Return a row as lines to print."""
    lines = [row["case"]]
    for name, value in row.items():
        if name == "levels":
            lines += [f"  {'':4}{_line(level)}" for level in value]
        elif name not in ("case", "kind", "failures"):
            lines.append(f"  {name:22} {_shown(value)}")
    return lines + [f"  FAILED {failure}" for failure in row["failures"]]


def _line(figures: Figures) -> str:
    return "  ".join(f"{name} {_shown(value)}" for name, value in figures.items())


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@click.command("run")
@click.option(
    "--scenario",
    "names",
    type=click.Choice(SCENARIOS),
    multiple=True,
    default=SCENARIOS,
    help="A scenario; may be repeated. Default: all.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(2, 3600),
    default=60.0,
    show_default=True,
    help="Duration of each scenario, and maximum duration of disconnects.",
)
@click.option("--conversations", type=click.IntRange(1, 1000), default=500, show_default=True)
@click.option(
    "--answer-seconds",
    type=click.FloatRange(0, 250),
    default=30.0,
    show_default=True,
    help="Seconds that the scripted model takes for an answer.",
)
@click.option(
    "--disconnects",
    type=click.IntRange(1, 100_000),
    default=10_000,
    show_default=True,
    help="Disconnects over all runs in the journal.",
)
@click.option("--drips", type=click.IntRange(1, 5000), default=1000, show_default=True)
@click.option(
    "--overload",
    type=click.FloatRange(1, 100),
    default=10.0,
    show_default=True,
    help="Load as a multiple of the capacity.",
)
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Folder of the journal.",
)
def load(folder: Path, seed: int, names: tuple[str, ...], **options: Any) -> None:
    """Load servers on this machine; exit status 1 if a promise is broken.

    Saturation, a Poisson stream of questions, 10 times the capacity, slow sockets, hundreds of
    streaming conversations beside ingestion, disconnects, and an overloaded model.
    """
    click.echo(f"{os.cpu_count()} processors, Python {platform.python_version()}")
    journal = Journal(folder, f"load-{seed}")
    known = len(journal.rows)
    asyncio.run(Load(journal, {"seed": seed, **options}).run(names))
    if any(row["failures"] for row in journal.rows[known:]):
        raise click.exceptions.Exit(CHECK_FAILED)


if __name__ == "__main__":
    commands: list[click.Command] = [load, slack_ack, first_claim, engines, servers]
    click.Group("load", commands=commands)(prog_name="python -m tests.load")
