"""Questions of an evaluation with their expected outcome: cases, documents and data sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["answerable", "unanswerable", "false_premise", "attack", "conversation"]
Format = Literal["geungeo", "squad", "nomiracl"]
Expectation = Literal["answer", "abstain"]

KINDS: tuple[Kind, ...] = (
    "answerable",
    "unanswerable",
    "false_premise",
    "attack",
    "conversation",
)


@dataclass(frozen=True, slots=True)
class Document:
    """An article that is part of a data set. ``text`` is NFC; ``id`` is a hash of the content."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """The place of an answer: ``[start, end)`` in code points of one document's text."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """One question with the expected outcome.

    ``expected`` decides the abstention metrics; ``answers`` are the accepted strings, any of which
    is sufficient. The gold places are given by ``quotes``, each of which answers (looked up in the
    store, in ``article_id`` if the store has it), or by ``place`` (in a document of the data set).
    ``scope`` restricts retrieval to these documents. ``turn`` counts from 1 and is None outside a
    conversation.
    """

    id: str
    kind: Kind
    question: str
    expected: Expectation
    answers: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    article_id: str | None = None
    place: GoldPlace | None = None
    scope: tuple[str, ...] | None = None
    turn: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A unit of asking: a single case, or the turns of a conversation in order."""

    id: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A part of a file that is not a case. ``where`` is ``line 7`` or ``data[0].paragraphs[3]``."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """The contents of one file. Without ``documents`` it is asked of the configured store."""

    name: str
    path: str
    format: Format
    sha256: str
    items: tuple[Item, ...]
    documents: tuple[Document, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()
    blank_lines: int = 0
    notes: tuple[str, ...] = ()
