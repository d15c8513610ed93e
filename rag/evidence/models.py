"""The small learned models that ship as ``model.json``, and nothing that executes code.

One model ranks sentences (logistic regression), one decides to answer (gradient-boosted
trees and a logistic regression). Both are written by ``python -m geungeo.eval.training``;
predicting needs numpy only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import numpy as np

from geungeo.rag.errors import InvariantViolation
from geungeo.rag.protocols import FloatArray


class Classifier(Protocol):
    """Turns rows of named features into probabilities."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``, each in [0, 1]."""


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    probabilities: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
    return probabilities


@dataclass(frozen=True, slots=True)
class Linear:
    """Logistic regression."""

    weights: FloatArray
    bias: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``."""
        return _sigmoid(self.logits(features))

    def logits(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``, before the sigmoid."""
        logits: np.ndarray = features @ self.weights + self.bias
        return logits


@dataclass(frozen=True, slots=True)
class Tree:
    """A regression tree. Node ``i`` goes ``left[i]`` if its feature is at most ``threshold[i]``.

    A leaf has ``feature[i] == -1`` and the value ``value[i]``.
    """

    feature: Sequence[int]
    threshold: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    value: Sequence[float]

    def __call__(self, row: np.ndarray) -> float:
        """The leaf value for one row of features."""
        at = 0
        while self.feature[at] >= 0:
            goes_left = row[self.feature[at]] <= self.threshold[at]
            at = self.left[at] if goes_left else self.right[at]
        return self.value[at]


@dataclass(frozen=True, slots=True)
class Boosted:
    """Gradient-boosted trees: the sigmoid of ``bias`` plus what the trees say.

    After Friedman, "Greedy Function Approximation: A Gradient Boosting Machine" (2001).
    """

    trees: tuple[Tree, ...]
    bias: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``."""
        return _sigmoid(self.logits(features))

    def logits(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``, before the sigmoid."""
        # Thresholds are float64 midpoints: compared in float32 they would round onto values.
        rows = np.asarray(features, dtype=np.float64)
        sums = [sum(tree(row) for tree in self.trees) for row in rows]
        logits: np.ndarray = np.array(sums) + self.bias
        return logits


@dataclass(frozen=True, slots=True)
class Blended:
    """Trees and a line, their logits averaged.

    The trees find steps where there are many rows to learn from, the line holds the slope
    where there are few.
    """

    trees: Boosted
    line: Linear

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """``(n, features) -> (n,)``."""
        return _sigmoid((self.trees.logits(features) + self.line.logits(features)) / 2)


@dataclass(frozen=True, slots=True)
class Model:
    """The shipped weights; ``threshold`` is where answering and abstaining balance best."""

    ranker: Classifier
    answerer: Classifier
    threshold: float


def parse_model(data: Any, ranked_by: Sequence[str], answered_by: Sequence[str]) -> Model:
    """A model from its JSON form.

    Raises:
        InvariantViolation: it was trained on other features than this code measures.
    """
    for part, names in (("ranker", ranked_by), ("answerer", answered_by)):
        if list(data[part]["features"]) != list(names):
            raise InvariantViolation(
                f"model.json: the {part} was trained on other features than are measured; "
                "run: python -m geungeo.eval.training"
            )
    answerer = data["answerer"]
    trees = tuple(Tree(**tree) for tree in answerer["trees"])
    return Model(
        _linear(data["ranker"]),
        Blended(Boosted(trees, float(answerer["bias"])), _linear(answerer["line"])),
        float(data["threshold"]),
    )


def _linear(data: Any) -> Linear:
    return Linear(np.array(data["weights"], dtype=np.float32), float(data["bias"]))


@cache
def shipped_model(ranked_by: tuple[str, ...], answered_by: tuple[str, ...]) -> Model:
    """The model in this package, for these features."""
    text = files("geungeo.rag.evidence").joinpath("model.json").read_text("utf-8")
    return parse_model(json.loads(text), ranked_by, answered_by)
