"""Recognise the store's proper nouns in questions.

Kiwi splits unknown names into words that they resemble (나델라 into 나+델라), and a short
question has no context to correct that. So a name that the store knows becomes one morpheme.
"""

from __future__ import annotations

import re

from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.names import as_one_name
from geungeo.rag.language.terms import Bag
from geungeo.rag.language.vocabulary import is_alias, terms_of
from geungeo.rag.protocols import Corpus

_WORD = re.compile(r"[가-힣]{2,}")
_SHORTEST, _LONGEST = 2, 8
# An alias of two syllables may also be the beginning of another word: 메타버스.
_SHORTEST_ALIAS = 3


def analyse_with_names(text: str, corpus: Corpus) -> list[Morpheme]:
    """Return the morphemes of a question, with each name that ``corpus`` knows as one morpheme."""
    morphemes = analyse(text)
    for start, end in _known(text, corpus):
        morphemes = as_one_name(text, morphemes, start, end)
    return morphemes


def _known(text: str, corpus: Corpus) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the longest known name at the beginning of each word."""
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


def shares_known(texts: list[str], corpus: Corpus) -> list[float]:
    """Return for each text the share of its terms that occur in the corpus, in [0, 1].

    One-letter words and name skeletons do not count.
    """
    shares: list[float] = []
    for text in texts:
        terms = [
            term
            for term in terms_of(analyse_with_names(text, corpus))
            if not term.startswith("~") and len(term.split("/")[0].lstrip("@")) > 1
        ]
        known = corpus.document_frequency("morphemes", Bag.of(terms).terms)
        shares.append(float((known > 0).mean()) if terms else 0.0)
    return shares
