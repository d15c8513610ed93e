"""Work that nobody waits for any more is given up.

Streams notice a client's leaving by themselves once they have begun; until then, and for an
answer in one piece, it has to be watched for. Else clients that give up and ask again leave
their first questions in the queue, and a busy server works for the absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

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
