"""Invented news for the campaigns: every article states a fact and has a question for it."""

from __future__ import annotations

from dataclasses import dataclass

from geungeo.rag.article import Draft, SectionKind

_FIRMS = (
    "한빛전자",
    "누리조선",
    "가온배터리",
    "다솜제약",
    "마루건설",
    "새벽항공",
    "온새미식품",
    "푸른통신",
    "하람철강",
    "도담게임",
    "라온자동차",
    "별하화학",
)
_CITIES = ("울산", "광주", "대전", "포항", "창원", "청주")

COUNT = len(_FIRMS)


@dataclass(frozen=True, slots=True)
class Report:
    """One article in one wording; ``fact`` answers ``question``."""

    draft: Draft
    question: str
    fact: str


def report(number: int, edition: int = 1) -> Report:
    """Return article ``number`` (below COUNT); each ``edition`` states another amount."""
    firm, city = _FIRMS[number], _CITIES[number % len(_CITIES)]
    fact = f"{1200 + 100 * number + 7 * edition:,}억 원"
    paragraphs = (
        f"{firm}이 {city}에 새 공장을 짓는다고 {edition + 2}일 밝혔다. "
        f"{firm}의 {city} 공장 투자액은 {fact}이다.",
        f"공사는 {number % 12 + 1}월에 시작되며 일자리 {edition}{number}0개가 생길 전망이다. "
        f"{city}시는 도로와 전력을 지원하기로 했다.",
    )
    draft = Draft(
        title=f"{firm}, {city}에 새 공장 ({edition}판)",
        blocks=tuple((SectionKind.BODY, text) for text in paragraphs),
        source=f"{number}.txt",
        id=f"news-{number}",
        publisher="모의일보",
        published_at="2025-03-10",
    )
    return Report(draft, f"{firm}의 {city} 공장 투자액은 얼마인가?", fact)
