"""``geungeo bench scale TEXTS``: measure a growing store on one machine.

Articles consist of sentences of a KorQuAD/SQuAD or NoMIRACL file: two thirds of each from one
source paragraph, so that topics stay together, the rest from any. Sentences have the real vectors
of the embedder; a passage's vector is the mean of its sentences', because embedding 100,000
passages takes hours on a small machine. Everything else is the real store: Kiwi's terms, SQLite
with its syncs, FAISS, BM25. Questions are real and embedded as usual.

``--vectors`` measures more vectors than there are texts for: the dense channel alone.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

if TYPE_CHECKING:
    from geungeo.eval.cases import Dataset
    from geungeo.index.store import Store
    from geungeo.rag.article import Draft
    from geungeo.rag.protocols import Embedder, FloatArray
    from geungeo.rag.question import Question

_SENTENCES = 12
_K = 50
# Deviation of each dimension of synthetic vectors, where that of a vector is about 0.05.
_NOISE = 0.02
_CHUNK = 10_000
# Rounding error of a cosine in float16.
_ROUNDING = 1e-4


@dataclass(slots=True)
class Recombining:
    """An embedder of known sentences: a longer text has the mean vector of its sentences.

    Implements ``geungeo.rag.protocols.Embedder``; questions are embedded by the real one.
    """

    inner: Embedder
    known: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Name of the engine, different from that of a real one."""
        return f"recombined:{self.inner.identity}"

    @property
    def dimension(self) -> int:
        """Dimension of the real engine."""
        return self.inner.dimension

    def learn(self, sentences: Sequence[str]) -> None:
        """Embed ``sentences`` with the real engine, once."""
        vectors = self.inner.embed(sentences, query=False)
        self.known.update(zip(sentences, vectors, strict=True))

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return ``(len(texts), dimension)`` float32 vectors of unit norm."""
        if query:
            return self.inner.embed(texts, query=True)
        found = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            parts = [self.known[part] for part in text.split("\n") if part in self.known]
            mean = np.sum(parts, axis=0) if parts else self.inner.embed([text], query=False)[0]
            found[row] = mean / np.linalg.norm(mean)
        return found


@dataclass(frozen=True, slots=True)
class Size:
    """One row of the table. Times in milliseconds, best of the rounds."""

    passages: int
    per_article: float
    bytes_per_passage: float
    p50: float
    p95: float
    ratio: float
    recall: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """A row for the dense channel alone; ``built`` in seconds, times in milliseconds."""

    vectors: int
    built: float
    bytes_per_vector: float
    p50: float
    p95: float
    scan_p50: float
    recall: float


def articles(paragraphs: Sequence[Sequence[str]], count: int, seed: int) -> Iterator[Draft]:
    """Yield ``count`` articles of recombined sentences, one sentence a line."""
    from geungeo.rag.article import Draft, SectionKind

    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    for number in range(count):
        home = draw.choice(paragraphs)
        own = [draw.choice(home) for _ in range(2 * _SENTENCES // 3)]
        others = [draw.choice(draw.choice(paragraphs)) for _ in range(_SENTENCES - len(own))]
        lines = draw.sample([*own, *others], _SENTENCES)
        yield Draft(
            title=home[0],
            blocks=tuple((SectionKind.BODY, line) for line in lines),
            source=f"scale/{number}",
            id=f"scale-{number}",
        )


def timed(store: Store, embedder: Embedder, questions: Sequence[str]) -> tuple[list[float], float]:
    """Return the milliseconds of each retrieval, and its ratio to embedding alone, interleaved."""
    from geungeo.rag.protocols import Filters
    from geungeo.rag.question import read
    from geungeo.rag.retrieval.channels import retrieve

    whole: list[float] = []
    alone: list[float] = []
    for question in questions:
        began = time.perf_counter()
        embedder.embed([question], query=True)
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        retrieve(store, read(question, store, embedder), 16, Filters())
        whole.append(time.perf_counter() - began)
    return [1000 * seconds for seconds in whole], sum(whole) / sum(alone)


def recall(
    store: Store, queries: Sequence[Question], vectors: FloatArray, keys: np.ndarray
) -> float:
    """Compute the share of ``_K`` places that the dense channel fills as well as an exact scan.

    A result counts if it is as near as the scan's last, as in ann-benchmarks (Aumüller et al.,
    2017, arXiv:1807.05614): recombined texts repeat, and equal ones are interchangeable.
    """
    from geungeo.rag.answer import Filters

    wanted = min(_K, len(keys))
    shares = []
    for query in queries:
        exact = vectors @ query.vector
        last = np.partition(exact, -wanted)[-wanted]
        found = list(store.dense(query.vector, _K, Filters()))
        places = np.searchsorted(keys, found)
        shares.append((exact[places] >= last - _ROUNDING).sum() / wanted)
    return statistics.fmean(shares)


def synthetic(known: FloatArray, count: int, seed: int) -> FloatArray:
    """Return ``(count, dim)`` unit vectors: means of three of ``known``, with noise."""
    draw = np.random.default_rng(seed)
    made = np.empty((count, known.shape[1]), dtype=np.float32)
    for start in range(0, count, _CHUNK):
        rows = made[start : start + _CHUNK]
        rows[:] = known[draw.integers(len(known), size=(len(rows), 3))].mean(axis=1)
        rows += draw.normal(scale=_NOISE, size=rows.shape)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def nearest(
    known: FloatArray, asked: FloatArray, counts: Sequence[int], seed: int
) -> Iterator[Nearest]:
    """Measure the store's graph on ``synthetic`` vectors, beside an exact scan of them."""
    import faiss

    from geungeo.index import graph

    for count in sorted(counts):
        vectors = synthetic(known, count, seed)
        flat = graph.exact(vectors.shape[1])
        graph.add(flat, np.arange(count), vectors)
        began = time.perf_counter()
        sought = graph.rebuilt_graph(flat)
        built = time.perf_counter() - began
        times, scans, shares = [], [], []
        for vector in asked:
            began = time.perf_counter()
            found, _ = graph.search(sought, vector, _K, None)
            between = time.perf_counter()
            true, _ = graph.search(flat, vector, _K, None)
            scans.append(time.perf_counter() - between)
            times.append(between - began)
            shares.append(len(np.intersect1d(found, true)) / _K)
        yield Nearest(
            vectors=count,
            built=built,
            bytes_per_vector=len(faiss.serialize_index(sought)) / count,
            p50=1000 * float(np.percentile(times, 50)),
            p95=1000 * float(np.percentile(times, 95)),
            scan_p50=1000 * float(np.percentile(scans, 50)),
            recall=statistics.fmean(shares),
        )


