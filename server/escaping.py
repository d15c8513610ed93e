"""Foreign text made harmless for terminals, logs, Markdown and chat services.

Imported by the command's root: nothing heavy may be imported here.
"""

from __future__ import annotations

import re
import unicodedata

from geungeo.rag.text import visible

_LINE_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape_line(text: str) -> str:
    """``text`` on one line: control characters, ANSI sequences among them, made visible."""
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _LINE_CONTROLS.sub(lambda match: _visible(match[0]), encodable)


def _visible(char: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{ord(char):02x}")


def plain_text(text: str) -> str:
    """``text`` with its line breaks, without anything else that steers a terminal."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} else " "
        for char in text
    )


# Every character that can open a construct of CommonMark or GFM inside a line; an escaped
# colon or full stop keeps GFM from making links of bare addresses. At the head of a line
# stands only what we write ourselves.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>&~|!$^=@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """``text`` on one line as Markdown that shows exactly it; invisible characters by code."""
    line = " ".join(plain_text(text).split())
    shown = "".join(char if visible(char) else f"(U+{ord(char):04X})" for char in line)
    return _MARKDOWN.sub(r"\\\g<0>", shown)


JOINER = "\u2060"
# Emphasis, code, links, images, tables, in the subset that every Markdown lets escape.
_MARKUP = re.compile(r"[\\`*_\[\]|]")
# Mentions, channels, hashtags, emoji, entities, tags, formulas, addresses, struck text.
_LEADS = re.compile(r"[@#~&<$](?=\S)|:(?=[\w+/-])|(?<=\bwww)\.", re.IGNORECASE)
_LINK = re.compile(r"(?<=[\]*`_])(?=\S)")


def escape_mattermost(text: str) -> str:
    """``text`` for Mattermost: Markdown that shows it, line by line."""
    escaped = _MARKUP.sub(r"\\\g<0>", _kept_apart(plain_text(text)))
    # A number, dash or sign at the head of a line would begin a list or a heading.
    return "\n".join(f"{JOINER}{line}" for line in escaped.split("\n"))


def escape_jandi(text: str) -> str:
    """``text`` for JANDI, which knows links and emphasis, and no way to escape them."""
    return _LINK.sub(JOINER, _kept_apart(plain_text(text)))


def _kept_apart(text: str) -> str:
    return _LEADS.sub(rf"\g<0>{JOINER}", text)


SLACK_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape_slack(text: str) -> str:
    """``text`` with the three characters that control Slack's markup as entities."""
    return re.sub("[&<>]", lambda match: SLACK_ENTITIES[match[0]], text)
