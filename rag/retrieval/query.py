"""A question in the forms in which the channels take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.terms import Bag, bigrams
from geungeo.rag.language.vocabulary import synonyms_of, terms_of
from geungeo.rag.protocols import Corpus, Embedder, FloatArray
from geungeo.rag.retrieval.names import analyse_with_names
from geungeo.rag.text import Language, language_of

_REPLACEABLE = frozenset({"NNG", "XR", "VV", "VA"})


@dataclass(frozen=True, slots=True)
class Query:
    """``vector`` is (dim,) float32, unit norm; ``terms`` holds one bag a lexical channel.

    ``synonyms`` are what a source may say instead: a channel of their own, so that the words
    themselves weigh more.
    """

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
        terms={
            "morphemes": Bag.of(terms_of(morphemes)),
            "synonyms": Bag.of(_synonyms(morphemes)),
            "bigrams": Bag.of(bigrams(text)),
        },
    )


def _synonyms(morphemes: Sequence[Morpheme]) -> set[str]:
    """Of nouns and verbs, one by one; a name has none."""
    terms = [
        term
        for morpheme in morphemes
        if morpheme.tag.split("-")[0] in _REPLACEABLE
        for term in terms_of([morpheme])
    ]
    return synonyms_of(terms)