@click.command("scale")
@click.argument("texts", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--passages", "sizes", type=int, multiple=True, default=(1_000, 10_000), show_default=True
)
@click.option(
    "--vectors",
    "counts",
    type=click.IntRange(1_000, 10_000_000),
    multiple=True,
    help="Then measure the dense channel alone on this many synthetic vectors.",
)
@click.option("--questions", "asked", default=100, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--store", "folder", type=click.Path(path_type=Path), help="Keep the store there.")
def scale(
    texts: Path,
    sizes: tuple[int, ...],
    counts: tuple[int, ...],
    asked: int,
    seed: int,
    folder: Path | None,
) -> None:
    """Grow a store to each size; print time per article, bytes, latency and recall."""
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        click.echo(
            "| passages | ms/article | bytes/passage | p50 ms | p95 ms | ratio to embedding "
            "| recall@50 |\n|---|---|---|---|---|---|---|"
        )
        for row in grow(texts, sizes, asked, seed, folder or Path(scratch)):
            click.echo(
                f"| {row.passages:,} | {row.per_article:.1f} | {row.bytes_per_passage:.0f} "
                f"| {row.p50:.1f} | {row.p95:.1f} | {row.ratio:.2f} | {row.recall:.4f} |"
            )
    if counts:
        click.echo(
            "\n| synthetic vectors | s to build | bytes/vector | p50 ms | p95 ms "
            "| exact scan p50 ms | recall@50 |\n|---|---|---|---|---|---|---|"
        )
        material = _material(texts, asked, seed)
        known = np.stack(list(material.embedder.known.values()))
        vectors = material.embedder.embed(material.questions, query=True)
        for one in nearest(known, vectors, counts, seed):
            click.echo(
                f"| {one.vectors:,} | {one.built:.0f} | {one.bytes_per_vector:.0f} | {one.p50:.2f} "
                f"| {one.p95:.2f} | {one.scan_p50:.2f} | {one.recall:.4f} |"
            )


@dataclass(frozen=True, slots=True)
class _Material:
    """Sentences by paragraph, an embedder that knows them, and questions."""

    paragraphs: list[list[str]]
    embedder: Recombining
    questions: list[str]


def sentences_of(data: Dataset) -> list[list[str]]:
    """Return the sentences of each document of a data set that has at least three."""
    return [lines for one in data.documents if len(lines := _sentences(one.text)) >= 3]


def _material(texts: Path, asked: int, seed: int) -> _Material:
    from geungeo.eval.datasets import read_dataset
    from geungeo.rag.embedding import make_embedder
    from geungeo.rag.settings import Settings

    data = read_dataset(texts)
    paragraphs = sentences_of(data)
    embedder = Recombining(make_embedder(Settings()))
    embedder.learn(sorted({line for lines in paragraphs for line in lines}))
    cases = random.Random(seed).sample(data.items, min(asked, len(data.items)))  # noqa: S311
    return _Material(paragraphs, embedder, [item.cases[0].question for item in cases])


def grow(texts: Path, sizes: Sequence[int], asked: int, seed: int, folder: Path) -> Iterator[Size]:
    """Measure at each of ``sizes`` (passages), smallest first, in one growing store."""
    from geungeo.index.store import Store
    from geungeo.rag.question import read

    material = _material(texts, asked, seed)
    embedder, questions = material.embedder, material.questions
    supply = articles(material.paragraphs, 10**9, seed)
    store = Store.open(folder, embedder)
    try:
        for size in sorted(sizes):
            added, spent = 0, 0.0
            while (missing := size - store.size()) > 0:
                # An article of this length has about ten passages.
                batch = [next(supply) for _ in range(min(256, max(1, missing // 12)))]
                began = time.perf_counter()
                store.ingest_many(batch)
                spent += time.perf_counter() - began
                added += len(batch)
            queries = [read(question, store, embedder) for question in questions]
            rounds = [timed(store, embedder, questions) for _ in range(3)]
            best = np.min([times for times, _ in rounds], axis=0)
            keys, vectors = _vectors(folder)
            yield Size(
                passages=store.size(),
                per_article=1000 * spent / max(added, 1),
                bytes_per_passage=_bytes(folder) / store.size(),
                p50=float(np.percentile(best, 50)),
                p95=float(np.percentile(best, 95)),
                ratio=min(ratio for _, ratio in rounds),
                recall=recall(store, queries, vectors, keys),
            )
    finally:
        store.close()


def _sentences(text: str) -> list[str]:
    from geungeo.rag.segmentation import split_lines

    lines = text.splitlines()
    found = [
        span.of(line)
        for line, spans in zip(lines, split_lines(lines), strict=True)
        for span in spans
    ]
    return [sentence for sentence in found if 15 <= len(sentence) <= 300]


def _vectors(folder: Path) -> tuple[np.ndarray, FloatArray]:
    import sqlite3

    from geungeo.index.database import FILE

    with sqlite3.connect(folder / FILE) as connection:
        rows = connection.execute("SELECT key, vector FROM passages ORDER BY key").fetchall()
    return (
        np.array([key for key, _ in rows], dtype=np.int64),
        np.stack([np.frombuffer(vector, dtype="<f4") for _, vector in rows]),
    )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
