"""Foreign text made harmless for terminals, logs, Markdown and chat services.

Imported by the command's root: nothing heavy may be imported here.
"""

from __future__ import annotations

import re
import unicodedata

from geungeo.rag.text import visible

_LINE_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape_line(text: str) -> str:
    """Return ``text`` on one line for terminals and logs, control characters made visible."""
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _LINE_CONTROLS.sub(lambda match: _visible(match[0]), encodable)


def _visible(char: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{ord(char):02x}")


def plain_text(text: str) -> str:
    """Return ``text`` with its line breaks; other control characters become spaces."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} else " "
        for char in text
    )


# Every character that can open a construct of CommonMark or GFM inside a line; an escaped
# colon or full stop keeps GFM from linking bare URLs. The start of a line is never foreign.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>&~|!$^=@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Return ``text`` on one line as Markdown that renders as ``text``, nothing invisible."""
    line = " ".join(plain_text(text).split())
    shown = "".join(char if visible(char) else f"(U+{ord(char):04X})" for char in line)
    return _MARKDOWN.sub(r"\\\g<0>", shown)


# An invisible WORD JOINER. The chat services' parsers differ in what a backslash escapes, and
# look for mentions, channels, hashtags and URLs after unescaping; a joiner after the first
# character keeps all of them from matching, and the text looks the same.
JOINER = "\u2060"
# Emphasis, code, links, images, tables: the subset that every Markdown can escape.
_MARKUP = re.compile(r"[\\`*_\[\]|]")
# Mentions, channels, hashtags, emoji, entities, tags, formulas, URLs, strikethrough.
_LEADS = re.compile(r"[@#~&<$](?=\S)|:(?=[\w+/-])|(?<=\bwww)\.", re.IGNORECASE)
_JANDI_MARKUP = re.compile(r"(?<=[\]*`_])(?=\S)")


def escape_mattermost(text: str) -> str:
    """Return ``text`` as Mattermost's Markdown that renders as ``text``, line by line."""
    escaped = _MARKUP.sub(r"\\\g<0>", _with_joiners(plain_text(text)))
    # A number, dash or sign at the start of a line would begin a list or a heading.
    return "\n".join(f"{JOINER}{line}" for line in escaped.split("\n"))


def escape_jandi(text: str) -> str:
    """Return ``text`` for JANDI, which has links and emphasis but no way to escape them."""
    return _JANDI_MARKUP.sub(JOINER, _with_joiners(plain_text(text)))


def _with_joiners(text: str) -> str:
    return _LEADS.sub(rf"\g<0>{JOINER}", text)


SLACK_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape_slack(text: str) -> str:
    """Return ``text`` with the three control characters of Slack's markup as entities."""
    return re.sub("[&<>]", lambda match: SLACK_ENTITIES[match[0]], text)
