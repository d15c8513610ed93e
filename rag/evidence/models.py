"""The small learned models that ship as ``model.json``, and nothing that executes code.

One line ranks sentences, one decides to answer (logistic regressions). Both are written by
``python -m geungeo.eval.training``; predicting needs numpy only.
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
    return Model(_linear(data["ranker"]), _linear(data["answerer"]), float(data["threshold"]))


def _linear(data: Any) -> Linear:
    return Linear(np.array(data["weights"], dtype=np.float32), float(data["bias"]))


@cache
def shipped_model(ranked_by: tuple[str, ...], answered_by: tuple[str, ...]) -> Model:
    """The model in this package, for these features."""
    text = files("geungeo.rag.evidence").joinpath("model.json").read_text("utf-8")
    return parse_model(json.loads(text), ranked_by, answered_by)
