"""Proper nouns of a claim, looked for in its source across spellings and scripts."""

from __future__ import annotations

import re

from geungeo.rag.morphemes import analyse
from geungeo.rag.text import fold
from geungeo.rag.vocabulary import terms_of

_CAPITAL = re.compile(r"\b(?:[A-Z][A-Za-z0-9&.\-]*[A-Za-z0-9]|[a-z]+[A-Z][A-Za-z0-9]*)\b")
# Capitalised in English only because a sentence or a quotation begins.
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


def missing(claim: str, sources: str) -> list[str]:
    """The proper nouns of ``claim`` that ``sources`` do not hold in any known spelling."""
    available = set(terms_of(analyse(sources)))
    flat = fold(sources).replace(" ", "")
    absent: list[str] = []
    for name, terms in _names(claim):
        squeezed = fold(name).replace(" ", "")
        if squeezed not in flat and not terms & available:
            absent.append(name)
    return absent


def _names(claim: str) -> list[tuple[str, set[str]]]:
    found: dict[str, set[str]] = {}
    for morpheme in analyse(claim):
        if morpheme.tag in {"NNP", "SH"} and len(morpheme.form) > 1:
            found[morpheme.form] = set(terms_of([morpheme]))
    for match in _CAPITAL.finditer(claim):
        word = match[0]
        if word.lower() in _COMMON_STARTS:
            continue
        if _SENTENCE_START.search(claim[: match.start()]) and word[1:].islower():
            # Might be an ordinary word; a name will stand again or be caught by its sound.
            continue
        found[word] = set(terms_of(analyse(word)))
    return list(found.items())
