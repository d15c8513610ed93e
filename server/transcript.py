"""A conversation as Markdown; whatever it quotes stays inert text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.answer import Answer, Citation, Nearest, nearest_heading, support_label
from geungeo.rag.readers.draft import web_address
from geungeo.server.escaping import escape_markdown

MEDIA_TYPE = "text/markdown; charset=utf-8"

_LABELS = {
    "ko": {"understood": "이해한 질문", "abstained": "답하지 않음", "source": "원문"},
    "en": {"understood": "Understood as", "abstained": "No answer", "source": "source"},
}


# Characters that are not allowed between the angle brackets of a link destination.
_UNSAFE_IN_LINK = re.compile(r"[\x00-\x20<>\\\x7f]")


def to_markdown(conversation_id: str, answers: Sequence[Answer]) -> str:
    """Return a conversation's turns, oldest first, each answer followed by its sources."""
    parts = [f"# {escape_markdown(conversation_id)}"]
    for number, answer in enumerate(answers, start=1):
        parts += _turn(number, answer)
    return "\n\n".join(parts) + "\n"


def _turn(number: int, answer: Answer) -> list[str]:
    labels = _LABELS[answer.language]
    parts = [f"## {number}. {escape_markdown(answer.question)}"]
    if answer.standalone_question != answer.question:
        parts.append(f"*{labels['understood']}: {escape_markdown(answer.standalone_question)}*")
    # The prefix keeps the text's first character from opening a block.
    parts.append(f"> {_escape_lead(escape_markdown(answer.text))}")
    if answer.reason and answer.reason != "not_a_question":
        parts.append(f"*{labels['abstained']}: {escape_markdown(answer.reason)}*")
    if answer.nearest:
        parts.append(f"{nearest_heading(answer)}:")
        parts.append("\n".join(map(_nearest, answer.nearest)))
    sources = {citation.marker: citation for citation in answer.citations}
    if sources:
        parts.append(
            "\n".join(
                _source(sources[marker], labels, support_label(answer, marker))
                for marker in sorted(sources)
            )
        )
    return parts


def _escape_lead(text: str) -> str:
    """Escape a list marker, heading or rule at the start of ``text``."""
    return re.sub(r"^(\d{1,9})([.)])|^([#+\-])", _escaped_lead, text)


def _escaped_lead(match: re.Match[str]) -> str:
    number, point, sign = match.groups()
    return f"{number}\\{point}" if number else f"\\{sign}"


def _source(citation: Citation, labels: dict[str, str], support: str | None) -> str:
    origin = ", ".join(
        escape_markdown(part)
        for part in (citation.title, citation.publisher, citation.published_at)
        if part
    )
    article_id = escape_markdown(citation.article_id)
    place = f"{article_id} v{citation.version} {citation.start}–{citation.end}"
    url = web_address(citation.url)
    link = f" [{labels['source']}](<{_destination(url)}>)" if url else ""
    quote = f"“{escape_markdown(citation.quote)}”" + (f" ({support})" if support else "")
    note = f" ({escape_markdown(citation.note)})" if citation.note else ""
    return f"- \\[{citation.marker}\\] {quote}{note} {origin} ({place}){link}"


def _nearest(one: Nearest) -> str:
    origin = escape_markdown(", ".join(one.origin))
    place = f"{escape_markdown(one.article_id)} v{one.version} {one.start}–{one.end}"
    return f"- “{escape_markdown(one.quote)}” {origin} ({place})"


def _destination(url: str) -> str:
    return _UNSAFE_IN_LINK.sub(lambda match: f"%{ord(match[0]):02X}", url)
