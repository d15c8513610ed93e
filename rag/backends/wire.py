"""Parse the bytes of a chat completion, however a gateway frames them; without I/O.

Understands server-sent events (WHATWG HTML, section 9.2) with ``data:`` lines that
contain OpenAI chunks, and the plain JSON completion that some gateways send to a stream request.
The body's first character decides, not its content type, which is often wrong.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

from geungeo.rag.answer import Usage
from geungeo.rag.errors import BackendError, BackendMisconfigured, BackendUnavailable

MAX_BYTES = 16_000_000
# Limit of one event, or of a whole completion as JSON.
MAX_EVENT_CHARS = 1_000_000
# Each line of an event is parsed with those before it, which takes quadratic time.
MAX_EVENT_LINES = 1_000
# A chunk has six levels. Python's own limit depends on the depth of the caller's stack.
MAX_NESTING = 100
# Placeholder for lost text, so that no sentence is joined across the gap.
LOST = "\ufffd"

_LINE_END = re.compile(r"\r\n|\r|\n")
# A string that is not closed reaches to the end.
_BRACKET_OR_STRING = re.compile(r'[\[{\]}]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_MAX_COUNT = 100_000_000
# Codes and types of errors inside a stream for which a retry does not help.
_PERMANENT = re.compile(r"auth|api_key|permission|not_found|insufficient_quota|invalid_request")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a completion. Without text it signals reasoning, the end or the usage.

    ``finish`` is the model's finish reason (``stop``, ``length``, …); ``done`` marks the
    end of the stream.
    """

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None
    done: bool = False


class Wire:
    """Parser that turns the body of one response into pieces, however its bytes are cut.

    ``failure`` is set when the body cannot be read further: ``BackendMisconfigured`` for a web
    page or a permanent error, otherwise ``BackendUnavailable``. Earlier pieces remain valid.
    """

    def __init__(self) -> None:
        self.failure: BackendError | None = None
        # Broken UTF-8 becomes U+FFFD; a character may be split between two chunks.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._bytes = 0
        self._buffer = ""
        self._data: list[str] = []
        self._form: str | None = None
        self._texts = 0

    def feed(self, data: bytes) -> list[Piece]:
        """Add ``data``; return the pieces that it completes."""
        self._bytes += len(data)
        pieces: list[Piece] = []
        try:
            if self._bytes > MAX_BYTES:
                raise BackendUnavailable(f"sent more than {MAX_BYTES:,} bytes")
            self._take(self._decoder.decode(data), pieces)
        except BackendError as error:
            self.failure = self.failure or error
        return pieces

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the body completes."""
        pieces: list[Piece] = []
        try:
            self._take(self._decoder.decode(b"", final=True), pieces)
            if self.failure:
                return pieces
            if self._form is None:
                raise BackendUnavailable("sent an empty body")
            if self._form == "json":
                self._completion(pieces)
            else:
                # The last event may lack its blank line.
                self._line(self._buffer, pieces)
        except BackendError as error:
            self.failure = self.failure or error
        return pieces

    def _take(self, text: str, pieces: list[Piece]) -> None:
        if self.failure:
            return
        self._buffer += text
        if self._form is None:
            self._form = _form(self._buffer)
        if self._form == "events":
            # A "\r" at the end may be half of "\r\n", whose other half would be a blank line.
            held = "\r" if self._buffer.endswith("\r") else ""
            lines = _LINE_END.split(self._buffer.removesuffix(held))
            self._buffer = lines.pop() + held
            for line in lines:
                # Check every line: in smaller chunks it would have been refused while buffered.
                self._refuse_long(len(line))
                self._line(line, pieces)
        self._refuse_long(len(self._buffer))

    def _refuse_long(self, coming: int = 0) -> None:
        if coming + sum(map(len, self._data)) > MAX_EVENT_CHARS:
            raise BackendUnavailable(f"sent an event of over {MAX_EVENT_CHARS:,} characters")
        if len(self._data) > MAX_EVENT_LINES:
            raise BackendUnavailable(f"sent an event of over {MAX_EVENT_LINES:,} lines")

    def _line(self, line: str, pieces: list[Piece]) -> None:
        if not line.strip():
            if self._data:
                self._data.clear()
                pieces.append(self._text(LOST))
            return
        field, _, value = line.partition(":")
        if field.strip("\ufeff ") != "data":
            return
        self._data.append(value.strip())
        self._refuse_long()
        payload = "\n".join(self._data)
        if payload.strip('"') == "[DONE]":
            self._data.clear()
            pieces.append(Piece(done=True))
            return
        # Gateways omit the blank line between events: each data line that parses is an event.
        chunk = _loads(payload)
        if chunk is None:
            return
        self._data.clear()
        self._chunk(chunk, pieces)

    def _completion(self, pieces: list[Piece]) -> None:
        chunk = _loads(self._buffer)
        if not isinstance(chunk, dict):
            raise BackendUnavailable("answered with something other than a JSON completion")
        self._chunk(chunk, pieces)
        pieces.append(Piece(done=True))

    def _chunk(self, chunk: Any, pieces: list[Piece]) -> None:
        if not isinstance(chunk, dict):
            pieces.append(self._text(LOST))
            return
        if error := chunk.get("error"):
            raise _failure(error)
        choice = _first_choice(chunk)
        if choice is not None:
            finish = choice.get("finish_reason")
            finish = finish if isinstance(finish, str) and finish else None
            text = self._content(choice)
            if text or finish or _busy(choice.get("delta")):
                pieces.append(self._text(text, finish))
        if usage := _usage(chunk.get("usage")):
            pieces.append(Piece(usage=usage))

    def _content(self, choice: dict[str, Any]) -> str:
        """Return only the answer's text: tool calls, reasoning and unknown fields are ignored."""
        delta = choice.get("delta")
        if isinstance(delta, dict):
            return _plain(delta.get("content"))
        message = choice.get("message")
        # Some gateways repeat the whole message in a last event.
        if isinstance(message, dict) and not self._texts:
            return _plain(message.get("content"))
        return ""

    def _text(self, text: str, finish: str | None = None) -> Piece:
        self._texts += bool(text)
        return Piece(text, finish)


