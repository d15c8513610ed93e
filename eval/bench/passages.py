"""``geungeo bench passages DATASET``: compare lengths and contexts of passages.

Every variant splits and indexes the same articles in memory and ranks them for the same questions
with the shipped fusion; only passages differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

if TYPE_CHECKING:
    from geungeo.eval.cases import Dataset
    from geungeo.index.lexical import LexicalIndex
    from geungeo.rag.article import Article
    from geungeo.rag.protocols import Embedder, FloatArray, Scores
    from geungeo.rag.question import Question
    from geungeo.rag.segmentation import Sentence

_POOL = 100


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to make passages: at most ``tokens``, with ``overlap`` shared sentences.

    ``context`` is whether title and heading are read before the sentences.
    """

    tokens: int
    overlap: int
    context: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A prepared question and the id of the article that answers it."""

    query: Question
    gold: str


@dataclass(slots=True)
class _Index:
    """Passages in memory: ``owners`` names each one's article, ``vectors`` is (n, dim)."""

    owners: list[str]
    vectors: FloatArray
    lexical: dict[str, LexicalIndex]

    def propose(self, query: Question) -> dict[str, Scores]:
        similar = self.vectors @ query.vector
        best = np.argsort(-similar, kind="stable")[:_POOL]
        channels: dict[str, Scores] = {"dense": {int(at): float(similar[at]) for at in best}}
        for name, bag in query.terms.items():
            index = self.lexical["morphemes" if name == "synonyms" else name]
            terms = np.repeat(bag.terms, bag.counts)
            channels[name] = dict(index.search(terms, _POOL))
        return channels


def variants(tokens: Sequence[int], overlaps: Sequence[int], shipped: Variant) -> Iterator[Variant]:
    """Yield the shipped variant with one parameter changed at a time."""
    for size in tokens:
        yield replace(shipped, tokens=size)
    for overlap in overlaps:
        if overlap != shipped.overlap:
            yield replace(shipped, overlap=overlap)
    yield replace(shipped, context=False)


def build(
    articles: Sequence[Article],
    sentences: Sequence[Sequence[Sentence]],
    variant: Variant,
    embedder: Embedder,
) -> _Index:
    """Index ``articles``, already split into ``sentences``, as ``variant`` specifies."""
    from geungeo.index.lexical import LexicalIndex
    from geungeo.rag.embedding.vectors import embed_parts
    from geungeo.rag.language.terms import CHANNELS, bags
    from geungeo.rag.segmentation import count_tokens, passage_parts, split_passages

    owners: list[str] = []
    texts: list[tuple[str, ...]] = []
    searched: list[str] = []
    for article, split in zip(articles, sentences, strict=True):
        for passage in split_passages(
            article, split, count=count_tokens, budget=variant.tokens, overlap=variant.overlap
        ):
            owners.append(article.id)
            found = passage_parts(article, split, passage)
            texts.append(found.parts[0 if variant.context else -len(found.ordinals) :])
            searched.append("\n".join((*found.before, *texts[-1])))
    lexical = {channel: LexicalIndex() for channel in CHANNELS}
    for channel, index in lexical.items():
        index.add(range(len(texts)), bags(channel, searched))
    vectors = np.stack([found[0] for found in embed_parts(embedder, texts)])
    return _Index(owners, vectors, lexical)


def measure(index: _Index, asked: Sequence[Asked]) -> tuple[float, float]:
    """Compute (nDCG@10, recall@1) over distinct articles."""
    from geungeo.eval.bench.retrieval import rank_articles, rank_of
    from geungeo.eval.metrics.retrieval import ndcg_at
    from geungeo.rag.retrieval.channels import fuse

    article_of = dict(enumerate(index.owners))
    gains, firsts = [], []
    for question in asked:
        ranking = rank_articles(fuse(index.propose(question.query)), article_of)
        gains.append(ndcg_at(rank_of(ranking, question.gold), 10))
        firsts.append(ranking[:1] == [question.gold])
    return float(np.mean(gains)), float(np.mean(firsts))


@click.command("passages")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--limit", type=int, help="Questions to sample; default: all.")
@click.option("--seed", default=0, show_default=True, help="Seed of the sample.")
@click.option("--tokens", type=int, multiple=True, default=(100, 150, 200, 300, 400))
@click.option("--overlap", type=int, multiple=True, default=(0, 1, 2))
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for the store of the run.")
def passages(
    dataset: Path,
    limit: int | None,
    seed: int,
    tokens: tuple[int, ...],
    overlap: tuple[int, ...],
    cache: Path | None,
) -> None:
    """Compare lengths, overlaps and contexts of passages on a KorQuAD/SQuAD file."""
    from geungeo.eval.datasets import read_dataset
    from geungeo.eval.stores import default_cache, open_benches
    from geungeo.rag.embedding import make_embedder
    from geungeo.rag.segmentation import split_article
    from geungeo.rag.settings import Settings

    data = read_dataset(dataset)
    settings = Settings()
    shipped = Variant(settings.passage_tokens, settings.passage_overlap, context=True)
    embedder = make_embedder(settings)
    with open_benches([data], settings, cache or default_cache()) as (bench,):
        articles = bench.library.articles()
        asked = list(_asked(data, bench.library, embedder, limit, seed))
    sentences = [split_article(article) for article in articles]
    click.echo(f"{len(asked)} questions, {len(articles)} paragraphs\n")
    click.echo("| tokens | overlap | context | passages | nDCG@10 | recall@1 |")
    click.echo("|---|---|---|---|---|---|")
    for variant in variants(tokens, overlap, shipped):
        index = build(articles, sentences, variant, embedder)
        ndcg, first = measure(index, asked)
        context = "title and heading" if variant.context else "none"
        shown = f"{variant.tokens} | {variant.overlap} | {context}"
        mark = "**" if variant == shipped else ""
        click.echo(f"| {mark}{shown}{mark} | {len(index.owners)} | {ndcg:.4f} | {first:.4f} |")


def _asked(
    data: Dataset, library: object, embedder: Embedder, limit: int | None, seed: int
) -> Iterator[Asked]:
    from geungeo.index.store import Store
    from geungeo.rag.errors import InvalidRequest
    from geungeo.rag.question import read

    cases = [item.cases[0] for item in data.items if item.cases[0].place]
    if not cases or not isinstance(library, Store):
        raise InvalidRequest(f"{data.path}: this bench needs a KorQuAD/SQuAD file")
    if limit is not None and limit < len(cases):
        cases = random.Random(seed).sample(cases, limit)  # noqa: S311  # a reproducible draw
    for case in cases:
        if case.place:
            yield Asked(read(case.question, library, embedder), case.place.document)
