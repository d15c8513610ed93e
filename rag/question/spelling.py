"""Correct typed questions: wrong keyboard layout, initial consonants, missing spaces.

A correction is made only if the corpus knows it and does not know what was typed, so ``the``
is never changed to 솓.

The layout is dubeolsik (KS X 5002), which Korean keyboards share with QWERTY: ``dhvms`` is
오픈, ``ㅐㅔ두`` is open. Isolated letters are compatibility jamo (U+3131 to U+3163), as a
keyboard gives them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from geungeo.rag.language.morphemes import spaced
from geungeo.rag.language.terms import Bag
from geungeo.rag.language.vocabulary import is_alias, terms_of
from geungeo.rag.protocols import Corpus
from geungeo.rag.question.known_names import analyse_with_names

_KEYS = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_LETTERS = {jamo: key for key, jamo in _KEYS.items()}
_VOWEL_PAIRS = {
    f"{first}{second}": joined
    for first, second, joined in (
        *("ㅗㅏㅘ", "ㅗㅐㅙ", "ㅗㅣㅚ", "ㅜㅓㅝ", "ㅜㅔㅞ", "ㅜㅣㅟ"),
        "ㅡㅣㅢ",
    )
}
_TAIL_PAIRS = {
    f"{first}{second}": joined
    for first, second, joined in (
        *("ㄱㅅㄳ", "ㄴㅈㄵ", "ㄴㅎㄶ", "ㄹㄱㄺ", "ㄹㅁㄻ", "ㄹㅂㄼ", "ㄹㅅㄽ", "ㄹㅌㄾ"),
        *("ㄹㅍㄿ", "ㄹㅎㅀ", "ㅂㅅㅄ"),
    )
}
_SPLIT = {one: pair for pair, one in (_VOWEL_PAIRS | _TAIL_PAIRS).items()}

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST, _LAST = ord("가"), ord("힣")
# A consonant before a vowel begins the next syllable.
_TAIL = rf"(?:{'|'.join(_TAIL_PAIRS)}|[{_TAILS}])(?![{_VOWELS}])"
_SYLLABLE = re.compile(rf"([{LEADS}])([{_VOWELS}])({_TAIL})?")
_VOWEL_PAIR = re.compile("|".join(_VOWEL_PAIRS))

_MAX_WORD = 24
_MAX_NAME = 8
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
# Hangul with isolated letters, at least one a vowel, so that ㅋㅋ does not match.
_JAMBLED = re.compile(r"[가-힣ㄱ-ㅣ]*[ㅏ-ㅣ][가-힣ㄱ-ㅣ]*")
_INITIALS = re.compile(rf"(?<![가-힣ㄱ-ㅣ])[{LEADS}]{{2,}}(?![ㄱ-ㅣ])")
# Chat interjections: ㅋㅋㅋ, ㅇㅇ, ㅇㅋ, ㄱㅅ, ㅈㅅ, ㄹㅇ …
_INTERJECTION = re.compile(r"(.)\1+|ㅇㅋ|ㄱㅅ|ㅈㅅ|ㄹㅇ|ㅁㄹ|ㅊㅋ|ㅅㄱ|ㅎㅇ|ㅇㅈ|ㄱㄷ|ㄴㄴ")
# Half-width Hangul letters, as old terminals and databases send them.
_HALF_WIDTH = re.compile("[\uffa1-\uffdc]+")
# So many syllables without a space are a sentence, not a word.
_RUN_ON = re.compile(r"[가-힣A-Za-z0-9]*[가-힣]{9,}[가-힣A-Za-z0-9]*")


def correct_spelling(question: str, corpus: Corpus) -> str:
    """Return ``question`` with corrections that ``corpus`` supports; usually unchanged."""
    question = _HALF_WIDTH.sub(_in_syllables, question)
    return _spaces(_expand_initials(_layout(question, corpus), corpus), corpus)


def _in_syllables(run: re.Match[str]) -> str:
    """Convert half-width letters to syllables, or to full-width letters if they form none."""
    # NFKC would make a final consonant the initial of the next syllable.
    letters = "".join(
        chr(int(unicodedata.decomposition(char).split()[1], 16))
        for char in run[0]
        if unicodedata.decomposition(char)
    )
    latin = to_latin(letters)
    return (to_hangul(latin) if latin else None) or letters


def _layout(question: str, corpus: Corpus) -> str:
    """Correct a wrong layout in both directions; one certain word settles the possible ones."""
    certain: dict[str, str] = {}
    possible: dict[str, str] = {}
    for word, readings in _readings(question):
        unchanged, *shares = _shares_known([word, *readings], corpus)
        if unchanged > 0:
            continue
        best = max(range(len(readings)), key=shares.__getitem__)
        (certain if shares[best] > 0 else possible)[word] = readings[best]
    if not certain:
        return question
    # No corpus has 왜 as a term, but beside a recognised name dho is 왜.
    for word, reading in sorted({**possible, **certain}.items(), key=lambda pair: -len(pair[0])):
        question = question.replace(word, reading)
    return question


def _readings(question: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each word that may be in the wrong layout with its readings, the likeliest first."""
    for match in _LATIN_WORD.finditer(question):
        word = match[0][:_MAX_WORD]
        readings = [to_hangul(word), _lower_case_only(word), *_prefixes(word)]
        found = [reading for reading in readings if reading]
        if found:
            yield word, found
    for match in _JAMBLED.finditer(question):
        latin = to_latin(match[0])
        if latin:
            yield match[0], [latin]


