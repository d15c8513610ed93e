"""Drafts: texts whose statements are marked with the verdict that a check should give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_args

from geungeo.eval.cases import Case, CheckVerdict, Document, GoldClaim, Item
from geungeo.eval.formats.record import BadRecordError, optional_text, text_field
from geungeo.rag.text import clean

_VERDICTS: tuple[str, ...] = get_args(CheckVerdict)
_FIELDS = {"id", "text", "claims", "date", "article_id", "style", "half"}
_CLAIM = {"start", "end", "verdict", "quote", "kind", "wording"}


def draft_item(record: dict[str, Any], file_name: str) -> tuple[Item, Sequence[Document]]:
    """Read a draft; each of its marked claims is a case.

    Raises:
        BadRecordError: a field is missing or of the wrong type, or a span is not in the text.
    """
    del file_name
    identifier = text_field(record, "id")
    text = text_field(record, "text")
    if clean(text) != text:
        raise BadRecordError("'text' has control characters, which would shift the spans")
    claims = record.get("claims")
    if not isinstance(claims, list) or not claims:
        raise BadRecordError("'claims' must be a list with at least one claim")
    style = optional_text(record, "style")
    half = optional_text(record, "half")
    cases = tuple(
        _case(f"{identifier}#{number}", text, claim, record, tuple(filter(None, [style, half])))
        for number, claim in enumerate(claims, 1)
    )
    return Item(identifier, cases, text=text, date=optional_text(record, "date")), ()


def _case(
    identifier: str, text: str, claim: object, record: dict[str, Any], tags: tuple[str, ...]
) -> Case:
    if not isinstance(claim, dict):
        raise BadRecordError(f"{identifier}: a claim must be an object")
    start, end = claim.get("start"), claim.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise BadRecordError(f"{identifier}: [{start}, {end}) is not in the text")
    if claim.get("verdict") not in _VERDICTS:
        raise BadRecordError(f"{identifier}: 'verdict' must be one of {', '.join(_VERDICTS)}")
    return Case(
        id=identifier,
        kind="check",
        question=text[start:end],
        expected="answer",
        quotes=tuple(filter(None, [optional_text(claim, "quote")])),
        article_id=optional_text(record, "article_id"),
        tags=tags,
        claim=GoldClaim(
            start,
            end,
            cast("CheckVerdict", claim["verdict"]),
            optional_text(claim, "kind"),
            optional_text(claim, "wording"),
        ),
    )


def unread_draft_fields(record: dict[str, Any]) -> set[str]:
    """Return unknown field names of a record, which may be misspelt."""
    claims = record.get("claims")
    inner = [claim for claim in claims if isinstance(claim, dict)] if claims else []
    return (set(record) - _FIELDS).union(*(set(claim) - _CLAIM for claim in inner))
