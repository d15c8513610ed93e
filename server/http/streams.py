"""Server-sent events, and the end of work when its client disconnects.

Framing: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

HEARTBEAT_SECONDS = 15.0
STOP_GRACE_SECONDS = 10.0
COMMENT = b": keep-alive\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def frame(data: Any, event: str | None = None) -> bytes:
    """One event. The data is JSON on one line, so no token can forge another event."""
    payload = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {payload}\n\n".encode()


class Stopping:
    """Tells open streams that the server wants to stop."""

    def __init__(self, grace: float = STOP_GRACE_SECONDS) -> None:
        self.grace = grace
        self._event = asyncio.Event()

    def announce(self) -> None:
        """Ask open streams to end within ``grace`` seconds."""
        self._event.set()

    async def wait(self) -> None:
        """Return when a stream must end, ``grace`` seconds after the announcement."""
        await self._event.wait()
        await asyncio.sleep(self.grace)


async def with_heartbeat(
    frames: AsyncGenerator[bytes, None],
    stopping: Stopping,
    on_stop: Callable[[], bytes],
    every: float = HEARTBEAT_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """``frames``, with a comment after ``every`` seconds of silence.

    A task of its own pulls ``frames`` and alone closes them, so that a client's leaving
    cancels the work behind them at once, wherever it stands. ``on_stop`` makes the last
    frame of a stream that a shutdown cuts short.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=16)

    async def pull() -> None:
        try:
            async with aclosing(frames):
                async for one in frames:
                    await queue.put(one)
        except Exception:
            await queue.put(None)
            raise
        # Waits for room: a slow reader must learn of the end too. Who left cancels this.
        await queue.put(None)

    puller = asyncio.create_task(pull())
    stop = asyncio.create_task(stopping.wait())
    try:
        while True:
            taken = asyncio.create_task(queue.get())
            try:
                await asyncio.wait({taken, stop}, timeout=every, return_when="FIRST_COMPLETED")
                if taken.done():
                    one = taken.result()
                elif stop.done():
                    yield on_stop()
                    return
                else:
                    one = COMMENT
            finally:
                taken.cancel()
            if one is None:
                await puller  # raises what the frames raised
                return
            yield one
    finally:
        for task in (puller, stop):
            task.cancel()
        await asyncio.gather(puller, stop, return_exceptions=True)


class EventStream(StreamingResponse):
    """A streaming response that closes its frames when it ends, however it ends."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        super().__init__(content, headers=HEADERS)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, then close."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._content.aclose()


T = TypeVar("T")


async def while_present(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns; cancelled when the client of ``request`` goes away.

    Call it after the body was read.

    Raises:
        ClientDisconnect: it went away.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_leaving(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def first_of(events: AsyncGenerator[T, None]) -> T:
    """The first of ``events``, which are closed if it does not come."""
    try:
        return await anext(events)
    except BaseException:
        await events.aclose()
        raise


async def _leaving(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
