"""A store's own dictionary of proper nouns, looked up in questions.

Kiwi reads a name that it does not know as whatever it resembles (나델라 as 나+델라), and a
short question offers no context to correct that. So a name that the store knows is one
morpheme, whatever Kiwi made of it.
"""

from __future__ import annotations

import re

from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.names import as_one_name
from geungeo.rag.language.vocabulary import is_alias
from geungeo.rag.protocols import Corpus

_WORD = re.compile(r"[가-힣]{2,}")
_SHORTEST, _LONGEST = 2, 8
# A spelling of two syllables is also the beginning of other words: 메타버스.
_SHORTEST_ALIAS = 3


def analyse_with_names(text: str, corpus: Corpus) -> list[Morpheme]:
    """The morphemes of a question; a name that ``corpus`` knows is one of them."""
    morphemes = analyse(text)
    for start, end in _known(text, corpus):
        morphemes = as_one_name(text, morphemes, start, end)
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
