"""Abstention metrics. The positive class is *abstain*.

TP: should abstain and did; FP: should answer and abstained; FN: should abstain and answered; TN:
should answer and did, rightly or not. A call that failed is none of them. All lie in [0, 1]; higher
is better. Formulas as in scikit-learn's ``precision_score``, ``recall_score``, ``f1_score`` and
``balanced_accuracy_score``. A metric with denominator 0 is absent, and all of them are absent if
the data set has no question to abstain from.
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
    """Return the addends of TP / (TP + FP), the share of right abstentions."""
    if not row.judged:
        return None
    return float(_did(row) and _should(row)), float(_should(row)), float(_did(row))


def abstain_recall(row: Row) -> Numbers:
    """Return the addends of TP / (TP + FN), the share of unanswerable questions abstained from."""
    if not row.judged or not _should(row):
        return None
    return float(_did(row)), 1.0


def abstain_f1(row: Row) -> Numbers:
    """Return the addends of 2 TP / (2 TP + FP + FN)."""
    if not row.judged:
        return None
    return float(_did(row) and _should(row)), float(_should(row)), float(_did(row)), 1.0


def balanced_accuracy(row: Row) -> Numbers:
    """Return the addends of (TP / (TP + FN) + TN / (TN + FP)) / 2; needs both classes."""
    if not row.judged:
        return None
    should, did = _should(row), _did(row)
    return float(did and should), float(should), float(not did and not should), 1.0


def precision_formula(sums: Array) -> Array:
    """Compute TP / did from (TP, should, did); undefined where should is 0."""
    return np.where(sums[..., 1] > 0, divide(sums[..., 0], sums[..., 2]), np.nan)


def f1_formula(sums: Array) -> Array:
    """Compute 2 TP / (should + did) from (TP, should, did, n)."""
    value = divide(2 * sums[..., 0], sums[..., 1] + sums[..., 2])
    return np.where(sums[..., 1] > 0, value, np.nan)


def balanced_formula(sums: Array) -> Array:
    """Compute the mean of both classes' recalls from (TP, should, TN, n)."""
    answerable = sums[..., 3] - sums[..., 1]
    return (divide(sums[..., 0], sums[..., 1]) + divide(sums[..., 2], answerable)) / 2


def recall_formula(sums: Array) -> Array:
    """Compute TP / should from (TP, should)."""
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
    """Return (threshold, precision, recall) of abstaining whenever answerability < threshold.

    There is one point for each distinct answerability, ascending; abstentions for other reasons are
    not counted. Empty unless both classes occur.
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
