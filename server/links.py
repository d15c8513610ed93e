"""Addresses that we hand out: an article's own, or our page's deep link to the cited span."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from geungeo.rag.answer import Citation


def safe_url(url: str | None) -> str | None:
    """``url`` if it may be followed, else ``None``: ``javascript:`` and its like may not."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def deep_link(article_id: str, version: int, start: int, end: int) -> str:
    """The page, opened on a span of an article version."""
    query = urlencode({"version": version, "start": start, "end": end})
    return f"/articles/{quote(article_id, safe='')}?{query}"


def citation_link(citation: Citation) -> str:
    """Where a reader can check ``citation``."""
    own = safe_url(citation.url)
    return own or deep_link(citation.article_id, citation.version, citation.start, citation.end)
