"""Word lists, written as running text."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """The words of ``text``, separated by white space."""
    return frozenset(text.split())