def _form(head: str) -> str | None:
    """Return ``events`` or ``json`` by the first visible character; ``None`` before it arrives."""
    start = head.lstrip(" \t\r\n\ufeff")[:1]
    if not start:
        return None
    if start == "<":
        raise BackendMisconfigured(
            "answered with a web page; is this the API's base URL, ending in /v1?"
        )
    return "json" if start in "{[" else "events"


def _loads(text: str) -> Any:
    """Return the JSON value; ``None`` if the text is invalid or nested too deeply."""
    if _nesting(text) > MAX_NESTING:
        return None
    try:
        return json.loads(text.strip("\ufeff"), strict=False)
    except ValueError:
        return None


def _nesting(text: str) -> int:
    """Return the depth of brackets outside strings, in linear time."""
    if text.count("[") + text.count("{") <= MAX_NESTING:
        return 0
    deepest = level = 0
    for match in _BRACKET_OR_STRING.finditer(text):
        if match[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif match[0] in "]}":
            level -= 1
    return deepest


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any] | None:
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        return None
    # Only one choice was requested.
    return next(
        (
            choice
            for choice in choices
            if isinstance(choice, dict) and choice.get("index") in {0, None}
        ),
        None,
    )


def _busy(delta: Any) -> bool:
    """Whether the model is reasoning or calling a tool.

    A first chunk with only the role is sent before any work and does not count.
    """
    return isinstance(delta, dict) and any(
        value for key, value in delta.items() if key not in {"role", "content"}
    )


def _plain(content: Any) -> str:
    """Return the text of a message: a string, or a list of parts some of which are text."""
    if isinstance(content, str):
        # Escaped lone surrogates pass json.loads and break every encoder after it.
        return content.encode("utf-8", "replace").decode() if not _encodable(content) else content
    if isinstance(content, list):
        return "".join(
            _plain(part.get("text"))
            for part in content
            if isinstance(part, dict) and part.get("type", "text") == "text"
        )
    return ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _usage(value: Any) -> Usage | None:
    """Return the usage that the endpoint reports; ``None`` if it is missing or impossible."""
    if not isinstance(value, dict):
        return None
    counts = [value.get("prompt_tokens"), value.get("completion_tokens")]
    if not all(type(count) is int and 0 <= count <= _MAX_COUNT for count in counts):
        return None
    return Usage(prompt_tokens=counts[0], completion_tokens=counts[1])


def _failure(error: Any) -> BackendMisconfigured | BackendUnavailable:
    """Return the error for an error object in a stream; its message may contain secrets."""
    known = error if isinstance(error, dict) else {}
    label = " ".join(str(known.get(key, "")) for key in ("code", "type")).lower()[:200]
    if _PERMANENT.search(label) or label.split(" ")[0] in {"401", "403", "404"}:
        return BackendMisconfigured("refused the request inside its stream; check key and model")
    return BackendUnavailable("reported an error inside its stream")
