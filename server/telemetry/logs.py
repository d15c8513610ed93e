"""Log records on one line each, as text or as JSON, and the fields that a request adds."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from geungeo.server.escaping import escape_line

if TYPE_CHECKING:
    from geungeo.rag.answer import Answer

# Probes and scrapes: logged only at DEBUG, and not traced.
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
# What JSON lets stand, although terminals and line readers take it for a control or a line's end.
_LEFT = re.compile("[\x7f-\x9f\u2028\u2029]")

_noted: ContextVar[dict[str, Any] | None] = ContextVar("noted", default=None)


class JsonFormatter(logging.Formatter):
    """``time`` (UTC), ``level``, ``logger``, ``message``, and the record's ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """``record`` as one line."""
        row: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": escape_line(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            row["exception"] = self.formatException(record.exc_info)
        return one_line(row)


def one_line(row: dict[str, Any]) -> str:
    """``row`` as JSON that no content can break out of."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _LEFT.sub(lambda match: f"\\u{ord(match[0]):04x}", encodable)


def begin_notes() -> dict[str, Any]:
    """An empty dictionary that :func:`note` fills, from here on and in tasks started here."""
    notes: dict[str, Any] = {}
    _noted.set(notes)
    return notes


def note(**fields: Any) -> None:
    """Add to the line of the request that is being served, if there is one."""
    notes = _noted.get()
    if notes is not None:
        notes.update(fields)


def note_answer(answer: Answer, *, with_question: bool) -> None:
    """Add what became of a question; its text only if that is wanted."""
    stages = answer.timings_ms.model_dump()
    note(
        answer={
            "id": answer.id,
            "status": answer.status,
            "reason": answer.reason,
            "backend": answer.backend,
            "citations": len(answer.citations),
        },
        stages_ms={stage: round(spent, 1) for stage, spent in stages.items()},
    )
    if with_question:
        note(question=answer.question)


class EscapingFormatter(logging.Formatter):
    """Writes a record on one line, whatever a client or a document put into it."""

    def format(self, record: logging.LogRecord) -> str:
        """The formatted record with control characters made visible; tracebacks stay."""
        trace, record.exc_text = record.exc_info, None
        record.exc_info = None
        line = escape_line(super().format(record))
        record.exc_info = trace
        if trace:
            line += "\n" + "\n".join(map(escape_line, self.formatException(trace).splitlines()))
        return line


def show_log_on_stderr(level: int, formatter: logging.Formatter | None = None) -> None:
    """Send log records of ``level`` and above to stderr; replaces earlier handlers.

    ``formatter`` keeps each record on a line of its own, as the one does that is used else.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter or EscapingFormatter("geungeo: %(levelname)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The one reports every instruction set that its loader did not find, the other every
    # address that we call, some of which are as good as a password.
    for talkative in ("faiss", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
