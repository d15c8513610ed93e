"""Slack as a channel of one application: its parts, wired together once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from geungeo.index.deliveries import Deliveries, NewDelivery, Receipt
from geungeo.rag.answer import Ask
from geungeo.rag.errors import BackendUnavailable, GeungeoError, Overloaded
from geungeo.rag.settings import secrets_in
from geungeo.server import answering
from geungeo.server.access.signatures import SlackVerifier
from geungeo.server.channels.slack.client import SlackClient, response_origins
from geungeo.server.channels.slack.events import CHANNEL, Job
from geungeo.server.channels.slack.messages import Message, answer_messages, note_messages
from geungeo.server.channels.slack.worker import Worker
from geungeo.server.channels.wording import failure
from geungeo.server.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


MAX_BATCH = 256
# Slack's timeout is 3 s; a delivery that is committed later is a duplicate when it is retried.
ACK_SECONDS = 2.5


class Inbox:
    """A queue of deliveries for the next commit.

    Each commit waits for the disk, so deliveries of a burst share one. A delivery is committed
    before it is acknowledged.
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
        """Commit ``delivery`` and return the receipt.

        Raises:
            TimeoutError: the store is too busy to commit in time.
            StoreError: writing to the store failed.
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
            except Exception as error:  # noqa: BLE001 - raised again in every waiting request
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), receipt in zip(batch, receipts, strict=True):
                if not future.done():
                    future.set_result(receipt)
            if "accepted" in receipts:
                self._on_accepted()


# A person is waiting: report the failure instead of retrying for minutes.
ANSWER_ATTEMPTS = 4
STOP_GRACE_SECONDS = 8.0

log = logging.getLogger(__name__)


class SlackChannel:
    """The channel: verifier, inbox, worker and client.

    A stop waits up to ``grace`` seconds for answers in progress.
    """

    def __init__(
        self,
        workspace: Workspace,
        metrics: Metrics,
        secrets: Sequence[str],
        grace: float = STOP_GRACE_SECONDS,
    ) -> None:
        settings = workspace.settings
        self.grace = grace
        self.verifier = SlackVerifier(secrets)
        self.response_origins = response_origins(settings)
        self._workspace = workspace
        self._metrics = metrics
        # One thread: SQLite has one writer, and acknowledgements must not wait for the threads
        # that answer.
        self._executor = ThreadPoolExecutor(1, "slack")
        self._client = SlackClient(settings)
        self._worker = Worker(
            workspace.store.deliveries,
            self._client,
            self._answer,
            concurrency=settings.slack_concurrency,
            executor=self._executor,
            metrics=metrics,
        )
        self.inbox = Inbox(
            workspace.store.deliveries, settings.slack_queue, self._executor, self._worker.wake
        )

    @classmethod
    def of(cls, workspace: Workspace, metrics: Metrics) -> Self | None:
        """Return the channel if the settings have a signing secret."""
        secrets = secrets_in(workspace.settings.slack_signing_secret)
        return cls(workspace, metrics, secrets) if secrets else None

    async def start(self) -> None:
        """Start answering, beginning with deliveries that an earlier process left."""
        if self._workspace.settings.slack_bot_token is None:
            log.warning("GEUNGEO_SLACK_BOT_TOKEN is not set: only slash commands can be answered")
        self._worker.start()

    async def stop(self) -> None:
        """Finish answers within ``grace``; the others are answered after the next start."""
        await self._worker.stop(self.grace)
        await self._client.close()
        self._executor.shutdown()

    async def _answer(self, job: Job, attempt: int) -> Sequence[Message]:
        try:
            answer = await answering.answer(
                self._workspace, Ask(question=job.question, conversation_id=job.conversation_id)
            )
        except GeungeoError as error:
            if isinstance(error, BackendUnavailable | Overloaded) and attempt < ANSWER_ATTEMPTS:
                raise
            log.warning("question from Slack not answered: %s: %s", error.code, error)
            limit = self._workspace.settings.max_question_chars
            return note_messages(failure(error, job.question, limit))
        self._metrics.answer(CHANNEL, answer)
        return answer_messages(answer, job.base_url)
