"""The embedded default: answers with the source's own sentences, needs no LLM."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from geungeo.rag.evidence.antecedents import CONNECTIVE, adjacent, pointer
from geungeo.rag.protocols import Backend, Claim, Evidence, Report, Task
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span

# A further sentence is worth reading if it is not much less likely to hold the answer.
_WORTH = 0.5
_OPENER = re.compile(r"^[\[(〔【][^\])〕】]{2,30}(?:기자|특파원|=[^\])〕】]*)[\])〕】]\s*")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A sentence of the answer; ``before`` is the one that it points back at, if shown."""

    item: Evidence
    before: Evidence | None = None


class Extractive:
    """One to ``max_sentences`` sentences, each cited, in the order of the text.

    Where two sources differ both are told, the newer first. A sentence that cannot be
    understood without the one it points back at takes that one along; if the two are
    neighbours, they are one claim and one quote.
    """

    name = "extractive"

    def __init__(self, max_sentences: int) -> None:
        self._max = max_sentences

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        """The best sentences, trimmed of what only pointed back."""
        report.backend = self.name
        for item, span in self._choose(task.evidence):
            text = span.of(item.article.text)
            if task.language != item.article.language:
                text = _frame(text, task.language)
            yield Claim(text, cites=(item.number,), spans=(span,))

    def _choose(self, evidence: tuple[Evidence, ...]) -> list[tuple[Evidence, Span]]:
        """What is quoted, in reading order."""
        if not evidence:
            return []
        best, by_number = evidence[0], {item.number: item for item in evidence}
        if best.rival is not None and self._max > 1:
            rivals = [best, by_number[best.rival]]
            rivals.sort(key=lambda e: str(e.article.published_day or ""), reverse=True)
            return [(item, trim(item)) for item in rivals]
        worthy = [item for item in evidence if item.score >= _WORTH * best.score][: self._max]
        first_seen = {item.article.id: at for at, item in reversed(list(enumerate(worthy)))}
        quoted = _spans(self._with_antecedents(worthy, by_number))
        return sorted(quoted, key=lambda pair: (first_seen[pair[0].article.id], pair[1].start))

    def _with_antecedents(
        self, worthy: list[Evidence], by_number: dict[int, Evidence]
    ) -> list[_Chosen]:
        """What is needed comes before what is worth reading besides; what only helps, after."""
        numbers = {item.number for item in worthy}
        best = worthy[0]
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
    """What is quoted of each sentence; an antecedent next to it is quoted with it."""
    quoted: list[tuple[Evidence, Span]] = []
    for choice in chosen:
        item, before = choice.item, choice.before
        if before is None:
            quoted.append((item, trim(item)))
        elif adjacent(item.article, before.span, item.span):
            quoted.append((item, Span(trim(before).start, item.span.end)))
        else:
            quoted += [(before, trim(before)), (item, item.span)]
    return quoted


def trim(evidence: Evidence) -> Span:
    """The sentence without dateline and leading connective; still a span of the source."""
    span = evidence.span
    for pattern in (_OPENER, CONNECTIVE):
        text = span.of(evidence.article.text)
        match = pattern.match(text)
        if match and len(text) - match.end() > 10:
            span = Span(span.start + match.end(), span.end)
    return span


def _frame(quote: str, language: str) -> str:
    """A quotation inside a sentence of the question's language."""
    inner = quote.replace("“", "‘").replace("”", "’")
    return f"The article says: “{inner}”" if language == "en" else f"기사 원문: “{inner}”"


def make(settings: Settings) -> Backend:
    """Entry point ``extractive``."""
    return Extractive(settings.max_sentences)
