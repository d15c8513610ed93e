"""What an evaluation writes down for one case: the answer, its verdicts, nothing volatile.

Rows hold neither times nor random ids: two runs on the same store give the same rows.
Times stand apart, in :class:`Latency`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from geungeo.eval.cases import Expectation, Kind
from geungeo.rag.answer import Citation, DroppedClaim, Reason, Status
from geungeo.rag.errors import InvariantViolation


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Retrieved(_Model):
    """A retrieved passage without its text (which the store can give back)."""

    article_id: str
    version: int
    start: int
    end: int
    score: float
    relevant: bool | None


class Retrieval(_Model):
    """``rank`` (from 1) of the first relevant result, None if none is among ``searched``.

    Results are passages, or distinct paragraphs where the data set brought paragraphs.
    """

    rank: int | None
    searched: int
    top: tuple[Retrieved, ...]


class Statement(_Model):
    """One sentence of an answer: a cited claim, or text that cites nothing.

    ``joint`` is the judge's verdict on all its sources together, ``useful`` its verdict on
    each citation (ALCE), ``grounded`` what the grounding check says.
    """

    text: str
    markers: tuple[int, ...]
    joint: bool
    useful: tuple[bool, ...]
    grounded: bool


class Verdict(_Model):
    """Scores of one answer; None where the case has nothing to compare with."""

    answer_hit: bool | None = None
    quote_hit: bool | None = None
    exact_match: float | None = None
    char_f1: float | None = None
    statements: tuple[Statement, ...] = ()
    inexact: tuple[int, ...] = Field(
        default=(), description="Markers whose quote is not what stands at its span."
    )


class Row(_Model):
    """One case, asked and judged."""

    key: str
    dataset: str
    id: str
    item: str
    turn: int | None
    kind: Kind
    tags: tuple[str, ...]
    question: str
    expected: Expectation
    answers: tuple[str, ...]
    quote: str | None
    gold_found: bool | None = Field(
        description="Whether the gold place was found in the store; None without a gold place."
    )
    retrieval: Retrieval | None = None
    asked: bool = Field(description="False in a retrieval-only run.")
    status: Status | None = None
    reason: Reason | None = None
    text: str = ""
    standalone_question: str = ""
    backend: str = ""
    answerability: float | None = None
    threshold: float | None = None
    citations: tuple[Citation, ...] = ()
    verdict: Verdict = Verdict()
    dropped: tuple[DroppedClaim, ...] = ()
    notes: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    error: str | None = None

    @property
    def judged(self) -> bool:
        """Whether an answer was asked for and came: a failed call shows nothing."""
        return self.asked and not self.failed

    @property
    def failed(self) -> bool:
        """Whether the system broke down instead of deciding."""
        return self.error is not None or self.backend_failed

    @property
    def backend_failed(self) -> bool:
        """Whether what the system depends on was down: going on may be pointless."""
        raised = self.error is not None and self.error.startswith("backend_")
        return raised or self.reason == "backend_unavailable"

    @property
    def withheld(self) -> bool:
        """Whether an answer broke a promise and the system caught it at its door."""
        return self.error is not None and self.error.startswith(f"{InvariantViolation.code}:")


class Latency(_Model):
    """Milliseconds by stage for one row; ``search`` is the retrieval call of the metrics."""

    key: str
    stages: dict[str, Annotated[float, Field(ge=0)]]
