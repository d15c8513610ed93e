"""Slack's text: what a user's message asks, and our text made inert.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_REFERENCE = re.compile(r"<([^<>\s][^<>]*)>")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def question_of(text: str) -> str:
    """``text`` as its writer saw it, without the mentions in it."""
    bare = _REFERENCE.sub(lambda match: _seen(match[1]), text)
    for char in "<>&":  # the ampersand last, so that &amp;lt; becomes &lt;
        bare = bare.replace(_ENTITIES[char], char)
    return " ".join(bare.split())


def _seen(reference: str) -> str:
    """What Slack shows for ``<reference>``: nothing of a mention, the label of a link."""
    target, _, label = reference.partition("|")
    if target.startswith("@") or (target.startswith("!") and not target.startswith("!date^")):
        return " "
    return label or ("" if target[:1] in {"#", "!"} else target.removeprefix("mailto:"))


def escape(text: str) -> str:
    """``text`` with the three characters that control Slack's markup as entities."""
    return re.sub("[&<>]", lambda match: _ENTITIES[match[0]], text)


def pieces(text: str, limit: int) -> Iterator[str]:
    """``text`` in pieces that fit into ``limit`` once escaped; joined they are ``text``.

    Pieces end after a blank where there is one. Characters are counted as UTF-16 units, of
    which no text has fewer than any other count could find.
    """
    start = 0
    while start < len(text):
        end, room = start, limit
        while end < len(text) and (cost := _cost(text[end])) <= room:
            room -= cost
            end += 1
        if end < len(text):
            blank = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            # A blank far back would waste most of a piece.
            end = blank + 1 if blank > (start + end) // 2 else end
        yield text[start:end]
        start = end


def shortened(text: str, limit: int) -> str:
    """``text``, or its beginning and an ellipsis, within ``limit`` once escaped."""
    parts = list(pieces(text, limit))
    if len(parts) <= 1:
        return text
    return next(pieces(text, limit - 1)).rstrip() + "…"


def _cost(char: str) -> int:
    return len(_ENTITIES.get(char, char)) + (char > "\uffff")
