"""Metrics of checked texts, per verdict.

Precision and recall of each verdict over marked claims; a claim that was checked in parts has the
gravest verdict of its parts. ``check_named`` is the share of contradicted claims whose difference
is named rightly, ``check_near`` that of supported claims near the source's wording that are found
so, ``check_nearest`` that of the others whose source is shown. All lie in [0, 1].
"""

from __future__ import annotations

from typing import get_args

from geungeo.eval.cases import CheckVerdict
from geungeo.eval.metrics.metric import Metric, RowNumbers, ratio
from geungeo.eval.rows import Row

Numbers = tuple[float, ...] | None


def _precision(verdict: CheckVerdict) -> RowNumbers:
    def numbers(row: Row) -> Numbers:
        one = row.checked
        if one is None or one.verdict != verdict:
            return None
        return float(one.expected == verdict), 1.0

    return numbers


def _recall(verdict: CheckVerdict) -> RowNumbers:
    def numbers(row: Row) -> Numbers:
        one = row.checked
        if one is None or one.expected != verdict:
            return None
        return float(one.verdict == verdict), 1.0

    return numbers


def lies_not_supported(row: Row) -> Numbers:
    """Return the addends of the share of contradicted claims that are not supported."""
    one = row.checked
    if one is None or one.expected != "contradicted":
        return None
    return float(one.verdict != "supported"), 1.0


def named(row: Row) -> Numbers:
    """Return the addends of the share of found contradictions whose kind is named rightly."""
    one = row.checked
    if one is None or one.named is None or one.verdict != "contradicted":
        return None
    return float(one.named), 1.0


def wrongly_contradicted(row: Row) -> Numbers:
    """Return the addends of the share of other claims that are called contradicted."""
    one = row.checked
    if one is None or one.expected == "contradicted":
        return None
    return float(one.verdict == "contradicted"), 1.0


def near(row: Row) -> Numbers:
    """Return the addends of the share of true claims near the wording that are supported."""
    one = row.checked
    if one is None or one.expected != "supported" or one.wording != "near":
        return None
    return float(one.verdict == "supported" and one.source_shown is not False), 1.0


def paraphrased(row: Row) -> Numbers:
    """Return the addends of the share of true paraphrases that are supported."""
    one = row.checked
    if one is None or one.expected != "supported" or one.wording != "paraphrase":
        return None
    return float(one.verdict == "supported"), 1.0


def nearest(row: Row) -> Numbers:
    """Return the addends of the share of true claims not found whose source is shown."""
    one = row.checked
    if one is None or one.expected != "supported" or one.verdict != "not_found":
        return None
    return float(bool(one.source_shown)), 1.0


CHECK_METRICS: tuple[Metric, ...] = (
    *(
        Metric(
            f"check_{name}_{verdict}",
            "check",
            f"{name} of the verdict {verdict}",
            of(verdict),
            ratio,
        )
        for verdict in get_args(CheckVerdict)
        for name, of in (("precision", _precision), ("recall", _recall))
    ),
    Metric(
        "check_lies_not_supported",
        "check",
        "contradicted claims that are not called supported",
        lies_not_supported,
        ratio,
    ),
    Metric("check_named", "check", "found contradictions named rightly", named, ratio),
    Metric(
        "check_wrongly_contradicted",
        "check",
        "other claims that are called contradicted",
        wrongly_contradicted,
        ratio,
        "lower",
    ),
    Metric("check_near", "check", "true claims near the wording, supported", near, ratio),
    Metric("check_paraphrased", "check", "true paraphrases, supported", paraphrased, ratio),
    Metric("check_nearest", "check", "true claims not found, source shown", nearest, ratio),
)
