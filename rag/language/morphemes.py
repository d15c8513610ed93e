"""Korean morphemes from Kiwi, which is loaded once, on first use, and shared."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from geungeo.rag.text import for_model

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token


_lock = threading.Lock()

# Sejong tags of content words, with the coarse class in which they match each other.
# One-syllable nouns (돈, 쌀, 값) stay: dropping them is fatal in Korean.
_CLASS = {
    "NNG": "N",
    "NNP": "N",
    "NR": "N",
    "XR": "N",
    "SL": "N",
    "SH": "N",
    "SN": "N",
    "W_SERIAL": "N",
    "VV": "V",
    "VA": "V",
    "MAG": "M",
}
# Kiwi's ids of a noun and a proper noun that it infers.
_UNKNOWN_NOUN, _UNKNOWN_NAME = 2, 3
_NOUNISH = frozenset({"NNG", "NNP", "NR", "XR", "SL", "SH", "SN", "XSN", "XPN", "NNB"})


@dataclass(frozen=True, slots=True)
class Morpheme:
    """A morpheme: surface ``form`` (lower case), Sejong ``tag``, position.

    ``start`` and ``end`` are code points in the analysed text. ``unknown`` words are in no
    dictionary of Kiwi's: nearly always names.
    """

    form: str
    tag: str
    start: int
    end: int
    unknown: bool = False

    @property
    def is_content(self) -> bool:
        """Whether the morpheme is a content word, not a function word."""
        return self.tag.split("-")[0] in _CLASS


@cache
def kiwi() -> Kiwi:
    """Return this process's Kiwi; the first call takes a second and some hundred MB.

    Its dictionary of names of several words is left out: loading it takes twice as long again and
    190 MB, and search finds as much without it.
    """
    from kiwipiepy import Kiwi

    return Kiwi(load_multi_dict=False)


@cache
def segmenter_identity() -> str:
    """Return the name, version and dictionaries of the segmenter, which a store records."""
    return f"kiwipiepy@{version('kiwipiepy')}+{version('kiwipiepy_model')} without multi.dict"


def analyse(text: str) -> list[Morpheme]:
    """Return the morphemes of the first 20,000 characters of ``text``, in order."""
    return analyse_many([text])[0]


def analyse_many(texts: Sequence[str]) -> list[list[Morpheme]]:
    """Run :func:`analyse` over several texts at once, in parallel where Kiwi can.

    Positions refer to ``for_model(text)``, which equals ``text`` for clean input.
    """
    prepared = [for_model(text) for text in texts]
    with _lock:
        analyses = list(kiwi().tokenize(prepared))
    return [[_morpheme(token) for token in tokens] for tokens in analyses]


def _morpheme(token: Token) -> Morpheme:
    return Morpheme(
        # 5,000 and 5000 are the same number.
        token.form.replace(",", "") if token.tag == "SN" else token.form.casefold(),
        token.tag,
        token.start,
        token.start + token.len,
        token.tag == "NNP" and token.id == _UNKNOWN_NAME,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """Kiwi's reading of a text: log-likelihood, morphemes, and the nouns of no dictionary."""

    likelihood: float
    morphemes: tuple[Morpheme, ...]
    inferred: tuple[Morpheme, ...]


def likeliest_readings(texts: Sequence[str]) -> list[Reading]:
    """Return Kiwi's likeliest reading of each of ``texts``."""
    with _lock:
        found = [best for best, *_ in kiwi().analyze([for_model(text) for text in texts])]
    return [
        Reading(
            likelihood,
            tuple(map(_morpheme, tokens)),
            tuple(_morpheme(t) for t in tokens if t.id in {_UNKNOWN_NOUN, _UNKNOWN_NAME}),
        )
        for tokens, likelihood in found
    ]


def is_common_noun(word: str) -> bool:
    """Whether Kiwi's dictionary has all of ``word`` as one common noun: 이사회, not 박은호."""
    with _lock:
        first = next(iter(kiwi().tokenize(for_model(word))), None)
    return (
        first is not None
        and first.tag == "NNG"
        and first.id != _UNKNOWN_NOUN
        and first.len == len(word)
    )


def sentence_starts(line: str) -> list[int]:
    """Return the code points of ``line`` where a sentence begins, according to Kiwi."""
    with _lock:
        return [sentence.start for sentence in kiwi().split_into_sents(line)]


def composed(morphemes: Sequence[tuple[str, str]]) -> str:
    """Return the text that Kiwi writes for ``(form, tag)`` pairs."""
    with _lock:
        text: str = kiwi().join(morphemes)
    return text


def glued(text: str, following: str) -> str:
    """Return the two parts joined, with a space unless Kiwi finds one word broken in two."""
    # Two words of each decide; a part cut within a word misleads Kiwi.
    head, tail = " ".join(text[-60:].split()[-2:]), " ".join(following.split()[:2])
    with _lock:
        joined: str = kiwi().glue([head, tail])
    space = "" if len(joined) == len(head) + len(tail) else " "
    return f"{text}{space}{following}"


def spaced(text: str, *, anew: bool = False) -> str:
    """Return ``text`` with spaces that Kiwi adds; ``anew``: with those alone that Kiwi sets."""
    with _lock:
        corrected: str = kiwi().space(for_model(text), reset_whitespace=anew)
    return corrected


def content_terms(morphemes: Iterable[Morpheme]) -> list[str]:
    """Return the search terms ``form/class``, repetitions kept; compounds in parts and whole.

    ``오픈AI`` gives ``오픈/N``, ``ai/N`` and ``오픈ai/N``, so that each of them finds it.
    """
    terms: list[str] = []
    run: list[Morpheme] = []
    for morpheme in morphemes:
        tag = morpheme.tag.split("-")[0]
        if tag in _CLASS:
            terms.append(f"{morpheme.form}/{_CLASS[tag]}")
        if tag in _NOUNISH and (not run or run[-1].end == morpheme.start):
            run.append(morpheme)
            continue
        terms.extend(_compound(run))
        run = [morpheme] if tag in _NOUNISH else []
    terms.extend(_compound(run))
    return terms


def _compound(run: Sequence[Morpheme]) -> list[str]:
    if len(run) < 2:
        return []
    return ["".join(morpheme.form for morpheme in run) + "/N"]
