"""Hybrid retrieval: each channel proposes passages, a fused score ranks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geungeo.rag.answer import Filters, PassageHit
from geungeo.rag.protocols import Corpus, Scores, StoredPassage
from geungeo.rag.question import Question

# Number of passages that each channel proposes; fusion ranks their union.
_POOL = 50
WEIGHTS: Mapping[str, float] = {
    "dense": 0.40,
    "morphemes": 0.15,
    "synonyms": 0.20,
    "bigrams": 0.25,
}

# Across languages only names and known aliases match lexically, so the dense channel leads.
FOREIGN_WEIGHTS: Mapping[str, float] = {"dense": 0.8, "morphemes": 0.2, "bigrams": 0.0}


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage with its fused score and its score in each channel that proposed it."""

    passage: StoredPassage
    score: float
    channels: dict[str, float]

    def hit(self, rank: int) -> PassageHit:
        """Return the passage as a hit of an ``Answer``; ``rank`` from 1."""
        lexical = [s for name, s in self.channels.items() if name != "dense"]
        return PassageHit(
            article_id=self.passage.article.id,
            version=self.passage.article.version,
            start=self.passage.span.start,
            end=self.passage.span.end,
            text=self.passage.text,
            score=round(self.score, 6),
            dense_score=_rounded(self.channels.get("dense")),
            lexical_score=_rounded(max(lexical) if lexical else None),
            rank=rank,
        )


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


@dataclass(slots=True)
class Ranking:
    """The passages that the channels propose, best first; each is read when it is asked for."""

    corpus: Corpus
    channels: Mapping[str, Scores]
    fused: Scores
    _order: list[int] = field(init=False)
    _asked: int = field(default=0, init=False)
    _read: list[Retrieved] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._order = sorted(self.fused, key=lambda key: (-self.fused[key], key))

    def __len__(self) -> int:
        return len(self._order)

    def first(self, count: int) -> list[Retrieved]:
        """Return the ``count`` best passages; no fewer than were asked for before."""
        passages = self.corpus.passages(self._order[self._asked : count])
        self._asked = max(self._asked, count)
        self._read += [
            Retrieved(
                passage,
                self.fused[passage.key],
                {
                    name: scores[passage.key]
                    for name, scores in self.channels.items()
                    if passage.key in scores
                },
            )
            for passage in passages
        ]
        return list(self._read)

    def count_within(self, margin: float, of: int) -> int:
        """Return how many passages score at most ``margin`` less than number ``of``, from 1."""
        if of >= len(self):
            return len(self)
        least = self.fused[self._order[of - 1]] - margin
        return sum(self.fused[key] >= least for key in self._order)


def rank(
    corpus: Corpus, question: Question, k: int, filters: Filters, *, also: Filters | None = None
) -> Ranking:
    """Rank what the channels propose, at least ``k`` passages if there are; ties by position.

    The channels also propose passages under the narrower filters ``also``, if given.
    """
    channels = propose(corpus, question, max(k, _POOL), filters)
    if also is not None:
        for name, scores in propose(corpus, question, max(k, _POOL), also).items():
            channels[name] = {**channels[name], **scores}
    return Ranking(
        corpus, channels, fuse(channels, weights_for(corpus, question, channels["dense"]))
    )


def retrieve(corpus: Corpus, question: Question, k: int, filters: Filters) -> list[Retrieved]:
    """Return the ``k`` best passages, best first; ties by article and position."""
    return rank(corpus, question, k, filters).first(k)


def weights_for(corpus: Corpus, question: Question, dense: Scores) -> Mapping[str, float]:
    """Choose the weights by the language of the nearest passage: the question's or another."""
    nearest = corpus.passages(list(dense)[:1])
    foreign = nearest and nearest[0].article.language != question.language
    return FOREIGN_WEIGHTS if foreign else WEIGHTS


def propose(corpus: Corpus, question: Question, pool: int, filters: Filters) -> dict[str, Scores]:
    """Return the ``pool`` best passages of each channel."""
    channels = {"dense": corpus.dense(question.vector, pool, filters)}
    for name, bag in question.terms.items():
        terms = np.repeat(bag.terms, bag.counts)
        index = "morphemes" if name == "synonyms" else name
        channels[name] = corpus.lexical(index, terms, pool, filters)
    return channels


def fuse(channels: Mapping[str, Scores], weights: Mapping[str, float] = WEIGHTS) -> Scores:
    """Combine scores convexly, each channel scaled to [0, 1] over its own proposals.

    After Bruch, Gai & Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval"
    (2023). A lexical channel is scaled from 0, its minimum; the dense one from its lowest
    proposal, since cosines of E5 all lie close together.
    """
    fused: Scores = {}
    for name, scores in channels.items():
        if not scores:
            continue
        low = min(scores.values()) if name == "dense" and len(scores) > 1 else 0.0
        span = max(scores.values()) - low
        for key, score in scores.items():
            scaled = (score - low) / span if span > 0 else 1.0
            fused[key] = fused.get(key, 0.0) + weights.get(name, 0.0) * scaled
    return fused
