"""Measure support on inference pairs: a source is a premise, a claim is a hypothesis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from geungeo.eval.bench.grounding import Rate, wilson
from geungeo.rag.errors import UsageError
from geungeo.rag.grounding import support

# 0.5 means one violated rule, less means several; from 0.51 a claim is supported, and the score
# is the share of wording taken from the source.
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
    """The curve over thresholds of the score, and pass rates of the rules by gold label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    entailed: int
    curve: tuple[Point, ...]
    by_label: dict[str, Rate]


def measure_file(path: Path) -> NliReport:
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
    return measure(pairs)


def measure(pairs: Sequence[Pair]) -> NliReport:
    """Judge every pair."""
    verdicts = [support(pair.hypothesis, [pair.premise]) for pair in pairs]
    gold = [pair.gold_label == "entailment" for pair in pairs]
    scores = [verdict.score for verdict in verdicts]
    labels = sorted({pair.gold_label for pair in pairs})
    by_label: dict[str, Rate] = {}
    for label in labels:
        passed = [
            verdict.supported
            for pair, verdict in zip(pairs, verdicts, strict=True)
            if pair.gold_label == label
        ]
        by_label[label] = wilson(sum(passed), len(passed))
    return NliReport(
        n=len(pairs),
        entailed=sum(gold),
        curve=tuple(_point(threshold, scores, gold) for threshold in THRESHOLDS),
        by_label=by_label,
    )


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
