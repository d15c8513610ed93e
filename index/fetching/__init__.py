"""Fetch documents from the web, protected against server-side request forgery (SSRF)."""

from geungeo.index.fetching.fetcher import Document, Fetcher, is_address

__all__ = ["Document", "Fetcher", "is_address"]
