"""The nearest sentences, shown beside an abstention: related, but not an answer."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.answer import Nearest
from geungeo.rag.article import SectionKind
from geungeo.rag.evidence.trimming import trim
from geungeo.rag.protocols import Evidence
from geungeo.rag.text import Span, fold

MAX_NEAREST = 3
_NO_SENTENCE = frozenset({SectionKind.TITLE, SectionKind.HEADING, SectionKind.BYLINE})


def nearest_of(evidence: Sequence[Evidence]) -> tuple[Nearest, ...]:
    """Return up to three sentences of ``evidence`` (best first), without repetitions."""
    shown: list[tuple[str, Span]] = []
    texts: set[str] = set()
    found: list[Nearest] = []
    for item in evidence:
        span = trim(item)
        text = fold(span.of(item.article.text))
        known = any(i == item.article.id and span.overlaps(other) for i, other in shown)
        if item.kind in _NO_SENTENCE or known or text in texts or item.score <= 0:
            continue
        shown.append((item.article.id, span))
        texts.add(text)
        found.append(Nearest.of(item.article, span))
        if len(found) == MAX_NEAREST:
            break
    return tuple(found)
