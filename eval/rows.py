"""Record of one case: the answer and its verdicts.

Rows contain neither times nor random ids: two runs on the same store give equal rows. Times are
kept separately, in :class:`Latency`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from geungeo.eval.cases import CheckVerdict, Expectation, Kind
from geungeo.rag.answer import Citation, DroppedClaim, Intent, Nearest, Reason, Status
from geungeo.rag.errors import InvariantViolation


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Retrieved(_Model):
    """A retrieved passage without its text, which the store can return."""

    article_id: str
    version: int
    start: int
    end: int
    score: float
    relevant: bool | None


class Retrieval(_Model):
    """Outcome of a search.

    ``rank`` (from 1) is that of the first relevant result, None if none of ``searched`` is
    relevant. Results are passages, or distinct paragraphs if the data set consists of paragraphs.
    """

    rank: int | None
    searched: int
    top: tuple[Retrieved, ...]


class Statement(_Model):
    """One sentence of an answer: a cited claim, or text without a citation.

    ``joint`` is the judge's verdict on all sources together, ``useful`` its verdict on each
    citation (ALCE), ``grounded`` the verdict of the grounding check.
    """

    text: str
    markers: tuple[int, ...]
    joint: bool
    useful: tuple[bool, ...]
    grounded: bool


class Verdict(_Model):
    """Scores of one answer; None where the case has no reference."""

    answer_hit: bool | None = None
    quote_hit: bool | None = None
    helpful: bool | None = None
    exact_match: float | None = None
    char_f1: float | None = None
    short_answer_f1: float | None = None
    summary_f1: float | None = None
    statements: tuple[Statement, ...] = ()
    inexact: tuple[int, ...] = Field(
        default=(), description="Markers whose quote differs from the text at its span."
    )


class CheckedGold(_Model):
    """A marked claim of a draft and the verdict that a check gave.

    ``named`` is whether the difference is of the marked kind, ``source_shown`` whether a shown
    source overlaps the marked quote; ``None`` where there is no mark.
    """

    expected: CheckVerdict
    verdict: CheckVerdict
    wording: str | None = None
    kind: str | None = None
    found: tuple[str, ...] = ()
    named: bool | None = None
    source_shown: bool | None = None


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
        description="Whether the gold place is in the store; None without a gold place."
    )
    retrieval: Retrieval | None = None
    asked: bool = Field(description="False in a retrieval-only run.")
    status: Status | None = None
    reason: Reason | None = None
    intent: Intent = "question"
    nearest: tuple[Nearest, ...] = ()
    text: str = ""
    short_answer: str | None = None
    standalone_question: str = ""
    backend: str = ""
    answerability: float | None = None
    threshold: float | None = None
    citations: tuple[Citation, ...] = ()
    verdict: Verdict = Verdict()
    checked: CheckedGold | None = None
    dropped: tuple[DroppedClaim, ...] = ()
    notes: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    error: str | None = None

    @property
    def judged(self) -> bool:
        """Whether there is an answer to judge: a call that failed has none."""
        return self.asked and not self.failed

    @property
    def failed(self) -> bool:
        """Whether the call failed."""
        return self.error is not None or self.backend_failed

    @property
    def backend_failed(self) -> bool:
        """Whether a backend was unavailable, so that further calls may fail as well."""
        raised = self.error is not None and self.error.startswith("backend_")
        return raised or self.reason == "backend_unavailable"

    @property
    def withheld(self) -> bool:
        """Whether the system withheld an answer that violated an invariant."""
        return self.error is not None and self.error.startswith(f"{InvariantViolation.code}:")


class Latency(_Model):
    """Milliseconds by stage for one row; ``search`` is the retrieval call of the metrics."""

    key: str
    stages: dict[str, Annotated[float, Field(ge=0)]]
