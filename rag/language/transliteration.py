"""Match names across scripts by their consonants, as in 앨트먼 and Altman.

Korean spelling of foreign names (외래어 표기법) keeps consonant classes and invents vowels
between them; r and l, f and p, v and b, z and j merge. The skeleton of a name is the
sequence of its consonant classes, so that both spellings give the same string.
"""

from __future__ import annotations

import re
import unicodedata

_INITIALS = "k k n t t l m p p s s - j j j k t p h".replace("-", "").split(" ")
# Final consonants in Unicode order; ㅇ is ng, final ㅅ sounds as t in loan words (로봇).
_FINALS = "- k k k n n n t l l l l l l l l m p p t t n j j k t p -".replace("-", "").split(" ")
_VOWELS = 21

# Longest first; letters not named here are vowels or silent.
_LATIN = (
    ("tion", "sn"),
    ("sion", "jn"),
    ("tch", "j"),
    ("sch", "s"),
    ("ght", "t"),
    ("qu", "k"),
    ("ck", "k"),
    ("ch", "j"),
    ("sh", "s"),
    ("ph", "p"),
    ("th", "s"),
    ("wh", ""),
    ("dg", "j"),
    ("ng", "n"),
    ("kn", "n"),
    ("ce", "s"),
    ("ci", "s"),
    ("cy", "s"),
    ("ge", "j"),
    ("gi", "j"),
    ("gy", "j"),
    ("x", "ks"),
    ("b", "p"),
    ("c", "k"),
    ("d", "t"),
    ("f", "p"),
    ("g", "k"),
    ("h", "h"),
    ("j", "j"),
    ("k", "k"),
    ("l", "l"),
    ("m", "m"),
    ("n", "n"),
    ("p", "p"),
    ("q", "k"),
    ("r", "l"),
    ("s", "s"),
    ("t", "t"),
    ("v", "p"),
    ("z", "j"),
)
_LATIN_CLASS = dict(_LATIN)
_LATIN_PATTERN = re.compile("|".join(key for key, _ in _LATIN))
_SYLLABLES = re.compile("[\uac00-\ud7a3]+")
_REPEATS = re.compile(r"(.)\1+")


def skeleton(name: str) -> str:
    """Return the consonant classes of a Hangul or Latin ``name``; empty for other scripts.

    >>> skeleton("앨트먼") == skeleton("Altman")
    True
    """
    folded = unicodedata.normalize("NFC", name.casefold())
    if _SYLLABLES.fullmatch(folded):
        return _collapse(_hangul(folded))
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(char for char in plain if "a" <= char <= "z")
    if letters and letters == "".join(char for char in plain if not unicodedata.combining(char)):
        return _collapse(_latin(letters))
    return ""


def _hangul(word: str) -> str:
    sounds: list[str] = []
    for char in word:
        index = ord(char) - 0xAC00
        sounds.append(_INITIALS[index // (_VOWELS * 28)])
        sounds.append(_FINALS[index % 28])
    return "".join(sounds)


def _latin(letters: str) -> str:
    # r after a vowel and before a consonant or the end is not written in Korean (Mark is 마크).
    letters = re.sub(r"(?<=[aeiouy])r(?![aeiouyr])", "", letters)
    # A final silent e softens the consonant before it and is dropped.
    return "".join(_LATIN_CLASS[match[0]] for match in _LATIN_PATTERN.finditer(letters))


def _collapse(sounds: str) -> str:
    return _REPEATS.sub(r"\1", sounds)
