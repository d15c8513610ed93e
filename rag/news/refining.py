"""Evidence with news sense: no copies, the newest first, rivals and antecedents in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geungeo.rag.news.antecedents import antecedent, pointer
from geungeo.rag.news.copies import distinct
from geungeo.rag.news.disputes import dispute
from geungeo.rag.news.finding import newest_first
from geungeo.rag.news.notes import dispute_note
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import ParsedQuestion
from geungeo.rag.text import Language

# Only what may be shown needs its antecedent.
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Refined:
    """Evidence, best first and numbered from 1; ``notes`` are for the trace."""

    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()


def refine(question: ParsedQuestion, evidence: Sequence[Evidence], language: Language) -> Refined:
    """``evidence`` (best first) as an answer in ``language`` should rest on it."""
    items = newest_first(distinct(evidence), lambda e: e.score, lambda e: e.article)
    items = [replace(item, number=number) for number, item in enumerate(items, 1)]
    notes = []
    found = dispute(question, items, language)
    if found:
        best, rival = items[0], items[found.other]
        told = [(found.mine, best.article), (found.theirs, rival.article)]
        told.sort(key=lambda pair: str(pair[1].published_day or ""), reverse=True)
        note = dispute_note(told, language)
        items[0] = replace(best, rival=rival.number, note=note)
        items[found.other] = replace(rival, rival=best.number, note=note)
        notes.append(note)
    return Refined(tuple(_with_antecedents(items)), tuple(notes))


def _with_antecedents(items: list[Evidence]) -> list[Evidence]:
    """The first few sentences tied to what they point back at, which joins the evidence."""
    items = list(items)
    for at, item in enumerate(items[:_SHOWN]):
        if pointer(item.text) is None:
            continue
        span = antecedent(item.article, item.span)
        if span is None:
            continue
        known = next((e for e in items if e.article.id == item.article.id and e.span == span), None)
        if known is None:
            # It answers nothing itself: it stands last and is worth nothing alone.
            known = replace(
                item, number=len(items) + 1, span=span, score=0.0, rival=None, note=None
            )
            items.append(known)
        items[at] = replace(items[at], leans_on=known.number)
    return items
