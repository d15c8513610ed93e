"""Detect copies of one story: a wire report in several papers with small edits.

Only the few candidates of one question are compared, by the share of character shingles of one
that the other contains (containment: Broder, "On the Resemblance and Containment of
Documents", 1997), computed exactly, without sketches. A text is a copy only if it also adds no
number and no noun: reports that differ in a figure or a name are both kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language import numbers
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.protocols import Evidence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.text import fold

_SHINGLE = 5
_ALIKE = 0.8
# Odd, so that a product loses no bit: Knuth's multiplicative constant for 64 bits.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_NOUNS = frozenset({"NNG", "NNP", "XR", "SL", "SH"})
_PUNCTUATION = re.compile(r"[\W_]+")
# (서울=한빛통신) 김기자 기자 = …: the credit line is not part of the story.
_CREDIT = re.compile(
    r"^(?:[\[(〔【][^\])〕】\n]{2,40}[\])〕】]\s*)?(?:[가-힣]{2,4}\s?(?:기자|특파원)\s?[=:]\s*)?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A duplicate: ``copy`` repeats ``original``, which was published first."""

    copy: Article
    original: Article

    def __str__(self) -> str:
        return f"{self.copy.id} repeats {self.original.id}: shown once"


@lru_cache(1024)  # the same passages are found by other questions
def shingles(text: str) -> npt.NDArray[np.uint64]:
    """Return ``(n,)`` hashes, sorted and distinct: of each run of five letters and digits.

    All other characters of ``text`` are ignored, as is a credit line. A shorter text is one run.
    """
    flat = _PUNCTUATION.sub("", fold(_CREDIT.sub("", text)))
    codes = np.frombuffer(flat.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    count = max(1, len(codes) - _SHINGLE + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(min(_SHINGLE, len(codes))):
        hashes = hashes * _FACTOR + codes[offset : offset + count]
    return np.unique(hashes)


def _shared(text: str, other: str) -> int:
    """Return the number of shingles of ``text`` that ``other`` has too."""
    return len(np.intersect1d(shingles(text), shingles(other), assume_unique=True))


@lru_cache(2048)  # the same pairs are found by other questions
def adds_nothing(text: str, *others: str) -> bool:
    """Whether ``others``, joined by line breaks, contain all of ``text`` in almost its words."""
    joined = "\n".join(others)
    if _shared(text, joined) < _ALIKE * len(shingles(text)):
        return False
    text = _CREDIT.sub("", text)
    if numbers.missing(text, _CREDIT.sub("", joined)):
        return False
    return not _new_nouns(text, [_CREDIT.sub("", other) for other in others])


def _new_nouns(text: str, others: Sequence[str]) -> bool:
    analysis, *analyses = analysed([text, *others])
    return any(
        all(canonical(m.form) not in a.forms and m.form not in a.squeezed for a in analyses)
        for m in analysis.morphemes
        if m.tag.split("-")[0] in _NOUNS
    )


def without_copies(found: Sequence[Retrieved]) -> tuple[list[Retrieved], list[Copy]]:
    """Return ``found`` without passages that repeat an earlier article, and the dropped copies.

    The original stays, with the better score of the two.
    """
    originals = dict.fromkeys((r.passage.article.id, r.passage.article.version) for r in found)
    if len(originals) < 2:
        return list(found), []
    kept = _Kept([_story(retrieved) for retrieved in found])
    copies: dict[tuple[str, str], Copy] = {}
    by_age = sorted(enumerate(found), key=lambda pair: (_age(pair[1].passage.article), pair[0]))
    for at, retrieved in by_age:
        original = kept.repeated_by(at, retrieved)
        if original is None:
            kept.add(at, retrieved)
            continue
        better = max(kept.passages[original].score, retrieved.score)
        kept.passages[original] = replace(kept.passages[original], score=better)
        article, first = retrieved.passage.article, kept.passages[original].passage.article
        copies[article.id, first.id] = Copy(article, first)
    best_first = sorted(kept.passages.items(), key=lambda pair: (-pair[1].score, pair[0]))
    return [retrieved for _, retrieved in best_first], list(copies.values())


class _Kept:
    """Passages that repeat none before them, by their place in the list of all.

    All passages of an article are compared together, as articles may be split differently. A
    hundred passages make thousands of pairs, so only articles that share enough shingles with a
    passage are compared with it in full. Few shingles occur in more than one passage, and only
    these are looked up.
    """

    def __init__(self, stories: Sequence[str]) -> None:
        self.passages: dict[int, Retrieved] = {}
        self._stories = stories
        own = [shingles(story) for story in stories]
        self._sizes = [len(hashes) for hashes in own]
        every = np.concatenate(own)
        _, inverse, counts = np.unique(every, return_inverse=True, return_counts=True)
        ends = np.cumsum(self._sizes)[:-1]
        self._repeated = [
            hashes[often].tolist()
            for hashes, often in zip(own, np.split(counts[inverse] > 1, ends), strict=True)
        ]
        self._places: dict[str, list[int]] = {}
        self._articles_with: dict[int, set[str]] = {}

    def add(self, at: int, retrieved: Retrieved) -> None:
        """Keep a passage."""
        article = retrieved.passage.article.id
        self.passages[at] = retrieved
        self._places.setdefault(article, []).append(at)
        for shingle in self._repeated[at]:
            self._articles_with.setdefault(shingle, set()).add(article)

    def repeated_by(self, at: int, retrieved: Retrieved) -> int | None:
        """Return the place of the most similar kept passage that ``retrieved`` repeats."""
        text = self._stories[at]
        for article in self._alike(at, retrieved.passage.article.id):
            places = self._places[article]
            if adds_nothing(text, *(self._stories[place] for place in places)):
                return max(places, key=lambda place: _shared(text, self._stories[place]))
        return None

    def _alike(self, at: int, article: str) -> list[str]:
        """Return the other articles that may contain enough of the passage's shingles."""
        shared = Counter(
            other for one in self._repeated[at] for other in self._articles_with.get(one, ())
        )
        return [
            other
            for other, places in self._places.items()
            # Joined, passages also have shingles across each of their borders.
            if other != article
            and shared[other] + (_SHINGLE - 1) * (len(places) - 1) >= _ALIKE * self._sizes[at]
        ]


def _age(article: Article) -> tuple[date, str]:
    """Return a sort key by publication; articles without a date come last."""
    return article.published_day or date.max, article.published_at or ""


def _story(retrieved: Retrieved) -> str:
    """Return the text of the passage without its byline."""
    passage = retrieved.passage
    return "\n".join(
        sentence.span.of(passage.article.text)
        for sentence in passage.sentences
        if sentence.kind is not SectionKind.BYLINE
    )


def distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return ``evidence`` without duplicates, in the same order.

    Within an article only equal sentences are duplicates. Of two duplicates the one published
    first is kept, at the better one's position.
    """
    kept: list[Evidence] = []
    for item in evidence:
        at = next((i for i, other in enumerate(kept) if _same(item, other)), None)
        if at is None:
            kept.append(item)
            continue
        other = kept[at]
        older = _age(item.article) < _age(other.article)
        if older and adds_nothing(other.text, item.text):
            kept[at] = replace(item, score=other.score, passage_rank=other.passage_rank)
    return kept


def _same(item: Evidence, other: Evidence) -> bool:
    if item.article.id == other.article.id:
        return fold(item.text) == fold(other.text)
    return adds_nothing(item.text, other.text) or adds_nothing(other.text, item.text)
