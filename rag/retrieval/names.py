"""A store's own dictionary of proper nouns: found in its articles, looked up in questions.

Kiwi reads a name that it does not know as whatever it resembles (나델라 as 나+델라); in a
question, short as it is, nothing sets that right. So a name that the store knows is one
morpheme, whatever Kiwi made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from geungeo.rag.morphemes import Morpheme, analyse, analyse_many
from geungeo.rag.protocols import Corpus
from geungeo.rag.vocabulary import is_alias

_WORD = re.compile(r"[가-힣]{2,}")
_SHORTEST, _LONGEST = 2, 8
# A spelling of two syllables is also the beginning of other words: 메타버스.
_SHORTEST_ALIAS = 3
_PARTICLE = re.compile(
    r"(?:은|는|이|가|을|를|의|와|과|랑|도|만|에|에게|에서|께서|한테|로|으로|하고|이랑|씨|님|측|까지|부터|보다|처럼)"
)
_HANGUL_NAME = re.compile(r"[가-힣]{2,12}")
_NAME, _NOUNS = "NNP", frozenset({"NNP", "NNG", "XR", "XPN", "XSN"})


def proper_nouns(texts: Sequence[str]) -> frozenset[str]:
    """The names in ``texts`` that are written in Hangul: proper nouns, and compounds with one."""
    found: set[str] = set()
    for morphemes in analyse_many(texts):
        for run in _runs(morphemes):
            if any(morpheme.tag == _NAME for morpheme in run):
                found.add("".join(morpheme.form for morpheme in run))
                found.update(morpheme.form for morpheme in run if morpheme.tag == _NAME)
    return frozenset(name for name in found if _HANGUL_NAME.fullmatch(name))


def _runs(morphemes: Iterable[Morpheme]) -> list[list[Morpheme]]:
    """Nouns that stand together without a gap."""
    runs: list[list[Morpheme]] = [[]]
    for morpheme in morphemes:
        if morpheme.tag not in _NOUNS or (runs[-1] and runs[-1][-1].end != morpheme.start):
            runs.append([])
        if morpheme.tag in _NOUNS:
            runs[-1].append(morpheme)
    return [run for run in runs if run]


def analyse_with_names(text: str, corpus: Corpus) -> list[Morpheme]:
    """The morphemes of a question; a name that ``corpus`` knows is one of them."""
    morphemes = analyse(text)
    for start, end in _known(text, corpus):
        morphemes = _as_one(text, morphemes, start, end)
    return morphemes


def _known(text: str, corpus: Corpus) -> list[tuple[int, int]]:
    """Where known names stand at the beginning of words, the longest of each."""
    places = {
        match.start(): [
            text[match.start() : end]
            for end in range(
                min(match.end(), match.start() + _LONGEST), match.start() + _SHORTEST - 1, -1
            )
        ]
        for match in _WORD.finditer(text)
    }
    known = corpus.known_names([name for names in places.values() for name in names])
    found: list[tuple[int, int]] = []
    for start, names in places.items():
        for name in names:
            if name in known or (len(name) >= _SHORTEST_ALIAS and is_alias(name)):
                found.append((start, start + len(name)))
                break
    return found


def _as_one(text: str, morphemes: list[Morpheme], start: int, end: int) -> list[Morpheme]:
    inside = [m for m in morphemes if m.start < end and m.end > start]
    if not inside or all(m.tag in _NOUNS for m in inside):
        return morphemes  # read as nouns: alone or as a compound, they find the name
    rest = text[end : max(m.end for m in inside)]
    if inside[0].start < start or (rest and not _PARTICLE.fullmatch(rest)):
        return morphemes
    name = Morpheme(text[start:end].casefold(), _NAME, start, end)
    particle = [replace(inside[-1], form=rest, tag="JX", start=end)] if rest else []
    before = [m for m in morphemes if m.end <= start]
    after = [m for m in morphemes if m.start >= end and m not in inside]
    return [*before, name, *particle, *after]
