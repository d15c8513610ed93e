"""What the pipeline takes and what it emits, event by event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from geungeo.rag.answer import Answer, Citation, PassageHit
from geungeo.rag.protocols import Filters, Turn


@dataclass(frozen=True, slots=True)
class Ask:
    """One question as a channel hands it in. ``history`` is oldest first."""

    question: str
    conversation_id: str | None = None
    history: tuple[Turn, ...] = ()
    top_k: int | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Retrieval is done."""

    passages: tuple[PassageHit, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """A verified piece of the answer's text; pieces concatenate to ``Answer.text``."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of the piece that was just sent."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """The whole Answer; always the last event."""

    answer: Answer


Event: TypeAlias = PassagesFound | Delta | Cited | Done
