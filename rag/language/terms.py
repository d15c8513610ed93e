"""Lexical channels: convert texts to terms for BM25.

``morphemes`` matches word stems, independent of particles and endings; ``bigrams`` matches
characters, so that unknown names, foreign spellings and wrong spacing still match. Terms are
32-bit hashes: no dictionary is needed, and with a million distinct terms a query term
collides with another one about once in four thousand times.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geungeo.rag.language.morphemes import Morpheme, analyse_many
from geungeo.rag.language.vocabulary import terms_of
from geungeo.rag.text import fold

_WORD = re.compile(r"\w+")
_MAX_TF = 255


@dataclass(frozen=True, slots=True)
class Bag:
    """The terms of one text: ``terms`` (n,) uint32 ascending and unique, ``counts`` (n,) uint8."""

    terms: TermArray
    counts: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, words: Iterable[str]) -> Bag:
        """Hash and count ``words``; counts are capped at 255."""
        counted = Counter(term_hash(word) for word in words)
        order = sorted(counted)
        return cls(
            np.array(order, dtype=np.uint32),
            np.array([min(counted[term], _MAX_TF) for term in order], dtype=np.uint8),
        )

    def to_bytes(self) -> bytes:
        """Pack into five bytes per term: all hashes, then all counts, little-endian."""
        return self.terms.astype("<u4").tobytes() + self.counts.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Bag:
        """Unpack the result of :meth:`to_bytes`."""
        count = len(data) // 5
        return cls(
            np.frombuffer(data, dtype="<u4", count=count).astype(np.uint32),
            np.frombuffer(data, dtype=np.uint8, offset=4 * count),
        )


def term_hash(term: str) -> int:
    """Return the 32-bit hash of a term, stable across runs and machines."""
    return zlib.crc32(term.encode("utf-8", "replace"))


def bigrams(text: str) -> list[str]:
    """Return the character bigrams of the folded text, word by word; one-letter words unchanged."""
    terms: list[str] = []
    for word in _WORD.findall(fold(text)):
        terms.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
    return terms


def _bigrams_many(texts: Sequence[str]) -> list[list[str]]:
    return [bigrams(text) for text in texts]


def _morphemes_many(texts: Sequence[str]) -> list[list[str]]:
    return [terms_of(morphemes) for morphemes in analyse_many(texts)]


CHANNELS: dict[str, Callable[[Sequence[str]], list[list[str]]]] = {
    "morphemes": _morphemes_many,
    "bigrams": _bigrams_many,
}


def bags(channel: str, texts: Sequence[str]) -> list[Bag]:
    """Return the terms of each text in one channel."""
    return [Bag.of(words) for words in CHANNELS[channel](texts)]


def bags_of_parts(
    texts: Sequence[Sequence[str]], analysed: Mapping[str, Sequence[Morpheme]]
) -> dict[str, list[Bag]]:
    """Return, by channel, the terms of texts given in parts, with the ``analysed`` parts."""
    morphemes = {part: terms_of(found) for part, found in analysed.items()}
    return {
        "morphemes": [
            Bag.of(term for part in parts for term in morphemes[part]) for parts in texts
        ],
        "bigrams": bags("bigrams", ["\n".join(parts) for parts in texts]),
    }


TermArray = npt.NDArray[np.uint32]
