"""``python -m geungeo.eval.training.entailment``: train the judge of claims.

A line over the features of :mod:`geungeo.eval.training.crossencoder` for three classes: first with
a low-rank adaptation, started from that of the cross-encoder, then (``--layers``) with all layers,
started from the judge's own adaptation. It learns from public pairs of premise and hypothesis, and
from claims about our own articles (``claim_lessons.jsonl``,
``claim_everyday.jsonl``): true ones in a model's own words, false ones that read like them, and
true ones beside sentences that do not say so. The loss is the cross-entropy of the class; of a
false claim only that it is not entailed is known.

Needs torch (the extra ``sentence-transformers``). Writes float16 arrays in numpy's own format, or
all layers with their matrices in 8 bits (which needs ``onnx``).
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np

from geungeo.eval.bench.answers import FRAGMENT, Row, articles_held_out, read_rows
from geungeo.eval.bench.nli import area
from geungeo.eval.data import (
    CLAIM_LESSONS,
    EVERYDAY_ARTICLES,
    EVERYDAY_CLAIMS,
    LESSON_ARTICLES,
    MORE_EVERYDAY_CLAIMS,
    NEWS_ARTICLES,
    PREMISE_ARTICLES,
    data_file,
)
from geungeo.eval.training.crossencoder import (
    Descent,
    build,
    features,
    low_rank,
    resume,
    save,
)
from geungeo.eval.training.layers import average, load_last, save_last, stored_layers
from geungeo.eval.training.layers import build as build_layers
from geungeo.eval.training.lessons import read_articles, same
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.evidence.entailment import CLASSES, inquiry_ids
from geungeo.rag.grounding.support import about
from geungeo.rag.language.terms import bigrams
from geungeo.rag.protocols import FloatArray, Inquiry
from geungeo.rag.segmentation import split_article

ENTAILED, CONTRADICTED, NEUTRAL, FALSE = range(4)
_LABELS = {"entailment": ENTAILED, "contradiction": CONTRADICTED, "neutral": NEUTRAL}
# Sentences before the evidence that are read with it, drawn.
_BEFORE = (0, 1, 1, 2)
# Sentences of a claim's evidence, at most.
_MOST = 4
# A sentence this far from the evidence, one of the nearest in words, does not say the claim.
_FAR, _NEAREST = 3, 3
ELSEWHERE, HALF = "elsewhere", "half"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A claim with its evidence, its class (one of the four above), and how it was made."""

    inquiry: Inquiry
    label: int
    how: str = ""


def read_pairs(path: Path) -> Iterator[Lesson]:
    """Yield the pairs of a KLUE-NLI file (JSON), or of a KorNLI file (TSV).

    Pairs without a label that annotators agree on are left out.
    """
    if path.suffix == ".json":
        rows = [
            (one["premise"], one["hypothesis"], one["gold_label"])
            for one in json.loads(path.read_text("utf-8"))
        ]
    else:
        lines = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        rows = [(line[0], line[1], line[2]) for line in lines if len(line) == 3]
    for premise, hypothesis, label in rows:
        if label in _LABELS:
            yield Lesson(Inquiry(hypothesis, ("", premise)), _LABELS[label])


def claim_lessons(rows: Sequence[Row], articles: Mapping[str, Article], seed: int) -> list[Lesson]:
    """Return the lessons of claims whose facts are sentences of their articles.

    A true claim is also read with a sentence of its article that does not say it, and if it
    joins several sentences, with one of them alone.
    """
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    found: list[Lesson] = []
    for row in rows:
        article = articles.get(row.article_id or "")
        if article is None or FRAGMENT in (row.kind, row.style) or not row.facts:
            continue
        source = _Source.of(article)
        places = [source.places(fact) for fact in row.facts]
        aligned = len(row.facts) == len(row.answer)
        for at, claim in enumerate(row.answer):
            chosen = [places[at]] if aligned else places
            cited = sorted({place for found_in in chosen for place in found_in})
            if all(chosen) and len(cited) <= _MOST:
                found += _lessons_of(row, claim, source, cited, draw)
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    about: str
    sentences: tuple[str, ...]

    @classmethod
    def of(cls, article: Article) -> _Source:
        day = article.published_day
        head = [about(article).replace("\n", " / "), day.isoformat() if day else ""]
        sentences = (
            one.span.of(article.text)
            for one in split_article(article)
            if one.kind is not SectionKind.TITLE
        )
        return cls(" / ".join(filter(None, head)), tuple(sentences))

    def places(self, fact: str) -> list[int]:
        """Return the sentences that hold ``fact``, at most two."""
        return [at for at, text in enumerate(self.sentences) if same(fact, text)][:2]

    def inquiry(self, claim: str, cited: Sequence[int], before: int) -> Inquiry:
        first = cited[0]
        read = [*range(max(0, first - before), first), *cited]
        return Inquiry(claim, (self.about, *(self.sentences[at] for at in read)))


