"""Match names across scripts by their consonants, as in 앨트먼 and Altman.

Korean spelling of foreign names (외래어 표기법) keeps consonant classes and invents vowels
between them; r and l, f and p, v and b, z and j merge. The skeleton of a name is the
sequence of its consonant classes, so that both spellings give the same string.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from geungeo.rag.language.hangul import PARTICLE

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


def skeleton(name: str, *, full: bool = False) -> str:
    """Return the consonant classes of a Hangul or Latin ``name``; empty for other scripts.

    An r that English does not sound is left out, unless the skeleton is to be ``full``: names of
    other languages are written with it (Molnar, 몰나르).

    >>> skeleton("앨트먼") == skeleton("Altman")
    True
    """
    folded = unicodedata.normalize("NFC", name.casefold())
    if _SYLLABLES.fullmatch(folded):
        return _collapse(_hangul(folded))
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(char for char in plain if "a" <= char <= "z")
    if letters and letters == "".join(char for char in plain if not unicodedata.combining(char)):
        return _collapse(_latin(letters, full=full))
    return ""


def _hangul(word: str) -> str:
    sounds: list[str] = []
    for char in word:
        index = ord(char) - 0xAC00
        sounds.append(_INITIALS[index // (_VOWELS * 28)])
        sounds.append(_FINALS[index % 28])
    return "".join(sounds)


def _latin(letters: str, *, full: bool) -> str:
    # r after a vowel and before a consonant or the end is not written in Korean (Mark is 마크).
    letters = letters if full else re.sub(r"(?<=[aeiouy])r(?![aeiouyr])", "", letters)
    # A final silent e softens the consonant before it and is dropped.
    return "".join(_LATIN_CLASS[match[0]] for match in _LATIN_PATTERN.finditer(letters))


def _collapse(sounds: str) -> str:
    return _REPEATS.sub(r"\1", sounds)


# Revised Romanization and its usual variants, folded to one spelling: o and u, k and g are equal.
_ROMAN_INITIALS = [*"kkntt", *"lmpps", "s", "", *"jjjktph"]
_ROMAN_VOWELS = [
    "a", "e", "ya", "ye", "o", "e", "yo", "ye", "o", "wa", "we", "e", "yo",
    "o", "wo", "we", "wi", "yo", "o", "i", "i",
]  # fmt: skip
_ROMAN_FINALS = ["", *"kkknnntl", "k", "m", *"lltplmpptt", "N", *"ttktp", ""]
_ROMAN_FOLDS = [
    (re.compile(pattern), folded)
    for pattern, folded in (
        (r"ng", "N"),
        (r"eo|eu|oo|ou|u(?!i)", "o"),
        (r"ae|oe", "e"),
        (r"ui|ee", "i"),
        (r"ch|jj?", "j"),
        (r"sh|ss?", "s"),
        (r"kk?|g", "k"),
        (r"tt?|d", "t"),
        (r"pp?|b", "p"),
        (r"[lr]+", "l"),
    )
]
# Surnames whose usual spelling follows no rule.
_SURNAMES = {
    "park": "박", "lee": "이", "yi": "이", "rhee": "이", "choi": "최", "lim": "임", "yim": "임",
    "rim": "임", "noh": "노", "roh": "노", "woo": "우", "ahn": "안", "oh": "오", "koh": "고",
    "suh": "서", "shim": "심", "chung": "정", "rhyu": "류", "yoo": "유", "you": "유", "paik": "백",
}  # fmt: skip
_LATIN_NAME = re.compile(r"[a-z]+(?:['’-][a-z]+)*")
_MIN_ROMAN = 3


_MIN_SOUNDS = 3
_MOST_SYLLABLES = 8
# The Korean initials with which a foreign name in Latin letters begins (외래어 표기법).
_BEGIN = {
    **dict.fromkeys("bv", "ㅂ"),
    "d": "ㄷ",
    "g": "ㄱㅈ",
    **dict.fromkeys("pf", "ㅍㅃㅎ"),
    "t": "ㅌㄸㅅ",
    **dict.fromkeys("kcq", "ㅋㄲㅅㅊ"),
    **dict.fromkeys("aeiou", "ㅇ"),
}
_JAMO = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
# How each Latin vowel may be written; ㅡ is put between consonants and is no vowel of the name.
_WRITTEN = {
    "a": "ㅏㅐㅑㅔㅓㅘ",
    "e": "ㅔㅐㅣㅓㅖㅕ",
    "i": "ㅣㅏㅐㅓ",
    "o": "ㅗㅓㅏㅛㅜ",
    "u": "ㅜㅓㅠㅟ",
    "y": "ㅣㅏ",
}
_LATIN_VOWELS = re.compile(r"[aeiouy]+")
_PARTICLE = re.compile(f"{PARTICLE}?")


def sounded_in(name: str, text: str) -> bool:
    """Whether a word of ``text`` is the foreign name that the Latin ``name`` spells.

    >>> sounded_in("Molnar", "리사 몰나르가 중재했다"), sounded_in("Simon", "시민이 왔다")
    (True, False)
    """
    return sounded_as(name, text) is not None


def sounded_as(name: str, text: str) -> str | None:
    """Return how ``text`` writes the foreign name that the Latin ``name`` spells, if it does.

    >>> sounded_as("Molnar", "리사 몰나르가 중재했다")
    '몰나르'
    """
    wanted = skeleton(name, full=True)
    if len(wanted) < _MIN_SOUNDS:
        return None
    folded = name.casefold()
    initials = _BEGIN.get(folded[0], _JAMO)
    found = (
        word[:end]
        for word in dict.fromkeys(_SYLLABLES.findall(unicodedata.normalize("NFC", text)))
        if _JAMO[(ord(word[0]) - 0xAC00) // 588] in initials
        for end in range(2, min(len(word), _MOST_SYLLABLES) + 1)
        if _PARTICLE.fullmatch(word[end:])
        and skeleton(word[:end]) == wanted
        and _has_vowels_of(word[:end], folded)
    )
    return next(found, None)


def _has_vowels_of(word: str, name: str) -> bool:
    """Whether the vowels of a Korean ``word`` may be those of the Latin ``name``, in order."""
    codes = [ord(char) - 0xAC00 for char in word]
    written = [vowel for code in codes if (vowel := _MEDIALS[code // 28 % _VOWELS]) != "ㅡ"]
    sounded = _LATIN_VOWELS.findall(re.sub(r"(?<=[^aeiouy])e$", "", name))
    nasal = any(code % 28 == _NG for code in codes)
    if len(written) != len(sounded) or (nasal and not re.search(r"n[gkcx]", name)):
        return False
    return all(
        any(vowel in _WRITTEN[letter] for letter in group)
        for vowel, group in zip(written, sounded, strict=True)
    )


_NG = 21  # index of the final ㅇ


def romanised_in(name: str, text: str) -> bool:
    """Whether ``text`` contains the Korean name that the Latin ``name`` spells.

    Follows the Revised Romanization of Korean (2000) letter by letter or as it is spoken, with
    the variants in common use.

    >>> romanised_in("Tae-ro", "엄태로는 웃었다"), romanised_in("Songnim", "송림은 졌다")
    (True, True)
    """
    folded = name.casefold()
    if not _LATIN_NAME.fullmatch(folded):
        return False
    words = _SYLLABLES.findall(unicodedata.normalize("NFC", text))
    if surname := _SURNAMES.get(folded):
        # 박물관 begins like a Park; with a title or a given name's length it is one.
        person = re.compile(rf"{surname}(?:모\s?)?(?:[가-힣]{{1,2}}\s?)?(?:{_TITLES})")
        return any(person.match(text, at) for at in _starts(text, surname))
    wanted = _fold_roman(re.sub(r"[^a-z]", "", folded))
    if len(wanted) < _MIN_ROMAN:
        return any(_roman(word[0]) == wanted for word in words if len(word) > 2)
    return any(
        wanted in (_roman(word[start:end]), _roman(word[start:end], spoken=True))
        for word in words
        for start in range(min(len(word), 3))
        for end in range(start + 1, min(len(word), start + len(wanted)) + 1)
    )


_TITLES = (
    "씨|군|양|대표|회장|사장|교수|의원|장관|총리|대통령|시장|지사|감독|선수|위원장|이사장|원장|소장"
    "|총재|박사|작가|본부장|부장|팀장|국장|실장|차관|총장|대변인|이사|변호사|판사|검사|배우|가수|기자|연구원"
)


def _starts(text: str, word: str) -> list[int]:
    """Return where ``word`` begins a word of ``text``."""
    return [match.start() for match in re.finditer(rf"(?<![가-힣]){word}", text)]


def _fold_roman(letters: str) -> str:
    for pattern, folded in _ROMAN_FOLDS:
        letters = pattern.sub(folded, letters)
    return _REPEATS.sub(r"\1", letters)


# What becomes of a final before an initial, of both: 송림 Songnim, 종로 Jongno, 별내 Byeollae.
_NASAL = {"k": "N", "t": "n", "p": "m"}
_ASSIMILATED = {
    **{(final, initial): (_NASAL[final], initial) for final in _NASAL for initial in "nm"},
    **{(final, "l"): (_NASAL.get(final, final), "n") for final in "ktpmN"},
    ("n", "l"): ("l", "l"),
    ("l", "n"): ("l", "l"),
}


@lru_cache(maxsize=65_536)
def _roman(syllables: str, *, spoken: bool = False) -> str:
    parts: list[str] = []
    for syllable in syllables:
        initial, rest = divmod(ord(syllable) - 0xAC00, 588)
        vowel, final = divmod(rest, 28)
        first = _ROMAN_INITIALS[initial]
        if spoken and parts and (parts[-1], first) in _ASSIMILATED:
            parts[-1], first = _ASSIMILATED[parts[-1], first]
        parts += [first, _ROMAN_VOWELS[vowel], _ROMAN_FINALS[final]]
    return _REPEATS.sub(r"\1", "".join(parts).replace("nk", "N"))
