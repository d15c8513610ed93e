"""A number belongs to what it counts: not to the other thing counted in the same sentence."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.language.amounts import counted
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.text import listed


def exchanged(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
    """A number of ``claim`` that the source gives to something else of the same unit."""
    told = [counted(source) for source in sources]
    for mine in counted(claim):
        for theirs in told:
            same = [c for c in theirs if c.amount.matches(mine.amount)]
            rivals = [
                c for c in theirs if c.amount.value != mine.amount.value and c.unit == mine.unit
            ]
            own = {label for c in same for label in (c.before, c.after)}
            taken = {label for c in rivals for label in (c.before, c.after)} - own - {""}
            ends = {c.end for c in same}
            counts = mine.unit not in _ORDINAL
            if same and (
                (counts and mine.before in taken)
                or (counts and mine.after in taken and mine.before not in own)
                or (mine.end and mine.end not in ends and "" not in ends)
            ):
                return f"number belongs to something else: {float(mine.amount.value):g} {mine.unit}"
    return None


# These say which one or when, and count nothing.
_ORDINAL = listed("ordinal rank year month day hour minute 세트 차 층 호")
