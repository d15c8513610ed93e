"""An HTTP client with little overhead: the server under load shares its processors."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Body = dict[str, Any]

Leave = Literal["searching", "passages", "delta"]
"""When to disconnect: before any event, after the passages, after the first claim."""

# Far longer than any request takes; a slower one counts as an error.
PATIENCE = 300.0
# Seconds after which a server has begun to read a request.
_READING = 0.05
_RETRY_AFTER = re.compile(rb"\r\nretry-after: (\d+)", re.I)
_CODE = re.compile(r'"code": ?"([a-z_]+)"')
_FINAL = re.compile(r"event: (done|error)\r?\ndata: (.*)")


@dataclass(frozen=True, slots=True)
class Reply:
    """Outcome of a request. ``outcome`` is one word: answered, abstained, left, or a code.

    ``seconds`` are from the first byte sent to the last one read; ``status`` is 0 without a
    response.
    """

    status: int
    outcome: str
    seconds: float
    retry_after: float | None = None

    @property
    def shed(self) -> bool:
        """Whether the server rejected the request with a retry delay."""
        return self.status in (429, 503)

    @classmethod
    def read(cls, received: bytes, seconds: float) -> Self:
        """Parse a whole response."""
        head, _, rest = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 "):
            return cls(0, "no_response", seconds)
        status = int(head[9:12])
        after = _RETRY_AFTER.search(head)
        wait = float(after[1]) if after else None
        text = rest.decode("utf-8", "replace")
        if b"text/event-stream" not in head:
            code = _CODE.search(text) if status >= 400 else None
            return cls(status, code[1] if code else "ok", seconds, wait)
        final = _FINAL.search(text)
        if final is None:
            return cls(status, "torn", seconds)
        if final[1] == "error":
            error = json.loads(final[2])
            return cls(error["status"], error["code"], seconds)
        said = re.search(r'"status": ?"(answered|abstained)"', final[2])
        return cls(status, said[1] if said else "torn", seconds)


@dataclass(frozen=True, slots=True)
class Client:
    """A client of one server on this machine, with a connection for each request."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    async def ask(self, question: str, leave: Leave | None = None, **more: Any) -> Reply:
        """Stream the answer to ``question``; disconnect at the moment ``leave``, if given."""
        body = {"question": question, "stream": True, **more}
        return await self._send("POST", "/chat", body, leave)

    async def post(self, path: str, body: Body) -> Reply:
        """Send ``body`` and read the whole response."""
        return await self._send("POST", path, body, None)

    async def get(self, path: str) -> Reply:
        """Return the response, without its body."""
        return await self._send("GET", path, None, None)

    async def metrics(self) -> dict[str, float]:
        """Return the server's metrics by name and labels."""
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            writer.write(self._request("GET", "/metrics", None))
            text = (await reader.read(-1)).decode()
        finally:
            writer.close()
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("geungeo_"))
        return {name: float(value) for name, value in rows}

    async def _send(self, method: str, path: str, body: Body | None, leave: Leave | None) -> Reply:
        began = time.perf_counter()
        status, received, gone = 0, b"", False
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(*self.address, limit=1 << 20)
                try:
                    writer.write(self._request(method, path, body))
                    if leave == "searching":
                        await asyncio.sleep(_READING)
                        gone = True
                    while not gone and (piece := await reader.read(1 << 16)):
                        received += piece
                        gone = leave is not None and f"event: {leave}\n".encode() in received
                finally:
                    if gone:
                        writer.transport.abort()
                    writer.close()
        except TimeoutError:
            return Reply(status, "timeout", time.perf_counter() - began)
        except OSError as error:
            return Reply(status, type(error).__name__, time.perf_counter() - began)
        took = time.perf_counter() - began
        return Reply(499, "left", took) if gone else Reply.read(received, took)

    def _request(self, method: str, path: str, body: Body | None) -> bytes:
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        return head.encode() + data
