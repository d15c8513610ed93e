"""``python -m geungeo.eval.training.shortanswers``: measure the short answers.

The right sentence is given; the questions are those about articles that no lesson has. Prints, for
several thresholds, the share of questions that are shown a short answer, and how many are right: a
character F1 of at least 0.5 with an accepted answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from geungeo.eval.cases import Case
from geungeo.eval.data import NEWS_ARTICLES, NEWS_QUESTIONS, data_file
from geungeo.eval.datasets import read_dataset
from geungeo.eval.matching import char_f1
from geungeo.eval.training.lessons import held_out, read_articles, same, sentences_of
from geungeo.rag.evidence.shortanswer import SURE, bundled_reader, trimmed
from geungeo.rag.protocols import SentenceInContext
from geungeo.rag.text import Span

_THRESHOLDS = (0.05, 0.1, SURE, 0.2, 0.3)


def _korquad(path: Path) -> Iterator[tuple[Case, SentenceInContext]]:
    data = read_dataset(path)
    titles = {document.id: document.title for document in data.documents}
    sentences = {document.id: list(sentences_of(document)) for document in data.documents}
    for item in data.items:
        case = item.cases[0]
        if case.place is None or not held_out(titles[case.place.document]):
            continue
        place = Span(case.place.start, case.place.end)
        for one in sentences[case.place.document]:
            if one.span.overlaps(place):
                yield case, one.passage
                break


def _news() -> Iterator[tuple[Case, SentenceInContext]]:
    sentences = {
        article.id: [one.passage for one in sentences_of(article)]
        for article in read_articles(data_file(NEWS_ARTICLES))
    }
    for item in read_dataset(data_file(NEWS_QUESTIONS)).items:
        case = item.cases[0]
        if not case.quotes or not held_out(case.article_id or "") or "why" in case.tags:
            continue
        for passage in sentences[case.article_id or ""]:
            if same(case.quotes[0], passage.sentence):
                yield case, passage
                break


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True))
@click.option("--limit", default=300, show_default=True, help="Questions of each source.")
def main(korquad: Path | None, limit: int) -> None:
    """Print how good short answers are."""
    sources = {"news": list(_news())}
    if korquad is not None:
        sources["KorQuAD"] = list(_korquad(korquad))
    for name, cases in sources.items():
        random.Random(2).shuffle(cases)  # noqa: S311  # a reproducible draw
        rows = []
        for case, passage in cases[:limit]:
            found = bundled_reader().find(case.question, passage)
            words = trimmed(found[0], passage.sentence).of(passage.sentence) if found else ""
            rows.append((found[1] if found else 0.0, char_f1(words, case.answers)))
        chance, score = np.array(rows).T
        click.echo(f"{name}: {len(rows)} questions, character F1 {score.mean():.3f}")
        for threshold in _THRESHOLDS:
            shown = chance >= threshold
            right = (score[shown] >= 0.5).mean() if shown.any() else 0.0
            click.echo(f"  from {threshold:.2f}: shown {shown.mean():.3f}, right {right:.3f}")


if __name__ == "__main__":
    main()
