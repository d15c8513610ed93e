"""Threads for what changes articles: a few of their own, so that readers always find one.

Writers wait for each other in the store, and for whoever serves an address that is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from geungeo.rag.errors import Overloaded
from geungeo.rag.gate import Gate

WRITERS = 4
# Seconds that a change waits for its turn before it is sent away after all.
PATIENCE = 60.0

P = ParamSpec("P")
T = TypeVar("T")


class Writers:
    """``WRITERS`` threads, and a queue of at most ``queue`` changes for them."""

    def __init__(self, queue: int) -> None:
        self._gate = Gate(WRITERS, queue, doing="changes are being made", refusal=Overloaded)
        self._limiter = CapacityLimiter(WRITERS)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` returns; waits while ``WRITERS`` others run.

        Raises:
            Overloaded: too many wait already.
        """
        async with self._gate.slot(PATIENCE):
            call = partial(function, *args, **kwargs)
            return await to_thread.run_sync(call, limiter=self._limiter)
