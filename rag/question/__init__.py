"""Questions: parsed once, for retrieval, evidence and answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.terms import Bag, bigrams
from geungeo.rag.language.vocabulary import synonyms_of, terms_of
from geungeo.rag.protocols import Corpus, Embedder, FloatArray
from geungeo.rag.question.concepts import ParsedQuestion, parse_question
from geungeo.rag.question.known_names import analyse_with_names
from geungeo.rag.question.times import Asked, asked_times

_REPLACEABLE = frozenset({"NNG", "XR", "VV", "VA"})


@dataclass(frozen=True, slots=True)
class Question(ParsedQuestion):
    """A standalone question, parsed once for retrieval, evidence and answer.

    ``vector`` is (dim,) float32, unit norm; ``terms`` has one bag per lexical channel. Synonyms
    have a channel of their own, so that the question's own words weigh more. ``times`` are those
    that the question names.
    """

    vector: FloatArray = field(kw_only=True)
    morphemes: tuple[Morpheme, ...] = field(kw_only=True)
    terms: dict[str, Bag] = field(kw_only=True)
    times: Asked | None = field(kw_only=True, default=None)


def read(text: str, corpus: Corpus, embedder: Embedder, today: date | None = None) -> Question:
    """Parse a standalone question: embed it, analyse it and resolve the times that it names.

    ``today`` is the user's date, to which 작년 and 지난달 are relative; without it, times are
    not resolved.
    """
    morphemes = analyse_with_names(text, corpus)
    parsed = parse_question(text, morphemes)
    return Question(
        parsed.text,
        parsed.language,
        parsed.answer_type,
        parsed.concepts,
        parsed.focus,
        vector=embedder.embed([text], query=True)[0],
        morphemes=tuple(morphemes),
        terms={
            "morphemes": Bag.of(terms_of(morphemes)),
            "synonyms": Bag.of(_synonyms(morphemes)),
            "bigrams": Bag.of(bigrams(text)),
        },
        times=asked_times(text, today) if today else None,
    )


def _synonyms(morphemes: Sequence[Morpheme]) -> set[str]:
    """Return the synonyms of the nouns and verbs; names have none."""
    terms = [
        term
        for morpheme in morphemes
        if morpheme.tag.split("-")[0] in _REPLACEABLE
        for term in terms_of([morpheme])
    ]
    return synonyms_of(terms)
