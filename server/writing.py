"""Threads for what changes articles: a few of their own, so that readers always find one.

Writers wait for each other in the store, and for whoever serves an address that is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

WRITERS = 4

P = ParamSpec("P")
T = TypeVar("T")

_limiter = CapacityLimiter(WRITERS)


async def in_writer_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``function`` returns; waits while ``WRITERS`` others run."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limiter)
