"""Cached analyses of texts: morphemes, terms, names, quotations, facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from geungeo.rag.language.clauses import Fact
from geungeo.rag.language.clauses import facts as facts_of
from geungeo.rag.language.morphemes import Morpheme, analyse_many
from geungeo.rag.language.names import as_one_name
from geungeo.rag.language.people import name_spans
from geungeo.rag.language.terms import bigrams, term_hash
from geungeo.rag.language.vocabulary import alias_spans, canonical, terms_of
from geungeo.rag.memo import Memo
from geungeo.rag.text import fold, for_model

# About 15 kB each. One question reads a few hundred sentences, and follow-ups read them again.
_KEPT = 4_096
QUOTE = re.compile(r"“[^”]*”?|\"[^\"]*\"")


# Tags of words that state something.
CONTENT = frozenset({"NNG", "NNP", "XR", "SL", "SH", "VV", "VA", "NR"})


@dataclass(frozen=True)
class Analysed:
    """A text, prepared for models, with its analysis by Kiwi.

    ``raw`` are Kiwi's own morphemes; search terms are made from them, as in the index.
    ``morphemes`` are the corrected ones; claims are checked with them.
    """

    text: str
    raw: tuple[Morpheme, ...]

    @cached_property
    def morphemes(self) -> tuple[Morpheme, ...]:
        """The morphemes with Kiwi's known misreadings corrected."""
        found = list(_corrected(self.raw))
        for start, end in (*alias_spans(self.text), *name_spans(self.text)):
            found = as_one_name(self.text, found, start, end)
        return tuple(found)

    @cached_property
    def term_hashes(self) -> frozenset[int]:
        """Return the hashes of the search terms in the channel ``morphemes``."""
        return frozenset(map(term_hash, terms_of(self.raw)))

    @cached_property
    def bigram_hashes(self) -> frozenset[int]:
        """Return the hashes of the search terms in the channel ``bigrams``."""
        return frozenset(map(term_hash, bigrams(self.text)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the proper nouns of two or more syllables; shorter ones rarely identify anyone."""
        return tuple(m.form for m in self.raw if m.tag == "NNP" and len(m.form) > 1)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Return content terms, aliases and name skeletons."""
        return frozenset(terms_of(self.morphemes))

    @cached_property
    def forms(self) -> frozenset[str]:
        """Return the forms of the morphemes, each replaced by its canonical synonym."""
        return frozenset(canonical(morpheme.form) for morpheme in self.morphemes)

    @cached_property
    def squeezed(self) -> str:
        """Return the folded text without spaces and quotation marks."""
        return re.sub(r"[\s“”‘’\"']", "", fold(self.text))

    @cached_property
    def outside(self) -> tuple[Morpheme, ...]:
        """Return the morphemes outside direct quotations."""
        quotes = [match.span() for match in QUOTE.finditer(self.text)]
        return tuple(m for m in self.morphemes if not any(a <= m.start < b for a, b in quotes))

    @cached_property
    def narrated(self) -> tuple[Fact, ...]:
        """Return the facts that the text states outside quotations."""
        return tuple(facts_of(self.outside))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Return the facts that the text states, including its quotations."""
        found = list(self.narrated)
        for match in QUOTE.finditer(self.text):
            inside = [m for m in self.morphemes if match.start() < m.start < match.end()]
            found.extend(facts_of(inside))
        return tuple(found)


def _with_names(morphemes: Sequence[Morpheme]) -> Iterator[Morpheme]:
    word: list[Morpheme] = []
    for morpheme in morphemes:
        if word and morpheme.start != word[-1].end:
            yield from word
            word = []
        named = (
            len(word) > 1
            and word[-1].tag == "JKB"
            and word[-1].form in {"로", "으로", "에"}
            and morpheme.tag in {"JKS", "JKO"}
            and all(m.tag in _NAME_PARTS for m in word[:-1])
        )
        if named:
            form = "".join(m.form for m in word)
            word = [Morpheme(form, "NNP", word[0].start, word[-1].end)]
        word.append(morpheme)
    yield from word


# What Kiwi takes the syllables of an unknown name for.
_NAME_PARTS = frozenset({"NNG", "NNP", "NNB", "NR", "MM", "XR", "XPN", "SL"})


def _corrected(morphemes: Sequence[Morpheme]) -> Iterator[Morpheme]:
    """Undo Kiwi's readings of the particle in ``70%는`` as a verb, and of a name's end as one.

    No particle comes before 가 or 를, so 한끼로 of ``한끼로가`` is a name.
    """
    morphemes = tuple(_with_names(morphemes))
    skip = False
    for at, morpheme in enumerate(morphemes):
        if skip:
            skip = False
            continue
        follows = at + 1 < len(morphemes) and morphemes[at + 1].tag == "ETM"
        symbol = at > 0 and morphemes[at - 1].tag in {"SW", "SN", "SL"}
        # The verb stem 늘 takes one character only if it is really the particle 는.
        if morpheme.form == "늘" and morpheme.end - morpheme.start == 1 and symbol and follows:
            yield Morpheme("는", "JX", morpheme.start, morpheme.end)
            skip = True
        else:
            yield morpheme


def _analyse(texts: Sequence[str]) -> Iterator[Analysed]:
    for text, morphemes in zip(texts, analyse_many(texts), strict=True):
        yield Analysed(for_model(text), tuple(morphemes))


_memo: Memo[str, Analysed] = Memo(_KEPT, _analyse)


def analysed(texts: Iterable[str]) -> list[Analysed]:
    """Return the analyses of ``texts``; Kiwi is called once for all uncached ones."""
    texts = list(texts)
    known = _memo.get(texts)
    return [known[text] for text in texts]


def content_words(text: Analysed) -> set[str]:
    """Return the words of ``text`` that state something, each in its canonical form."""
    return {canonical(m.form) for m in text.morphemes if m.tag.split("-")[0] in CONTENT}
