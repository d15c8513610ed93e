"""Measure a verifier on inference pairs: a source is a premise, a claim is a hypothesis."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from geungeo.eval.bench.grounding import Rate, wilson
from geungeo.rag.errors import UsageError
from geungeo.rag.grounding import support
from geungeo.rag.protocols import Inquiry

Judge = Literal["rules", "bundled"]
# Of the rules, 0.5 means one violated rule, less means several; from 0.51 a claim is supported, and
# the score is the share of wording from the source. Of the bundled model, it is a probability.
THRESHOLDS = (0.0, 0.25, 0.5, 0.51, 0.6, 0.7, 0.8, 0.9, 0.95)


class Pair(BaseModel):
    """One KLUE-NLI pair; other fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    premise: str
    hypothesis: str
    gold_label: str


class Point(BaseModel):
    """A point of the curve: a pair passes if its score is at least ``threshold``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float
    passed: int
    precision: float
    recall: float
    accuracy: float


class NliReport(BaseModel):
    """The curve over thresholds of the score, and pass rates by gold label.

    ``area`` is that under the ROC curve: how often an entailed pair scores above another one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    entailed: int
    area: float
    curve: tuple[Point, ...]
    by_label: dict[str, Rate]


def measure_file(path: Path, judge: Judge = "rules") -> NliReport:
    """Measure the pairs of a KLUE-NLI file.

    Raises:
        UsageError: the file is not a JSON list of pairs.
    """
    try:
        pairs = TypeAdapter(list[Pair]).validate_python(json.loads(path.read_text("utf-8")))
    except (ValueError, ValidationError) as error:
        raise UsageError(f"{path} is not a KLUE-NLI file: {error}") from error
    if not pairs:
        raise UsageError(f"{path} contains no pairs")
    return measure(pairs, judge)


def measure(pairs: Sequence[Pair], judge: Judge = "rules") -> NliReport:
    """Judge every pair by the rules, or by the bundled model alone."""
    gold = [pair.gold_label == "entailment" for pair in pairs]
    scores, supported = _JUDGES[judge](pairs)
    labels = sorted({pair.gold_label for pair in pairs})
    by_label: dict[str, Rate] = {}
    for label in labels:
        passed = [
            one for pair, one in zip(pairs, supported, strict=True) if pair.gold_label == label
        ]
        by_label[label] = wilson(sum(passed), len(passed))
    return NliReport(
        n=len(pairs),
        entailed=sum(gold),
        area=round(area(gold, scores), 4),
        curve=tuple(_point(threshold, scores, gold) for threshold in THRESHOLDS),
        by_label=by_label,
    )


def area(gold: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the area under the ROC curve of ``scores``; 0.5 if all of ``gold`` are alike."""
    _, places, counts = np.unique(
        np.asarray(scores, dtype=np.float64), return_inverse=True, return_counts=True
    )
    # Equal scores share the mean of their ranks (Mann & Whitney, 1947).
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    true = np.asarray(gold, dtype=bool)
    hits, misses = int(true.sum()), int((~true).sum())
    if not hits or not misses:
        return 0.5
    return float((ranks[true].sum() - hits * (hits + 1) / 2) / (hits * misses))


def _by_rules(pairs: Sequence[Pair]) -> tuple[list[float], list[bool]]:
    verdicts = [support(pair.hypothesis, [pair.premise]) for pair in pairs]
    return [verdict.score for verdict in verdicts], [verdict.supported for verdict in verdicts]


def _by_model(pairs: Sequence[Pair]) -> tuple[list[float], list[bool]]:
    from geungeo.rag.evidence.entailment import SURE, bundled_entailment

    asked = [Inquiry(pair.hypothesis, ("", pair.premise)) for pair in pairs]
    scores = bundled_entailment().probabilities(asked)[:, 0]
    return scores.tolist(), (scores >= SURE).tolist()


_JUDGES: dict[Judge, Callable[[Sequence[Pair]], tuple[list[float], list[bool]]]] = {
    "rules": _by_rules,
    "bundled": _by_model,
}


def _point(threshold: float, scores: Sequence[float], gold: Sequence[bool]) -> Point:
    passed = [score >= threshold for score in scores]
    hits = sum(p and g for p, g in zip(passed, gold, strict=True))
    right = sum(p == g for p, g in zip(passed, gold, strict=True))
    return Point(
        threshold=threshold,
        passed=sum(passed),
        precision=hits / (sum(passed) or 1),
        recall=hits / (sum(gold) or 1),
        accuracy=right / len(gold),
    )
