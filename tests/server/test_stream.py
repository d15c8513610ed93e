"""Streams: keep-alives, disconnects and shutdown."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from geungeo.rag.answer import PassagesFound
from geungeo.server.http.streams import KEEP_ALIVE, Stopping, frame, with_heartbeat

pytestmark = pytest.mark.anyio

STOPPED = b"stopped"


class Frames:
    """Frames with pauses, which record whether they were closed."""

    def __init__(self, *steps: bytes | float | Exception) -> None:
        self.steps = steps
        self.closed = False

    async def run(self) -> AsyncGenerator[bytes, None]:
        try:
            for step in self.steps:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.closed = True


async def collect(frames: Frames, stopping: Stopping, every: float = 60.0) -> list[bytes]:
    stream = with_heartbeat(frames.run(), stopping, lambda: STOPPED, every)
    async with asyncio.timeout(30):
        return [one async for one in stream]


async def test_frames_pass_in_order() -> None:
    frames = Frames(b"a", b"b", b"c")
    assert await collect(frames, Stopping()) == [b"a", b"b", b"c"]
    assert frames.closed


async def test_silence_is_filled_with_keep_alives() -> None:
    got = await collect(Frames(b"a", 0.5, b"b"), Stopping(), every=0.1)
    assert [one for one in got if one != KEEP_ALIVE] == [b"a", b"b"]
    assert got.count(KEEP_ALIVE) >= 2
    assert KEEP_ALIVE.startswith(b":")


async def test_exception_of_the_frames_is_raised() -> None:
    with pytest.raises(RuntimeError, match="broken"):
        await collect(Frames(b"a", RuntimeError("broken")), Stopping())


async def test_slow_reader_gets_the_end_of_the_stream() -> None:
    frames = Frames(*[b"a"] * 40)
    got = []
    async with asyncio.timeout(30):
        async for one in with_heartbeat(frames.run(), Stopping(), lambda: STOPPED, 60.0):
            got.append(one)
            await asyncio.sleep(0.01)
    assert got == [b"a"] * 40


async def test_early_exit_closes_the_frames() -> None:
    frames = Frames(b"a", 60.0, b"b")
    async with asyncio.timeout(30):
        async with aclosing(with_heartbeat(frames.run(), Stopping(), lambda: STOPPED)) as stream:
            assert await anext(stream) == b"a"
        assert frames.closed


async def test_shutdown_ends_a_stalled_stream_with_a_last_frame() -> None:
    frames, stopping = Frames(b"a", 60.0, b"b"), Stopping(grace=0.1)
    stopping.announce()
    assert await collect(frames, stopping) == [b"a", STOPPED]
    assert frames.closed


async def test_shutdown_lets_a_stream_finish_within_its_grace_period() -> None:
    stopping = Stopping(grace=30.0)
    stopping.announce()
    assert await collect(Frames(b"a", 0.1, b"b"), stopping) == [b"a", b"b"]


@pytest.mark.parametrize("text", ["a\n\nevent: done\ndata: {}", "\r", "\u2028\u2029\x85", "{}"])
def test_text_cannot_forge_an_event(text: str) -> None:
    raw = frame({"text": text}, "delta").decode()
    assert raw.endswith("\n\n")
    lines = raw.removesuffix("\n\n").split("\n")
    assert len(lines) == 2
    assert "\r" not in raw
    assert json.loads(lines[1].removeprefix("data: ")) == {"text": text}


async def test_disconnect_cancels_the_pipeline(scripted: Any) -> None:
    scripted.pipeline.script = [PassagesFound(()), 600.0]
    left = asyncio.Event()
    body = json.dumps({"question": "왜?", "stream": True}).encode()
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if requests:
            return requests.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if b"event: passages" in message.get("body", b""):
            left.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/chat",
        "raw_path": b"/chat",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    began = time.monotonic()
    async with asyncio.timeout(60):
        await scripted.app(scope, receive, send)
        await scripted.pipeline.closed.wait()
    assert time.monotonic() - began < 60  # the script would take ten minutes
