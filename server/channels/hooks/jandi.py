"""JANDI's outgoing webhooks (웹훅 발신, also for a whole team)."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from geungeo.rag.answer import Answer, Citation, support_label
from geungeo.server.channels.wording import hint, origin
from geungeo.server.escaping import escape_jandi
from geungeo.server.http.links import source_link

CHANNEL = "jandi"
ANSWERED, ABSTAINED = "#2C7BE5", "#A0A0A0"


class Call(BaseModel):
    """A webhook call; only the fields that are used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    token: str = ""
    text: str = ""
    keyword: str = ""

    @property
    def question(self) -> str:
        """Return the text without the keyword, in each of the forms that JANDI sends."""
        keyword = re.escape(self.keyword)
        lead = rf"\s*(?:\[/?{keyword}\]|/?{keyword})" if keyword else r"\s*"
        return re.sub(lead, "", self.text, count=1).strip()


def note(text: str) -> dict[str, Any]:
    """Return a reply without an Answer."""
    return {"body": text, "connectColor": ABSTAINED, "connectInfo": []}


def render(answer: Answer, base_url: str) -> dict[str, Any]:
    """Return the answer with each quote and its source below it."""
    sources = {citation.marker: citation for citation in answer.citations}
    info = [
        _source(sources[marker], base_url, support_label(answer, marker))
        for marker in sorted(sources)
    ]
    if answer.reason:
        info = [
            {
                "title": escape_jandi(" · ".join(one.origin)),
                "description": escape_jandi(f"“{one.quote}”"),
            }
            for one in answer.nearest
        ]
        advice = hint(answer.reason, answer.language)
        info += [{"description": advice}] if advice else []
    return {
        "body": escape_jandi(answer.text),
        "connectColor": ABSTAINED if answer.reason else ANSWERED,
        "connectInfo": info,
    }


def _source(citation: Citation, base_url: str, support: str | None) -> dict[str, str]:
    url = source_link(citation, base_url)
    lines = [escape_jandi(f"“{citation.quote}”"), escape_jandi(citation.note or ""), url or ""]
    source = " · ".join(filter(None, [origin(citation), support]))
    return {
        "title": escape_jandi(f"[{citation.marker}] {source}"),
        "description": "\n".join(filter(None, lines)),
    }
