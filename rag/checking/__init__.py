"""Checking: what the articles say about each statement of any text."""

from geungeo.rag.checking.check import (
    Check,
    CheckedClaim,
    Checker,
    CheckEvent,
    CheckFinished,
    CheckRequest,
    CheckStarted,
    ClaimChecked,
    ClaimDifference,
    ClaimSource,
)

__all__ = [
    "Check",
    "CheckEvent",
    "CheckFinished",
    "CheckRequest",
    "CheckStarted",
    "CheckedClaim",
    "Checker",
    "ClaimChecked",
    "ClaimDifference",
    "ClaimSource",
]
