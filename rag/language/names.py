"""Proper nouns: those of a text, and those of a claim that are missing from its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from geungeo.rag.language.dates.periods import MONTH_NAMES
from geungeo.rag.language.hangul import PARTICLE
from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.transliteration import romanised_in, skeleton, sounded_in
from geungeo.rag.language.vocabulary import alias_spans, terms_of
from geungeo.rag.text import fold, listed

_HANGUL_NAME = re.compile(r"[가-힣]{2,12}")
NAME, NOUNS = "NNP", frozenset({"NNP", "NNG", "XR", "XPN", "XSN"})


def proper_nouns(texts: Iterable[Sequence[Morpheme]]) -> frozenset[str]:
    """Return the Hangul names in analysed texts: proper nouns, and compounds that contain one."""
    found: set[str] = set()
    for morphemes in texts:
        for run in _runs(morphemes):
            if any(morpheme.tag == NAME for morpheme in run):
                found.add("".join(morpheme.form for morpheme in run))
                found.update(morpheme.form for morpheme in run if morpheme.tag == NAME)
    return frozenset(name for name in found if _HANGUL_NAME.fullmatch(name))


def _runs(morphemes: Iterable[Morpheme]) -> list[list[Morpheme]]:
    """Return the groups of adjacent nouns."""
    runs: list[list[Morpheme]] = [[]]
    for morpheme in morphemes:
        if morpheme.tag not in NOUNS or (runs[-1] and runs[-1][-1].end != morpheme.start):
            runs.append([])
        if morpheme.tag in NOUNS:
            runs[-1].append(morpheme)
    return [run for run in runs if run]


_CAPITAL = re.compile(r"\b(?:[A-Z][A-Za-z0-9&.\-]*[A-Za-z0-9]|[a-z]+[A-Z][A-Za-z0-9]*)\b")
# In English a capital here may only mark the start of a sentence or a quotation.
_SENTENCE_START = re.compile(r"(?:^|[.!?:“\"]\s*)$")
_COMMON_STARTS = frozenset(
    [
        "the",
        "a",
        "an",
        "it",
        "its",
        "he",
        "she",
        "they",
        "this",
        "that",
        "these",
        "those",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "to",
        "with",
        "and",
        "but",
        "or",
        "as",
        "after",
        "before",
        "when",
        "while",
        "according",
        "article",
        "says",
        "said",
        "not",
        "no",
        "both",
        "two",
        "one",
        "there",
    ]
)


_CALENDAR = frozenset(
    {name.lower() for name in MONTH_NAMES}
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)


# Parts of English names that translate a common noun: Doam City Museum of Art.
_COMMON_NOUNS = listed(
    "city county province district town village island river mountain lake street road bridge "
    "museum art arts gallery library university college school hospital clinic bank institute "
    "ministry minister office agency authority administration commission committee council "
    "assembly court party union association federation foundation center centre group company "
    "corporation industries industry electronics machinery robotics motors pharma chemical "
    "securities insurance airlines airport station port plant reactor auction festival cup "
    "league team club studio hall park house tower market police prosecutors government north "
    "south east west national korea korean english chairman president ceo mr ms mrs dr professor"
)


def missing(claim: str, sources: str) -> list[str]:
    """Return the proper nouns of ``claim`` that ``sources`` lack in any known spelling."""
    available = set(terms_of(analyse(sources)))
    flat = fold(sources).replace(" ", "")
    absent: list[str] = []
    for name, terms in _named(claim):
        squeezed = fold(name).replace(" ", "")
        held = squeezed in flat or terms & available or romanised_in(name, sources)
        held = held or sounded_in(name, sources)
        if not held and name.lower() not in _COMMON_NOUNS:
            absent.append(name)
    return absent


def shared(question: str, sentence: str) -> list[str]:
    """Return the names of ``question`` that ``sentence`` has in any known spelling.

    They are spelled as in the question; adjacent words are one name.

    >>> shared("When was Sam Altman ousted?", "지난해 샘 앨트먼이 축출당하자")
    ['Sam Altman']
    """
    available = set(terms_of(analyse(sentence)))
    # A short given name (Sam, 샘) is no search term, but it belongs to a surname that is.
    sounds = {skeleton(word) for word in re.findall(r"[가-힣]+|[A-Za-z]+", sentence)} - {""}
    places = [(m.start, m.end) for m in analyse(question) if m.tag == NAME and len(m.form) > 1]
    places += [*alias_spans(question), *(match.span() for match in _CAPITAL.finditer(question))]
    held: list[_Held] = []
    for start, end in sorted(set(places)):
        word = question[start:end]
        if word.lower() in _COMMON_STARTS or word.lower() in _CALENDAR:
            continue
        if _PART_OF_NAME.search(question, 0, start):
            continue
        known = set(terms_of(analyse(word))) & available or romanised_in(word, sentence)
        if not (known or skeleton(word) in sounds):
            continue
        name = _Held(start, end, bool(known))
        if held and (start < held[-1].end or question[held[-1].end : start] == " "):
            last = held.pop()
            name = _Held(last.start, max(end, last.end), bool(known) or last.known)
        held.append(name)
    return list(dict.fromkeys(question[one.start : one.end] for one in held if one.known))


# Bank of Korea is not Korea.
_PART_OF_NAME = re.compile(r"[A-Z][\w’'-]* (?:of|for|and) (?:the )?$")


class _Held(NamedTuple):
    """A name in a question; ``known`` if one of its words is a term of the sentence."""

    start: int
    end: int
    known: bool


def _named(claim: str) -> list[tuple[str, set[str]]]:
    found: dict[str, set[str]] = {}
    for morpheme in analyse(claim):
        if morpheme.tag in {"NNP", "SH"} and len(morpheme.form) > 1:
            found[morpheme.form] = set(terms_of([morpheme]))
    for match in _CAPITAL.finditer(claim):
        word = match[0]
        if word.lower() in _COMMON_STARTS or word.lower() in _CALENDAR:
            continue
        if _SENTENCE_START.search(claim[: match.start()]) and word[1:].islower():
            # Possibly an ordinary word; a name usually occurs again elsewhere.
            continue
        found[word] = set(terms_of(analyse(word)))
    return list(found.items())


_PARTICLE = re.compile(PARTICLE)


def as_one_name(text: str, morphemes: list[Morpheme], start: int, end: int) -> list[Morpheme]:
    """Return ``morphemes`` with the name at ``[start, end)`` of ``text`` as one of them."""
    inside = [m for m in morphemes if m.start < end and m.end > start]
    if not inside or all(m.tag in NOUNS for m in inside):
        return morphemes  # read as nouns: alone or as a compound, they find the name
    rest = text[end : max(m.end for m in inside)]
    if inside[0].start < start or (rest and not _PARTICLE.fullmatch(rest)):
        return morphemes
    name = Morpheme(text[start:end].casefold(), NAME, start, end)
    particle = [replace(inside[-1], form=rest, tag="JX", start=end)] if rest else []
    before = [m for m in morphemes if m.end <= start]
    after = [m for m in morphemes if m.start >= end and m not in inside]
    return [*before, name, *particle, *after]
