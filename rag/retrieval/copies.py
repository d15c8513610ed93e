"""Copies of one story: a wire report under other mastheads, with other bylines and small edits.

Only the few candidates of one question are compared, by the share of character shingles that
one has in common with the other (containment: Broder, "On the Resemblance and Containment of
Documents", 1997), exactly and not by a sketch. A text counts as a copy only if it also adds no
number and no noun: reports that differ in a figure or a name are two, and both are needed.
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
# (서울=한빛통신) 김기자 기자 = …: whose copy it is says nothing about the story.
_CREDIT = re.compile(
    r"^(?:[\[(〔【][^\])〕】\n]{2,40}[\])〕】]\s*)?(?:[가-힣]{2,4}\s?(?:기자|특파원)\s?[=:]\s*)?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """``copy`` repeats what ``original``, the first to be published, says."""

    copy: Article
    original: Article

    def __str__(self) -> str:
        return f"{self.copy.id} repeats {self.original.id}: shown once"


def shingles(text: str) -> frozenset[str]:
    """The runs of five letters and digits in ``text``, whatever stands between them."""
    flat = _PUNCTUATION.sub("", fold(text))
    return frozenset(flat[at : at + _SHINGLE] for at in range(max(1, len(flat) - _SHINGLE + 1)))


def adds_nothing(text: str, other: str) -> bool:
    """Whether all that ``text`` says stands in ``other`` in almost the same words."""
    text, other = _CREDIT.sub("", text), _CREDIT.sub("", other)
    mine = shingles(text)
    if len(mine & shingles(other)) < _ALIKE * len(mine):
        return False
    return not numbers.missing(text, other) and not _new_nouns(text, other)


def _new_nouns(text: str, other: str) -> bool:
    mine, theirs = analysed([text, other])
    return any(
        canonical(m.form) not in theirs.forms and m.form not in theirs.squeezed
        for m in mine.morphemes
        if m.tag.split("-")[0] in _NOUNS
    )


def without_copies(found: Sequence[Retrieved]) -> tuple[list[Retrieved], list[Copy]]:
    """``found`` without passages that only repeat an earlier article's, and who repeats whom.

    The original stays, with the better score of the two: a newsroom credits who had it first.
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
    """Sorts the first to be published first; one without a date is nobody's original."""
    return article.published_day or date.max, article.published_at or ""


def _repeated(retrieved: Retrieved, kept: dict[int, Retrieved]) -> int | None:
    """Which of ``kept`` the passage repeats: the one most like it, of an article that covers it."""
    own = retrieved.passage.article.id
    by_article: dict[str, list[int]] = {}
    for at, other in kept.items():
        if other.passage.article.id != own:
            by_article.setdefault(other.passage.article.id, []).append(at)
    text = _story(retrieved)
    mine = shingles(text)
    for places in by_article.values():
        # The two may be cut into passages at different sentences.
        if adds_nothing(text, "\n".join(_story(kept[at]) for at in places)):
            return max(places, key=lambda at: len(mine & shingles(_story(kept[at]))))
    return None


def _story(retrieved: Retrieved) -> str:
    """The passage without its byline."""
    passage = retrieved.passage
    return "\n".join(
        sentence.span.of(passage.article.text)
        for sentence in passage.sentences
        if sentence.kind is not SectionKind.BYLINE
    )


def distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """``evidence`` without sentences that another article already says, best first as before.

    Of two that say the same the first to be published is kept, in the better one's place.
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
        return False
    return adds_nothing(item.text, other.text) or adds_nothing(other.text, item.text)
