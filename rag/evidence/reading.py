"""Sentences as sets of terms, read once: questions come back to the same articles."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from geungeo.rag.morphemes import Morpheme, analyse_many
from geungeo.rag.retrieval.terms import bigrams, term_hash
from geungeo.rag.vocabulary import terms_of

# About 10 kB each.
_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says: term hashes of both lexical channels, and its proper nouns.

    Of proper nouns those of one syllable are left out, which name next to nobody.
    """

    terms: frozenset[int]
    bigrams: frozenset[int]
    names: tuple[str, ...]


class Reader:
    """Reads texts and remembers those that were asked for last. Thread-safe."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Reading] = OrderedDict()

    def read(self, texts: Iterable[str]) -> Mapping[str, Reading]:
        """The reading of each text; what is not known yet is analysed in one go."""
        wanted = dict.fromkeys(texts)
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
        missing = [text for text in wanted if text not in found]
        for text, morphemes in zip(missing, analyse_many(missing), strict=True):
            found[text] = _reading(text, morphemes)
        with self._lock:
            for text in wanted:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found


def _reading(text: str, morphemes: list[Morpheme]) -> Reading:
    return Reading(
        terms=frozenset(map(term_hash, terms_of(morphemes))),
        bigrams=frozenset(map(term_hash, bigrams(text))),
        names=tuple(m.form for m in morphemes if m.tag == "NNP" and len(m.form) > 1),
    )
