"""geungeo's JSONL: questions about articles in the configured store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from geungeo.eval.cases import KINDS, Case, Document, Expectation, Item, Kind
from geungeo.eval.formats.record import (
    BadRecordError,
    optional_text,
    text_field,
    texts_field,
)

_COMMON = {"id", "kind", "tags"}
_SINGLE = _COMMON | {"question", "answers", "quote", "article_id", "open"}
_DIALOGUE = _COMMON | {"turns", "article_id"}
_TURN = {"question", "answers", "quote", "article_id"}


def native_item(record: dict[str, Any], file_name: str) -> tuple[Item, Sequence[Document]]:
    """Read a single question or a conversation.

    Raises:
        BadRecordError: a field is missing or of the wrong type.
    """
    del file_name
    identifier = text_field(record, "id")
    kind = record["kind"]
    if kind not in KINDS:
        raise BadRecordError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
    tags = texts_field(record, "tags")
    if kind == "conversation":
        return Item(identifier, _turns(identifier, record, tags)), ()
    case = _case(identifier, cast("Kind", kind), record, tags)
    return Item(identifier, (case,)), ()


def _turns(identifier: str, record: Mapping[str, Any], tags: tuple[str, ...]) -> tuple[Case, ...]:
    turns = record.get("turns")
    if not isinstance(turns, list) or not turns:
        raise BadRecordError("'turns' must be a list with at least one turn")
    cases: list[Case] = []
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict):
            raise BadRecordError(f"turn {number} must be an object")
        try:
            merged = {"article_id": record.get("article_id"), **turn}
            cases.append(_case(f"{identifier}#{number}", "conversation", merged, tags, number))
        except BadRecordError as error:
            raise BadRecordError(f"turn {number}: {error}") from error
    return tuple(cases)


def _case(
    identifier: str,
    kind: Kind,
    record: Mapping[str, Any],
    tags: tuple[str, ...],
    turn: int | None = None,
) -> Case:
    answers = texts_field(record, "answers")
    quotes = _quotes(record)
    article = optional_text(record, "article_id")
    if kind == "unanswerable" and answers:
        raise BadRecordError("an unanswerable question cannot have answers")
    if kind == "summary" and (answers or not quotes):
        raise BadRecordError("a summary needs the picked sentences as 'quote', and no 'answers'")
    is_open = record.get("open", False)
    if not isinstance(is_open, bool) or (is_open and not article):
        raise BadRecordError("'open' must be true or false, and needs an 'article_id'")
    return Case(
        id=identifier,
        kind=kind,
        question=text_field(record, "question"),
        expected=_expectation(kind, has_gold=bool(answers or quotes)),
        answers=answers,
        quotes=quotes,
        article_id=article,
        # A summary is asked for with its article open.
        scope=(article,) if article and (is_open or kind == "summary") else None,
        turn=turn,
        tags=tags,
    )


def _quotes(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the gold quotes: one string, or a list of which each answers."""
    if isinstance(record.get("quote"), list):
        return texts_field(record, "quote")
    quote = optional_text(record, "quote")
    return () if quote is None else (quote,)


def _expectation(kind: Kind, *, has_gold: bool) -> Expectation:
    """Return the expectation: an attack or a turn expects an answer if the data set has one."""
    if kind in ("answerable", "summary"):
        return "answer"
    if kind in ("attack", "conversation"):
        return "answer" if has_gold else "abstain"
    return "abstain"


def unread_fields(record: Mapping[str, Any]) -> set[str]:
    """Return unknown field names of a record, which may be misspelt."""
    known = _DIALOGUE if record.get("kind") == "conversation" else _SINGLE
    turns = record.get("turns")
    inner = [turn for turn in turns if isinstance(turn, dict)] if isinstance(turns, list) else []
    return (set(record) - known).union(*(set(turn) - _TURN for turn in inner))