def _lessons_of(
    row: Row, claim: str, source: _Source, cited: Sequence[int], draw: random.Random
) -> Iterator[Lesson]:
    true = row.label == "true"
    inquiry = source.inquiry(claim, cited, draw.choice(_BEFORE))
    yield Lesson(inquiry, ENTAILED if true else FALSE, row.style or row.kind)
    if not true:
        return
    far = [at for at in range(len(source.sentences)) if all(abs(at - one) >= _FAR for one in cited)]
    if far:
        wanted = set(bigrams(claim))
        shared = {at: len(wanted & set(bigrams(source.sentences[at]))) for at in far}
        nearest = sorted(far, key=lambda at: -shared[at])[:_NEAREST]
        yield Lesson(source.inquiry(claim, [draw.choice(nearest)], 1), NEUTRAL, ELSEWHERE)
    if len(cited) > 1 and draw.random() < 0.5:
        yield Lesson(source.inquiry(claim, [draw.choice(cited)], 0), FALSE, HALF)


def loss_of(scores: Any, labels: Sequence[int]) -> Any:
    """Return the mean loss of ``scores`` (n, 3)."""
    import torch

    wanted = torch.tensor(labels)
    chances = torch.log_softmax(scores, 1)
    not_entailed = torch.logsumexp(chances[:, 1:], 1)
    known = chances.gather(1, wanted.clamp(max=2)[:, None])[:, 0]
    return -torch.where(wanted == FALSE, not_entailed, known).mean()


def batches(
    rows: Sequence[tuple[list[int], int]], tokens: int, draw: random.Random
) -> list[list[tuple[list[int], int]]]:
    """Return the rows in batches of similar length, in random order."""
    order = list(rows)
    draw.shuffle(order)
    found: list[list[tuple[list[int], int]]] = []
    for start in range(0, len(order), 512):
        batch: list[tuple[list[int], int]] = []
        for row in sorted(order[start : start + 512], key=lambda one: len(one[0])):
            if batch and (len(batch) + 1) * len(row[0]) > tokens:
                found.append(batch)
                batch = []
            batch.append(row)
        found.append(batch)
    draw.shuffle(found)
    return found


