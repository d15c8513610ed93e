"""Fit the ranker and the decision to answer; report both by cross-validation.

Rows are weighted by source, whatever its size (``_RANKER_WEIGHT``, ``_ANSWERER_WEIGHT``). Folds are
split by group, so that no article is on both sides.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geungeo.eval.training.collect import Row
from geungeo.rag.evidence.features import SENTENCE_FEATURES, UNREAD
from geungeo.rag.evidence.models import Linear, Model, parse_model
from geungeo.rag.evidence.select import ANSWER_FEATURES, rank_scores, summarise

FOLDS = 5
# The threshold is chosen by the cost to a reader: a refused answerable question costs as much as
# an unanswerable one that is answered. In a trial over half of the news questions the sum was
# least at 0.45 (0.532; 0.542 at 0.40).
THRESHOLD = 0.45
# Weight of a source, whatever its size; news is the product's purpose.
_NEWS = ("geungeo", "news", "open", "everyday")
_RANKER_WEIGHT = {**dict.fromkeys(_NEWS, 30.0), "squad": 20.0, "nomiracl": 20.0}
_ANSWERER_WEIGHT = {**dict.fromkeys(_NEWS, 3.0), "squad": 1.0, "nomiracl": 3.0}
# Gives the best rankings in cross-validation, of 0.2 to 1.2.
_FIRST_SHARE = 0.4
_JUDGED = SENTENCE_FEATURES.index("judged")
_CURVE = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """Cross-validated figures of one source.

    ``judged`` is the AUC of the cross-encoder's best judgement alone.
    ``quoted`` is the share of the answerable that are answered with the gold among the first two.
    ``bins`` are (mean predicted, observed, n); ``curve`` is (threshold, hallucination, error).
    """

    source: str
    rows: int
    ranked: int
    top1: float
    top2: float
    quoted: float
    auc: float
    judged: float
    hallucination: float
    error: float
    bins: tuple[tuple[float, float, int], ...]
    curve: tuple[tuple[float, float, float], ...]

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the two shares of right decisions."""
        return 1 - (self.hallucination + self.error) / 2


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """All sources at one threshold."""

    threshold: float
    sources: tuple[SourceReport, ...]


def fit_ranker(rows: Sequence[Row]) -> Linear:
    """Fit the probability that a sentence holds the gold.

    A logistic regression over all features but the cross-encoder's judgement. Its log-odds are
    added to that judgement with a fixed share: if they were fitted together, a thousand questions
    would be too few to separate seventeen features from noise. A last line turns the sums into
    probabilities.
    """
    marked = [(row, row.gold) for row in rows if row.gold is not None]
    weights = [_RANKER_WEIGHT[row.source] for row, _ in marked]
    measured = np.arange(len(SENTENCE_FEATURES)) != _JUDGED
    first = _logistic(
        [row.measured.features[:, measured] for row, _ in marked],
        [gold for _, gold in marked],
        weights,
    )
    line = np.zeros(len(SENTENCE_FEATURES), dtype=np.float32)
    line[measured], line[_JUDGED] = _FIRST_SHARE * first.weights, 1.0
    read = [row.measured.features[:, _JUDGED] > UNREAD for row, _ in marked]
    last = _logistic(
        [
            (row.measured.features @ line)[seen, None]
            for (row, _), seen in zip(marked, read, strict=True)
        ],
        [gold[seen] for (_, gold), seen in zip(marked, read, strict=True)],
        weights,
    )
    return Linear(last.weights[0] * line, last.bias)


def _logistic(
    features: Sequence[np.ndarray], gold: Sequence[np.ndarray], weights: Sequence[float]
) -> Linear:
    """Fit one line over the sentences of all questions, each question with its weight."""
    from sklearn.linear_model import LogisticRegression

    x, y = np.concatenate(features), np.concatenate(gold)
    shares = [np.full(len(g), weight / len(g)) for g, weight in zip(gold, weights, strict=True)]
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    model = LogisticRegression(max_iter=3000)
    model.fit((x - mean) / deviation, y, sample_weight=np.concatenate(shares))
    scaled = model.coef_[0] / deviation
    return Linear(scaled.astype(np.float32), float(model.intercept_[0] - (scaled * mean).sum()))


def summaries(rows: Sequence[Row], ranker: Linear) -> np.ndarray:
    """Return ``(rows, answer features)``."""
    found = []
    for row in rows:
        scores = rank_scores(ranker, row.question, row.measured)
        order = np.argsort(-scores, kind="stable")
        found.append(summarise(row.question, row.measured, order))
    return np.array(found, dtype=np.float32)


def fit_answerer(features: np.ndarray, rows: Sequence[Row]) -> Linear:
    """Fit a logistic regression of whether the evidence as a whole answers."""
    from sklearn.linear_model import LogisticRegression

    sizes = {source: sum(row.source == source for row in rows) for source in _RANKER_WEIGHT}
    weights = np.array([_ANSWERER_WEIGHT[row.source] / sizes[row.source] for row in rows])
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(class_weight="balanced", max_iter=3000)
    model.fit(
        (features - mean) / deviation,
        [row.answerable for row in rows],
        sample_weight=weights / weights.mean(),
    )
    scaled = model.coef_[0] / deviation
    return Linear(scaled.astype(np.float32), float(model.intercept_[0] - (scaled * mean).sum()))


def fit(rows: Sequence[Row], *, threshold: float, ranker: Linear | None = None) -> dict[str, Any]:
    """Return the model trained on all rows, in its JSON form; ``ranker`` is kept if given."""
    ranker = ranker or fit_ranker(rows)
    features = summaries(rows, ranker)
    answerer = fit_answerer(features, rows)
    model = to_json(ranker, answerer, threshold)
    _check_export(parse_model(model, SENTENCE_FEATURES, ANSWER_FEATURES), answerer, features)
    return model


