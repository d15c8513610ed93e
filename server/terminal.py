"""Text from documents and clients, made inert for terminals and logs.

Imported by the command's root, so nothing heavy may be imported here.
"""

from __future__ import annotations

import logging
import re
import sys
import unicodedata

_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape(text: str) -> str:
    """``text`` on one line: control characters, ANSI sequences among them, made visible."""
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _ESCAPED.sub(lambda match: _visible(match[0]), encodable)


def _visible(char: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{ord(char):02x}")


def plain(text: str) -> str:
    """``text`` with its line breaks, without anything else that steers a terminal."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} else " "
        for char in text
    )


class EscapingFormatter(logging.Formatter):
    """Writes a record on one line, whatever a client or a document put into it."""

    def format(self, record: logging.LogRecord) -> str:
        """The formatted record with control characters made visible; tracebacks stay."""
        trace, record.exc_text = record.exc_info, None
        record.exc_info = None
        line = escape(super().format(record))
        record.exc_info = trace
        if trace:
            line += "\n" + "\n".join(map(escape, self.formatException(trace).splitlines()))
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
