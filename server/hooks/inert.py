"""Foreign text inside a chat service's Markdown: shown as it is, acting on nothing.

Backslashes alone do not do: the services' parsers differ in what they let a backslash escape,
and look for mentions, channels, hashtags and addresses after unescaping. An invisible WORD
JOINER (U+2060) after the character that would begin one of those keeps it apart for every
parser, and leaves the text to the eye as it is.
"""

from __future__ import annotations

import re

from geungeo.server.terminal import plain

JOINER = "\u2060"
# Emphasis, code, links, images, tables, in the subset that every Markdown lets escape.
_MARKUP = re.compile(r"[\\`*_\[\]|]")
# Mentions, channels, hashtags, emoji, entities, tags, formulas, addresses, struck text.
_LEADS = re.compile(r"[@#~&<$](?=\S)|:(?=[\w+/-])|(?<=\bwww)\.", re.IGNORECASE)
_LINK = re.compile(r"(?<=[\]*`_])(?=\S)")


def in_markdown(text: str) -> str:
    """``text`` for Mattermost: Markdown that shows it, line by line."""
    escaped = _MARKUP.sub(r"\\\g<0>", _kept_apart(plain(text)))
    # A number, dash or sign at the head of a line would begin a list or a heading.
    return "\n".join(f"{JOINER}{line}" for line in escaped.split("\n"))


def in_jandi(text: str) -> str:
    """``text`` for JANDI, which knows links and emphasis, and no way to escape them."""
    return _LINK.sub(JOINER, _kept_apart(plain(text)))


def _kept_apart(text: str) -> str:
    return _LEADS.sub(rf"\g<0>{JOINER}", text)
