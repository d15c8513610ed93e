"""Server-sent events, and the end of work when its client disconnects.

Framing: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from geungeo.rag.errors import GeungeoError
from geungeo.rag.settings import StoreUrl
from geungeo.server.http.problems import UNEXPECTED, public, status_of

log = logging.getLogger(__name__)

T = TypeVar("T")

HEARTBEAT_SECONDS = 15.0
STOP_GRACE_SECONDS = 10.0
KEEP_ALIVE = b": keep-alive\n\n"
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


# Milliseconds until a client reconnects after a lost connection.
RETRY_MS = 3_000


def frame(data: Any, event: str | None = None, number: int | None = None) -> bytes:
    """Return one event. The data is JSON on one line, so no token can forge an event.

    ``number`` is the id of the event, from 0. A client that reconnects sends the last one.
    """
    payload = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    name = f"event: {event}\n" if event else ""
    place = "" if number is None else f"\nid: {number}"
    retry = f"\nretry: {RETRY_MS}" if number == 0 else ""
    return f"{name}data: {payload}{place}{retry}\n\n".encode()


def error_frame(code: str, message: str, status: int) -> bytes:
    """Return the event that ends a stream with an error."""
    return frame({"code": code, "message": message, "status": status}, "error")


async def framed(
    first: T,
    events: AsyncGenerator[T, None],
    frame_of: Callable[[T, int], bytes],
    store: Path | StoreUrl,
) -> AsyncGenerator[bytes, None]:
    """Yield ``first`` and ``events`` as numbered frames; an error is the last one.

    Messages do not name the folder of ``store``.
    """
    async with aclosing(events):
        yield frame_of(first, 0)
        number = 0
        try:
            async for event in events:
                number += 1
                yield frame_of(event, number)
        except GeungeoError as error:
            log.warning("stream ended with %s: %s", error.code, error)
            yield error_frame(error.code, public(error, store), status_of(error))
        except Exception:
            log.exception("stream ended with an unexpected error")
            yield error_frame("internal_error", UNEXPECTED, 500)


class Stopping:
    """A signal to open streams that the server is shutting down."""

    def __init__(self, grace: float = STOP_GRACE_SECONDS) -> None:
        self.grace = grace
        self._event = asyncio.Event()

    def announce(self) -> None:
        """Ask open streams to end within ``grace`` seconds."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until streams must end, ``grace`` seconds after the announcement."""
        await self._event.wait()
        await asyncio.sleep(self.grace)


async def with_heartbeat(
    frames: AsyncGenerator[bytes, None],
    stopping: Stopping,
    on_stop: Callable[[], bytes],
    every: float = HEARTBEAT_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """Yield ``frames``, with a comment after ``every`` seconds of silence.

    A separate task reads and closes ``frames``, so that a disconnect cancels the work behind
    them at once. ``on_stop`` makes the last frame of a stream that a shutdown cuts short.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=16)

    async def pull() -> None:
        try:
            async with aclosing(frames):
                async for item in frames:
                    await queue.put(item)
        except Exception:
            await queue.put(None)
            raise
        # Waits for space: a slow reader must receive the end too. A disconnect cancels this.
        await queue.put(None)

    puller = asyncio.create_task(pull())
    stop = asyncio.create_task(stopping.wait())
    try:
        while True:
            taken = asyncio.create_task(queue.get())
            try:
                await asyncio.wait({taken, stop}, timeout=every, return_when="FIRST_COMPLETED")
                if taken.done():
                    item = taken.result()
                elif stop.done():
                    yield on_stop()
                    return
                else:
                    item = KEEP_ALIVE
            finally:
                taken.cancel()
            if item is None:
                await puller  # re-raises the exception of the frames
                return
            yield item
    finally:
        for task in (puller, stop):
            task.cancel()
        await asyncio.gather(puller, stop, return_exceptions=True)


class EventStream(StreamingResponse):
    """A streaming response that always closes its frames at its end."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        super().__init__(content, headers=STREAM_HEADERS)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the frames, then close them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._content.aclose()


async def cancel_on_disconnect(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``; cancel it when the client of ``request`` disconnects.

    Streams notice a disconnect once they have begun; until then, and for an answer in one piece,
    this must watch for it. Otherwise clients that time out and retry leave their first questions
    in the queue. Call it after the body was read.

    Raises:
        ClientDisconnect: the client has disconnected.
    """
    answer_task = asyncio.create_task(work)
    disconnect_task = asyncio.create_task(_wait_for_disconnect(request))
    try:
        await asyncio.wait({answer_task, disconnect_task}, return_when=asyncio.FIRST_COMPLETED)
        if answer_task.done():
            return answer_task.result()
        raise ClientDisconnect
    finally:
        for task in (answer_task, disconnect_task):
            task.cancel()
        await asyncio.gather(answer_task, disconnect_task, return_exceptions=True)


async def first_event(events: AsyncGenerator[T, None]) -> T:
    """Return the first of ``events``; close them if that fails."""
    try:
        return await anext(events)
    except BaseException:
        await events.aclose()
        raise


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
