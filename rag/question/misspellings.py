"""Correct misspelled Korean words of a question that the corpus has: 모댈 to 모델.

A noisy channel (Kernighan, Church and Gale, 1990, "A spelling correction program based on a noisy
channel model"): of the words that sound like a typed one, the one that Kiwi's language model finds
likeliest is meant, if it is likelier than what was typed by more than the odds of a slip.

A wrong correction makes another question of it, so most words are left alone: all that the articles
have, all in quotation marks, nouns of Kiwi's dictionary, and what may be the name of a person or a
company that the articles do not mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geungeo.rag.language.hangul import initials, letters_of, syllable_of, taken_for
from geungeo.rag.language.morphemes import (
    Morpheme,
    Reading,
    content_terms,
    is_common_noun,
    likeliest_readings,
)
from geungeo.rag.language.people import LONG_SURNAMES, SURNAMES
from geungeo.rag.language.terms import bigrams, term_hash
from geungeo.rag.protocols import Corpus

# Letters that sound the same: vowels, last consonants, and vowels after ㅈ, ㅉ and ㅊ.
_VOWELS = ("ㅐㅔㅒㅖ", "ㅙㅚㅞ")
_TAILS = ("ㅂㅄㅍ", "ㄱㄲㅋㄳ", "ㄴㄶㄵ", "ㄹㅀㄼ", "ㅅㅆㄷㅌㅈㅊ")
_AFTER_J = ("ㅏㅑ", "ㅓㅕ", "ㅗㅛ", "ㅜㅠ")
# Letters that sound alike: tried in long words only.
_ALIKE_LEADS = ("ㄱㄲㅋ", "ㄷㄸㅌ", "ㅂㅃㅍ", "ㅅㅆ", "ㅈㅉㅊ")
_ALIKE_VOWELS = (*_VOWELS, *_AFTER_J, "ㅏㅓ", "ㅓㅗ", "ㅡㅜ", "ㅡㅓ", "ㅣㅟ", "ㅣㅢ")

_WORD = re.compile(r"(?<![가-힣])[가-힣]{2,10}(?![가-힣])")
_QUOTED = re.compile(
    r"“[^”]*”|‘[^’]*’|\"[^\"]*\"|'[^']*'|「[^」]*」|『[^』]*』|《[^》]*》|〈[^〉]*〉"
)
# Kiwi's log-likelihood by syllable; words below are looked at.
_UNLIKELY = -6.0
# By how much a correction must be likelier for each letter that it changes: where Kiwi's
# dictionary lacks the typed word, where it has it, and where the corpus does not decide.
_SLIP, _SLIP_OF_KNOWN, _CERTAIN = 1.5, 4.5, 9.0
# Corrections of one letter that are tried with a second one.
_BEAM = 3
# Syllables of a name that is known with a letter wrong, and of the name of a person.
_LONG, _SHORT = 4, 3
# Words that are corrected; each doubtful one costs some milliseconds.
_MOST = 6
_VERBAL = frozenset({"VV", "VA", "VX", "XSV", "XSA", "VCN", "EP", "EF", "EC", "ETM"})
# Words of one syllable into which any name can be taken apart.
_SCRAPS = frozenset({"NNG", "NNP", "NNB", "NR", "MM", "MAG", "IC", "XPN"})


@dataclass(frozen=True, slots=True)
class _Typed:
    word: str
    reading: Reading

    @property
    def is_inferred(self) -> bool:
        """Whether Kiwi's dictionary lacks a noun of the word."""
        return bool(self.reading.inferred)

    @property
    def may_be_a_person(self) -> bool:
        """Whether the word begins with a surname and is as long as a full name."""
        word = self.word
        return any(
            one.start == 0
            and ((len(one.form) == _SHORT and word[0] in SURNAMES) or word[:2] in LONG_SURNAMES)
            for one in self.reading.inferred
        )


def correct_misspellings(question: str, corpus: Corpus) -> str:
    """Return ``question`` with the words corrected that the corpus has in another spelling."""
    quoted = [match.span() for match in _QUOTED.finditer(question)]
    found = [
        match
        for match in _WORD.finditer(question)
        if not any(start <= match.start() < end for start, end in quoted)
    ]
    words = list(dict.fromkeys(match[0] for match in found))
    typed = [
        one
        for one in map(_Typed, words, likeliest_readings(words))
        if _is_doubtful(one.reading, len(one.word))
    ]
    lacking = _lacking([one.word for one in typed], corpus)
    typed = [one for one, lacks in zip(typed, lacking, strict=True) if lacks][:_MOST]
    meant = {one.word: _name(one, corpus) or _likeliest(one, corpus) for one in typed}
    for match in reversed(found):
        if correct := meant.get(match[0]):
            question = question[: match.start()] + correct + question[match.end() :]
    return question


def _is_doubtful(reading: Reading, length: int) -> bool:
    """Whether a word may be misspelled: none that Kiwi reads as nouns of its dictionary."""
    if reading.inferred:
        return True
    scraps = any(len(m.form) == 1 and (m.is_content or m.tag in _SCRAPS) for m in reading.morphemes)
    return scraps and reading.likelihood < _UNLIKELY * length


