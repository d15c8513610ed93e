"""Leads of a sentence that are not part of what it says: dateline, label, connective."""

from __future__ import annotations

import re

from geungeo.rag.evidence.antecedents import CONNECTIVE
from geungeo.rag.protocols import Evidence
from geungeo.rag.text import Span

# Characters that are left of a trimmed sentence, at least.
_SHORTEST = 5
# [매체 김기자 기자], (서울=통신) 김기자 기자 =, and the label of an answer: A.
_REPORTERS = r"[가-힣·ㆍ]{2,12}(?:,?\s[가-힣]{2,4}){0,4}\s?(?:기자|특파원)"
_OPENER = re.compile(
    r"^[\[(〔【][^\])〕】]{2,30}(?:기자|특파원|=[^\])〕】]*)[\])〕】]\s*"
    rf"(?:{_REPORTERS}\s*[=:]\s*)?"
    rf"|^{_REPORTERS}\s*=\s*"
    r"|^[\[(【]?(?:A|답|답변)\s*\d{0,2}\s*[.:)\]】]\s*"
)
# A question and its answer in one sentence: the question line.
_QUESTION_LINE = re.compile(r"^[^\n]{1,250}\n(?=\s*[\[(【]?(?:A|답|답변)\s*\d{0,2}\s*[.:)\]】])")


def trim(evidence: Evidence) -> Span:
    """Return the span of the sentence without dateline, label and leading connective."""
    span = evidence.span
    for pattern in (_QUESTION_LINE, _OPENER, CONNECTIVE):
        text = span.of(evidence.article.text)
        match = pattern.match(text)
        if match and len(text) - match.end() > _SHORTEST:
            span = Span(span.start + match.end(), span.end)
    return span
