"""Fetching documents from the web without being led anywhere else."""

from geungeo.index.fetching.fetcher import Document, Fetcher, is_address

__all__ = ["Document", "Fetcher", "is_address"]
