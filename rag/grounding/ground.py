"""Claims in, grounded claims out: verified, repaired or dropped."""

from __future__ import annotations

from dataclasses import dataclass

from geungeo.rag.answer import DroppedClaim, Ground, GroundedClaim
from geungeo.rag.article import Article
from geungeo.rag.grounding.check import Verdict, support
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import relative_times
from geungeo.rag.protocols import Claim, Evidence, Task
from geungeo.rag.text import Language, Span


@dataclass(frozen=True, slots=True)
class Grounded:
    """Exactly one of the two is set."""

    claim: GroundedClaim | None = None
    dropped: DroppedClaim | None = None


def ground(claim: Claim, task: Task) -> Grounded:
    """Bind ``claim`` to source spans that support it.

    The evidence that it cites is tried first; if that fails, all other evidence, best
    first (repair). What nothing supports is dropped.
    """
    if not claim.text.strip():
        return Grounded(dropped=DroppedClaim(text=claim.text, why="empty"))
    by_number = {item.number: item for item in task.evidence}
    cited = [by_number[number] for number in claim.cites if number in by_number]
    spans = claim.spans if len(claim.spans) == len(cited) else tuple(e.span for e in cited)
    verdict = Verdict(supported=False, score=0.0, reasons=("it cites nothing that exists",))
    if cited:
        verdict = support(claim.text, _texts(cited, spans), task.question)
        if verdict.supported:
            return Grounded(claim=_bind(claim.text, cited, spans, verdict, task.language))
    for item in task.evidence:
        repaired = support(claim.text, [item.text], task.question)
        if repaired.supported:
            return Grounded(claim=_bind(claim.text, [item], (item.span,), repaired, task.language))
    why = "; ".join(verdict.reasons)
    return Grounded(dropped=DroppedClaim(text=claim.text, why=why, support=verdict.score))


def _texts(cited: list[Evidence], spans: tuple[Span, ...]) -> list[str]:
    return [span.of(item.article.text) for item, span in zip(cited, spans, strict=True)]


def _bind(
    text: str,
    cited: list[Evidence],
    spans: tuple[Span, ...],
    verdict: Verdict,
    language: Language,
) -> GroundedClaim:
    return GroundedClaim(
        text,
        tuple(
            Ground(item.article, span, verdict.score, _note(item, span, language))
            for item, span in zip(cited, spans, strict=True)
        ),
    )


def _note(item: Evidence, span: Span, language: Language) -> str | None:
    """What the reader is told beside the quote: the dates it means, and who says otherwise."""
    notes = [time_note(item.article, span, language), item.note]
    return "; ".join(note for note in notes if note) or None


def time_note(article: Article, span: Span, language: Language) -> str | None:
    """The relative times in a quote, resolved: ``지난 1월 = 2026년 1월 (기사 발행일 …)``.

    ``None`` if there are none, or if nobody knows when the article was published.
    """
    published = article.published_day
    if published is None:
        return None
    quote = span.of(article.text)
    # Two names of one time (올해, 올해) are told once.
    told = dict.fromkeys(
        f"{' '.join(time.span.of(quote).split())} = {label(time.period, language)}"
        for time in relative_times(quote, published)
    )
    if not told:
        return None
    basis = (
        f"기사 발행일 {published.isoformat()} 기준"
        if language == "ko"
        else f"article published {published.isoformat()}"
    )
    return f"{', '.join(told)} ({basis})"
