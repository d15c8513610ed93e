"""Concurrency limit with a bounded queue."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from geungeo.rag.errors import BackendOverloaded, Overloaded

# Estimate of a slot's duration in seconds: weight of the last one, and initial value.
_WEIGHT = 0.2
_FIRST_GUESS = 5.0
_MAX_RETRY_AFTER = 60.0


class Gate:
    """A semaphore with a bounded queue. Its limits apply to each event loop separately.

    ``refusal`` is the error raised when the queue is full; ``doing`` describes in its message the
    work that holds the slots.
    """

    def __init__(
        self,
        concurrency: int,
        queue: int,
        *,
        doing: str = "answers are being written",
        refusal: type[BackendOverloaded | Overloaded] = BackendOverloaded,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._concurrency = concurrency
        self._queue = queue
        self._doing = doing
        self._refusal = refusal
        self._clock = clock
        self._mean = _FIRST_GUESS
        self._running = 0
        # A backend may be used in several event loops, and a semaphore belongs to one.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()

    @property
    def running(self) -> int:
        """Return the number of slots in use."""
        return self._running

    @property
    def waiting(self) -> int:
        """Return the number of queued tasks."""
        return sum(self._waiting.values())

    def check_room(self) -> None:
        """Raise the error of ``slot`` if the queue is full now.

        Must be called in the event loop that the slots belong to.
        """
        loop = asyncio.get_running_loop()
        slots, waiting = self._slots.get(loop), self._waiting.get(loop, 0)
        if slots is not None and slots.locked() and waiting >= self._queue:
            raise self._overloaded(waiting)

    @asynccontextmanager
    async def slot(self, timeout: float, *, admitted: bool = False) -> AsyncIterator[None]:
        """Hold a slot; waits for one up to ``timeout`` seconds.

        A task ``admitted`` before may queue again even if the queue is full.

        Raises:
            BackendOverloaded, Overloaded: the queue is full, or the timeout expired.
        """
        slots = await self._enter(timeout, admitted=admitted)
        began = self._clock()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._mean += _WEIGHT * (self._clock() - began - self._mean)
            slots.release()

    async def _enter(self, timeout: float, *, admitted: bool) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        slots = self._slots.setdefault(loop, asyncio.Semaphore(self._concurrency))
        if not admitted:
            self.check_room()
        waiting = self._waiting.get(loop, 0)
        self._waiting[loop] = waiting + 1
        try:
            async with asyncio.timeout(timeout):
                await slots.acquire()
        except TimeoutError:
            raise self._overloaded(waiting) from None
        finally:
            self._waiting[loop] -= 1
        return slots

    def _overloaded(self, waiting: int) -> BackendOverloaded | Overloaded:
        rounds = (waiting + 1) / self._concurrency
        seconds = float(min(_MAX_RETRY_AFTER, max(1, math.ceil(rounds * self._mean))))
        return self._refusal(
            f"{self._concurrency} {self._doing} and {waiting} are queued; retry in {seconds:.0f} s",
            retry_after=seconds,
        )
