"""Direct quotations, which must be verbatim."""

from __future__ import annotations

import re

from geungeo.rag.text import fold

# A quotation this short is a name or an emphasis: ‘MAI’, ‘동지’.
SPEECH_CHARS = 8
# Nested double quotation marks belong to the outer quotation.
_QUOTED = re.compile(
    r"“((?:[^“”]|“[^“”]*”)+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|‘([^’]{12,})’"
)
_MARKS = re.compile(r"[“”‘’\"'`´「」『』«»]")
_EDGES = " .,!?…。"


def quotations(text: str) -> list[str]:
    """The directly quoted stretches of ``text``."""
    return [next(group for group in match.groups() if group) for match in _QUOTED.finditer(text)]


def comparable(text: str) -> str:
    """Folded, without quotation marks, spaces collapsed: nested marks change with nesting."""
    return fold(_MARKS.sub("", text)).strip(_EDGES)


def missing(claim: str, sources: str) -> list[str]:
    """The quotations of ``claim`` that do not stand word for word in ``sources``."""
    source = comparable(sources)
    return [
        quotation
        for quotation in quotations(claim)
        if len(quotation) >= SPEECH_CHARS and comparable(quotation) not in source
    ]
