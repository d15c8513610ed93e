"""Scripted OpenAI-compatible servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
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
            writer.write(_http_chunk(f"data: {event}\n\n".encode()))
            await writer.drain()
        writer.write(_http_chunk(_END) + b"0\r\n\r\n")
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


def _http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


REPLY = "매출은 5,000억 원이다. [1] 영업이익은 300억 원이다. [2]"


Handler = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One request and the means to answer it wrongly."""

    def __init__(
        self,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.headers = headers
        self.body = body
        self._reader = reader
        self._writer = writer

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def start(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Status line and headers; the body ends when the connection does."""
        fields = {"content-type": "text/event-stream", **(headers or {})}
        lines = [f"HTTP/1.1 {status} X", "connection: close"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def answer(
        self, status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None
    ) -> None:
        fields = {"content-type": "application/json", "content-length": str(len(body))}
        await self.start(status, {**fields, **(headers or {})})
        await self.send(body)

    def drop(self) -> None:
        """Reset the connection: without lingering, the kernel sends RST instead of FIN."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client has closed its side."""
        with suppress(ConnectionError):
            while await self._reader.read(1024):
                pass


class ModelServer:
    """Serves ``handler`` on an ephemeral port; counts requests and open connections."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Exchange] = []
        self.open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.open += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")[1:]
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        exchange = Exchange(headers, body, reader, writer)
        self.requests.append(exchange)
        await self.handler(exchange)


def chunk(text: str | None = None, **fields: Any) -> bytes:
    """One event of an OpenAI stream."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": {**delta, **fields.pop("delta", {})}, "finish_reason": None}
    choice.update(fields.pop("choice", {}))
    event = {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **fields}
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


STOP = chunk(choice={"finish_reason": "stop"})
USAGE = chunk(choices=[], usage={"prompt_tokens": 120, "completion_tokens": 20})
DONE = b"data: [DONE]\n\n"


def stream(text: str = REPLY, *, size: int = 4) -> list[bytes]:
    """A well-formed stream of ``text`` in deltas of ``size`` characters."""
    pieces = [chunk(text[at : at + size]) for at in range(0, len(text), size)]
    return [chunk(delta={"role": "assistant", "content": ""}), *pieces, STOP, USAGE, DONE]


def sending(parts: Iterable[bytes], content_type: str = "text/event-stream") -> Handler:
    """A handler that streams ``parts`` and closes in order."""
    whole = list(parts)

    async def handler(exchange: Exchange) -> None:
        await exchange.start(headers={"content-type": content_type})
        for part in whole:
            await exchange.send(part)

    return handler


def statuses(
    *codes: int, then: Handler | None = None, headers: Mapping[str, str] | None = None
) -> Handler:
    """A handler that answers the codes one after the other, then does ``then``."""
    left = list(codes)

    async def handler(exchange: Exchange) -> None:
        if left:
            await exchange.answer(left.pop(0), headers=headers)
        elif then:
            await then(exchange)

    return handler


async def silent(exchange: Exchange) -> None:
    """Accept the request and say nothing."""
    await exchange.gone()


async def only_headers(exchange: Exchange) -> None:
    """Say that an answer comes, and nothing more."""
    await exchange.start()
    await exchange.gone()
