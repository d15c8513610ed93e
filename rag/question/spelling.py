"""Correct typed questions: keyboard layout, initial consonants, spaces, misspelled words.

A correction is made only if the corpus does not know what was typed, and knows what it becomes, so
that ``the`` is never changed to 솓; of spaces and endings Kiwi's language model must be certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from geungeo.rag.language.hangul import LEADS, to_hangul, to_latin
from geungeo.rag.language.morphemes import likeliest_readings, spaced
from geungeo.rag.language.vocabulary import is_alias
from geungeo.rag.protocols import Corpus
from geungeo.rag.question.known_names import shares_known
from geungeo.rag.question.misspellings import correct_misspellings

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
_RUN_ON = re.compile(r"(?<![가-힣A-Za-z0-9])[가-힣A-Za-z0-9]*[가-힣]{9,}[가-힣A-Za-z0-9]*")

# A syllable alone may be the end or the beginning of a word: 오픈AI 가, 영 리단체.
_FRAGMENT = re.compile(r"(?<!\S)[가-힣](?!\S)")
# A question in other spaces must be likelier by so much, in log-likelihood, to be broken as typed.
_BROKEN = 10.0


def correct_spelling(question: str, corpus: Corpus) -> str:
    """Return ``question`` with corrections that ``corpus`` supports; usually unchanged."""
    question = _HALF_WIDTH.sub(_in_syllables, question)
    question = _expand_initials(_layout(question, corpus), corpus)
    return correct_misspellings(_spaces(question, corpus), corpus)


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
        unchanged, *shares = shares_known([word, *readings], corpus)
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
        if not names or shares_known([letters], corpus)[0] > 0:
            return letters
        if _INTERJECTION.fullmatch(letters) and len(names) > 1:
            return letters
        return names[0]

    return _INITIALS.sub(name, question)


def _spaces(question: str, corpus: Corpus) -> str:
    question = _RUN_ON.sub(lambda run: _whole_names(spaced(run[0]), corpus), question)
    if not _FRAGMENT.search(question):
        return question
    joined = _without_spaces_in_words(question)
    if joined == question:
        return question
    typed, corrected = likeliest_readings([question, joined])
    # One unknown noun is likelier than the words that it is made of.
    longest, before = (
        max((len(noun.form) for noun in reading.inferred), default=0)
        for reading in (corrected, typed)
    )
    if longest > before:
        return question
    return joined if corrected.likelihood - typed.likelihood >= _BROKEN else question


def _without_spaces_in_words(question: str) -> str:
    """Return ``question`` without the spaces beside a syllable where Kiwi sets none."""
    again = spaced(question, anew=True)
    if len("".join(again.split())) != len("".join(question.split())):
        return question  # Kiwi reads normalised characters
    # Characters before each space of Kiwi's.
    kept = {len("".join(again[: gap.start()].split())) for gap in re.finditer(r"\s+", again)}
    fragments = {match.start() for match in _FRAGMENT.finditer(question)}

    def join(gap: re.Match[str]) -> str:
        beside = gap.end() in fragments or gap.start() - 1 in fragments
        before = len("".join(question[: gap.start()].split()))
        return "" if beside and before not in kept else gap[0]

    return re.sub(r"\s+", join, question)


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
