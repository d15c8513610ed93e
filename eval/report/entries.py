"""Data of the report's page: each row with its citations in their context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geungeo.eval.rows import Row
from geungeo.eval.stores import Library
from geungeo.rag.answer import Citation, DroppedClaim
from geungeo.rag.errors import NotFound

CONTEXT = 140
_DEEPEST = 10

FAULTS: dict[str, str] = {
    "error": "the call failed",
    "answered_unanswerable": "answered instead of abstaining",
    "abstained_wrongly": "abstained although there is an answer",
    "answer_missed": "answered, but without an accepted answer",
    "gold_not_cited": "answered, but the gold passage is not cited",
    "gold_not_retrieved": "gold not among the first ten results",
    "citation_beside": "a citation or statement that the judge rejects",
    "unsupported": "released without support",
    "inexact_quote": "a quote that differs from the text at its span",
    "gold_not_in_store": "the gold quote is not in the store",
}
"""Faults of a row; the page filters by them."""


def faults_of(row: Row) -> list[str]:
    """Return the names in :data:`FAULTS` that apply to ``row``."""
    verdict = row.verdict
    answered, should_answer = row.status == "answered", row.expected == "answer"
    statements = verdict.statements
    holds = {
        "error": row.failed,
        "answered_unanswerable": row.judged and answered and not should_answer,
        "abstained_wrongly": row.judged and should_answer and row.status == "abstained",
        "answer_missed": answered and verdict.answer_hit is False,
        "gold_not_cited": answered and verdict.quote_hit is False,
        "gold_not_retrieved": row.retrieval is not None
        and (row.retrieval.rank is None or row.retrieval.rank > _DEEPEST),
        "citation_beside": should_answer
        and any(not statement.joint or not all(statement.useful) for statement in statements),
        "unsupported": any(not statement.grounded for statement in statements),
        "inexact_quote": bool(verdict.inexact),
        "gold_not_in_store": row.gold_found is False,
    }
    return [name for name in FAULTS if holds[name]]


def entry_of(row: Row, library: Library | None) -> dict[str, Any]:
    """Return a row for the page, as plain JSON."""
    verdict = row.verdict
    return {
        "key": row.key,
        "dataset": row.dataset,
        "kind": row.kind,
        "tags": list(row.tags),
        "question": row.question,
        "standalone": row.standalone_question,
        "expected": row.expected,
        "answers": list(row.answers),
        "quote": row.quote,
        "asked": row.asked,
        "status": row.status,
        "reason": row.reason,
        "text": row.text,
        "error": row.error,
        "answerability": row.answerability,
        "threshold": row.threshold,
        "rank": row.retrieval.rank if row.retrieval else None,
        "searched": row.retrieval.searched if row.retrieval else None,
        "answer_hit": verdict.answer_hit,
        "quote_hit": verdict.quote_hit,
        "char_f1": verdict.char_f1,
        "short_answer": row.short_answer,
        "short_answer_f1": verdict.short_answer_f1,
        "summary_f1": verdict.summary_f1,
        "statements": [
            {
                "text": statement.text,
                "markers": list(statement.markers),
                "joint": statement.joint,
                "useful": list(statement.useful),
                "grounded": statement.grounded,
            }
            for statement in verdict.statements
        ],
        "dropped": [_dropped(claim) for claim in row.dropped],
        "notes": list(row.notes),
        "citations": _citations(row, library),
        "faults": faults_of(row),
    }


def _dropped(claim: DroppedClaim) -> str:
    """Return a claim that was not released, the reason, and the quotation in its place."""
    instead = f"\n→ “{claim.instead}”" if claim.instead is not None else ""
    return f"{claim.text} ({claim.why}){instead}"


def _citations(row: Row, library: Library | None) -> list[dict[str, Any]]:
    """Return one entry per marker: a span that is cited twice is shown once."""
    unique = {citation.marker: citation for citation in row.citations}
    return [
        {
            "marker": marker,
            "title": citation.title,
            "article": f"{citation.article_id} v{citation.version}",
            "span": f"{citation.start}–{citation.end}",
            "section": str(citation.section),
            "support": citation.support,
            "support_kinds": sorted(
                {one.support_kind for one in row.citations if one.marker == marker}
            ),
            "exact": marker not in row.verdict.inexact,
            **_context(citation, library),
        }
        for marker, citation in unique.items()
    ]


def _context(citation: Citation, library: Library | None) -> Mapping[str, str]:
    """Return the quote with the article's text around its span."""
    text = ""
    if library is not None:
        try:
            text = library.article(citation.article_id, citation.version).text
        except NotFound:
            text = ""  # the place does not exist; ``exact`` is already False
    return {
        "before": text[max(0, citation.start - CONTEXT) : citation.start],
        "quote": citation.quote,
        "after": text[citation.end : citation.end + CONTEXT],
    }
