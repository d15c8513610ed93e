"""The short answer: the few words inside a cited quote that answer the question."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.answer import Citation, ShortAnswer
from geungeo.rag.evidence.crossencoder import bundled_cross_encoder
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.protocols import Evidence, SentenceInContext
from geungeo.rag.question.concepts import AnswerType
from geungeo.rag.text import Span, fold

# A short answer is shown from this probability on; of those, nine in ten are right.
SURE = 0.2
# Characters, at most: more is not a short answer.
_LONGEST = 40
# Why and how are answered by a whole sentence.
_WHOLE = frozenset({AnswerType.CAUSE, AnswerType.MANNER})
_CLOSING = {"”": "“", "’": "‘", ")": "(", "」": "「", "』": "『", "》": "《", "〉": "〈", "]": "["}


def short_answer(
    question: str, kind: AnswerType, evidence: Evidence, citations: Sequence[Citation]
) -> ShortAnswer | None:
    """Return the words of ``evidence`` that answer, if it is cited and they are likely right."""
    article, span = evidence.article, evidence.span
    cited = any(
        (one.article_id, one.version) == (article.id, article.version)
        and Span(one.start, one.end).contains(span)
        for one in citations
    )
    if not cited or kind in _WHOLE:
        return None
    before = evidence.context[-1].of(article.text) if evidence.context else ""
    passage = SentenceInContext(article.title, before, evidence.text)
    found = bundled_cross_encoder().short_answer(question, passage)
    if found is None or found[1] < SURE:
        return None
    place = trimmed(found[0], evidence.text)
    words = place.of(evidence.text)
    if not 0 < len(words) <= _LONGEST or fold(words) in fold(question):
        return None
    place = place.shift(span.start)
    return ShortAnswer(
        text=words,
        article_id=article.id,
        version=article.version,
        start=place.start,
        end=place.end,
    )


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
    return _balanced(Span(inside[0].start, inside[-1].end), sentence)


def _is_edge(tag: str) -> bool:
    return tag.startswith(("J", "E", "VC", "XSV", "XSA", "SF", "SP", "SS", "SE", "SO"))


def _balanced(span: Span, sentence: str) -> Span:
    """Return ``span`` with the closing mark that follows it if only the opening one is inside."""
    words = span.of(sentence)
    following = sentence[span.end : span.end + 1]
    opening = _CLOSING.get(following)
    if opening and words.count(opening) > words.count(following):
        return Span(span.start, span.end + 1)
    return span
