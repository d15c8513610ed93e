"""An OpenAI-compatible endpoint that speaks true sentences at a pace it is told to keep."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_NUMBERED = re.compile(r"^\[(\d+)\] (?:\([^)\n]*\) )?(.+)$", re.M)


class SlowEndpoint:
    """Answers every chat completion with the first ``sentences`` of its evidence, streamed.

    ``first_token`` and ``between`` are the seconds before the first sentence and before each
    further one. It is a real HTTP server on a free port of this machine.
    """

    def __init__(self, *, first_token: float, between: float, sentences: int = 3) -> None:
        self.first_token = first_token
        self.between = between
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
        """The sentences that answer ``prompt``, each with its marker."""
        found = _NUMBERED.findall(prompt)[: self.sentences]
        return [f"{text} [{number}]\n" for number, text in found]


class _Handler(BaseHTTPRequestHandler):
    endpoint: SlowEndpoint

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server looks for
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
            for number, sentence in enumerate(sentences):
                time.sleep(self.endpoint.between if number else self.endpoint.first_token)
                self._event(_chunk({"content": sentence}))
            self._event(_chunk({}, "stop"))
            self.wfile.write(b"data: [DONE]\n\n")
        except ConnectionError:
            return  # the client had enough

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the bench's output is its figures."""


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "slow", "object": "chat.completion.chunk", "choices": [choice]}
