"""Mattermost's outgoing webhooks and slash commands.

https://developers.mattermost.com/integrate/webhooks/outgoing/
https://developers.mattermost.com/integrate/slash-commands/custom/
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from geungeo.rag.answer import Answer, Citation, support_label
from geungeo.server.channels.wording import hint, nearest_text, origin, phrase
from geungeo.server.escaping import escape_mattermost
from geungeo.server.http.links import source_link

CHANNEL = "mattermost"
# A post holds 16,383 characters; a longer one is rejected.
MAX_POST = 16_000


class Post(BaseModel):
    """A call of a webhook or command; only the fields that are used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    token: str = ""
    text: str = ""
    trigger_word: str = ""
    command: str = ""

    @property
    def question(self) -> str:
        """Return the text without the trigger word."""
        return self.text.strip().removeprefix(self.trigger_word).strip()

    def reply(self, text: str) -> dict[str, str]:
        """Return the response: for a command to its author only, for a post in its thread."""
        kind: Literal["ephemeral", "comment"] = "ephemeral" if self.command else "comment"
        return {"response_type": kind, "text": text}


def render(answer: Answer, base_url: str) -> str:
    """Return the answer as Markdown, with each quote and its source below it."""
    sources = {citation.marker: citation for citation in answer.citations}
    text = escape_mattermost(answer.text)
    if answer.reason:
        near = escape_mattermost(nearest_text(answer))
        advice = hint(answer.reason, answer.language)
        return f"{text}{near}\n\n*{advice}*" if advice else text
    for number, marker in enumerate(sorted(sources)):
        support = support_label(answer, marker)
        source = _source(sources[marker], base_url, phrase("open", answer.language), support)
        if len(text) + len(source) > MAX_POST:
            return f"{text}\n\n({phrase('sources', answer.language)}: +{len(sources) - number})"
        text += source
    return text


def _source(citation: Citation, base_url: str, label: str, support: str | None) -> str:
    quote = escape_mattermost(f"[{citation.marker}] “{citation.quote}”").replace("\n", "\n> ")
    source = " · ".join(filter(None, [origin(citation), support]))
    article = escape_mattermost(source.replace("\n", " "))
    url = source_link(citation, base_url)
    link = f" [{label}]({url})" if url else ""
    note = f"\n> {escape_mattermost(citation.note)}" if citation.note else ""
    return f"\n\n> {quote}\n> {article}{link}{note}"
