"""``geungeo bench retrieval DATASET``: compare retrieval channels and ways to fuse them.

One pass over the questions collects every channel's proposals; all rows of the table rank the same
proposals, so that only fusion differs.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from geungeo.eval.metrics.retrieval import ndcg_at
from geungeo.rag.protocols import Scores

_POOL = 100
_RRF_K = 60

Ranking = list[str]


@dataclass(frozen=True, slots=True)
class Proposals:
    """One question: its gold article, each channel's scores, and each passage's article."""

    gold: str
    channels: dict[str, Scores]
    article_of: Mapping[int, str]


def rank_of(ranking: Ranking, gold: str) -> int | None:
    """Return the rank of ``gold``, from 1; None where it does not occur."""
    return ranking.index(gold) + 1 if gold in ranking else None


def rank_articles(fused: Scores, article_of: Mapping[int, str]) -> Ranking:
    """Rank distinct articles by their best passage."""
    order = sorted(fused, key=lambda key: (-fused[key], key))
    return list(dict.fromkeys(article_of[key] for key in order))


def reciprocal_ranks(channels: Mapping[str, Scores]) -> Scores:
    """Fuse by reciprocal ranks (Cormack, Clarke & Büttcher, 2009), k = 60."""
    fused: Scores = {}
    for scores in channels.values():
        for rank, key in enumerate(sorted(scores, key=lambda key: (-scores[key], key)), 1):
            fused[key] = fused.get(key, 0.0) + 1 / (_RRF_K + rank)
    return fused


def table(found: Sequence[Proposals]) -> str:
    """Return nDCG@10 and recall@1 of each channel, RRF, and convex fusions, as Markdown."""
    from geungeo.rag.retrieval.channels import WEIGHTS, fuse

    names = list(WEIGHTS)
    systems: dict[str, Mapping[str, float] | None] = {name: {name: 1.0} for name in names}
    systems["reciprocal rank fusion, without synonyms"] = None
    for left_out in names:
        rest = {name: weight for name, weight in WEIGHTS.items() if name != left_out}
        systems[f"convex without {left_out}"] = rest
    even = dict.fromkeys(names, 1 / len(names))
    systems["convex, even weights"] = even
    shown = ", ".join(f"{name} {weight:g}" for name, weight in WEIGHTS.items())
    systems[f"**convex, shipped: {shown}**"] = WEIGHTS
    lines = ["| system | nDCG@10 | recall@1 |", "|---|---|---|"]
    for label, weights in systems.items():
        gains, firsts = [], []
        for question in found:
            if weights is None:
                # By ranks, a weak channel would weigh as much as the others.
                strong = {name: question.channels[name] for name in names if name != "synonyms"}
                fused = reciprocal_ranks(strong)
            else:
                chosen = {name: question.channels[name] for name in weights}
                fused = fuse(chosen, weights)
            ranking = rank_articles(fused, question.article_of)
            gains.append(ndcg_at(rank_of(ranking, question.gold), 10))
            firsts.append(ranking[:1] == [question.gold])
        count = len(found)
        lines.append(f"| {label} | {sum(gains) / count:.4f} | {sum(firsts) / count:.4f} |")
    return "\n".join(lines)


@click.command("retrieval")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--limit", type=int, help="Questions to sample; default: all.")
@click.option("--seed", default=0, show_default=True, help="Seed of the sample.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for the store of the run.")
def retrieval(dataset: Path, limit: int | None, seed: int, cache: Path | None) -> None:
    """Compare channels and fusions on a KorQuAD/SQuAD file."""
    found = collect(dataset, limit, seed, cache)
    click.echo(f"{len(found)} questions, {len(set(found[0].article_of.values()))} paragraphs\n")
    click.echo(table(found))


def collect(dataset: Path, limit: int | None, seed: int, cache: Path | None) -> list[Proposals]:
    """Collect every channel's best 100 passages for each question."""
    import tempfile

    from geungeo.eval.datasets import read_dataset
    from geungeo.eval.stores import default_cache, open_benches
    from geungeo.index.store import Store
    from geungeo.rag.answer import Filters
    from geungeo.rag.embedding import make_embedder
    from geungeo.rag.errors import InvalidRequest
    from geungeo.rag.question import read
    from geungeo.rag.retrieval.channels import propose
    from geungeo.rag.settings import Settings

    data = read_dataset(dataset)
    if data.format != "squad":
        raise InvalidRequest(f"{dataset}: this bench needs a KorQuAD/SQuAD file")
    cases = [item.cases[0] for item in data.items]
    if limit is not None and limit < len(cases):
        cases = random.Random(seed).sample(cases, limit)  # noqa: S311  # a reproducible draw
    found: list[Proposals] = []
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(store=Path(scratch))
        with open_benches([data], settings, cache or default_cache()) as (bench,):
            store = bench.library
            if not isinstance(store, Store):
                raise TypeError("this bench needs a real store")
            embedder = make_embedder(settings)
            article_of: dict[int, str] = {}
            for case in cases:
                query = read(case.question, store, embedder)
                channels = propose(store, query, _POOL, Filters())
                keys = {key for scores in channels.values() for key in scores}
                for passage in store.passages(sorted(keys - article_of.keys())):
                    article_of[passage.key] = passage.article.id
                gold = case.place.document if case.place else ""
                found.append(Proposals(gold, channels, article_of))
    return found
