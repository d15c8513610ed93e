"""Processing of deliveries: answer, store, post; a bounded number at a time."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Literal, TypeVar

from geungeo.index.deliveries import LEASE_SECONDS, MAX_ATTEMPTS, Deliveries, Delivery, LostClaim
from geungeo.rag.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    Overloaded,
    StoreError,
)
from geungeo.server.channels.slack.client import SlackClient
from geungeo.server.channels.slack.events import CHANNEL, Job
from geungeo.server.channels.slack.messages import Message
from geungeo.server.telemetry.metrics import Metrics

# Deliveries of other processes and due retries are found by polling.
POLL_SECONDS = 1.0
MAX_BACKOFF = 300.0
# Slack's limits for a response_url.
MAX_RESPONSES = 5
RESPONSE_SECONDS = 1_800.0

log = logging.getLogger(__name__)
T = TypeVar("T")


class Worker:
    """A worker that claims and processes deliveries; several processes may each run one.

    ``answer`` returns the messages of a job, given the number of the attempt; it raises
    ``BackendUnavailable`` or ``Overloaded`` to be retried later.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        client: SlackClient,
        answer: Callable[[Job, int], Awaitable[Sequence[Message]]],
        *,
        concurrency: int,
        executor: Executor,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._deliveries = deliveries
        self._client = client
        self._answer = answer
        self._executor = executor
        self._metrics = metrics
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._concurrency = concurrency
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start polling for deliveries."""
        self._loops = [asyncio.create_task(self._dispatch()), asyncio.create_task(self._renew())]

    def wake(self) -> None:
        """Poll at once: there is a new delivery."""
        self._wake.set()

    async def stop(self, grace: float) -> None:
        """Stop claiming, wait ``grace`` seconds for running deliveries, release the others."""
        self._stopping = True
        self._wake.set()
        if self._loops:
            await asyncio.wait(self._loops[:1])
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in [*self._running, *self._loops]:
            task.cancel()
        await asyncio.gather(*self._running, *self._loops, return_exceptions=True)
        try:
            await self._store(self._deliveries.release, self._owner)
        except StoreError as error:
            log.warning("deliveries are resumed only when their claims expire: %s", error)

    async def _dispatch(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._claim_all()
                self._metrics.unfinished(CHANNEL, await self._store(self._deliveries.unfinished))
            except StoreError as error:
                log.warning("cannot poll for deliveries: %s", error)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _claim_all(self) -> None:
        while not self._stopping and len(self._running) < self._concurrency:
            delivery = await self._store(self._deliveries.claim, CHANNEL, self._owner)
            if delivery is None:
                return
            task = asyncio.create_task(self._process(delivery))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            try:
                if self._running:
                    await self._store(self._deliveries.renew, self._owner)
            except StoreError as error:
                log.warning("cannot renew the claims of deliveries: %s", error)

    async def _process(self, delivery: Delivery) -> None:
        try:
            end = await self._attempt(delivery)
            if end is not None:
                self._metrics.delivery(CHANNEL, end)
                await self._store(self._deliveries.finish, delivery.id, self._owner, end)
        except LostClaim as error:
            log.warning("%s", error)
        except StoreError as error:
            # The claim expires, and another attempt follows.
            log.warning("delivery %d was interrupted: %s", delivery.id, error)

    async def _attempt(self, delivery: Delivery) -> Literal["done", "failed"] | None:
        """Return the outcome of the delivery; ``None`` if it is retried later."""
        try:
            job = Job.model_validate_json(delivery.job)
            if delivery.conversation_id is not None:
                job = job.model_copy(update={"conversation_id": delivery.conversation_id})
            messages = delivery.messages
            if messages is None:
                messages = tuple(await self._answer(job, delivery.attempts))
                await self._store(self._deliveries.answered, delivery.id, self._owner, messages)
            for message in messages[delivery.sent :]:
                await self._post(delivery, job, message)
        except (BackendUnavailable, Overloaded) as error:
            if delivery.attempts < MAX_ATTEMPTS:
                delay = min(2.0 ** (delivery.attempts - 1), MAX_BACKOFF)
                delay = delay if error.retry_after is None else max(error.retry_after, 0.1)
                log.info("delivery %d: %s; retry in %.1f s", delivery.id, error, delay)
                self._metrics.delivery(CHANNEL, "retried")
                await self._store(self._deliveries.later, delivery.id, self._owner, delay)
                asyncio.get_running_loop().call_later(delay, self._wake.set)
                return None
            log.error("delivery %d failed after the last attempt: %s", delivery.id, error)
        except BackendError as error:
            log.error("delivery %d: %s", delivery.id, error)
        except (LostClaim, StoreError):
            raise
        except Exception:
            log.exception("delivery %d failed with an unexpected error", delivery.id)
        else:
            return "done"
        return "failed"

    async def _post(self, delivery: Delivery, job: Job, message: Message) -> None:
        if job.response_url is not None:
            if self._clock() - delivery.received_at > RESPONSE_SECONDS:
                raise BackendMisconfigured(
                    "the response_url has expired; the answer was not posted"
                )
            if await self._store(self._deliveries.called, delivery.id, self._owner) > MAX_RESPONSES:
                raise BackendMisconfigured(
                    f"the response_url was called {MAX_RESPONSES} times; the answer was not posted"
                )
        await self._client.post(job, message)
        await self._store(self._deliveries.posted, delivery.id, self._owner)

    async def _store(self, function: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, function, *args)
