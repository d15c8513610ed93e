"""How many answers may be written at once, and how many may wait for their turn."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from geungeo.rag.errors import BackendOverloaded

# How fast the estimate of an answer's duration follows the last one, and where it starts.
_WEIGHT = 0.2
_FIRST_GUESS = 5.0
_MAX_RETRY_AFTER = 60.0


class Gate:
    """A semaphore with a bounded queue. Its limits hold for each event loop apart."""

    def __init__(
        self, concurrency: int, queue: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._concurrency = concurrency
        self._queue = queue
        self._clock = clock
        self._mean = _FIRST_GUESS
        self._running = 0
        # A backend may be used from one event loop after the other; locks belong to one.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()

    @property
    def running(self) -> int:
        """How many slots are held."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return sum(self._waiting.values())

    @asynccontextmanager
    async def slot(self, timeout: float) -> AsyncIterator[None]:
        """Hold one of the slots; waits for one up to ``timeout`` seconds.

        Raises:
            BackendOverloaded: the queue is full, or the wait was in vain.
        """
        slots = await self._enter(timeout)
        began = self._clock()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._mean += _WEIGHT * (self._clock() - began - self._mean)
            slots.release()

    async def _enter(self, timeout: float) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        slots = self._slots.setdefault(loop, asyncio.Semaphore(self._concurrency))
        waiting = self._waiting.get(loop, 0)
        if slots.locked() and waiting >= self._queue:
            raise self._overloaded(waiting)
        self._waiting[loop] = waiting + 1
        try:
            async with asyncio.timeout(timeout):
                await slots.acquire()
        except TimeoutError:
            raise self._overloaded(waiting) from None
        finally:
            self._waiting[loop] -= 1
        return slots

    def _overloaded(self, waiting: int) -> BackendOverloaded:
        rounds = (waiting + 1) / self._concurrency
        seconds = float(min(_MAX_RETRY_AFTER, max(1, math.ceil(rounds * self._mean))))
        return BackendOverloaded(
            f"{self._concurrency} answers are being written and {waiting} wait; "
            f"come back in {seconds:.0f} s",
            retry_after=seconds,
        )
