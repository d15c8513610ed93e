"""Detect that a question assumes something that its best evidence contradicts.

Three signs are checked, each visible in the sentence itself: an antonym of a word of the
question, a change in the opposite direction, and another subject of the action that the
question ascribes to its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.quotations import quotations
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
    """A noun phrase with a name, marked as a subject; ``terms`` are its term hashes."""

    surface: str
    terms: frozenset[int]


def conflict(
    question: str, asked: Sequence[Morpheme], evidence: str, known: AbstractSet[int]
) -> str | None:
    """Return the first assumption of the question that ``evidence`` contradicts, if any.

    ``asked`` are the question's morphemes, ``evidence`` is its best sentence and ``known`` are
    the term hashes around it: a name that occurs nowhere there is unknown, which does not
    contradict anything.
    """
    found = analyse(evidence)
    if pair := _opposite(asked, evidence, found):
        return f"{pair[0]} ↔ {pair[1]}"
    return reverses(question, evidence) or _other_actor(asked, found, known)


def refuted(
    question: str,
    asked: Sequence[Morpheme],
    evidence: str,
    known: AbstractSet[int],
    *,
    covered: float,
) -> bool:
    """Whether ``evidence`` refutes what the question takes for granted, so that one may say so.

    Stricter than :func:`conflict`. Another subject refutes only a question that presupposes
    an action (``…한 이유는?``, not ``…는 무엇을 밝혔나?``), in a sentence that has most of its
    concepts; ``covered`` is their weighted share in [0, 1].
    """
    found = analyse(evidence)
    if _opposite(asked, evidence, found) or reverses(question, evidence):
        return True
    return (
        covered >= _SAME_MATTER
        and _presupposes(question, asked)
        and _other_actor(asked, found, known) is not None
    )


_SUPERLATIVE = frozenset({"가장", "제일"})
_NOUN_TAGS = frozenset({"NNG", "NNP", "XSN", "XR"})


def _opposite(
    asked: Sequence[Morpheme], evidence: str, found: Sequence[Morpheme]
) -> tuple[str, str] | None:
    """Return a word that the question takes for granted and its opposite in ``evidence``.

    What someone says (“이긴다는 생각에”) and a part of a compound (재고평가손실) state no such
    thing, what is denied (찬성하지 않는) is not taken for granted, and the cheapest one is named
    beside the dearest.
    """
    if any(m.form in _SUPERLATIVE for m in asked):
        return None
    quoted = [(evidence.index(quote), len(quote)) for quote in quotations(evidence)]
    stated = [
        m
        for at, m in enumerate(found)
        if not any(start <= m.start < start + length for start, length in quoted)
        and not (at and _is_compound(found[at - 1], m))
    ]
    return opposite([m for at, m in enumerate(asked) if not _is_denied(asked, at)], stated)


def _is_compound(before: Morpheme, noun: Morpheme) -> bool:
    return before.end == noun.start and {before.tag, noun.tag} <= _NOUN_TAGS


def _is_denied(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether 지 않다, 지 못하다 or 안 denies the word at ``at``."""
    if at and morphemes[at - 1].form in {"안", "못"} and morphemes[at - 1].tag == "MAG":
        return True
    after = [m.form for m in morphemes[at + 1 : at + 4]]
    return "지" in after and any(form in {"않", "못하", "말"} for form in after)


# An action that is taken for granted: its reason, or a clause before a noun (발표한 계획).
_REASON = re.compile(r"왜|이유|까닭|배경|계기|원인|때문")
_SAME_MATTER = 0.6


def _presupposes(question: str, asked: Sequence[Morpheme]) -> bool:
    if _REASON.search(question):
        return True
    return any(
        after.tag == "ETM" and verb.tag.split("-")[0] in {"VV", "XSV"}
        for verb, after in pairwise(asked)
    )


def reverses(question: str, evidence: str) -> str | None:
    """Return the two targets of a change if they are opposites.

    The question has ``비영리로 전환``, the evidence ``영리 단체 전환``.
    """
    asked, found = _TARGET.search(question), _TARGET.search(evidence)
    if asked and found and asked[1] != found[1]:
        assumed, actual = asked[1], found[1]
        if assumed in (f"비{actual}", f"반{actual}") or actual in (f"비{assumed}", f"반{assumed}"):
            return f"{assumed} ↔ {actual}"
    return None


def _other_actor(
    asked: Sequence[Morpheme], found: Sequence[Morpheme], known: AbstractSet[int]
) -> str | None:
    """Return both subjects if the sentence names one but not the question's."""
    asked_actors, found_actors = _actors(asked), _actors(found)
    if not asked_actors or not found_actors:
        return None
    present = {term_hash(term) for term in terms_of(found)}
    subject = asked_actors[0]
    # Parts such as "ai" occur in many names: all of the name must be missing.
    if subject.terms & present or not subject.terms & known:
        return None
    return f"{subject.surface} ↔ {found_actors[0].surface}"


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
