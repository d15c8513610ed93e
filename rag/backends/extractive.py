"""The embedded default: answers with the source's own sentences, needs no LLM."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from geungeo.rag.article import Span
from geungeo.rag.protocols import Backend, Claim, Evidence, Report, Task
from geungeo.rag.settings import Settings

# A further sentence must be nearly as good as the best one to be worth reading.
_WORTH = 0.75
# A connective points back at a sentence that the answer does not show.
_CONNECTIVE = re.compile(
    r"^(?:그러나|하지만|그런데|그리고|또한|또|게다가|더구나|따라서|그래서|그러므로|즉|아울러|한편|특히|다만|이어"
    r"|반면|이처럼|그럼에도|그러다가|나아가서|나아가|사실|본래|애초)(?:,\s*|\s+)"
)
_OPENER = re.compile(r"^[\[(〔【][^\])〕】]{2,30}(?:기자|특파원|=[^\])〕】]*)[\])〕】]\s*")


class Extractive:
    """One to ``max_sentences`` sentences, each cited, in the order of the text."""

    name = "extractive"

    def __init__(self, max_sentences: int) -> None:
        self._max = max_sentences

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        """The best sentences, trimmed of what only pointed back."""
        report.backend = self.name
        for evidence in self._choose(task.evidence):
            span = trim(evidence)
            text = span.of(evidence.article.text)
            if task.language != evidence.article.language:
                text = _frame(text, task.language)
            yield Claim(text, cites=(evidence.number,), spans=(span,))

    def _choose(self, evidence: tuple[Evidence, ...]) -> list[Evidence]:
        if not evidence:
            return []
        best = evidence[0].score
        chosen = [item for item in evidence if item.score >= _WORTH * best][: self._max]
        first_seen = {item.article.id: at for at, item in reversed(list(enumerate(chosen)))}
        return sorted(chosen, key=lambda item: (first_seen[item.article.id], item.span.start))


def trim(evidence: Evidence) -> Span:
    """The sentence without dateline and leading connective; still a span of the source."""
    span = evidence.span
    for pattern in (_OPENER, _CONNECTIVE):
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
