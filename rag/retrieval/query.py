"""A question in the forms in which the channels take it."""

from __future__ import annotations

from dataclasses import dataclass

from geungeo.rag.protocols import Embedder, FloatArray
from geungeo.rag.retrieval.terms import CHANNELS, Bag, bags
from geungeo.rag.text import Language, language_of


@dataclass(frozen=True, slots=True)
class Query:
    """``vector`` is (dim,) float32, unit norm; ``terms`` holds one bag a channel."""

    text: str
    language: Language
    vector: FloatArray
    terms: dict[str, Bag]


def make_query(text: str, embedder: Embedder) -> Query:
    """Embed and analyse a question once, for all who need it."""
    return Query(
        text=text,
        language=language_of(text),
        vector=embedder.embed([text], query=True)[0],
        terms={channel: bags(channel, [text])[0] for channel in CHANNELS},
    )
