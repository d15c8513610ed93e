"""Verification: does the source say what a claim says?"""

from geungeo.rag.grounding.support import Grounds, Verdict, support

__all__ = ["Grounds", "Verdict", "support"]
