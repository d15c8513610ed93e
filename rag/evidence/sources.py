"""Refine evidence: drop duplicates, prefer newer articles, attach rivals and antecedents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.evidence.antecedents import (
    announces,
    antecedent,
    explains,
    following,
    pointer,
)
from geungeo.rag.language.amounts import Counted, counted
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import Time, named_times
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import FACTUAL, AnswerType, ParsedQuestion
from geungeo.rag.retrieval.copies import distinct
from geungeo.rag.retrieval.find import newest_first
from geungeo.rag.text import Language, Span, fold

# Only sentences that may be shown need their antecedent.
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Refined:
    """Evidence, best first and numbered from 1; ``notes`` are for the trace."""

    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()


def refine(question: ParsedQuestion, evidence: Sequence[Evidence], language: Language) -> Refined:
    """Return ``evidence`` (best first) refined for an answer in ``language``."""
    items = newest_first(distinct(evidence), lambda e: e.score, lambda e: e.article)
    items = [replace(item, number=number) for number, item in enumerate(items, 1)]
    notes = []
    found = dispute(question, items, language)
    if found:
        best, rival = items[0], items[found.other]
        values = [(found.value, best.article), (found.other_value, rival.article)]
        values.sort(key=lambda pair: str(pair[1].published_day or ""), reverse=True)
        note = dispute_note(values, language)
        items[0] = replace(best, rival=rival.number, note=note)
        items[found.other] = replace(rival, rival=best.number, note=note)
        notes.append(note)
    return Refined(tuple(_with_neighbours(question, items)), tuple(notes))


def _with_neighbours(question: ParsedQuestion, items: list[Evidence]) -> list[Evidence]:
    """Link the first few sentences to their antecedents, the best also to its elaboration.

    Both are added to the evidence.
    """
    items = list(items)
    for at, item in enumerate(items[:_SHOWN]):
        kind = pointer(item.text)
        if kind == "pronoun" or (kind == "connective" and not names_its_subject(item.text)):
            span = antecedent(item.article, item.span)
            if span is not None:
                items[at] = replace(items[at], leans_on=_number(items, item, span))
    span = _elaboration(question, items[0]) if items else None
    if span is not None:
        items[0] = replace(items[0], elaborated_by=_number(items, items[0], span))
    return items


def names_its_subject(text: str) -> bool:
    """Whether a name is subject or topic of the sentence: it is understood alone."""
    return any(
        name.tag in {"NNP", "SL"} and particle.tag in {"JKS", "JX"} and name.end == particle.start
        for name, particle in pairwise(analysed([text])[0].morphemes)
    )


def _number(items: list[Evidence], item: Evidence, span: Span) -> int:
    """Return the number of the sentence at ``span`` of the article of ``item``; add it if new."""
    for known in items:
        if known.article.id == item.article.id and known.span == span:
            return known.number
    # It does not answer by itself: it goes last, with a score of 0.
    added = replace(
        item,
        number=len(items) + 1,
        span=span,
        score=0.0,
        leans_on=None,
        elaborated_by=None,
        rival=None,
        note=None,
    )
    items.append(added)
    return added.number


def _elaboration(question: ParsedQuestion, item: Evidence) -> Span | None:
    """Return the next sentence if ``item`` announces it, or if it says the reason asked for."""
    if item.kind is not SectionKind.BODY or question.answer_type in FACTUAL:
        return None
    announced = announces(item.text, item.article.language)
    # What 이 때문에 points at is the reason, and is shown with it.
    asks_why = (
        question.answer_type is AnswerType.CAUSE
        and not explains(item.text)
        and pointer(item.text) != "pronoun"
    )
    if not announced and not asks_why:
        return None
    span = following(item.article, item.span)
    if span is None or not (announced or explains(span.of(item.article.text))):
        return None
    return span


# A source with a lower share of the best score is not checked for a conflict.
_MIN_SCORE_SHARE = 0.5
# Two sentences are about the same event if they share this part of the shorter one's content
# words.
_SAME_EVENT = 0.5
_CONTENT = frozenset({"NNG", "NNP", "XR", "SL", "VV", "VA"})
# Units of order and time: they measure nothing.
_DIGIT = re.compile(r"\d")
_NOT_MEASURES = frozenset({"", "ordinal", "rank", "year", "month", "day", "hour", "minute"})


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two values: the best evidence says ``value``, the item at index ``other`` ``other_value``."""

    other: int
    value: str
    other_value: str


