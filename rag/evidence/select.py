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
    Candidate,
    Measured,
    candidates,
    in_asked_rows,
    measure,
)
from geungeo.rag.evidence.models import Classifier, shipped_model
from geungeo.rag.evidence.premise import conflict, refuted, reverses
from geungeo.rag.language.terms import term_hash
from geungeo.rag.language.vocabulary import terms_of
from geungeo.rag.protocols import Corpus, Evidence, FloatArray, Reranker
from geungeo.rag.question import Question
from geungeo.rag.question.concepts import AnswerType
from geungeo.rag.question.intents import CODE
from geungeo.rag.retrieval.channels import Retrieved

# Maximum number of evidence sentences of an answer or a prompt.
MAX_EVIDENCE = 12
# Answerability is reduced if the best sentence scores below this.
_CLEAR_SCORE = 0.05
# Factor for evidence about another time than the one asked about.
_OTHER_TIME = 0.2
# Factor for a change asked about the other way round: 비영리로 전환, where it is 영리 단체 전환.
_REVERSED = 0.3
# Factor across languages if no name confirms what the meaning suggests.
_UNCONFIRMED = 0.75
# A question with a smaller share of its concepts in the evidence may be off topic.
_ON_TOPIC = 0.15
_ANY_TERM = 1e-6
_FIRST = 1e-6
# Factor of the scores of sentences beside a row that has the cell asked for.
_BESIDE_CELL = 0.4
# Score of a row that has the cell asked for, and answerability if nothing more is asked, at least.
_CELL = 0.5
_ALL = 0.99  # share of the question's concepts, but for rounding
_OF_CELLS = frozenset({AnswerType.AMOUNT, AnswerType.TIME})
# A single term of code may sound like a word (DROP and 대립).
_CODE_TERMS = 0.5
# A sentence is about the matter of the question from this share on.
_SAME_MATTER = 0.4
# With this share of the question's words a sentence may refute it, however it is judged.
_NEARLY_ALL = 0.6
# Log-odds of the cross-encoder below which no sentence is about the question.
_UNRELATED = -3.0
# The same for an article that the reader has open, about which a question is off topic only if it
# has nothing to do with it.
_UNRELATED_TO_CHOSEN = -4.5
# Log-odds below which a question without a single known word asks nothing.
_DOUBTFUL = 0.0
_NOUNS = frozenset({"NNG", "NNP", "SL", "SN", "XR"})


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence, best first, and the probability in [0, 1] that it answers the question.

    ``reason`` is the reason to abstain if ``answerability`` is too low.
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
    reranker: Reranker | None = None,
    *,
    chosen: bool = False,
) -> Assessment:
    """Rank the sentences of ``passages`` and judge whether they answer ``question``.

    ``reranker`` defaults to the bundled one. About articles that the reader has ``chosen``, a
    question without their words is off topic only if it is far from them in meaning, too.
    """
    model = shipped_model(SENTENCE_FEATURES, ANSWER_FEATURES)
    asked = question.times
    limit = model.threshold if threshold is None else threshold
    found = gloss(asked, candidates(passages)) if asked else candidates(passages)
    byline = about_byline(question, passages)
    if byline is not None:
        return Assessment(question, (byline,), 1.0, limit, "weak_evidence")
    if not found:
        return Assessment(question, (), 0.0, limit, "no_evidence")
    measured = measure(corpus, question, found, reranker)
    scores = rank_scores(model.ranker, question, measured)
    asked_rows, asked_cells, rows = in_asked_rows(question.text, found)
    if asked_rows.any():
        scores = np.where(asked_rows, scores, 0.0)
        # A row that has the cell asked for is better than any sentence with the same noun.
        if asked_cells.any():
            best = max(float(scores.max()) + _FIRST, _CELL)
            scores = np.where(asked_cells, best, _BESIDE_CELL * scores)
        elif not rows[int(scores.argmax())]:
            # Beside a sentence that answers, the numbers of single rows are of something else.
            scores = np.where(rows, _BESIDE_CELL * scores, scores)
    happened = np.zeros(len(found), dtype=bool)
    meant = _meant(measured, scores)
    if asked:
        scores = scores * time_factors(asked, found)
        if asks_only_what_happened(asked, question.concepts):
            happened = np.array([names_asked_time(asked, candidate) for candidate in found])
    order = np.argsort(-scores, kind="stable")
    order = (order[happened[order]] if happened.any() else order)[:MAX_EVIDENCE]
    order = order[asked_rows[order]] if asked_rows[order].any() else order
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
    # The summary is not enough: an answer needs one sentence with a high score.
    answerability *= min(1.0, float(scores[order[0]]) / _CLEAR_SCORE)
    cover = measured.features[order[0], SENTENCE_FEATURES.index("cover")]
    if asked_cells.any() and question.answer_type in _OF_CELLS and cover >= _ALL and not asked:
        # The question is for the cell and for nothing more.
        answerability = max(answerability, _CELL)
    nothing = _asks_nothing(question, measured, found[order[0]].article.language, chosen=chosen)
    if nothing:
        answerability = 0.0
    if _is_unconfirmed(question, measured, found[order[0]].article.language):
        answerability *= _UNCONFIRMED
    if happened.any():
        # Any event of that time answers a question about what happened then.
        answerability = 1.0
    best_text = found[order[0]]
    if asked and contradicts_time(asked, best_text):
        answerability *= _OTHER_TIME
    if reverses(question.text, best_text.text):
        answerability *= _REVERSED
    # The sentence that the question is about may have been ranked lower only for its time.
    other_time = asked is not None and any(
        contradicts_time(asked, found[at]) for at in (int(order[0]), meant)
    )
    # Where nothing is asked, what the reader finds related counts for nothing.
    least = _UNRELATED_TO_CHOSEN if chosen else np.inf if nothing else _UNRELATED
    reason = _reason(question, measured, order, other_time=other_time, least=least)
    return Assessment(question, evidence, answerability, limit, reason)


