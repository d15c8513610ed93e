"""Support of a claim by source texts, decided by rules that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.grounding import names, numbers, polarity, quotations
from geungeo.rag.morphemes import analyse, content_terms
from geungeo.rag.text import language_of

# Share of the claim's content words that its source must hold.
MIN_COVER = 0.6


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
    if quotations.comparable(claim) and quotations.comparable(claim) in quotations.comparable(source):
        return Verdict(supported=True, score=1.0)
    known = f"{source}\n{question}"
    reasons = [f"number not in source: {number}" for number in numbers.missing(claim, known)]
    reasons += [f"name not in source: {name}" for name in names.missing(claim, known)]
    reasons += [f"not a verbatim quotation: {quote}" for quote in quotations.missing(claim, source)]
    cover = _cover(claim, source)
    if cover < MIN_COVER:
        reasons.append(f"only {cover:.0%} of its words stand in the source")
    if contradiction := polarity.contradiction(claim, sources):
        reasons.append(contradiction)
    return Verdict(not reasons, cover if not reasons else min(cover, 0.5), tuple(reasons))


def _cover(claim: str, source: str) -> float:
    """Share of the claim's content terms found in the source; across languages, of its quotes."""
    body = claim
    if language_of(claim) != language_of(source):
        quoted = quotations.quotations(claim)
        if not quoted:
            return 0.0
        body = " ".join(quoted)
    wanted = {term for term in content_terms(analyse(body)) if "/M" not in term}
    if not wanted:
        return 0.0
    return len(wanted & set(content_terms(analyse(source)))) / len(wanted)
