"""Detect copies of one story: a wire report in several papers with small edits.

Only the few candidates of one question are compared, by the share of character shingles of one
that the other contains (containment: Broder, "On the Resemblance and Containment of
Documents", 1997), computed exactly, without sketches. A text is a copy only if it also adds no
number and no noun: reports that differ in a figure or a name are both kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language import numbers
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.vocabulary import canonical
from geungeo.rag.protocols import Evidence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.text import fold

_SHINGLE = 5
_ALIKE = 0.8
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


def shingles(text: str) -> frozenset[str]:
    """Return the runs of five letters and digits in ``text``, ignoring all other characters."""
    flat = _PUNCTUATION.sub("", fold(text))
    return frozenset(flat[at : at + _SHINGLE] for at in range(max(1, len(flat) - _SHINGLE + 1)))


def adds_nothing(text: str, other: str) -> bool:
    """Whether ``other`` contains everything in ``text`` in almost the same words."""
    text, other = _CREDIT.sub("", text), _CREDIT.sub("", other)
    own = shingles(text)
    if len(own & shingles(other)) < _ALIKE * len(own):
        return False
    return not numbers.missing(text, other) and not _new_nouns(text, other)


def _new_nouns(text: str, other: str) -> bool:
    text_analysis, other_analysis = analysed([text, other])
    return any(
        canonical(m.form) not in other_analysis.forms and m.form not in other_analysis.squeezed
        for m in text_analysis.morphemes
        if m.tag.split("-")[0] in _NOUNS
    )


def without_copies(found: Sequence[Retrieved]) -> tuple[list[Retrieved], list[Copy]]:
    """Return ``found`` without passages that repeat an earlier article, and the dropped copies.

    The original stays, with the better score of the two.
    """
    originals = dict.fromkeys((r.passage.article.id, r.passage.article.version) for r in found)
    if len(originals) < 2:
        return list(found), []
    kept: dict[int, Retrieved] = {}
    copies: dict[tuple[str, str], Copy] = {}
    by_age = sorted(enumerate(found), key=lambda pair: (_age(pair[1].passage.article), pair[0]))
    for at, retrieved in by_age:
        original = _repeated(retrieved, kept)
        if original is None:
            kept[at] = retrieved
            continue
        better = max(kept[original].score, retrieved.score)
        kept[original] = replace(kept[original], score=better)
        article, first = retrieved.passage.article, kept[original].passage.article
        copies[article.id, first.id] = Copy(article, first)
    best_first = sorted(kept.items(), key=lambda pair: (-pair[1].score, pair[0]))
    return [retrieved for _, retrieved in best_first], list(copies.values())


def _age(article: Article) -> tuple[date, str]:
    """Return a sort key by publication; articles without a date come last."""
    return article.published_day or date.max, article.published_at or ""


def _repeated(retrieved: Retrieved, kept: dict[int, Retrieved]) -> int | None:
    """Return the key of the most similar passage in ``kept`` that it repeats, or ``None``.

    All kept passages of an article are compared together, as articles may be split differently.
    """
    own = retrieved.passage.article.id
    by_article: dict[str, list[int]] = {}
    for at, other in kept.items():
        if other.passage.article.id != own:
            by_article.setdefault(other.passage.article.id, []).append(at)
    text = _story(retrieved)
    own_shingles = shingles(text)
    for places in by_article.values():
        if adds_nothing(text, "\n".join(_story(kept[at]) for at in places)):
            return max(places, key=lambda at: len(own_shingles & shingles(_story(kept[at]))))
    return None


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