def _lower_case_only(word: str) -> str | None:
    """Convert ``dhvmsAIrk`` to 오픈AI가: runs of capitals stay Latin."""
    parts = [
        part if part.isupper() else to_hangul(part)
        for part in re.findall(r"[A-Z]{2,}|[A-Z]?[a-z]+|[A-Z]", word)
    ]
    return None if None in parts else "".join(part for part in parts if part)


def _prefixes(word: str) -> Iterator[str]:
    """Yield readings with a Latin end: ``dhvmsai`` as 오픈ai."""
    for at in range(len(word) - 2, 2, -1):
        if hangul := to_hangul(word[:at]):
            yield hangul + word[at:]


def _expand_initials(question: str, corpus: Corpus) -> str:
    """Expand initial consonants (초성) to the most frequent matching name."""

    def name(match: re.Match[str]) -> str:
        letters = match[0]
        names = corpus.names(letters)
        # Keep letters that are themselves a known alias.
        if not names or _shares_known([letters], corpus)[0] > 0:
            return letters
        if _INTERJECTION.fullmatch(letters) and len(names) > 1:
            return letters
        return names[0]

    return _INITIALS.sub(name, question)


def _spaces(question: str, corpus: Corpus) -> str:
    return _RUN_ON.sub(lambda run: _whole_names(spaced(run[0]), corpus), question)


def _whole_names(text: str, corpus: Corpus) -> str:
    """Remove spaces inside known names: 코 파일럿이 to 코파일럿이."""

    def join(gap: re.Match[str]) -> str:
        left, right = gap.string[: gap.start()], gap.string[gap.end() :]
        before = left.rsplit(" ", 1)[-1]
        after = right.split(" ", 1)[0]
        whole = [
            before[-head:] + after[:tail]
            for head in range(1, min(len(before), _MAX_NAME) + 1)
            for tail in range(1, min(len(after), _MAX_NAME) + 1)
        ]
        known = any(is_alias(name) for name in whole) or corpus.known_names(whole)
        return "" if known else " "

    return re.sub(" ", join, text)


def _shares_known(texts: list[str], corpus: Corpus) -> list[float]:
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


def to_hangul(keys: str) -> str | None:
    """Convert Latin ``keys`` to Hangul by the dubeolsik layout; ``None`` if not whole syllables.

    A shifted key without its own letter gives the unshifted one.
    """
    jamo = "".join(_KEYS.get(key) or _KEYS.get(key.lower(), "?") for key in keys)
    jamo = _VOWEL_PAIR.sub(lambda pair: _VOWEL_PAIRS[pair[0]], jamo)
    syllables: list[str] = []
    at = 0
    while match := _SYLLABLE.match(jamo, at):
        lead, vowel, tail = match.groups(default="")
        syllables.append(syllable_of(lead, vowel, _TAIL_PAIRS.get(tail, tail)))
        at = match.end()
    return "".join(syllables) if syllables and at == len(jamo) else None


def to_latin(hangul: str) -> str | None:
    """Return the keys that type ``hangul`` (syllables and jamo); ``None`` for other characters."""
    keys: list[str] = []
    for char in hangul:
        for jamo in letters_of(char):
            for part in _SPLIT.get(jamo, jamo):
                if part not in _LETTERS:
                    return None
                keys.append(_LETTERS[part])
    return "".join(keys)


def initials(text: str) -> str:
    """Return the initial consonants (초성) of the syllables in ``text``: 삼성 gives ㅅㅅ."""
    return "".join(
        LEADS[(ord(char) - _FIRST) // (len(_VOWELS) * (len(_TAILS) + 1))]
        for char in text
        if _FIRST <= ord(char) <= _LAST
    )


def syllable_of(lead: str, vowel: str, tail: str = "") -> str:
    """Return the Hangul syllable of a first consonant, a vowel, and a last consonant or none."""
    place = LEADS.index(lead) * len(_VOWELS) + _VOWELS.index(vowel)
    return chr(_FIRST + place * (len(_TAILS) + 1) + (_TAILS.index(tail) + 1 if tail else 0))


def letters_of(char: str) -> str:
    """Return the two or three letters of a Hangul syllable; another character as it is."""
    if not _FIRST <= ord(char) <= _LAST:
        return char
    rest, tail = divmod(ord(char) - _FIRST, len(_TAILS) + 1)
    lead, vowel = divmod(rest, len(_VOWELS))
    return LEADS[lead] + _VOWELS[vowel] + (_TAILS[tail - 1] if tail else "")
