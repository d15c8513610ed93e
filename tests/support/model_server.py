"""A scripted OpenAI-compatible server.

``ModelServer`` hands each request to a handler, which answers it well or badly. ``SlowModel``
is a server that quotes its evidence at a given pace.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

REPLY = "매출은 5,000억 원이다. [1] 영업이익은 300억 원이다. [2]"

Handler = Callable[["Exchange"], Awaitable[None]]

# Requests that are kept for inspection; a load test sends far more.
_KEPT = 1_000
# Sentences of the body: bylines, captions and headings begin with a label.
_LABEL = "제목|부제|작성|사진 설명|소제목|title|subtitle|byline|caption|heading"
_NUMBERED = re.compile(rf"^\[(\d+)\] (?!\((?:{_LABEL})\) )(.+)$", re.M)
# Characters of Korean text in one or two tokens.
_PIECE = 3


class Exchange:
    """One request, with methods to answer it or to break off."""

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

    @property
    def prompt(self) -> str:
        """The last message."""
        return str(self.json["messages"][-1]["content"])

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def start(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send status line and headers; the body ends when the connection does."""
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

    async def stays(self, seconds: float) -> bool:
        """Wait for ``seconds``; return False as soon as the client closes its side."""
        # A client sends nothing after its request: only the end of its stream can be read.
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self.gone()
                return False
        return True


class ModelServer:
    """A server that passes requests to ``handler`` and counts open connections.

    Enter it with ``async with`` to serve in the running event loop, with ``with`` to serve in a
    thread. The last requests are kept.
    """

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Exchange] = []
        self.open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        """The value for ``llm_base_url``."""
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=2048)
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

    def __enter__(self) -> Self:
        started = threading.Event()

        async def serve() -> None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()

            def end() -> None:
                loop.call_soon_threadsafe(ended.set)
                thread.join()

            async with self:
                self._end = end
                started.set()
                await ended.wait()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._end is not None:
            self._end()

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
        del self.requests[:-_KEPT]
        await self.handler(exchange)


Judge = Callable[[list[dict[str, Any]]], str]


def judging(write: Callable[[str], str], judge: Judge) -> Handler:
    """Return a handler of a model that writes answers and judges claims.

    ``write`` takes a prompt; ``judge`` takes the ``claims`` of a verifier's request and returns
    the reply.
    """

    async def handler(exchange: Exchange) -> None:
        if exchange.prompt.startswith("{"):
            text = judge(json.loads(exchange.prompt)["claims"])
        else:
            text = write(exchange.prompt)
        await sending([chunk(text), STOP, USAGE, DONE])(exchange)

    return handler


def verdicts(claims: list[dict[str, Any]], supported: Callable[[str], bool]) -> str:
    """Return a verifier's reply: ``supported`` for the claims whose text fulfils it."""
    return json.dumps(
        {
            "verdicts": [
                {
                    "id": claim["id"],
                    "verdict": "supported" if supported(claim["claim"]) else "not_found",
                }
                for claim in claims
            ]
        }
    )


class SlowModel(ModelServer):
    """A model that streams the first ``sentences`` of its evidence, at a given pace.

    ``first_token`` are the seconds before an answer begins; it takes ``answer_seconds``, or
    ``sentence_seconds`` for each sentence. A sentence is sent in ``pieces``, or a few characters
    at a time. ``cut`` counts the answers whose client left before their end.
    """

    def __init__(
        self,
        *,
        first_token: float = 0.0,
        sentence_seconds: float = 0.0,
        answer_seconds: float | None = None,
        sentences: int = 3,
        pieces: int | None = None,
    ) -> None:
        super().__init__(self._recite)
        self.first_token = first_token
        self.sentence_seconds = sentence_seconds
        self.answer_seconds = answer_seconds
        self.cut = 0
        self._sentences = sentences
        self._pieces = pieces

    def reply(self, prompt: str) -> list[str]:
        """Return the sentences that answer ``prompt``, each with its marker."""
        found = _NUMBERED.findall(prompt)[: self._sentences]
        return [f"{text} [{number}]\n" for number, text in found]

    async def _recite(self, exchange: Exchange) -> None:
        try:
            complete = await self._stream(exchange)
        except ConnectionError:
            complete = False
        self.cut += not complete

    async def _stream(self, exchange: Exchange) -> bool:
        """Stream an answer; return whether the client stayed to its end."""
        sentences = self.reply(exchange.prompt)
        pace = self.sentence_seconds
        if self.answer_seconds is not None:
            pace = self.answer_seconds / max(1, len(sentences))
        await exchange.start()
        if not await exchange.stays(self.first_token):
            return False
        clock = asyncio.get_running_loop().time
        for sentence in sentences:
            size = -(-len(sentence) // self._pieces) if self._pieces else _PIECE
            pieces = [sentence[at : at + size] for at in range(0, len(sentence), size)]
            began = clock()
            for number, piece in enumerate(pieces, start=1):
                if not await exchange.stays(began + pace * number / len(pieces) - clock()):
                    return False
                await exchange.send(chunk(piece))
        await exchange.send(STOP + DONE)
        return True


def chunk(text: str | None = None, **fields: Any) -> bytes:
    """Return one event of an OpenAI stream."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": {**delta, **fields.pop("delta", {})}, "finish_reason": None}
    choice.update(fields.pop("choice", {}))
    event = {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **fields}
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


STOP = chunk(choice={"finish_reason": "stop"})
USAGE = chunk(choices=[], usage={"prompt_tokens": 120, "completion_tokens": 20})
DONE = b"data: [DONE]\n\n"


def stream(text: str = REPLY, *, size: int = 4) -> list[bytes]:
    """Return a well-formed stream of ``text`` in deltas of ``size`` characters."""
    pieces = [chunk(text[at : at + size]) for at in range(0, len(text), size)]
    return [chunk(delta={"role": "assistant", "content": ""}), *pieces, STOP, USAGE, DONE]


def sending(parts: Iterable[bytes], content_type: str = "text/event-stream") -> Handler:
    """Return a handler that streams ``parts`` and closes in order."""
    whole = list(parts)

    async def handler(exchange: Exchange) -> None:
        await exchange.start(headers={"content-type": content_type})
        for part in whole:
            await exchange.send(part)

    return handler


def statuses(
    *codes: int, then: Handler | None = None, headers: Mapping[str, str] | None = None
) -> Handler:
    """Return a handler that answers the codes in turn, then calls ``then``."""
    left = list(codes)

    async def handler(exchange: Exchange) -> None:
        if left:
            await exchange.answer(left.pop(0), headers=headers)
        elif then:
            await then(exchange)

    return handler


async def silent(exchange: Exchange) -> None:
    """Accept the request and send nothing."""
    await exchange.gone()


async def only_headers(exchange: Exchange) -> None:
    """Send the headers and nothing more."""
    await exchange.start()
    await exchange.gone()
