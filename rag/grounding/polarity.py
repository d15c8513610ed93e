"""Denial and reversal: a claim that says no where its source says yes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.morphemes import analyse, content_terms

_NEGATION = re.compile(
    r"지\s*(?:않|못|는\s*않|도\s*않|도\s*못)|(?<![가-힣])(?:안|못)\s+[가-힣]|없[었는이다을으음고지]|아니[었라다며고지]"
    r"|\b(?:not|never|no|without|n't|cannot|neither)\b|n't\b"
)
# Each pair turns a statement into its opposite.
_OPPOSITES: tuple[tuple[str, str], ...] = (
    ("늘", "줄"),
    ("늘리", "줄이"),
    ("증가", "감소"),
    ("상승", "하락"),
    ("오르", "내리"),
    ("높이", "낮추"),
    ("확대", "축소"),
    ("강화", "약화"),
    ("찬성", "반대"),
    ("승리", "패배"),
    ("이기", "지"),
    ("수락", "거절"),
    ("허용", "금지"),
    ("성공", "실패"),
    ("시작", "중단"),
    ("체결", "파기"),
    ("비싸", "싸"),
    ("빠르", "느리"),
    ("많", "적"),
    ("영리", "비영리"),
    ("개선", "악화"),
    ("매수", "매도"),
    ("흑자", "적자"),
    ("호평", "혹평"),
)


def contradiction(claim: str, sources: Sequence[str]) -> str | None:
    """How ``claim`` reverses the source sentence that it resembles most, if it does."""
    nearest = max(sources, key=lambda source: _likeness(claim, source), default="")
    if not nearest:
        return None
    if bool(_NEGATION.search(claim)) != bool(_NEGATION.search(nearest)):
        return "it denies what the source affirms, or the reverse"
    said, there = _forms(claim), _forms(nearest)
    for one, other in _OPPOSITES:
        for mine, theirs in ((one, other), (other, one)):
            if mine in said and mine not in there and theirs in there:
                return f"it says {mine} where the source says {theirs}"
    return None


def _forms(text: str) -> set[str]:
    return {morpheme.form for morpheme in analyse(text) if morpheme.is_content}


def _likeness(claim: str, source: str) -> float:
    mine, theirs = set(content_terms(analyse(claim))), set(content_terms(analyse(source)))
    return len(mine & theirs) / (len(mine | theirs) or 1)
