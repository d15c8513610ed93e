"""A real HTTP server on this machine that answers as badly as it is told to."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from geungeo.rag.answer import Usage
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.backends.endpoint import Endpoint, Limits
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.backends.openai import OpenAI
from geungeo.rag.errors import BackendError
from geungeo.rag.gate import Gate
from geungeo.rag.protocols import Backend, Claim, Evidence, Report, Task
from geungeo.rag.text import Span

KEY = "sk-test-0123456789"
SENTENCES = (
    "한빛전자는 2024년 매출 5,000억 원을 올렸다.",
    "영업이익은 300억 원으로 줄었다.",
    "직원은 1,200명이다.",
)
REPLY = "매출은 5,000억 원이다. [1] 영업이익은 300억 원이다. [2]"
CLAIMS = [
    Claim("매출은 5,000억 원이다.", cites=(1,)),
    Claim("영업이익은 300억 원이다.", cites=(2,)),
]

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


class Misbehaving:
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


def task() -> Task:
    """A question with three evidence sentences of one article."""
    text = "\n".join(SENTENCES)
    article = Article(id="a", title="한빛전자 실적", published_at="2025-01-21", text=text)
    evidence = []
    for number, sentence in enumerate(SENTENCES, 1):
        start = text.index(sentence)
        span = Span(start, start + len(sentence))
        evidence.append(Evidence(number, article, span, SectionKind.BODY, 0.9, 1))
    return Task("한빛전자의 매출과 영업이익은?", "ko", tuple(evidence))


class Naps:
    """Sleeping, told instead of done."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def endpoint(
    server: Misbehaving | str,
    *,
    model: str = "m",
    naps: Naps | None = None,
    first_token: float = 2.0,
    stall: float = 1.0,
    retries: int = 2,
    **more: Any,
) -> Endpoint:
    """An endpoint with deadlines short enough for a test."""
    limits = Limits(connect=1.0, first_token=first_token, stall=stall, retries=retries)
    url = server if isinstance(server, str) else server.url
    return Endpoint(url, model, KEY, limits, context_tokens=4096, sleep=naps or Naps(), **more)


def _characters(text: str) -> int:
    return len(text)


def backend(
    *endpoints: Endpoint, timeout: float = 10.0, resort: bool = False, gate: Gate | None = None
) -> OpenAI:
    """The backend over ``endpoints``; tokens are counted as characters."""
    return OpenAI(
        endpoints,
        gate or Gate(4, 4),
        timeout=timeout,
        max_tokens=256,
        resort=Extractive(2) if resort else None,
        count=_characters,
    )


class Outcome:
    """What came of one draft."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.report = Report("none", Usage())
        self.error: BackendError | None = None

    @property
    def notes(self) -> str:
        return "\n".join(self.report.notes)


async def draft(writer: Backend) -> Outcome:
    """All claims for the one task; a backend error ends them and is kept."""
    outcome = Outcome()
    claims = writer.draft(task(), outcome.report)
    try:
        async for claim in claims:
            outcome.claims.append(claim)
    except BackendError as error:
        outcome.error = error
    return outcome


def run(handler: Handler, **options: Any) -> tuple[Outcome, Misbehaving]:
    """Draft once against one server that does ``handler``."""

    async def main() -> tuple[Outcome, Misbehaving]:
        async with Misbehaving(handler) as server:
            outcome = await draft(backend(endpoint(server, **options)))
            return outcome, server

    return asyncio.run(main())
