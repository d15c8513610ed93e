"""Citations for OpenAI-compatible clients: annotations, and a list of sources in the text.

Some clients drop annotations and show a bare ``[1]``; for them the sources can be appended to
the text.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from fastapi import Request

from geungeo.rag.answer import Answer, Citation
from geungeo.rag.settings import Settings
from geungeo.server.channels.wording import nearest_text, origin, phrase
from geungeo.server.escaping import escape_markdown
from geungeo.server.http.links import base_url_of, citation_link

Sources = Literal["annotations", "list"]

# The heading is one of ``wording``'s phrases; the list begins with the first marker.
_LIST = re.compile(r"\n\n(?:근거|Sources):\n\n- \[1\] \[“.*\Z", re.DOTALL)
# Characters that end a link destination in Markdown.
_URL_ESCAPES = {char: f"%{ord(char):02X}" for char in "()<> \\"}


class SourceFormat:
    """Format of an Answer's sources for one request.

    ``sources`` is the request's own choice; ``None`` leaves it to the setting ``v1_sources``.
    """

    def __init__(self, request: Request, settings: Settings, sources: Sources | None) -> None:
        self._base_url = base_url_of(request, settings.public_url)
        self._listed = (sources or settings.v1_sources) == "list"

    def citation(self, citation: Citation) -> dict[str, Any]:
        """Return the fields of a ``url_citation``; the indices are half-open in the answer.

        The title has marker and quote: clients merge sources of the same title, and show it
        where they would show the text of a document.
        """
        return {
            "url": citation_link(citation, self._base_url),
            "title": f"[{citation.marker}] {citation.title}: “{citation.quote}”",
            "start_index": citation.answer_start,
            "end_index": citation.answer_end,
            "quote": citation.quote,
        }

    def appendix(self, answer: Answer) -> str:
        """Return what follows the answer's text.

        That is the list of sources, if one is wanted, or the nearest sentences of an abstention.
        """
        if not self._listed or not answer.citations:
            return nearest_text(answer)
        by_marker = {citation.marker: citation for citation in answer.citations}
        lines = [self._line(by_marker[marker]) for marker in sorted(by_marker)]
        return f"\n\n{phrase('sources', answer.language)}:\n\n" + "\n".join(lines)

    def _line(self, citation: Citation) -> str:
        url = citation_link(citation, self._base_url)
        target = "".join(_URL_ESCAPES.get(char, char) for char in url)
        quote = f"[“{escape_markdown(citation.quote)}”]({target})"
        return f"- [{citation.marker}] {quote} {escape_markdown(origin(citation))}"


def without_sources(text: str) -> str:
    """Return the text of an earlier answer without the list that was appended to it."""
    return _LIST.sub("", text)
