"""``python -m geungeo.eval.training.intents``: train and measure the intent of a turn.

Trains on the part ``train`` of ``intents.jsonl`` and on questions about the invented news, in the
words of the news and in everyday ones; prints the share that is recognised of the part ``test`` and
of other questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np

from geungeo.eval.data import EVERYDAY_LESSONS, INTENT_PHRASES, NEWS_QUESTIONS, data_file
from geungeo.eval.training.lessons import held_out
from geungeo.rag.answer import Intent
from geungeo.rag.protocols import FloatArray
from geungeo.rag.question.intents import INTENTS, IntentModel, intent_features, shipped_intents

# Every how many of the news questions are trained on and tested on; the two do not overlap.
_TRAINED, _TESTED = 20, 13
# Every how many of the everyday questions are trained on.
_EVERYDAY = 8
_STRENGTH = 1.0

Phrase = tuple[str, Intent]


def phrases(split: str) -> list[Phrase]:
    """Return the phrases of one part of ``intents.jsonl``, ``train`` or ``test``."""
    rows = [json.loads(line) for line in data_file(INTENT_PHRASES).read_text("utf-8").splitlines()]
    return [(row["text"], row["intent"]) for row in rows if row["split"] == split]


def news_questions(*, trained: bool) -> list[Phrase]:
    """Return questions about the news, those that are trained on or others."""
    texts = [
        json.loads(line)["question"]
        for line in data_file(NEWS_QUESTIONS).read_text("utf-8").splitlines()
    ]
    chosen = range(0, len(texts), _TRAINED)
    if not trained:
        chosen_others = [at for at in range(7, len(texts), _TESTED) if at not in chosen]
        return [(texts[at], "question") for at in chosen_others]
    return [(texts[at], "question") for at in chosen]


def everyday_questions(*, trained: bool) -> list[Phrase]:
    """Return questions in everyday words, some to train on or all about held-out articles."""
    lines = data_file(EVERYDAY_LESSONS).read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if held_out(row["article_id"]) != trained]
    return [(row["question"], "question") for row in rows[:: _EVERYDAY if trained else 1]]


def fit(examples: Sequence[Phrase]) -> IntentModel:
    """Fit the model; the classes weigh the same, whatever their sizes."""
    from sklearn.linear_model import LogisticRegression

    features = intent_features([text for text, _ in examples])
    mean: FloatArray = features.mean(axis=0)
    model = LogisticRegression(C=_STRENGTH, max_iter=5000, class_weight="balanced")
    model.fit(features - mean, [INTENTS.index(intent) for _, intent in examples])
    return IntentModel(mean, model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def to_json(model: IntentModel) -> str:
    """Return the model as ``intents.json``."""
    parts = {"mean": model.mean, "weights": model.weights, "bias": model.bias}
    return json.dumps({name: np.round(value, 4).tolist() for name, value in parts.items()}) + "\n"


def report(model: IntentModel, examples: Sequence[Phrase]) -> Iterator[str]:
    """Yield a line for each intent: how many of its phrases are recognised, and the others."""
    probabilities = model(intent_features([text for text, _ in examples]))
    found = [INTENTS[int(at)] for at in probabilities.argmax(axis=1)]
    for intent in INTENTS:
        own = [
            (text, guess)
            for (text, wanted), guess in zip(examples, found, strict=True)
            if wanted == intent
        ]
        wrong = [f"{text} -> {guess}" for text, guess in own if guess != intent]
        if own:
            share = f"{len(own) - len(wrong)} of {len(own)}"
            yield f"| {intent} | {share} | {'; '.join(wrong[:12])} |"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Train, and write the model here.")
def main(out: Path | None) -> None:
    """Measure the shipped model, or train a new one with --out."""
    if out:
        questions = [*news_questions(trained=True), *everyday_questions(trained=True)]
        model = fit([*phrases("train"), *questions])
    else:
        model = shipped_intents()
    click.echo("| intent | recognised | wrong |\n|---|---|---|")
    for line in report(model, phrases("test")):
        click.echo(line)
    others = [*news_questions(trained=False), *everyday_questions(trained=False)]
    click.echo("\nother questions about the news:")
    for line in report(model, others):
        click.echo(line)
    if out:
        out.write_text(to_json(model), "utf-8")
        click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
