"""Direct quotations, which must be verbatim."""

from __future__ import annotations

import re

from geungeo.rag.text import fold

# A quotation this short is a name or an emphasis (‘MAI’, ‘동지’), unless someone says it.
SPEECH_CHARS = 8
_SPOKEN_CHARS = 4
_SAID = re.compile(r"(?:이?라)?(?:고|며|면서)")
# Nested double quotation marks belong to the outer quotation.
_QUOTED = re.compile(
    r"“((?:[^“”]|“[^“”]*”)+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|‘([^’]{12,})’"
)
_MARKS = re.compile(r"[“”‘’\"'`´「」『』«»]")
_EDGES = " .,!?…。"


def quotations(text: str) -> list[str]:
    """Return the direct quotations in ``text``."""
    return [next(group for group in match.groups() if group) for match in _QUOTED.finditer(text)]


def comparable(text: str) -> str:
    """Return ``text`` folded and without quotation marks, as nested quotations use other marks."""
    return fold(_MARKS.sub("", text)).strip(_EDGES)


def missing(claim: str, sources: str) -> list[str]:
    """Return the quotations of ``claim`` that ``sources`` do not contain word for word."""
    source = comparable(sources)
    found: list[str] = []
    for match in _QUOTED.finditer(claim):
        quotation = next(group for group in match.groups() if group)
        said = len(quotation) >= _SPOKEN_CHARS and _SAID.match(claim, match.end())
        if (said or len(quotation) >= SPEECH_CHARS) and comparable(quotation) not in source:
            found.append(quotation)
    return found
