"""A scripted language model for hundreds of answers at a time, which counts its connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
from types import TracebackType
from typing import Self

from geungeo.eval.bench.slow_endpoint import spoken

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class ScriptedModel:
    """An OpenAI-compatible endpoint that answers with the first sentences of its evidence.

    An answer of ``sentences`` takes ``seconds``, sent in ``pieces`` at an even pace. ``open``
    are the connections that are held now, ``cut`` the answers that were not heard to their end.
    """

    def __init__(self, *, seconds: float, sentences: int = 2, pieces: int = 12) -> None:
        self.seconds = seconds
        self.open = 0
        self.most = 0
        self.asked = 0
        self.cut = 0
        self._sentences = sentences
        self._pieces = pieces
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """What ``llm_base_url`` is set to."""
        if self._server is None:
            raise RuntimeError("the model is asked for its address before it was entered")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            prompt = await _prompt(reader)
            self.asked += 1
            if not await self._answer(prompt, reader, writer):
                self.cut += 1
        except (OSError, asyncio.IncompleteReadError):
            self.cut += 1
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(
        self, prompt: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the answer was heard to its end."""
        text = "".join(spoken(prompt, self._sentences))
        size = max(1, -(-len(text) // self._pieces))
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        writer.write(_HEAD)
        clock = asyncio.get_running_loop().time
        began = clock()
        for number, piece in enumerate(pieces, start=1):
            due = began + self.seconds * number / len(pieces)
            # Nothing more is sent to us: what can be read is that the other side has left.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - clock())):
                    await reader.read(1)
                    return False
            choice = {"index": 0, "delta": {"content": piece}}
            event = json.dumps({"choices": [choice]}, ensure_ascii=False)
            writer.write(_chunk(f"data: {event}\n\n".encode()))
            await writer.drain()
        writer.write(_chunk(_END) + b"0\r\n\r\n")
        await writer.drain()
        return True


async def _prompt(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    body = json.loads(await reader.readexactly(length))
    return str(body["messages"][-1]["content"])


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
