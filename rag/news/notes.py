"""What stands beside a quote and never inside it: the dates that it means, who says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.article import Article
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import relative_times
from geungeo.rag.text import Language, Span


def time_note(article: Article, span: Span, language: Language) -> str | None:
    """The relative times in a quote, resolved: ``지난 1월 = 2026년 1월 (기사 발행일 …)``.

    ``None`` if there are none, or if nobody knows when the article was published.
    """
    published = article.published_day
    if published is None:
        return None
    quote = span.of(article.text)
    # Two names of one time (올해, 올해) are told once.
    told = dict.fromkeys(
        f"{' '.join(time.span.of(quote).split())} = {label(time.period, language)}"
        for time in relative_times(quote, published)
    )
    if not told:
        return None
    basis = (
        f"기사 발행일 {published.isoformat()} 기준"
        if language == "ko"
        else f"article published {published.isoformat()}"
    )
    return f"{', '.join(told)} ({basis})"


def dispute_note(values: Sequence[tuple[str, Article]], language: Language) -> str:
    """What each source says where they differ, newest first."""
    told = " ↔ ".join(f"{value} ({_source(article)})" for value, article in values)
    return f"출처마다 다름: {told}" if language == "ko" else f"sources differ: {told}"


def _source(article: Article) -> str:
    published = article.published_day
    name = article.publisher or article.title
    return f"{name}, {published.isoformat()}" if published else name
