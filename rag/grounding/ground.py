"""Claims in, grounded claims out: verified by rules that can be read, repaired or dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.answer import DroppedClaim, Ground, GroundedClaim
from geungeo.rag.article import Article
from geungeo.rag.grounding.facts import misattributed_quotation, mismatches
from geungeo.rag.grounding.foreign import english_mismatches, unframed_words
from geungeo.rag.grounding.words import (
    exchanged_amount,
    foreign_markup,
    invented_cause,
    missing_words,
    says_nothing,
)
from geungeo.rag.language import names, numbers, quotations
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import relative_times
from geungeo.rag.protocols import Claim, Evidence, Task
from geungeo.rag.text import Language, Span, language_of

# Each reason takes this much of the score; one is enough to fail.
_PENALTY = 0.25
_BEST_FAILED = 0.5
_WORST_PASSED = 0.51
_FRAME = re.compile(
    r"^(?:the (?:article|report|source|text) (?:says|said|states|reports|notes|reads)|"
    r"according to the (?:article|report|source)|기사 원문|기사에 따르면|원문)\s*[:,]?\s*",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[^\w]|^$")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether sources support a claim; ``score`` in [0, 1], ``reasons`` say what is missing."""

    supported: bool
    score: float
    reasons: tuple[str, ...] = ()


def support(claim: str, sources: Sequence[str], question: str = "") -> Verdict:
    """Judge ``claim`` against ``sources`` taken together.

    Numbers, dates and names may also come from ``question`` (invariant 3); everything
    else must stand in the sources.
    """
    source = "\n".join(sources)
    if markup := foreign_markup(claim, source):
        return _refused([f"markup not in source: {markup}"])
    if says_nothing(claim):
        return _refused(["it says nothing"])
    if _verbatim(claim, source):
        return Verdict(supported=True, score=1.0)
    known = f"{source}\n{question}"
    reasons = [f"number not in source: {number}" for number in numbers.missing(claim, known)]
    reasons += [f"not a verbatim quotation: {quote}" for quote in quotations.missing(claim, source)]
    if language_of(_unquoted(claim)) != language_of(source):
        reasons += _foreign(claim, source)
    elif language_of(source) == "en":
        reasons += [f"name not in source: {name}" for name in names.missing(claim, known)]
        reasons += english_mismatches(claim, source)
    else:
        mine, *theirs = analysed([claim, *sources])
        asked = analysed([question]) if question else []
        reasons += _korean(mine, theirs, asked)
    if reasons:
        return _refused(reasons)
    return Verdict(supported=True, score=_likeness(claim, source))


def _refused(reasons: Sequence[str]) -> Verdict:
    return Verdict(
        supported=False,
        score=max(0.0, _BEST_FAILED - _PENALTY * (len(reasons) - 1)),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _verbatim(claim: str, source: str) -> bool:
    """Whether the claim, without a frame of reporting, stands word for word in the source."""
    told = quotations.comparable(source)
    for text in (claim, _FRAME.sub("", claim)):
        wanted = quotations.comparable(text)
        at = told.find(wanted) if wanted else -1
        while at >= 0:
            before, after = told[at - 1 : at], told[at + len(wanted) :][:1]
            # 영리 단체 stands inside 비영리 단체, but not as a word.
            if _BOUNDARY.match(before or "") and _BOUNDARY.match(after or ""):
                return True
            at = told.find(wanted, at + 1)
    return False


def _korean(claim: Analysed, sources: Sequence[Analysed], asked: Sequence[Analysed]) -> list[str]:
    absent = missing_words(claim, sources)
    if absent and asked:
        # A name may come from the question; what it is said to do may not.
        named = {m.form for m in claim.morphemes if m.tag in {"NNP", "SL"}}
        unasked = set(missing_words(claim, [*sources, *asked]))
        absent = [word for word in absent if word not in named or word in unasked]
    proper = {m.form for m in claim.morphemes if m.tag in {"NNP", "SL"}}
    reasons = [f"{'name' if word in proper else 'word'} not in source: {word}" for word in absent]
    reasons += mismatches(claim, sources)
    reasons += [reason for reason in (exchanged_amount(claim, sources),) if reason]
    reasons += [reason for reason in (misattributed_quotation(claim, sources),) if reason]
    reasons += [reason for reason in (invented_cause(claim, sources),) if reason]
    return reasons


def _foreign(claim: str, source: str) -> list[str]:
    if not quotations.quotations(claim):
        return ["it is in another language than its source and quotes nothing"]
    (told,) = analysed([source])
    return [f"word not in source: {word}" for word in unframed_words(_unquoted(claim), told)]


def _unquoted(claim: str) -> str:
    rest = claim
    for quote in quotations.quotations(claim):
        rest = rest.replace(quote, " ")
    return rest


def _likeness(claim: str, source: str) -> float:
    """How much of the claim is the source's own wording: a share of its bigrams, from 0.5."""
    mine, theirs = _bigrams(claim), _bigrams(source)
    return max(_WORST_PASSED, 0.5 + 0.5 * len(mine & theirs) / (len(mine) or 1))


def _bigrams(text: str) -> set[str]:
    flat = quotations.comparable(text).replace(" ", "")
    return {flat[at : at + 2] for at in range(len(flat) - 1)}


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
