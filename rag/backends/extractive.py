"""The embedded default backend: answers with sentences of the sources, needs no LLM."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import accumulate

from geungeo.rag.evidence.antecedents import adjacent, pointer
from geungeo.rag.evidence.trimming import trim
from geungeo.rag.language.gloss import framed
from geungeo.rag.protocols import Backend, Claim, Evidence, Report, Task
from geungeo.rag.question.concepts import FACTUAL, answer_type
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span

# The quoted sentences have this part of the odds of all that may answer: one is enough where it is
# far ahead, and more are quoted where the best may not be the right one. What scores less than
# _POOR of the best may not. Both were chosen on open_unseen.jsonl: the more is quoted, the more
# often the right one is among them, and the less it is to the point.
_ENOUGH = 0.85
_POOR = 0.25
# Sentences that answer a question for a fact, at most.
_FACTS = 3
# Of another article than the best sentence's, one may answer that is next to the best and scores at
# least this part of it.
_AS_GOOD = 0.5
# Odds of a score of 1.
_CERTAIN = 1e6


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A sentence of the answer, with the neighbours that it is shown with."""

    item: Evidence
    before: Evidence | None = None
    after: Evidence | None = None


class Extractive:
    """Backend that quotes one to ``max_sentences`` sentences, each cited, in reading order.

    One is enough where it scores far more than all others; where it does not, more are quoted,
    for a fact (who, when, how much, where) three, with what they lean on. Nearly all are from the
    article of the best. If two sources differ, both are quoted, the newer first. A sentence that
    cannot be understood without its antecedent is quoted with it, one that only announces the
    next with that; adjacent sentences are one claim and one quote.
    """

    name = "extractive"

    def __init__(self, max_sentences: int) -> None:
        self._max = max_sentences

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        """Yield the best sentences, without dateline and leading connective."""
        report.backend = self.name
        is_fact = answer_type(task.question) in FACTUAL
        for item, span in self._choose(task.evidence, is_fact=is_fact):
            text = span.of(item.article.text)
            if task.language != item.article.language:
                text = framed(text, task.language, task.question)
            yield Claim(text, cites=(item.number,), spans=(span,))

    def _choose(
        self, evidence: tuple[Evidence, ...], *, is_fact: bool
    ) -> list[tuple[Evidence, Span]]:
        """Return the sentences to quote with their spans, in reading order."""
        if not evidence:
            return []
        best, by_number = evidence[0], {item.number: item for item in evidence}
        if best.rival is not None and self._max > 1:
            rivals = [best, by_number[best.rival]]
            rivals.sort(key=lambda e: str(e.article.published_day or ""), reverse=True)
            return [(item, trim(item)) for item in rivals]
        worthy = self._worthy(evidence, is_fact=is_fact)
        first_seen = {item.article.id: at for at, item in reversed(list(enumerate(worthy)))}
        quoted = _spans(self._with_neighbours(worthy, by_number))
        return sorted(quoted, key=lambda pair: (first_seen[pair[0].article.id], pair[1].start))

    def _worthy(self, evidence: tuple[Evidence, ...], *, is_fact: bool) -> list[Evidence]:
        """Return the sentences that may answer, best first."""
        best = evidence[0]
        # Across languages scores say less; where the best can be read, it is enough.
        readable = [one for one in evidence if one.article.language == best.article.language]
        candidates = [
            one
            for place, one in enumerate(readable)
            if (one.article.id == best.article.id and one.score >= _POOR * best.score)
            or (place == 1 and one.score >= _AS_GOOD * best.score)
        ]
        odds = [one.score / max(1 - one.score, 1 / _CERTAIN) for one in candidates]
        before = accumulate(odds, initial=0.0)
        enough = _ENOUGH * sum(odds)
        worthy = [one for one, reached in zip(candidates, before, strict=False) if reached < enough]
        most = min(self._max, _FACTS) if is_fact else self._max
        return worthy[:most] or [best]

    def _with_neighbours(
        self, worthy: list[Evidence], by_number: dict[int, Evidence]
    ) -> list[_Chosen]:
        """Return the sentences with their neighbours, at most ``max_sentences`` together.

        Required neighbours come before additional sentences; optional ones only if there is
        room.
        """
        best = worthy[0]
        if best.elaborated_by is not None and self._max > 1:
            after = by_number[best.elaborated_by]
            before = by_number.get(best.leans_on) if best.leans_on is not None else None
            shown = {best.number, after.number, before and before.number}
            others = [item for item in worthy if item.number not in shown]
            if self._max == 2 or before in worthy:
                before = None
            room = self._max - 2 - (before is not None)
            return [_Chosen(best, before, after), *map(_Chosen, others[:room])]
        numbers = {item.number for item in worthy}
        if (
            best.leans_on is not None
            and best.leans_on not in numbers
            and pointer(best.text) == "pronoun"
        ):
            worthy = worthy[: max(1, self._max - 1)]
        room = self._max - len(worthy)
        chosen = []
        for item in worthy:
            before = by_number.get(item.leans_on) if item.leans_on is not None else None
            if before and before.number not in numbers and room > 0:
                room -= 1
                numbers.add(before.number)
                chosen.append(_Chosen(item, before))
            else:
                chosen.append(_Chosen(item))
        return chosen


def _spans(chosen: list[_Chosen]) -> list[tuple[Evidence, Span]]:
    """Return the span to quote of each sentence; an adjacent antecedent is included."""
    quoted: list[tuple[Evidence, Span]] = []
    for choice in chosen:
        item, before, after = choice.item, choice.before, choice.after
        end = item.span.end
        if after is not None and adjacent(item.article, item.span, after.span):
            end = after.span.end
        if before is None:
            quoted.append((item, Span(trim(item).start, end)))
        elif adjacent(item.article, before.span, item.span):
            quoted.append((item, Span(trim(before).start, end)))
        else:
            quoted += [(before, trim(before)), (item, Span(item.span.start, end))]
        if after is not None and end == item.span.end:
            quoted.append((after, after.span))
    return quoted


def make(settings: Settings) -> Backend:
    """Return the backend; the entry point ``extractive``."""
    return Extractive(settings.max_sentences)
