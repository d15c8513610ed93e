"""``geungeo bench own``: measure the recall of each channel on the shipped questions.

All shipped articles are in one store; a question is found if a passage with its gold sentence is
among the best five. Paraphrases and chat-style questions are listed separately: they share few
words with the source, so that the channels differ most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geungeo.eval.bench.retrieval import reciprocal_ranks
from geungeo.eval.data import NEWS_ARTICLES, NEWS_QUESTIONS, SEED_QUESTIONS, data_file
from geungeo.rag.protocols import Scores

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

_POOL = 50
# Columns: name, tags that count (None: all), and the number of passages.
_COLUMNS: tuple[tuple[str, frozenset[str] | None, int], ...] = (
    ("paraphrase", frozenset({"paraphrase"}), 5),
    ("chat", frozenset({"chat"}), 5),
    ("both", frozenset({"paraphrase", "chat"}), 5),
    ("all", None, 5),
    ("all, recall@1", None, 1),
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One question: its tags, each channel's scores, and the passages with its gold.

    ``weights`` are the weights of the product's fusion.
    """

    tags: frozenset[str]
    channels: Mapping[str, Scores]
    gold: frozenset[int]
    weights: Mapping[str, float]


def found(question: Proposed, fused: Scores, k: int) -> bool:
    """Whether a passage with the gold is among the ``k`` best."""
    best = sorted(fused, key=lambda key: (-fused[key], key))[:k]
    return not question.gold.isdisjoint(best)


def table(questions: Sequence[Proposed]) -> str:
    """Return the recall of each channel, of the fusion without each, and of the fusion, as
    Markdown.
    """
    lines = ["| system | " + " | ".join(name for name, _, _ in _COLUMNS) + " |"]
    lines.append("|---" * (1 + len(_COLUMNS)) + "|")
    names = list(questions[0].channels)
    for label in [*names, "reciprocal rank fusion", *(f"without {n}" for n in names), "shipped"]:
        shares = []
        for _, tags, k in _COLUMNS:
            asked = [q for q in questions if tags is None or tags & q.tags]
            hits = sum(found(question, _fused(question, label), k) for question in asked)
            shares.append(f"{hits / max(len(asked), 1):.3f}")
        lines.append(f"| {label} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def _fused(question: Proposed, label: str) -> Scores:
    from geungeo.rag.retrieval.channels import fuse

    if label in question.channels:
        return question.channels[label]
    if label == "reciprocal rank fusion":
        return reciprocal_ranks(question.channels)
    left_out = label.removeprefix("without ")
    rest = {name: scores for name, scores in question.channels.items() if name != left_out}
    return fuse(rest, question.weights)


@click.command("own")
def own() -> None:
    """Compare channels on the shipped questions: recall of their gold passages."""
    import tempfile

    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import Settings

    articles = data_file(NEWS_ARTICLES)
    paths = [data_file(name) for name in (SEED_QUESTIONS, NEWS_QUESTIONS)]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Workspace.open(Settings(store=Path(scratch)), seed=True) as workspace,
    ):
        workspace.ingest([str(articles)])
        questions = [proposed for path in paths for proposed in propose_all(workspace, path)]
        counts = [
            sum(tags is None or bool(tags & q.tags) for q in questions) for _, tags, _ in _COLUMNS
        ]
        count, passages = len(workspace.store.articles()), workspace.store.size()
        click.echo(f"{count} articles, {passages} passages\n")
        click.echo(table(questions))
        click.echo("| *questions* | " + " | ".join(map(str, counts)) + " |")


def propose_all(workspace: Workspace, path: Path) -> Iterator[Proposed]:
    """Yield every channel's proposals for the answerable questions of one file."""
    from geungeo.eval.datasets import read_dataset
    from geungeo.eval.stores import GoldFinder
    from geungeo.rag.answer import Filters
    from geungeo.rag.question import read
    from geungeo.rag.retrieval.channels import propose, weights_for

    store = workspace.store
    data = read_dataset(path)
    gold = GoldFinder(store)
    for item in data.items:
        case = item.cases[0]
        places = gold.find(case, data) if case.expected == "answer" else ()
        if not places:
            continue
        query = read(case.question, store, workspace.embedder)
        channels = propose(store, query, _POOL, Filters())
        keys = sorted({key for scores in channels.values() for key in scores})
        holding = frozenset(
            passage.key
            for passage in store.passages(keys)
            if any(
                place.article_id == passage.article.id and place.span.overlaps(passage.span)
                for place in places
            )
        )
        weights = weights_for(store, query, channels["dense"])
        yield Proposed(frozenset(case.tags), channels, holding, weights)
