"""Slack as a channel of one application: its parts, wired together once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from geungeo.index.deliveries import Deliveries, NewDelivery, Receipt
from geungeo.rag.answer import Ask, Filters
from geungeo.rag.checking import CheckRequest
from geungeo.rag.errors import (
    ArticleNotFound,
    BackendUnavailable,
    GeungeoError,
    Overloaded,
    SourceError,
    StoreError,
)
from geungeo.rag.settings import secrets_in
from geungeo.rag.text import Language, one_line
from geungeo.server import answering
from geungeo.server.access.signatures import SlackVerifier
from geungeo.server.channels.slack.client import SlackClient, response_origins
from geungeo.server.channels.slack.events import CHANNEL, Job
from geungeo.server.channels.slack.messages import (
    Message,
    answer_messages,
    check_messages,
    note_messages,
)
from geungeo.server.channels.slack.worker import Worker
from geungeo.server.channels.wording import (
    Phrase,
    check_failure,
    failure,
    language_for,
    phrase,
)
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


_TRANSIENT = (BackendUnavailable, Overloaded, StoreError)
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
        if job.check is not None:
            return await self._check(job.check, job.base_url, attempt)
        language = job.language if job.toggles else language_for(job.question)
        try:
            if job.toggles:
                return await asyncio.to_thread(self._restrict, job)
            answer = await answering.answer(
                self._workspace, await asyncio.to_thread(self._ask, job)
            )
        except ArticleNotFound:
            return note_messages(phrase("gone", language))
        except SourceError as error:
            log.info("link from Slack not read: %s: %s", error.code, error)
            return note_messages(phrase("link_failed", language))
        except GeungeoError as error:
            if isinstance(error, _TRANSIENT) and attempt < ANSWER_ATTEMPTS:
                raise
            log.warning("question from Slack not answered: %s: %s", error.code, error)
            limit = self._workspace.settings.max_question_chars
            return note_messages(failure(error, job.question, limit))
        self._metrics.answer(CHANNEL, answer)
        return answer_messages(answer, job.base_url)

    def _ask(self, job: Job) -> Ask:
        """Return the question of ``job``, restricted to its article or to that of its thread.

        Raises:
            SourceError: the link of the job cannot be fetched or read.
            ArticleNotFound: its article was removed.
        """
        store, article_id = self._workspace.store, job.article_id
        question = job.question
        if job.link is not None:
            article = self._workspace.ingest_address(job.link).article
            article_id = article.id
            language: Language = "ko" if article.language == "ko" else "en"
            question = question or phrase("summarize", language)
        elif article_id is not None:
            store.article(article_id)
        elif job.conversation_id is not None:
            article_id = store.deliveries.only_article(job.conversation_id)
        filters = Filters(article_ids=frozenset({article_id}) if article_id else None)
        return Ask(question=question, conversation_id=job.conversation_id, filters=filters)

    def _restrict(self, job: Job) -> Sequence[Message]:
        """Restrict the thread of ``job`` to its article, or end that; raise ``ArticleNotFound``."""
        article = self._workspace.store.article(job.article_id or "")
        toggle = self._workspace.store.deliveries.toggle_article
        restricted = toggle(job.conversation_id or "", article.id)
        which: Phrase = "restricted" if restricted else "unrestricted"
        return note_messages(phrase(which, job.language, title=one_line(article.title)))

    async def _check(self, text: str, base_url: str, attempt: int) -> Sequence[Message]:
        try:
            result = await answering.check(self._workspace, CheckRequest(text))
        except GeungeoError as error:
            if isinstance(error, _TRANSIENT) and attempt < ANSWER_ATTEMPTS:
                raise
            log.warning("message from Slack not checked: %s: %s", error.code, error)
            limit = self._workspace.settings.max_check_chars
            return note_messages(check_failure(error, text, limit))
        self._metrics.check(CHANNEL, result)
        return check_messages(result, base_url)