# A caption or heading rarely answers a question: it is not a full sentence.
_KIND_PRIOR = {
    SectionKind.CAPTION: 0.5,
    SectionKind.TITLE: 0.6,
    SectionKind.DECK: 0.6,
    SectionKind.HEADING: 0.6,
}
_PICTURE = re.compile(r"사진|그림|이미지|photo|picture|caption", re.IGNORECASE)


def rank_scores(ranker: Classifier, question: Question, measured: Measured) -> np.ndarray:
    """Return ``(n,)`` in [0, 1]: how well each candidate sentence answers."""
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


# Few, since there are few training questions: more features would overfit to their sources.
ANSWER_FEATURES = ("judged", "conflict")


def summarise(question: Question, measured: Measured, order: np.ndarray) -> FloatArray:
    """Return ``(len(ANSWER_FEATURES),)``: features of all evidence for the decision to answer.

    They are the best judgement, and whether the best sentence contradicts the question.
    """
    judged = measured.features[:, SENTENCE_FEATURES.index("judged")]
    assumed = _assumed(question, measured, int(order[0]))
    return np.array([judged.max(), assumed is not None], dtype=np.float32)


_ENGLISH_ASKS = re.compile(
    r"\?|\b(?:wh(?:o|om|ose|at|en|ere|y|ich)|how|d(?:o|oes|id)|is|are|was|were|ha(?:s|ve|d)|can|could"
    r"|will|would|tell|name|list|explain|describe|summari[sz]e)\b",
    re.IGNORECASE,
)


def _best_judged(measured: Measured) -> float:
    """Return the log-odds of the sentence that the cross-encoder takes for the best answer."""
    return float(measured.features[:, SENTENCE_FEATURES.index("judged")].max())


def _asks_nothing(question: Question, measured: Measured, language: str, *, chosen: bool) -> bool:
    """Whether the question shares neither terms nor meaning with the passages (ㅋㅋㅋㅋ).

    Code and markup that share less than half with them ask nothing either. Terms cannot be
    compared across languages; there a text without a question form and
    without known names (``<script>``) counts as no question.
    """
    if question.language == language:
        found = measured.found_near.max(axis=0, initial=0.0)
        covered = float((found * measured.weights).sum())
        if CODE.search(question.text):
            return covered < _CODE_TERMS
        # Readers of an article that they have chosen ask about it in words that it does not have.
        least = _UNRELATED if chosen else _DOUBTFUL
        return covered < _ANY_TERM and _best_judged(measured) < least
    names = np.array([concept.role == "name" for concept in question.concepts], dtype=bool)
    named = bool(names.any() and measured.found_near[:, names].any(axis=0).all())
    return question.language == "en" and not named and not _ENGLISH_ASKS.search(question.text)


def _is_unconfirmed(question: Question, measured: Measured, language: str) -> bool:
    """Whether only meaning connects a question with an article in another language."""
    if question.language == language:
        return False
    names = np.array([concept.role == "name" for concept in question.concepts], dtype=bool)
    return not (names.any() and measured.found_near[:, names].any())


def _meant(measured: Measured, scores: np.ndarray) -> int:
    """Return which of the three best sentences is about the same matter, by the question's words.

    It is the best one if none has enough of them.
    """
    best = np.argsort(-scores, kind="stable")[:3]
    cover = measured.features[best, SENTENCE_FEATURES.index("cover")]
    return int(best[np.argmax(cover)] if cover.max() >= _SAME_MATTER else best[0])


def _assumed(question: Question, measured: Measured, best: int) -> str | None:
    """Return the contradicted assumption, if any; ``None`` across languages."""
    candidate = measured.candidates[best]
    if question.language != candidate.article.language:
        return None
    return conflict(question.text, question.morphemes, candidate.text, measured.terms_near)


def _reason(
    question: Question,
    measured: Measured,
    order: np.ndarray,
    *,
    other_time: bool,
    least: float,
) -> Reason:
    """Return the reason to abstain: off topic, a false premise or weak evidence.

    The first two are statements about the articles: they are made only if the evidence shows it.
    A question is off topic only where no sentence has log-odds of ``least``.
    """
    found = measured.found_near[order[:3]].max(axis=0, initial=0.0)
    covered = float((found * measured.weights).sum())
    judged = _best_judged(measured)
    if judged < least and _has_no_word(question, measured, found, covered):
        return "off_topic"
    best = measured.candidates[int(order[0])]
    if other_time and covered >= _SAME_MATTER:
        return "false_premise"
    unrelated = judged < _UNRELATED and covered < _NEARLY_ALL
    if question.language != best.article.language or unrelated:
        return "weak_evidence"
    contradicted = refuted(
        question.text, question.morphemes, best.text, measured.terms_near, covered=covered
    )
    return "false_premise" if contradicted else "weak_evidence"


def _has_no_word(question: Question, measured: Measured, found: np.ndarray, covered: float) -> bool:
    """Whether the question shares next to no word with the passages."""
    # A name that occurs in every passage has almost no weight but still gives the topic.
    named = any(hit and c.role == "name" for hit, c in zip(found, question.concepts, strict=True))
    if named or covered >= _ON_TOPIC:
        return False
    # 규모 is no concept, but it is a word that the passages may have.
    nouns = [m for m in question.morphemes if m.tag.split("-")[0] in _NOUNS]
    known = {term_hash(term) for term in terms_of(nouns)} & measured.terms_near
    return not known
