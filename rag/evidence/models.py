"""The small learned models that ship as ``model.json``: plain data, no executable code.

One logistic regression ranks sentences, another decides whether to answer. Both are written by
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
    """Model that turns rows of named features into probabilities."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return ``(n,)`` probabilities in [0, 1] for ``features`` of shape ``(n, features)``."""


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    probabilities: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
    return probabilities


@dataclass(frozen=True, slots=True)
class Linear:
    """Logistic regression."""

    weights: FloatArray
    bias: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return ``(n,)`` probabilities for ``features`` of shape ``(n, features)``."""
        return _sigmoid(self.logits(features))

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return ``(n,)`` log-odds for ``features`` of shape ``(n, features)``."""
        logits: np.ndarray = features @ self.weights + self.bias
        return logits


@dataclass(frozen=True, slots=True)
class Model:
    """The shipped weights; ``threshold`` is where answering and abstaining balance best."""

    ranker: Classifier
    answerer: Classifier
    threshold: float


def parse_model(data: Any, ranked_by: Sequence[str], answered_by: Sequence[str]) -> Model:
    """Return the model that ``data``, its JSON form, describes.

    Raises:
        InvariantViolation: it was trained on other features than this code computes.
    """
    for part, names in (("ranker", ranked_by), ("answerer", answered_by)):
        if list(data[part]["features"]) != list(names):
            raise InvariantViolation(
                f"model.json: the {part} was trained on other features than this version computes; "
                "run: python -m geungeo.eval.training"
            )
    return Model(_linear(data["ranker"]), _linear(data["answerer"]), float(data["threshold"]))


def _linear(data: Any) -> Linear:
    return Linear(np.array(data["weights"], dtype=np.float32), float(data["bias"]))


@cache
def shipped_model(ranked_by: tuple[str, ...], answered_by: tuple[str, ...]) -> Model:
    """Return the model in this package, checked against these features."""
    text = files("geungeo.rag.evidence").joinpath("model.json").read_text("utf-8")
    return parse_model(json.loads(text), ranked_by, answered_by)
