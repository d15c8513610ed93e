"""Metrics of knowing when not to answer. The positive class is *abstain*.

TP: should abstain and did; FP: should answer and abstained; FN: should abstain and
answered; TN: should answer and did, rightly or not. A failed call is none of them. All
lie in [0, 1]; higher is better. Formulas as in scikit-learn's ``precision_score``,
``recall_score``, ``f1_score`` and ``balanced_accuracy_score``; a metric whose
denominator is 0 is absent, and so are all of them when nothing should be abstained from.
"""

from __future__ import annotations

import numpy as np

from geungeo.eval.metrics.metric import Array, Metric, divide
from geungeo.eval.rows import Row

Numbers = tuple[float, ...] | None


def _should(row: Row) -> bool:
    return row.expected == "abstain"


def _did(row: Row) -> bool:
    return row.status == "abstained"


def abstain_precision(row: Row) -> Numbers:
    """abstain_precision = TP / (TP + FP): of the abstentions, those that were right."""
    if not row.judged:
        return None
    return float(_did(row) and _should(row)), float(_should(row)), float(_did(row))


def abstain_recall(row: Row) -> Numbers:
    """abstain_recall = TP / (TP + FN): of what should be abstained from, what was."""
    if not row.judged or not _should(row):
        return None
    return float(_did(row)), 1.0


def abstain_f1(row: Row) -> Numbers:
    """abstain_f1 = 2 TP / (2 TP + FP + FN)."""
    if not row.judged:
        return None
    return float(_did(row) and _should(row)), float(_should(row)), float(_did(row)), 1.0


def balanced_accuracy(row: Row) -> Numbers:
    """balanced_accuracy = (TP / (TP + FN) + TN / (TN + FP)) / 2; needs both classes."""
    if not row.judged:
        return None
    should, did = _should(row), _did(row)
    return float(did and should), float(should), float(not did and not should), 1.0


def precision_formula(sums: Array) -> Array:
    """(TP, should, did) to TP / did, undefined when nothing should be abstained from."""
    return np.where(sums[..., 1] > 0, divide(sums[..., 0], sums[..., 2]), np.nan)


def f1_formula(sums: Array) -> Array:
    """(TP, should, did, n) to 2 TP / (should + did)."""
    value = divide(2 * sums[..., 0], sums[..., 1] + sums[..., 2])
    return np.where(sums[..., 1] > 0, value, np.nan)


def balanced_formula(sums: Array) -> Array:
    """(TP, should, TN, n) to the mean of the two classes' recalls."""
    answerable = sums[..., 3] - sums[..., 1]
    return (divide(sums[..., 0], sums[..., 1]) + divide(sums[..., 2], answerable)) / 2


def recall_formula(sums: Array) -> Array:
    """(TP, should) to TP / should."""
    return divide(sums[..., 0], sums[..., 1])


ABSTENTION_METRICS: tuple[Metric, ...] = (
    Metric(
        "abstain_precision",
        "abstention",
        "abstentions that were right",
        abstain_precision,
        precision_formula,
    ),
    Metric(
        "abstain_recall",
        "abstention",
        "unanswerable left unanswered",
        abstain_recall,
        recall_formula,
    ),
    Metric("abstain_f1", "abstention", "harmonic mean of the two", abstain_f1, f1_formula),
    Metric(
        "balanced_accuracy",
        "abstention",
        "mean of both classes' recalls",
        balanced_accuracy,
        balanced_formula,
    ),
)


def operating_curve(rows: list[Row]) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall) of abstaining whenever answerability < threshold.

    One point for each distinct answerability, ascending; what other checks abstain from
    is not counted. Empty unless both classes occur.
    """
    known = [row for row in rows if row.judged and row.answerability is not None]
    total = sum(_should(row) for row in known)
    if not total or total == len(known):
        return []
    ordered = sorted(known, key=lambda row: row.answerability or 0.0)
    points: list[tuple[float, float, float]] = []
    right = 0
    for at, row in enumerate(ordered, start=1):
        right += _should(row)
        following = ordered[at].answerability if at < len(ordered) else 1.0
        if following != row.answerability or at == len(ordered):
            points.append((float(following or 0.0), right / at, right / total))
    return points
