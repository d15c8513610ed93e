"""Questions of an evaluation with their expected outcome: cases, documents and data sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "answerable", "unanswerable", "false_premise", "attack", "summary", "conversation", "check"
]
Format = Literal["geungeo", "squad", "nomiracl", "drafts"]
Expectation = Literal["answer", "abstain"]

CheckVerdict = Literal["supported", "contradicted", "not_found", "not_a_claim"]

# Kinds of questions; ``check`` is the kind of a claim in a draft.
KINDS: tuple[Kind, ...] = (
    "answerable",
    "unanswerable",
    "false_premise",
    "attack",
    "summary",
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
class GoldClaim:
    """A marked claim of a draft: ``[start, end)`` of its text, and the verdict it should get.

    ``kind`` names what differs where it is contradicted; ``wording`` is ``near`` or
    ``paraphrase`` where it is supported.
    """

    start: int
    end: int
    verdict: CheckVerdict
    kind: str | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One question with the expected outcome.

    ``expected`` decides the abstention metrics; ``answers`` are the accepted strings, any of which
    is sufficient. The gold places are given by ``quotes``, each of which answers (looked up in the
    store, in ``article_id`` if the store has it), or by ``place`` (in a document of the data set).
    The quotes of a ``summary`` are the sentences that people picked for it.
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
    claim: GoldClaim | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A unit of asking: a single case, the turns of a conversation, or the claims of a draft.

    A draft has its ``text``, and its ``date`` if it is known.
    """

    id: str
    cases: tuple[Case, ...]
    text: str | None = None
    date: str | None = None


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
