"""Letters (jamo) of Hangul syllables, the keys that type them, and the particles after names.

The layout is dubeolsik (KS X 5002), which Korean keyboards share with QWERTY: ``dhvms`` is
오픈, ``ㅐㅔ두`` is open. Isolated letters are compatibility jamo (U+3131 to U+3163), as a
keyboard gives them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Particles and suffixes that follow a name without a space.
PARTICLE = (
    r"(?:은|는|이|가|을|를|의|와|과|랑|도|만|나|에|에게|에서|께서|한테|로|으로|하고|이랑|이나|씨|님|측"
    r"|까지|부터|보다|처럼)"
)

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


def taken_for(letter: str, groups: Sequence[str]) -> list[str]:
    """Return the letters that share one of the ``groups`` with ``letter``, in order."""
    found = [one for group in groups if letter in group for one in group if one != letter]
    return list(dict.fromkeys(found))
