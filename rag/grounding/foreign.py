"""Claims in a language other than their source's, or both in English.

No rule here translates. Across languages a claim may only frame a verbatim quotation with
words of reporting, and with names and numbers that the source holds; everything else is a
doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.grounding.denial import may_deny
from geungeo.rag.grounding.english import english_exchanged
from geungeo.rag.grounding.words import Finding, doubt, finding, veto
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.gloss import gloss
from geungeo.rag.text import language_of, listed

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*|[가-힣]+|[\u3040-\u30ff\u4e00-\u9fff]+")
_STOP = listed(
    "a an the this that these those it its he she they his her their him them who which what "
    "as at by for from in into of on to with about and or but is are was were be been being "
    "has have had will would also s"
)
_FRAME = listed(
    "according article articles report reports reported reporting says said say states "
    "stated state notes noted writes wrote source text reads following quote quoted korean "
    "original words there news 기사 원문 기사에 따르면 원문에 다음과 같다 보도"
)
_SUFFIX = re.compile(r"(?:ing|ed|es|s|'s|’s|ly)$")
_DENIAL = listed("not no never without cannot neither nor nothing nobody denied denies deny")
_HEDGE = listed(
    "may might could will shall plan plans planned planning expect expects expected expecting "
    "likely possible possibly rumour rumours rumor rumors reportedly allegedly considering "
    "consider considers seek seeks seeking propose proposed proposes forecast forecasts would if "
    "unless aims intends hope hopes"
)
# What leaves as open what a Korean source says may be done (할 수 있다) or is to be done.
_OPEN = _HEDGE | listed("can able must should probably means")
_CAUSE = listed("because due caused causes cause thanks owing therefore consequently since")


def unframed_words(claim: str, source: Analysed) -> list[str]:
    """The words around the quotations of ``claim`` that frame nothing and are not in ``source``.

    A name, date or amount that the gloss of ``source`` has is in it.
    """
    absent: list[str] = []
    for item in sorted(gloss(source.text, language_of(claim), claim), key=len, reverse=True):
        claim = re.sub(rf"(?<!\w){re.escape(item)}(?!\w)", " ", claim)
    for word in _WORD.findall(claim):
        lowered = word.lower()
        if lowered in _STOP or lowered in _FRAME:
            continue
        if lowered not in source.squeezed:
            absent.append(word)
    return absent


def english_findings(claim: str, source: str) -> list[Finding]:
    """Compare English with English: words, their order, denial, certainty and cause."""
    said, stated = _stems(claim), _stems(source)
    findings = [doubt(f"word not in source: {word}") for word in said if word not in stated]
    near = _stretch(source, set(said))
    mine, theirs = set(_lower(claim)), set(_lower(near))
    if bool(mine & _DENIAL or "n't" in claim) != bool(theirs & _DENIAL or "n't" in near):
        findings.append(veto("it denies what the source affirms, or the reverse", "negation"))
    if theirs & _HEDGE and not mine & _HEDGE:
        findings.append(veto("it is surer than the source", "certainty"))
    if mine & _CAUSE and not theirs & _CAUSE:
        findings.append(doubt("cause not in source"))
    for one, other in _OPPOSITES:
        for word, opposite in ((one, other), (other, one)):
            if word in said and opposite in stated and word not in stated and opposite not in said:
                reason = f"the opposite is in the source: {word} ↔ {opposite}"
                findings.append(veto(reason, "negation", word, found=opposite))
    findings += english_exchanged(claim, source)
    if not findings and not _in_order(said, stated):
        findings.append(doubt("words are in another order: roles may be exchanged"))
    return findings


_REFUSAL = listed(
    "refuse refused refuses reject rejected rejects fail failed fails without lack lacks lacked "
    "exclude excluded drop dropped stop stopped hardly barely unable non nonprofit non-profit "
    "denied declined decline instead rather"
)


def foreign_findings(claim: str, sources: Sequence[Analysed]) -> list[Finding]:
    """Compare denial and certainty of an English claim with its Korean sources."""
    words = set(_lower(claim))
    denies = bool(words & _DENIAL or "n't" in claim or "n’t" in claim)
    facts = [fact for source in sources for fact in source.facts]
    findings: list[Finding] = []
    if denies and not any(fact.denied for fact in facts):
        final = not may_deny(facts, " ".join(source.text for source in sources))
        reason = "it denies what the source does not deny"
        findings.append(finding(reason, "negation", final=final))
    closing = [source.narrated[-1] for source in sources if source.narrated]
    if closing and all(fact.denied for fact in closing) and not (denies or words & _REFUSAL):
        findings.append(veto("it affirms what the source denies", "negation"))
    if closing and all(fact.unreal for fact in closing) and not words & _OPEN:
        findings.append(veto("it is surer than the source", "certainty"))
    return findings


def _stretch(source: str, said: set[str]) -> str:
    """The part of ``source`` from its first to its last word that the claim uses.

    A "may" or "not" beyond it belongs to another clause.
    """
    used = [m for m in _WORD.finditer(source) if _stem(m[0].lower()) in said]
    return source[used[0].start() : used[-1].end()] if used else source


def _stem(word: str) -> str:
    return _SUFFIX.sub("", word).rstrip("e")


# Stems, as they are compared. A claim in the words of its source that has one of a pair in place
# of the other says the opposite.
_OPPOSITES = tuple(
    (_stem(one), _stem(other))
    for one, other in (
        ("first", "last"),
        ("before", "after"),
        ("rose", "fell"),
        ("rise", "fall"),
        ("increased", "decreased"),
        ("more", "less"),
        ("more", "fewer"),
        ("higher", "lower"),
        ("above", "below"),
        ("up", "down"),
        ("won", "lost"),
        ("north", "south"),
        ("east", "west"),
        ("earlier", "later"),
        ("largest", "smallest"),
        ("best", "worst"),
        ("opened", "closed"),
        ("gained", "lost"),
        ("profit", "loss"),
        ("accepted", "rejected"),
        ("approved", "rejected"),
        ("oldest", "newest"),
    )
)


def _lower(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _lower(text) if word not in _STOP and word not in _FRAME]


def _in_order(said: list[str], stated: list[str]) -> bool:
    """Whether ``said`` is a subsequence of ``stated``."""
    rest = iter(stated)
    return all(word in rest for word in said)
