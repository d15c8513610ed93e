"""Which addresses that a document gives for itself become an article's link."""

from __future__ import annotations

from urllib.parse import urlsplit


def web_address(url: str | None) -> str | None:
    """``url`` if it is one of the web; ``javascript:`` and what cannot be read never is."""
    if not url or not url.startswith(("http://", "https://")):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None
