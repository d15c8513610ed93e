"""Indexing: derive sentences, passages, vectors and terms from articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geungeo.rag.article import Article
from geungeo.rag.embedding.vectors import embed_parts
from geungeo.rag.language.morphemes import analyse_many
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.language.terms import Bag, bags_of_parts
from geungeo.rag.protocols import Embedder, FloatArray
from geungeo.rag.segmentation import (
    Passage,
    PassageParts,
    Sentence,
    count_tokens,
    passage_parts,
    split_article,
    split_passages,
)


@dataclass(frozen=True, slots=True)
class Indexed:
    """An article with everything derived from it.

    ``sentence_vectors`` (sentences, dim) and ``passage_vectors`` (passages, dim) are
    float32 of unit norm; ``terms`` has one bag per passage for each lexical channel;
    ``names`` are the article's proper nouns.
    """

    article: Article
    sentences: list[Sentence]
    passages: list[Passage]
    sentence_vectors: FloatArray
    passage_vectors: FloatArray
    terms: dict[str, list[Bag]]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Indexer:
    """Indexer of articles; deterministic for the same settings and text."""

    embedder: Embedder
    passage_tokens: int
    passage_overlap: int

    def index(self, articles: Sequence[Article]) -> list[Indexed]:
        """Index several articles at once; one batch per model is much faster."""
        sentences = [split_article(article) for article in articles]
        passages = [
            split_passages(
                article,
                split,
                count=count_tokens,
                budget=self.passage_tokens,
                overlap=self.passage_overlap,
            )
            for article, split in zip(articles, sentences, strict=True)
        ]
        texts = [
            [passage_parts(article, split, passage) for passage in cut]
            for article, split, cut in zip(articles, sentences, passages, strict=True)
        ]
        every = [text for own in texts for text in own]
        vectors = embed_parts(self.embedder, [text.parts for text in every])
        searched = [(*text.before, *text.parts) for text in every]
        distinct = list(dict.fromkeys(part for parts in searched for part in parts))
        morphemes = dict(zip(distinct, analyse_many(distinct), strict=True))
        terms = bags_of_parts(searched, morphemes)
        derived: list[Indexed] = []
        at = 0
        for article, split, cut, own in zip(articles, sentences, passages, texts, strict=True):
            here = slice(at, at + len(cut))
            derived.append(
                Indexed(
                    article,
                    split,
                    cut,
                    self._of_sentences(len(split), own, vectors[here]),
                    self._rows([found[0] for found in vectors[here]]),
                    {channel: found[here] for channel, found in terms.items()},
                    proper_nouns(morphemes[sentence.span.of(article.text)] for sentence in split),
                )
            )
            at += len(cut)
        return derived

    def _of_sentences(
        self, count: int, texts: Sequence[PassageParts], vectors: Sequence[FloatArray]
    ) -> FloatArray:
        """Return ``(count, dim)``: each sentence's vector, from the first passage that has it.

        Where passages overlap, that one has more of what precedes the sentence.
        """
        found: dict[int, FloatArray] = {}
        for text, rows in zip(texts, vectors, strict=True):
            for ordinal, row in zip(text.ordinals, rows[-len(text.ordinals) :], strict=True):
                found.setdefault(ordinal, row)
        return self._rows([found[ordinal] for ordinal in range(count)])

    def _rows(self, vectors: Sequence[FloatArray]) -> FloatArray:
        return np.stack(vectors) if vectors else np.empty((0, self.embedder.dimension), np.float32)
