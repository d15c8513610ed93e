"""A claim is plain text: no markup, no link and no marker that its source does not hold."""

from __future__ import annotations

import re

from geungeo.rag.text import fold

_MARKUP = re.compile(
    r"!?\[[^\]]*\]\s*[(\[][^)\]]*[)\]]|</?[a-z!][^>]*>|<[a-z/!]|\b[a-z][a-z0-9+.-]*://\S+"
    r"|\b(?:javascript|data|vbscript):\S+|`+|[\[【［^]\s*\d+(?:\s*,\s*\d+)*\s*[\]】］^]|&#?\w+;"
)
_WORD = re.compile(r"[^\W\d_]{2}")


def foreign_markup(claim: str, source: str) -> str | None:
    """The first piece of markup in ``claim`` that ``source`` does not hold."""
    known = fold(source)
    for match in _MARKUP.finditer(fold(claim)):
        if match[0] not in known:
            return match[0]
    return None


def says_nothing(claim: str) -> bool:
    """Whether no word is left: only markers, digits or punctuation."""
    return not _WORD.search(claim)
