"""An OpenAI-compatible endpoint that speaks true sentences at a pace it is told to keep."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

# The first sentence of an article has its title and date before it, in brackets.
_NUMBERED = re.compile(r"^\[(\d+)\] (?:\(.* / \d{4}-\d\d-\d\d[^)\n]*\) )?(.+)$", re.M)
# Characters of Korean text that come as one token or two.
_PIECE = 3


def spoken(prompt: str, sentences: int) -> list[str]:
    """The first ``sentences`` of the evidence in ``prompt``, each with its marker."""
    found = _NUMBERED.findall(prompt)[:sentences]
    return [f"{text} [{number}]\n" for number, text in found]


class SlowEndpoint:
    """Answers every chat completion with the first ``sentences`` of its evidence, streamed.

    ``first_token`` are the seconds before it begins, ``sentence`` those that it takes to
    write one, a few characters at a time. It is a real HTTP server on a free port of this
    machine.
    """

    def __init__(self, *, first_token: float, sentence: float, sentences: int = 3) -> None:
        self.first_token = first_token
        self.sentence = sentence
        self.sentences = sentences
        self.requests = 0
        handler = type("Handler", (_Handler,), {"endpoint": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base_url(self) -> str:
        """What ``llm_base_url`` is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, prompt: str) -> list[str]:
        """What is answered to ``prompt``."""
        return spoken(prompt, self.sentences)


class _Handler(BaseHTTPRequestHandler):
    endpoint: SlowEndpoint

    def do_POST(self) -> None:
        """Stream a completion."""
        self.endpoint.requests += 1
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        sentences = self.endpoint.reply(body["messages"][-1]["content"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            time.sleep(self.endpoint.first_token)
            for sentence in sentences:
                self._write(sentence)
            self._event(_chunk({}, "stop"))
            self.wfile.write(b"data: [DONE]\n\n")
        except ConnectionError:
            return  # the client had enough

    def _write(self, sentence: str) -> None:
        pieces = [sentence[at : at + _PIECE] for at in range(0, len(sentence), _PIECE)]
        began = time.monotonic()
        for number, piece in enumerate(pieces, start=1):
            self._event(_chunk({"content": piece}))
            due = began + self.endpoint.sentence * number / len(pieces)
            time.sleep(max(0.0, due - time.monotonic()))

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the bench's output is its figures."""


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "slow", "object": "chat.completion.chunk", "choices": [choice]}
