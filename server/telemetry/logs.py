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
    from geungeo.rag.checking import Check

# Probes and scrapes: logged only at DEBUG, and not traced.
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
# Characters that JSON does not escape and terminals or line readers take for controls or line ends.
_UNESCAPED = re.compile("[\x7f-\x9f\u2028\u2029]")

_request_fields: ContextVar[dict[str, Any] | None] = ContextVar("request_fields", default=None)


class JsonFormatter(logging.Formatter):
    """A JSON object of ``time`` (UTC), ``level``, ``logger``, ``message`` and ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record`` as one line of JSON."""
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
    """Return ``row`` as one line of JSON, whatever its strings contain."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _UNESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", encodable)


def begin_notes() -> dict[str, Any]:
    """Return a new dictionary that :func:`note` fills, here and in tasks started from here."""
    fields: dict[str, Any] = {}
    _request_fields.set(fields)
    return fields


def note(**fields: Any) -> None:
    """Add ``fields`` to the log line of the current request, if there is one."""
    current = _request_fields.get()
    if current is not None:
        current.update(fields)


def note_answer(answer: Answer, *, with_question: bool) -> None:
    """Add the outcome of a question; its text only on request."""
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


def note_check(check: Check) -> None:
    """Add the outcome of a check; never its text."""
    note(
        check={"id": check.id, "verifier": check.verifier, **check.counts.model_dump()},
        stages_ms={
            stage: round(spent, 1) for stage, spent in check.timings_ms.model_dump().items()
        },
    )


class EscapingFormatter(logging.Formatter):
    """Formatter that writes a record on one line, whatever foreign text it contains."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with control characters made visible; tracebacks keep their lines."""
        trace, record.exc_text = record.exc_info, None
        record.exc_info = None
        line = escape_line(super().format(record))
        record.exc_info = trace
        if trace:
            line += "\n" + "\n".join(map(escape_line, self.formatException(trace).splitlines()))
        return line


def show_log_on_stderr(level: int, formatter: logging.Formatter | None = None) -> None:
    """Send log records of ``level`` and above to stderr; replaces earlier handlers.

    ``formatter`` must write each record on one line, as the default does.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter or EscapingFormatter("geungeo: %(levelname)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # faiss logs every instruction set that it does not find, httpx every URL that we call, some
    # of which contain secrets.
    for verbose in ("faiss", "httpx"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
