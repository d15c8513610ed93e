"""Choose evidence sentences and estimate whether they answer the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geungeo.rag.answer import Reason
from geungeo.rag.article import SectionKind
from geungeo.rag.evidence.byline import about_byline
from geungeo.rag.evidence.dating import (
    asks_only_what_happened,
    contradicts_time,
    gloss,
    names_asked_time,
    time_factors,
)
from geungeo.rag.evidence.features import (
    SENTENCE_FEATURES,
    UNREAD,
    Candidate,
    Measured,
    candidates,
    measure,
)
from geungeo.rag.evidence.models import Classifier, Model, shipped_model
from geungeo.rag.evidence.premise import conflict
from geungeo.rag.protocols import Corpus, Evidence, FloatArray
from geungeo.rag.question import Question
from geungeo.rag.retrieval.channels import Retrieved

# An answer and a prompt rest on at most this many sentences.
MAX_EVIDENCE = 12
# A best sentence that scores below this does not stand out from the rest.
_STANDS_OUT = 0.05
# What is told of another time than the one asked about does not answer, however alike.
_OTHER_TIME = 0.2
# Below this share of its concepts a question is about something else.
_ON_TOPIC = 0.15


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence, best first, and the probability in [0, 1] that it answers the question.

    ``reason`` is why an answer would be withheld, should ``answerability`` be too low.
    """

    question: Question
    evidence: tuple[Evidence, ...]
    answerability: float
    threshold: float
    reason: Reason


def assess(
    corpus: Corpus,
    question: Question,
    passages: Sequence[Retrieved],
    threshold: float | None = None,
    model: Model | None = None,
) -> Assessment:
    """Rank the sentences of ``passages`` and judge whether they answer ``question``."""
    model = model or shipped_model(SENTENCE_FEATURES, ANSWER_FEATURES)
    asked = question.times
    limit = model.threshold if threshold is None else threshold
    found = gloss(asked, candidates(passages)) if asked else candidates(passages)
    byline = about_byline(question, passages)
    if byline is not None:
        return Assessment(question, (byline,), 1.0, limit, "weak_evidence")
    if not found:
        return Assessment(question, (), 0.0, limit, "no_evidence")
    measured = measure(corpus, question, found)
    scores = rank_scores(model.ranker, question, measured)
    happened = np.zeros(len(found), dtype=bool)
    but_for_time = int(np.argmax(scores))
    if asked:
        scores = scores * time_factors(asked, found)
        if asks_only_what_happened(asked, question.concepts):
            happened = np.array([names_asked_time(asked, candidate) for candidate in found])
    order = np.argsort(-scores, kind="stable")
    order = (order[happened[order]] if happened.any() else order)[:MAX_EVIDENCE]
    evidence = tuple(
        Evidence(
            number=number,
            article=found[at].article,
            span=found[at].span,
            kind=found[at].kind,
            score=float(scores[at]),
            passage_rank=found[at].passage_rank,
        )
        for number, at in enumerate(order, 1)
    )
    summary = summarise(question, measured, order)
    answerability = float(model.answerer(summary[None, :])[0])
    # Whatever the evidence is like as a whole: an answer needs one sentence that stands out.
    answerability *= min(1.0, float(scores[order[0]]) / _STANDS_OUT)
    if _asks_nothing(question, measured, found[order[0]].article.language):
        answerability = 0.0
    if happened.any():
        # Whatever happened then answers what happened then.
        answerability = 1.0
    contradicted = bool(summary[ANSWER_FEATURES.index("conflict")])
    if asked and contradicts_time(asked, found[order[0]]):
        contradicted = True
        answerability *= _OTHER_TIME
    # It may be just its time that kept the sentence that is meant from being the best.
    contradicted |= asked is not None and contradicts_time(asked, found[but_for_time])
    reason = _reason(question, measured, order, contradicted=contradicted)
    return Assessment(question, evidence, answerability, limit, reason)


# A caption rarely answers a question, a heading never says how it is: both lack the sentence.
_KIND_PRIOR = {
    SectionKind.CAPTION: 0.5,
    SectionKind.TITLE: 0.6,
    SectionKind.DECK: 0.6,
    SectionKind.HEADING: 0.6,
}
_PICTURE = re.compile(r"사진|그림|이미지|photo|picture|caption", re.IGNORECASE)


def rank_scores(ranker: Classifier, question: Question, measured: Measured) -> np.ndarray:
    """``(n,)`` in [0, 1]: how well each candidate sentence answers."""
    prior = _kind_prior(question, measured.candidates)
    scores: np.ndarray = ranker(measured.features) * prior
    return scores


def _kind_prior(question: Question, found: Sequence[Candidate]) -> np.ndarray:
    asks_for_picture = _PICTURE.search(question.text) is not None
    return np.array(
        [
            1.0
            if asks_for_picture and candidate.kind is SectionKind.CAPTION
            else _KIND_PRIOR.get(candidate.kind, 1.0)
            for candidate in found
        ]
    )


# Few, since few questions teach their weights, and more would know the sources of these apart.
ANSWER_FEATURES = ("judged", "lead", "conflict", "concepts")


def summarise(question: Question, measured: Measured, order: np.ndarray) -> FloatArray:
    """``(len(ANSWER_FEATURES),)``: the evidence as a whole, for the decision to answer.

    The best judgement and its lead over the next, whether the best sentence contradicts the
    question, and how many concepts, of eight, this one has.
    """
    judged = measured.features[:, SENTENCE_FEATURES.index("judged")]
    second, first = np.sort(np.append(judged, UNREAD))[-2:]
    return np.array(
        [
            first,
            first - second,
            _assumed(question, measured, int(order[0])) is not None,
            min(len(question.concepts), 8) / 8,
        ],
        dtype=np.float32,
    )


_ENGLISH_ASKS = re.compile(
    r"\?|\b(?:wh(?:o|om|ose|at|en|ere|y|ich)|how|d(?:o|oes|id)|is|are|was|were|ha(?:s|ve|d)|can|could"
    r"|will|would|tell|name|list|explain|describe|summari[sz]e)\b",
    re.IGNORECASE,
)


def _asks_nothing(question: Question, measured: Measured, language: str) -> bool:
    """Whether nothing of it stands anywhere (ㅋㅋㅋㅋ).

    Words do not cross languages: there, what neither asks nor names only what is told of
    (``<script>``) asks nothing.
    """
    if question.language == language:
        return not measured.found_near.any()
    names = np.array([concept.role == "name" for concept in question.concepts], dtype=bool)
    named = bool(names.any() and measured.found_near[:, names].any(axis=0).all())
    return question.language == "en" and not named and not _ENGLISH_ASKS.search(question.text)


def _assumed(question: Question, measured: Measured, best: int) -> str | None:
    """What the question assumes and its best sentence contradicts; words of one language only."""
    candidate = measured.candidates[best]
    if question.language != candidate.article.language:
        return None
    return conflict(question.text, question.morphemes, candidate.text, measured.terms_near)


def _reason(
    question: Question, measured: Measured, order: np.ndarray, *, contradicted: bool
) -> Reason:
    """Why an answer would be withheld: nothing of the question there, a wrong premise, too weak."""
    if not question.concepts:
        return "off_topic"
    found = measured.found_near[order[:3]].max(axis=0)
    # A name that stands in every passage weighs next to nothing, but it is what the talk is of.
    named = any(hit and c.role == "name" for hit, c in zip(found, question.concepts, strict=True))
    if not named and float((found * measured.weights).sum()) < _ON_TOPIC:
        return "off_topic"
    return "false_premise" if contradicted else "weak_evidence"
