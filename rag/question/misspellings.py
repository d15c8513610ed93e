"""Correct misspelled Korean words of a question that the corpus has: 요쳥 to 요청.

A noisy channel (Kernighan, Church and Gale, 1990, "A spelling correction program based on a noisy
channel model"): of the words that differ from a typed one in letters which sound alike, the one
that Kiwi's language model finds likeliest is meant, if it is likelier than what was typed by more
than the odds of a slip. Names are changed only into names of the corpus that sound the same
(나댈라, 나델라) or are long (코파이럿, 코파일럿): two people may be called 박은호 and 박은후.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geungeo.rag.language.hangul import initials, letters_of, syllable_of
from geungeo.rag.language.morphemes import Reading, likeliest_readings
from geungeo.rag.protocols import Corpus
from geungeo.rag.question.known_names import shares_known

# Letters that are taken for each other. Those that sound the same are taken for each other in
# any word, the others in words that Kiwi's dictionary lacks.
_LEADS = ("ㄱㄲㅋ", "ㄷㄸㅌ", "ㅂㅃㅍ", "ㅅㅆ", "ㅈㅉㅊ")
_SAME_VOWELS = ("ㅐㅔㅒㅖ", "ㅙㅚㅞ", "ㅣㅢ")
_VOWELS = (
    *_SAME_VOWELS,
    *("ㅏㅓ", "ㅓㅗ", "ㅓㅕ", "ㅏㅑ", "ㅗㅛ", "ㅜㅠ", "ㅡㅜ", "ㅡㅓ", "ㅣㅟ"),
)
_TAILS = ("ㅂㅄㅍ", "ㄱㄲㅋㄳ", "ㄴㄵㄶ", "ㄹㄺㄼㅀ", "ㅁㄻ", "ㅅㅆㄷㅌㅈㅊ")

_WORD = re.compile(r"(?<![가-힣])[가-힣]{2,10}(?![가-힣])")
# Kiwi's log-likelihood by syllable; words below are looked at.
_UNLIKELY = -6.0
# By how much a correction must be likelier for each letter that it changes: where Kiwi's
# dictionary lacks the typed word, where it has it, and where the corpus does not decide.
_SLIP, _SLIP_OF_KNOWN, _CERTAIN = 1.5, 4.5, 9.0
# Corrections of one letter that are tried with a second one.
_BEAM = 3
# A name of so many syllables is not that of another person.
_LONG_NAME = 4


@dataclass(frozen=True, slots=True)
class _Typed:
    word: str
    reading: Reading
    known: float


def correct_misspellings(question: str, corpus: Corpus) -> str:
    """Return ``question`` with the words corrected that the corpus has in another spelling."""
    words = list(dict.fromkeys(_WORD.findall(question)))
    meant: dict[str, str] = {}
    for word, reading, known in zip(
        words, likeliest_readings(words), shares_known(words, corpus), strict=True
    ):
        if reading.has_unknown or reading.likelihood < _UNLIKELY * len(word):
            typed = _Typed(word, reading, known)
            meant[word] = _likeliest(typed, corpus) or _name(typed, corpus) or word
    return _WORD.sub(lambda found: meant.get(found[0], found[0]), question)


def _likeliest(typed: _Typed, corpus: Corpus) -> str | None:
    """Return the likeliest word that differs in one or two letters, if it is what was meant."""
    unknown = typed.reading.has_unknown
    slip, vowels = (_SLIP, _VOWELS) if unknown else (_SLIP_OF_KNOWN, _SAME_VOWELS)
    begun = [typed.word]
    for letters in (1, 2) if unknown and len(typed.word) > 2 else (1,):
        tried = sorted({one for word in begun for one in _respelled(word, vowels)} - {typed.word})
        found = sorted(
            zip(likeliest_readings(tried), tried, strict=True), key=lambda one: -one[0].likelihood
        )
        gains = [
            ((reading.likelihood - typed.reading.likelihood) / letters, word)
            for reading, word in found
            if not reading.has_unknown
        ]
        likely = [(gain, word) for gain, word in gains if gain >= slip]
        shares = shares_known([word for _, word in likely], corpus)
        for (gain, word), share in zip(likely, shares, strict=True):
            if share > typed.known or (share == typed.known and gain >= _CERTAIN):
                return word
        begun = [word for _, word in found[:_BEAM]]
    return None


def _name(typed: _Typed, corpus: Corpus) -> str | None:
    """Return the word with a name of the corpus in place of a misspelled one at its beginning."""
    if not typed.reading.has_unknown:
        return None
    for length in range(len(typed.word), 1, -1):
        head, rest = typed.word[:length], typed.word[length:]
        for name in corpus.names(initials(head)):
            if name != head and _is_spelling_of(head, name):
                return name + rest
    return None


def _is_spelling_of(head: str, name: str) -> bool:
    """Whether ``head`` sounds like ``name``, or is a long name with one letter wrong."""
    pairs = zip(map(letters_of, head), map(letters_of, name), strict=True)
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    if all(_sounds_same(*pair) for pair in changed):
        return True
    return len(head) >= _LONG_NAME and len(changed) == 1


def _sounds_same(one: str, other: str) -> bool:
    """Whether two syllables differ in their vowels only, and these sound the same."""
    return (
        one[0] == other[0]
        and one[2:] == other[2:]
        and any(one[1] in group and other[1] in group for group in _SAME_VOWELS)
    )


def _respelled(word: str, vowels: Sequence[str]) -> Iterator[str]:
    """Yield the words that differ in one letter that is taken for another."""
    for at, syllable in enumerate(word):
        lead, vowel, *tail = list(letters_of(syllable))
        others = [
            *((one, vowel, *tail) for one in _taken_for(lead, _LEADS)),
            *((lead, one, *tail) for one in _taken_for(vowel, vowels)),
            *((lead, vowel, one) for last in tail for one in _taken_for(last, _TAILS)),
        ]
        for other in others:
            yield word[:at] + syllable_of(*other) + word[at + 1 :]


def _taken_for(letter: str, groups: Sequence[str]) -> list[str]:
    return [one for group in groups if letter in group for one in group if one != letter]
