"""An Answer as text for people."""

from __future__ import annotations

from geungeo.rag.answer import Answer, Citation
from geungeo.server.terminal import escape, plain

_LABELS = {
    "ko": {"sources": "근거", "abstained": "답하지 않음"},
    "en": {"sources": "Sources", "abstained": "No answer"},
}


def render_answer(answer: Answer) -> str:
    """The answer and its numbered quotes, as ``ask`` and ``chat`` print them."""
    labels = _LABELS[answer.language]
    lines = [plain(answer.text)]
    if answer.status == "abstained":
        lines.append(f"({labels['abstained']}: {answer.reason})")
    sources = {citation.marker: citation for citation in answer.citations}
    if sources:
        lines += ["", f"{labels['sources']}:"]
    for marker, citation in sorted(sources.items()):
        lines += [f"  [{marker}] “{escape(citation.quote)}”", f"      {_origin(citation)}"]
        if citation.note:
            lines.append(f"      ({escape(citation.note)})")
    return "\n".join(lines)


def _origin(citation: Citation) -> str:
    parts = [citation.title, citation.publisher, citation.published_at]
    described = ", ".join(escape(part) for part in parts if part)
    return f"{described} [{citation.start}:{citation.end}]"
