"""Texts analysed once: morphemes, terms, names, quotations, facts. The only cache of analyses."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from geungeo.rag.language.clauses import Fact
from geungeo.rag.language.clauses import facts as facts_of
from geungeo.rag.language.morphemes import Morpheme, analyse_many
from geungeo.rag.language.terms import bigrams, term_hash
from geungeo.rag.language.vocabulary import canonical, terms_of
from geungeo.rag.text import fold, for_model

# One question has at most a dozen evidence sentences; an LLM's draft repeats them.
_KEEP = 2_048
_QUOTE = re.compile(r"“[^”]*”?|\"[^\"]*\"")
_lock = Lock()
_kept: OrderedDict[str, Analysed] = OrderedDict()


@dataclass(frozen=True)
class Analysed:
    """``text`` as models see it, and what Kiwi makes of it."""

    text: str
    morphemes: tuple[Morpheme, ...]

    @cached_property
    def terms(self) -> frozenset[str]:
        """Content terms, aliases and name skeletons."""
        return frozenset(terms_of(self.morphemes))

    @cached_property
    def forms(self) -> frozenset[str]:
        """Morphemes by the word that stands for their synonyms."""
        return frozenset(canonical(morpheme.form) for morpheme in self.morphemes)

    @cached_property
    def squeezed(self) -> str:
        """Folded, without spaces or quotation marks."""
        return re.sub(r"[\s“”‘’\"']", "", fold(self.text))

    @cached_property
    def outside(self) -> tuple[Morpheme, ...]:
        """The morphemes outside direct quotations."""
        quotes = [match.span() for match in _QUOTE.finditer(self.text)]
        return tuple(m for m in self.morphemes if not any(a <= m.start < b for a, b in quotes))

    @cached_property
    def narrated(self) -> tuple[Fact, ...]:
        """What the text itself states."""
        return tuple(facts_of(self.outside))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What the text states, its quotations included."""
        found = list(self.narrated)
        for match in _QUOTE.finditer(self.text):
            inside = [m for m in self.morphemes if match.start() < m.start < match.end()]
            found.extend(facts_of(inside))
        return tuple(found)


def _mended(morphemes: Sequence[Morpheme]) -> Iterator[Morpheme]:
    """Kiwi reads the particle of ``70%는`` as the verb 늘다; one character cannot hold it."""
    mended = False
    for at, morpheme in enumerate(morphemes):
        if mended:
            mended = False
            continue
        follows = at + 1 < len(morphemes) and morphemes[at + 1].tag == "ETM"
        symbol = at > 0 and morphemes[at - 1].tag in {"SW", "SN", "SL"}
        if morpheme.form == "늘" and morpheme.end - morpheme.start == 1 and symbol and follows:
            yield Morpheme("는", "JX", morpheme.start, morpheme.end)
            mended = True
        else:
            yield morpheme


def analysed(texts: Sequence[str]) -> list[Analysed]:
    """The analyses of ``texts``; Kiwi is called once for all that are new."""
    with _lock:
        known = {text: _kept[text] for text in texts if text in _kept}
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        for text, morphemes in zip(new, analyse_many(new), strict=True):
            known[text] = Analysed(for_model(text), tuple(_mended(morphemes)))
    with _lock:
        for text in texts:
            _kept[text] = known[text]
            _kept.move_to_end(text)
        while len(_kept) > _KEEP:
            _kept.popitem(last=False)
    return [known[text] for text in texts]


# About 10 kB each.
_READINGS_KEPT = 4_096


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

    def __init__(self, kept: int = _READINGS_KEPT) -> None:
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
