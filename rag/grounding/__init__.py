"""Verification: does the source say what a claim says?"""

from geungeo.rag.grounding.check import Verdict, support

__all__ = ["Verdict", "support"]
