"""Verification: does the source say what a claim says?"""

from __future__ import annotations

from geungeo.rag.grounding.ground import Verdict, support

__all__ = ["Verdict", "support"]
