"""Exchange rules for English text: who acts on whom, read from prepositions and voice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geungeo.rag.grounding.exchange import Filler, Place, crossed
from geungeo.rag.grounding.words import Finding, veto
from geungeo.rag.text import listed

_TOKEN = re.compile(r"[A-Za-z][\w'’&-]*|[.,;:]")
_DETERMINERS = listed("the a an its his her their this that our my your")
_PREPOSITIONS = listed("to from by with against over for of on in at into than before after")
_BEING = listed("is are was were be been being get gets got")
_IRREGULAR = {
    "beaten": "beat",
    "given": "gave",
    "taken": "took",
    "chosen": "chose",
    "shown": "showed",
    "stolen": "stole",
    "driven": "drove",
    "beats": "beat",
    "sells": "sold",
    "buys": "bought",
    "gives": "gave",
    "pays": "paid",
    "sues": "sued",
    "owes": "owed",
}
_PAST = listed(
    "beat sold bought gave paid sent led took told lent won lost taught built fought caught held "
    "met hit chose stole drove brought hired left showed overtook"
)

# Characters: red and bed are no verbs.
_SHORT_VERB = 4


def english_exchanged(claim: str, source: str) -> list[Finding]:
    """Find two parties of ``claim`` that have each other's places beside a verb of ``source``."""
    places, there = list(_english_places(claim)), list(_english_places(source))
    for one, other in crossed(places, there):
        reason = f"roles are exchanged: {one}, {other}"
        return [veto(reason, "role", str(one), found=str(other))]
    return []


def _english_places(text: str) -> Iterator[Place]:
    """Yield who is before and after each verb, by the prepositions and the voice."""
    tokens = _TOKEN.findall(text)
    parties = list(_parties(tokens))
    for at, token in enumerate(tokens):
        verb = _verb(token)
        before = [p for p in parties if p.end <= at and not p.preposition]
        if verb is None or not before:
            continue
        passive = _is_passive(tokens, at)
        yield Place(verb, "patient" if passive else "agent", before[-1].filler)
        later = next((n for n in range(at + 1, len(tokens)) if _verb(tokens[n])), len(tokens))
        after = [p for p in parties if at < p.start < later]
        for number, party in enumerate(after):
            if passive and party.preposition == "by":
                yield Place(verb, "agent", party.filler)
            elif party.preposition:
                yield Place(verb, party.preposition, party.filler)
            elif not passive and number == 0:
                yield Place(verb, "patient", party.filler)


@dataclass(frozen=True, slots=True)
class _Party:
    start: int
    end: int
    preposition: str
    filler: Filler


def _parties(tokens: Sequence[str]) -> Iterator[_Party]:
    """Yield the names (Bada Capital) and the nouns with a determiner (the union)."""
    at = 0
    while at < len(tokens):
        start = at
        lowered = tokens[at].lower()
        if lowered in _DETERMINERS:
            at += 1
            while at < len(tokens) and _is_noun(tokens[at]):
                at += 1
            words = tokens[start + 1 : at]
        else:
            while at < len(tokens) and tokens[at][0].isupper() and _is_noun(tokens[at]):
                at += 1
            words = tokens[start:at]
        if words:
            preposition = tokens[start - 1].lower() if start else ""
            preposition = preposition if preposition in _PREPOSITIONS else ""
            filler = Filler(tuple(word.lower() for word in words), frozenset())
            yield _Party(start, at, preposition, filler)
        at = max(at, start + 1)


def _is_noun(token: str) -> bool:
    lowered = token.lower()
    return (
        token[0].isalpha()
        and _verb(token) is None
        and lowered not in _DETERMINERS | _PREPOSITIONS | _BEING
        and lowered not in {"who", "which", "and", "or", "but", "has", "had", "have", "will"}
    )


def _verb(token: str) -> str | None:
    lowered = _IRREGULAR.get(token.lower(), token.lower())
    return (
        lowered
        if lowered in _PAST or (len(lowered) > _SHORT_VERB and lowered.endswith("ed"))
        else None
    )


def _is_passive(tokens: Sequence[str], at: int) -> bool:
    before = [token.lower() for token in tokens[max(0, at - 3) : at]]
    while before and (before[-1].endswith("ly") or before[-1] == "not"):
        before.pop()
    return bool(before) and before[-1] in _BEING
