"""A sentence analysed once: morphemes, words, quotations. Kept for the next claim."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from threading import Lock

from geungeo.rag.grounding import frames
from geungeo.rag.morphemes import Morpheme, analyse_many
from geungeo.rag.text import fold, for_model
from geungeo.rag.vocabulary import terms_of

# One question has at most a dozen evidence sentences; an LLM's draft repeats them.
_KEEP = 2_048
_QUOTE = re.compile(r"“[^”]*”?|\"[^\"]*\"")
_lock = Lock()
_kept: OrderedDict[str, Analysed] = OrderedDict()


@cache
def _synonyms() -> dict[str, str]:
    groups: list[list[str]] = json.loads(
        files("geungeo.rag").joinpath("grounding/synonyms.json").read_text("utf-8")
    )
    return {word: group[0] for group in groups for word in group}


def canonical(form: str) -> str:
    """The word that stands for ``form`` and its synonyms."""
    return _synonyms().get(form, form)


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
    def narrated(self) -> tuple[frames.Fact, ...]:
        """What the text itself states."""
        return tuple(frames.facts(self.outside))

    @cached_property
    def facts(self) -> tuple[frames.Fact, ...]:
        """What the text states, its quotations included."""
        found = list(self.narrated)
        for match in _QUOTE.finditer(self.text):
            inside = [m for m in self.morphemes if match.start() < m.start < match.end()]
            found.extend(frames.facts(inside))
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
