"""A question in the forms in which the channels take it."""

from __future__ import annotations

from dataclasses import dataclass

from geungeo.rag.morphemes import Morpheme
from geungeo.rag.protocols import Corpus, Embedder, FloatArray
from geungeo.rag.retrieval.names import analyse_with_names
from geungeo.rag.retrieval.terms import Bag, bigrams
from geungeo.rag.text import Language, language_of
from geungeo.rag.vocabulary import terms_of


@dataclass(frozen=True, slots=True)
class Query:
    """``vector`` is (dim,) float32, unit norm; ``terms`` holds one bag a channel."""

    text: str
    language: Language
    vector: FloatArray
    morphemes: tuple[Morpheme, ...]
    terms: dict[str, Bag]


def make_query(text: str, embedder: Embedder, corpus: Corpus) -> Query:
    """Embed and analyse a question once, for all who need it."""
    morphemes = analyse_with_names(text, corpus)
    return Query(
        text=text,
        language=language_of(text),
        vector=embedder.embed([text], query=True)[0],
        morphemes=tuple(morphemes),
        terms={"morphemes": Bag.of(terms_of(morphemes)), "bigrams": Bag.of(bigrams(text))},
    )
