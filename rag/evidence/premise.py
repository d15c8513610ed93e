"""Does the question assume what its best evidence contradicts?

Three signs are looked for, each readable in the sentence itself: an opposite word where the
question has its counterpart, a change that runs the other way, and somebody else doing what
the question says that its subject did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.terms import term_hash
from geungeo.rag.language.vocabulary import opposite, terms_of

_TARGET = re.compile(
    r"([가-힣A-Za-z]+)(?:\s*(?:단체|기업|법인|회사|조직))?\s*(?:으로|로)?(?:의)?\s*"
    r"(?:전환|변경|탈바꿈|변신|바뀌|바꾸)"
)
_SUBJECT = frozenset({"JKS", "JX"})
_NAMES = frozenset({"NNP", "SL", "NNG", "SN", "XPN", "XSN"})


@dataclass(frozen=True, slots=True)
class _Actor:
    """A noun phrase that holds a name and is marked as a subject; ``terms`` are its hashes."""

    surface: str
    terms: frozenset[int]


def conflict(
    question: str, asked: Sequence[Morpheme], evidence: str, known: AbstractSet[int]
) -> str | None:
    """Find what the question assumes and ``evidence`` (its best sentence) contradicts, if anything.

    ``asked`` are the question's morphemes.
    ``known`` are the term hashes around the evidence: a name that stands nowhere is missing,
    which is another matter than somebody else having done it.
    """
    told = analyse(evidence)
    return (
        opposite(asked, told) or _reversed(question, evidence) or _other_actor(asked, told, known)
    )


def _reversed(question: str, evidence: str) -> str | None:
    """``비영리로 전환`` asked, ``영리 단체 전환`` told."""
    mine, theirs = _TARGET.search(question), _TARGET.search(evidence)
    if mine and theirs and mine[1] != theirs[1]:
        here, there = mine[1], theirs[1]
        if here in (f"비{there}", f"반{there}") or there in (f"비{here}", f"반{here}"):
            return f"{here} ↔ {there}"
    return None


def _other_actor(
    asked: Sequence[Morpheme], told: Sequence[Morpheme], known: AbstractSet[int]
) -> str | None:
    """The question's named subject is nowhere in a sentence that names another subject."""
    mine, theirs = _actors(asked), _actors(told)
    if not mine or not theirs:
        return None
    present = {term_hash(term) for term in terms_of(told)}
    subject = mine[0]
    # Parts such as "ai" stand in many names: all of the name must be missing.
    if subject.terms & present or not subject.terms & known:
        return None
    return f"{subject.surface} ↔ {theirs[0].surface}"


def _actors(morphemes: Sequence[Morpheme]) -> list[_Actor]:
    found: list[_Actor] = []
    run: list[Morpheme] = []
    for morpheme in morphemes:
        if morpheme.tag in _NAMES:
            if run and morpheme.start - run[-1].end > 1:
                run = []
            run.append(morpheme)
            continue
        named = [m for m in run if m.tag in {"NNP", "SL"}]
        if named and morpheme.tag in _SUBJECT and morpheme.form in {"이", "가", "은", "는", "ᆫ"}:
            terms = frozenset(term_hash(term) for term in terms_of(run))
            found.append(_Actor("".join(m.form for m in run), terms))
        run = []
    return found
