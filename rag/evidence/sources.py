"""Refine evidence: drop duplicates, prefer newer articles, attach rivals and antecedents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geungeo.rag.article import Article
from geungeo.rag.evidence.antecedents import antecedent, pointer
from geungeo.rag.language.amounts import Counted, counted
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import Time, named_times
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import AnswerType, ParsedQuestion
from geungeo.rag.retrieval.copies import distinct
from geungeo.rag.retrieval.find import newest_first
from geungeo.rag.text import Language, fold

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


# A source that answers much worse than the best does not contradict it.
_WORTH = 0.5
# Share of the shorter sentence's content words from which two sentences tell of one matter.
_SAME_MATTER = 0.5
_CONTENT = frozenset({"NNG", "NNP", "XR", "SL", "VV", "VA"})
# These say which one or when, and measure nothing.
_DIGIT = re.compile(r"\d")
_NO_MEASURE = frozenset({"", "ordinal", "rank", "year", "month", "day", "hour", "minute"})


@dataclass(frozen=True, slots=True)
class Dispute:
    """``other`` (a place in the evidence) says ``theirs`` where the best evidence says ``mine``."""

    other: int
    mine: str
    theirs: str


def dispute(
    question: ParsedQuestion, evidence: Sequence[Evidence], language: Language
) -> Dispute | None:
    """The first source in ``evidence`` (best first) that differs from the best, if any does.

    Copies must be gone already. Sentences about different times (two quarters, two months)
    or different subjects do not contradict each other.
    """
    if not evidence:
        return None
    best = evidence[0]
    rivals = [
        (at, item)
        for at, item in enumerate(evidence)
        if item.article.id != best.article.id
        and item.article.language == best.article.language
        and item.score >= _WORTH * best.score
    ]
    if not rivals:
        return None
    mine, *theirs = analysed([best.text, *(item.text for _, item in rivals)])
    for (at, item), other in zip(rivals, theirs, strict=True):
        if not _same_matter(mine, other):
            continue
        if values := _values(question, (best, mine), (item, other), language):
            return Dispute(at, *values)
    return None


def _same_matter(mine: Analysed, theirs: Analysed) -> bool:
    here, there = _content(mine), _content(theirs)
    return len(here & there) >= _SAME_MATTER * max(1, min(len(here), len(there)))


def _content(text: Analysed) -> set[str]:
    return {canonical(m.form) for m in text.morphemes if m.tag.split("-")[0] in _CONTENT}


def _values(
    question: ParsedQuestion,
    mine: tuple[Evidence, Analysed],
    theirs: tuple[Evidence, Analysed],
    language: Language,
) -> tuple[str, str] | None:
    """What the two say differently, in words."""
    (best, own), (item, other) = mine, theirs
    here, there = _times(best), _times(item)
    meet = any(a.period.overlaps(b.period) for a in here for b in there)
    if here and there and not meet:
        return _other_time(question, here, there, language)
    if question.answer_type is AnswerType.PERSON:
        return _other_name(question, own, other)
    if _alien(own, other) and _alien(other, own):
        return None
    return _other_amount(counted(own), counted(other))


def _alien(text: Analysed, other: Analysed) -> bool:
    """Whether ``text`` speaks of somebody or something that ``other`` does not mention."""
    phrases = [p for fact in text.narrated for p in (*fact.subjects, *fact.topics)]
    words = {word for phrase in phrases for word in (*phrase.words, *phrase.owners)}
    return any(fold(word) not in other.squeezed for word in words if not _DIGIT.search(word))


def _times(item: Evidence) -> tuple[Time, ...]:
    return named_times(item.text, item.article.published_day)


def _other_time(
    question: ParsedQuestion, here: Sequence[Time], there: Sequence[Time], language: Language
) -> tuple[str, str] | None:
    if question.answer_type is not AnswerType.TIME:
        return None
    for mine in here:
        for theirs in there:
            if mine.period.grain is theirs.period.grain:
                return label(mine.period, language), label(theirs.period, language)
    return None


def _other_name(
    question: ParsedQuestion, mine: Analysed, theirs: Analysed
) -> tuple[str, str] | None:
    here, there = _names(mine, question.text), _names(theirs, question.text)
    only_here = [name for name in here if name not in theirs.squeezed]
    only_there = [name for name in there if name not in mine.squeezed]
    return (only_here[0], only_there[0]) if only_here and only_there else None


def _names(text: Analysed, asked: str) -> list[str]:
    return [
        m.form
        for m in text.morphemes
        if m.tag == "NNP" and len(m.form) > 1 and m.form not in asked.casefold()
    ]


def _other_amount(mine: Sequence[Counted], theirs: Sequence[Counted]) -> tuple[str, str] | None:
    for here in mine:
        rivals = [c for c in theirs if c.unit == here.unit]
        peers = [c for c in mine if c.unit == here.unit]
        if here.unit in _NO_MEASURE or any(_agree(c, here) for c in rivals):
            continue
        for there in rivals:
            alone = len(rivals) == len(peers) == 1
            if not any(_agree(c, there) for c in peers) and _same_slot(here, there, alone=alone):
                return here.surface, there.surface
    return None


def _same_slot(here: Counted, there: Counted, *, alone: bool) -> bool:
    if here.end != there.end:
        return False
    before = bool(here.before) and here.before == there.before
    return alone or before or (bool(here.after) and here.after == there.after)


def _agree(here: Counted, there: Counted) -> bool:
    """The same amount, or one of the two a rounded form of the other: 5,012억, 5,000억."""
    less, more = sorted((abs(here.amount.value), abs(there.amount.value)))
    if less == more:
        return True
    for exact, rough in ((less, more), (more, less)):
        digits = _significant(str(rough.numerator)) if rough.denominator == 1 else 0
        if 0 < digits < _significant(str(exact.numerator)) and exact.denominator == 1:
            unit = 10 ** (len(str(rough.numerator)) - digits)
            if abs(exact - rough) < unit:
                return True
    return False


def _significant(digits: str) -> int:
    return len(digits.rstrip("0"))


def dispute_note(values: Sequence[tuple[str, Article]], language: Language) -> str:
    """What each source says where they differ, newest first."""
    told = " ↔ ".join(f"{value} ({_source(article)})" for value, article in values)
    return f"출처마다 다름: {told}" if language == "ko" else f"sources differ: {told}"


def _source(article: Article) -> str:
    published = article.published_day
    name = article.publisher or article.title
    return f"{name}, {published.isoformat()}" if published else name