def dispute(
    question: ParsedQuestion, evidence: Sequence[Evidence], language: Language
) -> Dispute | None:
    """Return the first source in ``evidence`` (best first) that differs from the best, if any.

    Duplicates must be removed before. Sentences about different times (two quarters, two months)
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
        and item.score >= _MIN_SCORE_SHARE * best.score
    ]
    if not rivals:
        return None
    first, *others = analysed([best.text, *(item.text for _, item in rivals)])
    for (at, item), second in zip(rivals, others, strict=True):
        if not _same_event(first, second):
            continue
        if values := _values(question, (best, first), (item, second), language):
            return Dispute(at, *values)
    return None


def _same_event(first: Analysed, second: Analysed) -> bool:
    words, other = _content(first), _content(second)
    return len(words & other) >= _SAME_EVENT * max(1, min(len(words), len(other)))


def _content(text: Analysed) -> set[str]:
    return {canonical(m.form) for m in text.morphemes if m.tag.split("-")[0] in _CONTENT}


def _values(
    question: ParsedQuestion,
    first: tuple[Evidence, Analysed],
    second: tuple[Evidence, Analysed],
    language: Language,
) -> tuple[str, str] | None:
    """Return the two values in which the sentences differ, if they do."""
    (item, text), (other_item, other_text) = first, second
    times, other_times = _times(item), _times(other_item)
    overlap = any(a.period.overlaps(b.period) for a in times for b in other_times)
    if times and other_times and not overlap:
        return _other_time(question, times, other_times, language)
    if question.answer_type is AnswerType.PERSON:
        return _other_name(question, text, other_text)
    if _has_other_subject(text, other_text) and _has_other_subject(other_text, text):
        return None
    return _other_amount(counted(text), counted(other_text))


def _has_other_subject(text: Analysed, other: Analysed) -> bool:
    """Whether ``text`` has a subject or topic that ``other`` does not mention."""
    phrases = [p for fact in text.narrated for p in (*fact.subjects, *fact.topics)]
    words = {word for phrase in phrases for word in (*phrase.words, *phrase.owners)}
    return any(fold(word) not in other.squeezed for word in words if not _DIGIT.search(word))


def _times(item: Evidence) -> tuple[Time, ...]:
    return named_times(item.text, item.article.published_day)


def _other_time(
    question: ParsedQuestion, times: Sequence[Time], others: Sequence[Time], language: Language
) -> tuple[str, str] | None:
    if question.answer_type is not AnswerType.TIME:
        return None
    for first in times:
        for second in others:
            if first.period.grain is second.period.grain:
                return label(first.period, language), label(second.period, language)
    return None


def _other_name(
    question: ParsedQuestion, first: Analysed, second: Analysed
) -> tuple[str, str] | None:
    names, other_names = _names(first, question.text), _names(second, question.text)
    only_first = [name for name in names if name not in second.squeezed]
    only_second = [name for name in other_names if name not in first.squeezed]
    return (only_first[0], only_second[0]) if only_first and only_second else None


def _names(text: Analysed, asked: str) -> list[str]:
    return [
        m.form
        for m in text.morphemes
        if m.tag == "NNP" and len(m.form) > 1 and m.form not in asked.casefold()
    ]


def _other_amount(amounts: Sequence[Counted], others: Sequence[Counted]) -> tuple[str, str] | None:
    for first in amounts:
        rivals = [c for c in others if c.unit == first.unit]
        peers = [c for c in amounts if c.unit == first.unit]
        if first.unit in _NOT_MEASURES or any(_agree(c, first) for c in rivals):
            continue
        for second in rivals:
            alone = len(rivals) == len(peers) == 1
            if not any(_agree(c, second) for c in peers) and _same_slot(first, second, alone=alone):
                return first.surface, second.surface
    return None


def _same_slot(first: Counted, second: Counted, *, alone: bool) -> bool:
    if first.end != second.end:
        return False
    before = bool(first.before) and first.before == second.before
    return alone or before or (bool(first.after) and first.after == second.after)


def _agree(first: Counted, second: Counted) -> bool:
    """Whether the amounts are equal, or one is a rounded form of the other: 5,012억, 5,000억."""
    less, more = sorted((abs(first.amount.value), abs(second.amount.value)))
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
    """Return a note with the value of each source, newest first."""
    listed = " ↔ ".join(f"{value} ({_source(article)})" for value, article in values)
    return f"출처마다 다름: {listed}" if language == "ko" else f"sources differ: {listed}"


def _source(article: Article) -> str:
    published = article.published_day
    name = article.publisher or article.title
    return f"{name}, {published.isoformat()}" if published else name
