"""Writers use separate threads."""

from __future__ import annotations

import asyncio
import threading

from fastapi.concurrency import run_in_threadpool

from geungeo.server.state import WRITERS, Writers


def test_waiting_writers_leave_threads_for_readers() -> None:
    release = threading.Event()
    running: list[int] = []

    def write(number: int) -> int:
        running.append(number)
        release.wait(60)
        return number

    async def main() -> list[int]:
        threads = Writers(queue=60)
        writers = [asyncio.create_task(threads.run(write, n)) for n in range(60)]
        while len(running) < WRITERS:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            assert await run_in_threadpool(lambda: "read") == "read"
        assert len(running) == WRITERS
        release.set()
        return await asyncio.gather(*writers)

    assert asyncio.run(main()) == list(range(60))