@click.command()
@click.option(
    "--pairs",
    "files",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="KLUE-NLI (.json) or KorNLI (.tsv).",
)
@click.option(
    "--start", type=click.Path(path_type=Path, exists=True), required=True, help="An .npz file."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz file.")
@click.option("--layers", is_flag=True, help="Train all layers, not a low-rank adaptation.")
@click.option("--last", type=click.Path(path_type=Path), help="Write the last --layers here too.")
@click.option(
    "--resume",
    "earlier",
    type=click.Path(path_type=Path, exists=True),
    help="Go on from the --last weights of an earlier run.",
)
@click.option("--most-pairs", type=int, help="Learn only so many of the pairs, drawn.")
@click.option("--claims", default=3, show_default=True, help="How often each claim is learned.")
@click.option("--epochs", default=1, show_default=True)
@click.option("--rate", type=float, help="Highest learning rate; default 8e-4, of layers 6e-5.")
@click.option("--tokens", default=2_000, show_default=True, help="In a step, padding included.")
@click.option("--kept", default=0.3, show_default=True, help="Part of the first --layers in --out.")
@click.option("--seed", default=1, show_default=True)
def main(
    *,
    files: tuple[Path, ...],
    start: Path,
    out: Path,
    layers: bool,
    last: Path | None,
    earlier: Path | None,
    most_pairs: int | None,
    claims: int,
    epochs: int,
    rate: float | None,
    tokens: int,
    kept: float,
    seed: int,
) -> None:
    """Train on public pairs and on the claims about our own articles."""
    import torch

    from geungeo.rag.embedding.export import export

    if (last or earlier) and not layers:
        raise click.UsageError("--last and --resume need --layers")
    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311  # a reproducible draw
    articles = {
        article.id: article
        for name in (NEWS_ARTICLES, LESSON_ARTICLES, EVERYDAY_ARTICLES, PREMISE_ARTICLES)
        for article in read_articles(data_file(name))
    }
    names = (CLAIM_LESSONS, EVERYDAY_CLAIMS, MORE_EVERYDAY_CLAIMS)
    sets = [read_rows([data_file(name)]) for name in names]
    rows = list(chain.from_iterable(sets))
    held = set(chain.from_iterable(map(articles_held_out, sets)))
    pairs = [lesson for path in files for lesson in read_pairs(path)]
    lessons = pairs if most_pairs is None else draw.sample(pairs, min(most_pairs, len(pairs)))
    own = [row for row in rows if row.article_id not in held]
    lessons += [one for n in range(claims) for one in claim_lessons(own, articles, seed + n)]
    unseen = claim_lessons([row for row in rows if row.article_id in held], articles, seed)
    pieces = Pieces(open_weights())
    with tempfile.TemporaryDirectory() as scratch:
        export(Path(scratch))
        if layers:
            first = low_rank(start)
            if len(first["head.w"]) != len(CLASSES):
                raise click.UsageError(f"{start} scores no classes; give a judge's adaptation")
            bert, head, trained = build_layers(Path(scratch), first)
        else:
            bert, head, trained = build(Path(scratch), outputs=len(CLASSES))
            resume(start, trained)
    began_with = {name: value.detach().clone() for name, value in trained.items() if layers}
    if earlier:
        load_last(earlier, trained)
    encoded = [(inquiry_ids(pieces, one.inquiry), one.label) for one in lessons]
    planned = epochs * len(batches(encoded, tokens, random.Random(0)))  # noqa: S311
    click.echo(f"{len(lessons)} lessons, about {planned} steps; {len(unseen)} held out")
    descent = Descent(trained, rate or (6e-5 if layers else 8e-4), planned)
    began = time.monotonic()
    for _ in range(epochs):
        for batch in batches(encoded, tokens, draw):
            found, _states = features(bert, [ids for ids, _ in batch], pieces)
            loss = loss_of(head(found), [label for _, label in batch])
            descent.step(loss)
            if descent.done % 100 == 0:
                spent = time.monotonic() - began
                click.echo(f"step {descent.done}/{planned}, loss {descent.mean:.3f}, {spent:.0f} s")
            if descent.done % 500 == 0 and not layers:
                save(out, trained)
    if layers:
        if last:
            save_last(last, trained)
        average(trained, began_with, kept)
        sample = [ids for ids, _ in draw.sample(encoded, min(300, len(encoded)))]
        arrays = {name: value.detach().numpy() for name, value in trained.items()}
        np.savez(out, allow_pickle=False, **stored_layers(arrays, sample))
    else:
        save(out, trained)
    click.echo(f"wrote {out}")
    _report(unseen, _entailed(bert, head, pieces, unseen))


def _entailed(bert: Any, head: Any, pieces: Pieces, lessons: Sequence[Lesson]) -> FloatArray:
    """Return the probability that each lesson's claim is entailed, ``(n,)``."""
    import torch

    found = []
    with torch.no_grad():
        for start in range(0, len(lessons), 32):
            ids = [inquiry_ids(pieces, one.inquiry) for one in lessons[start : start + 32]]
            scores = head(features(bert, ids, pieces)[0])
            found.append(torch.softmax(scores, 1)[:, 0].numpy())
    return np.concatenate(found)


def _report(lessons: Sequence[Lesson], scores: FloatArray) -> None:
    """Print how well the held-out claims are judged, by how they were made."""
    true = np.array([one.label == ENTAILED for one in lessons])
    written = np.array([one.how not in {ELSEWHERE, HALF} for one in lessons])
    for name, chosen in (("all", np.ones_like(written)), ("as written", written)):
        found = area(true[chosen].tolist(), scores[chosen].tolist())
        click.echo(f"held out, {name}: AUC {found:.3f}")
    for kind in sorted({one.how for one in lessons}):
        chosen = np.array([one.how == kind for one in lessons])
        shares = " ".join(f"{(scores[chosen] >= limit).mean():.2f}" for limit in (0.3, 0.5, 0.7))
        click.echo(f"  {kind}: {chosen.sum()}, entailed from 0.3, 0.5, 0.7: {shares}")


if __name__ == "__main__":
    main()