def to_json(ranker: Linear, answerer: Linear, threshold: float) -> dict[str, Any]:
    """Return the JSON that ``geungeo.rag.evidence.models.parse_model`` reads."""
    return {
        "threshold": round(threshold, 4),
        "ranker": _line(ranker, SENTENCE_FEATURES),
        "answerer": _line(answerer, ANSWER_FEATURES),
    }


def _line(line: Linear, features: Sequence[str]) -> dict[str, Any]:
    return {
        "features": list(features),
        "weights": [round(float(weight), 5) for weight in line.weights],
        "bias": round(line.bias, 5),
    }


def _check_export(model: Model, answerer: Linear, features: np.ndarray) -> None:
    """Check that the exported model decides as the trained one."""
    worst = np.abs(model.answerer(features) - answerer(features)).max()
    if worst > 1e-3:
        raise ValueError(f"the exported model differs by {worst:.4f}")


def cross_validate(rows: Sequence[Row], kept: Linear | None = None) -> TrainingReport:
    """Evaluate both models, each row by models that were not trained on its group.

    With a ``kept`` ranker only the decision to answer is trained.
    """
    fold = np.array([zlib.crc32(row.group.encode()) % FOLDS for row in rows])
    probability = np.zeros(len(rows))
    place = np.full(len(rows), -1)
    for number in range(FOLDS):
        train = [row for row, at in zip(rows, fold, strict=True) if at != number]
        ranker = kept or fit_ranker(train)
        answerer = fit_answerer(summaries(train, ranker), train)
        held = np.flatnonzero(fold == number)
        features = summaries([rows[int(at)] for at in held], ranker)
        probability[held] = answerer(features)
        for at in held:
            place[at] = _place(rows[int(at)], ranker)
    sources = dict.fromkeys(row.source for row in rows)
    return TrainingReport(
        THRESHOLD,
        tuple(_report(source, rows, probability, place, THRESHOLD) for source in sources),
    )


def _place(row: Row, ranker: Linear) -> int:
    """Return the rank (from 0) of the first gold sentence, -1 if there is none."""
    if row.gold is None:
        return -1
    order = np.argsort(-rank_scores(ranker, row.question, row.measured), kind="stable")
    return int(np.flatnonzero(row.gold[order])[0])


def _errors(truth: np.ndarray, probability: np.ndarray, threshold: float) -> tuple[float, float]:
    """Return (hallucination, error): unanswerable but answered, answerable but abstained."""
    answered = probability >= threshold
    return float(answered[~truth].mean()), float((~answered[truth]).mean())


def _report(
    source: str,
    rows: Sequence[Row],
    probability: np.ndarray,
    place: np.ndarray,
    threshold: float,
) -> SourceReport:
    from sklearn.metrics import roc_auc_score

    from_source = np.array([row.source == source for row in rows])
    truth = np.array([row.answerable for row in rows])[from_source]
    places = place[from_source & (place >= 0)]
    hallucination, error = _errors(truth, probability[from_source], threshold)
    edges = np.clip((probability[from_source] * 5).astype(int), 0, 4)
    bins = tuple(
        (
            float(probability[from_source][edges == n].mean()),
            float(truth[edges == n].mean()),
            int((edges == n).sum()),
        )
        for n in range(5)
        if (edges == n).any()
    )
    return SourceReport(
        source,
        int(from_source.sum()),
        len(places),
        float((places < 1).mean()) if len(places) else float("nan"),
        float((places < 2).mean()) if len(places) else float("nan"),
        float(((place < 2) & (probability >= threshold))[from_source & (place >= 0)].mean())
        if len(places)
        else float("nan"),
        float(roc_auc_score(truth, probability[from_source])),
        float(roc_auc_score(truth, _best_judgements(rows)[from_source])),
        hallucination,
        error,
        bins,
        tuple((at, *_errors(truth, probability[from_source], at)) for at in _CURVE),
    )


def _best_judgements(rows: Sequence[Row]) -> np.ndarray:
    return np.array([row.measured.features[:, _JUDGED].max() for row in rows])


def render(report: TrainingReport) -> str:
    """Render the figures as Markdown: a table, the reliability, and the errors by threshold."""
    lines = [
        f"threshold {report.threshold:.2f}; {FOLDS}-fold cross-validation by article or question",
        "",
        "| source | rows | gold in top 1 | gold in top 2 | quoted | AUC "
        "| of the best judgement alone | balanced accuracy | hallucination | error |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {s.source} | {s.rows} | {s.top1:.3f} | {s.top2:.3f} | {s.quoted:.3f} | {s.auc:.3f} "
        f"| {s.judged:.3f} | {s.balanced_accuracy:.3f} | {s.hallucination:.3f} | {s.error:.3f} |"
        for s in report.sources
    ]
    lines += ["", "| source | predicted | observed | n |", "|---|---|---|---|"]
    lines += [
        f"| {s.source} | {predicted:.2f} | {observed:.2f} | {n} |"
        for s in report.sources
        for predicted, observed, n in s.bins
    ]
    lines += [
        "",
        "| threshold | " + " | ".join(s.source for s in report.sources) + " |",
        "|---" * (1 + len(report.sources)) + "|",
    ]
    for at, threshold in enumerate(_CURVE):
        shares = " | ".join(f"{s.curve[at][1]:.2f} / {s.curve[at][2]:.2f}" for s in report.sources)
        lines.append(f"| {threshold:.2f} | {shares} |")
    return "\n".join(lines)
