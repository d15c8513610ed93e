"""Commits what comes in before it is acknowledged, and many at a time when many come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from geungeo.index.deliveries import Deliveries, NewDelivery, Receipt

MAX_BATCH = 256
# Slack gives up after 3 s; what is committed later is a duplicate when it comes again.
ACK_SECONDS = 2.5


class Inbox:
    """Where deliveries wait for the next commit.

    One commit waits for the disk about as long as the next; a burst that shares one is
    acknowledged in a fraction of the time.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        capacity: int,
        executor: Executor,
        on_accepted: Callable[[], None],
    ) -> None:
        self._deliveries = deliveries
        self._capacity = capacity
        self._executor = executor
        self._on_accepted = on_accepted
        self._waiting: list[tuple[NewDelivery, asyncio.Future[Receipt]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def accept(self, delivery: NewDelivery) -> Receipt:
        """Commit ``delivery``; what became of it.

        Raises:
            TimeoutError: the store is too busy to say in time.
            StoreError: the store cannot be written to.
        """
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, future))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        async with asyncio.timeout(ACK_SECONDS):
            return await future

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            incoming = [delivery for delivery, _ in batch]
            try:
                receipts = await loop.run_in_executor(
                    self._executor, self._deliveries.accept, incoming, self._capacity
                )
            except Exception as error:  # noqa: BLE001 - each of those who wait is told
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), receipt in zip(batch, receipts, strict=True):
                if not future.done():
                    future.set_result(receipt)
            if "accepted" in receipts:
                self._on_accepted()
