"""Indexing: derive sentences, passages, vectors and terms from articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.article import Article
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.language.terms import CHANNELS, Bag, bags
from geungeo.rag.protocols import Embedder, FloatArray
from geungeo.rag.segmentation import (
    Passage,
    Sentence,
    count_tokens,
    embedding_text,
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
        contextual = [
            embedding_text(article, passage)
            for article, cut in zip(articles, passages, strict=True)
            for passage in cut
        ]
        bare = [
            sentence.span.of(article.text)
            for article, split in zip(articles, sentences, strict=True)
            for sentence in split
        ]
        sentence_vectors = self.embedder.embed(bare, query=False)
        passage_vectors = self.embedder.embed(contextual, query=False)
        terms = {channel: bags(channel, contextual) for channel in CHANNELS}
        derived: list[Indexed] = []
        at_sentence = at_passage = 0
        for article, split, cut in zip(articles, sentences, passages, strict=True):
            own = slice(at_passage, at_passage + len(cut))
            derived.append(
                Indexed(
                    article,
                    split,
                    cut,
                    sentence_vectors[at_sentence : at_sentence + len(split)],
                    passage_vectors[own],
                    {channel: found[own] for channel, found in terms.items()},
                    proper_nouns([sentence.span.of(article.text) for sentence in split]),
                )
            )
            at_sentence += len(split)
            at_passage += len(cut)
        return derived