def _lacking(words: Sequence[str], corpus: Corpus) -> list[bool]:
    """Return for each word whether the articles lack two successive characters of it."""
    pairs = [[term_hash(pair) for pair in bigrams(word)] for word in words]
    flat = np.array([one for some in pairs for one in some], dtype=np.uint32)
    known = set(flat[corpus.document_frequency("bigrams", flat) > 0].tolist())
    return [any(one not in known for one in some) for some in pairs]


def _likeliest(typed: _Typed, corpus: Corpus) -> str | None:
    """Return the likeliest word that sounds like the typed one, if it is what was meant."""
    if typed.may_be_a_person:
        return None
    slip = _SLIP if typed.is_inferred else _SLIP_OF_KNOWN
    begun = [typed.word]
    for letters in (1, 2) if typed.is_inferred and len(typed.word) > 2 else (1,):
        tried = sorted({one for word in begun for one in _respelled(word)} - {typed.word})
        found = sorted(
            zip(likeliest_readings(tried), tried, strict=True), key=lambda one: -one[0].likelihood
        )
        for reading, word in found:
            gain = (reading.likelihood - typed.reading.likelihood) / letters
            if gain >= slip and _is_word(reading, typed, word, corpus, certain=gain >= _CERTAIN):
                return word
        begun = [word for _, word in found[:_BEAM]]
    return None


def _is_word(reading: Reading, typed: _Typed, word: str, corpus: Corpus, *, certain: bool) -> bool:
    """Whether each changed syllable of ``word`` is part of a word that the corpus has.

    A verb or an ending may be ``certain`` by itself.
    """
    if reading.inferred or (
        typed.is_inferred and any(len(m.form) == 1 and m.tag in _SCRAPS for m in reading.morphemes)
    ):
        return False
    changed = [
        at for at, (one, other) in enumerate(zip(word, typed.word, strict=True)) if one != other
    ]
    for at in changed:
        within = [m for m in reading.morphemes if m.start <= at < m.end]
        if not _sound_same(word[at], typed.word[at]):
            within = [m for m in within if len(m.form) >= _LONG]
        verbal = any(m.tag.split("-")[0] in _VERBAL for m in within)
        if verbal and certain:
            continue
        if not any(_may_be_meant(m) and _has(m, corpus) for m in within):
            return False
    return True


def _sound_same(one: str, other: str) -> bool:
    return other in set(_respelled(one))


def _may_be_meant(morpheme: Morpheme) -> bool:
    """Whether a word with this one is a correction: no name, unless it is long."""
    tag, length = morpheme.tag.split("-")[0], len(morpheme.form)
    if tag == "NNP":
        return length > _LONG
    return tag in {"VV", "VA"} or (tag in {"NNG", "MAG", "XR"} and length > 1)


def _has(morpheme: Morpheme, corpus: Corpus) -> bool:
    terms = np.array([term_hash(one) for one in content_terms([morpheme])], dtype=np.uint32)
    return bool((corpus.document_frequency("morphemes", terms) > 0).any())


def _name(typed: _Typed, corpus: Corpus) -> str | None:
    """Return the word with a name of the corpus in place of a misspelled one at its beginning."""
    if not typed.is_inferred:
        return None
    for length in range(len(typed.word), 1, -1):
        head, rest = typed.word[:length], typed.word[length:]
        sounding = corpus.known_names(sorted(set(_respelled(head)) - {head}))
        if len(sounding) == 1:
            return next(iter(sounding)) + rest
        for name in corpus.names(initials(head)):
            if name != head and _is_spelling_of(head, name):
                return name + rest
    return None


def _is_spelling_of(head: str, name: str) -> bool:
    """Whether ``head`` is a long name with one letter wrong, missing or added.

    은송건설 and 은성건설 are two companies: the common noun at the end does not count.
    """
    own = len(name)
    while is_common_noun(name[own - 2 : own]):
        own -= 2
    if own < _LONG or name[:2] in LONG_SURNAMES:
        return False
    pairs = zip(map(letters_of, head), map(letters_of, name), strict=True)
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    if len(changed) != 1:
        return False
    (_, vowel, *tail), (_, other_vowel, *other_tail) = map(list, changed[0])
    if vowel == other_vowel:
        return not tail or not other_tail or other_tail[0] in taken_for(tail[0], _TAILS)
    return tail == other_tail and other_vowel in taken_for(vowel, _ALIKE_VOWELS)


def _respelled(word: str) -> Iterator[str]:
    """Yield the words that differ in one letter that is taken for another.

    These sound the same; of long words others are tried, too.
    """
    long = len(word) > _LONG
    for at, syllable in enumerate(word):
        lead, vowel, *tail = list(letters_of(syllable))
        vowels = (*_VOWELS, *_AFTER_J) if lead in "ㅈㅉㅊ" else _VOWELS
        others = [
            *((one, vowel, *tail) for one in (taken_for(lead, _ALIKE_LEADS) if long else [])),
            *((lead, one, *tail) for one in taken_for(vowel, _ALIKE_VOWELS if long else vowels)),
            *((lead, vowel, one) for last in tail for one in taken_for(last, _TAILS)),
        ]
        for other in others:
            yield word[:at] + syllable_of(*other) + word[at + 1 :]
