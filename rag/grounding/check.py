"""Support of a claim by source texts, decided by rules that can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.grounding import amounts, causes, english, inert, roles, speakers, words
from geungeo.rag.language import names, numbers, quotations
from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.text import language_of

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
    if markup := inert.foreign_markup(claim, source):
        return _refused([f"markup not in source: {markup}"])
    if inert.says_nothing(claim):
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
        reasons += english.mismatches(claim, source)
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
    absent = words.missing(claim, sources)
    if absent and asked:
        # A name may come from the question; what it is said to do may not.
        named = {m.form for m in claim.morphemes if m.tag in {"NNP", "SL"}}
        unasked = set(words.missing(claim, [*sources, *asked]))
        absent = [word for word in absent if word not in named or word in unasked]
    proper = {m.form for m in claim.morphemes if m.tag in {"NNP", "SL"}}
    reasons = [f"{'name' if word in proper else 'word'} not in source: {word}" for word in absent]
    reasons += roles.mismatches(claim, sources)
    reasons += [reason for reason in (amounts.exchanged(claim, sources),) if reason]
    reasons += [reason for reason in (speakers.misattributed(claim, sources),) if reason]
    reasons += [reason for reason in (causes.invented(claim, sources),) if reason]
    return reasons


def _foreign(claim: str, source: str) -> list[str]:
    if not quotations.quotations(claim):
        return ["it is in another language than its source and quotes nothing"]
    (told,) = analysed([source])
    return [f"word not in source: {word}" for word in english.framed(_unquoted(claim), told)]


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
