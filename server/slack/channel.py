"""Slack as a channel of one application: what it needs, put together once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from geungeo.rag.answer import Ask
from geungeo.rag.errors import BackendUnavailable, GeungeoError, Overloaded
from geungeo.rag.settings import secrets_in
from geungeo.server import conversation
from geungeo.server.metrics import Metrics
from geungeo.server.slack.blocks import Message, answer_messages, note_messages
from geungeo.server.slack.client import SlackClient, response_origins
from geungeo.server.slack.events import CHANNEL, Job
from geungeo.server.slack.inbox import Inbox
from geungeo.server.slack.signature import Verifier
from geungeo.server.slack.worker import Worker
from geungeo.server.wording import excuse

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

# A person waits: rather say so than try for minutes.
ANSWER_ATTEMPTS = 4
STOP_GRACE_SECONDS = 8.0

log = logging.getLogger(__name__)


class SlackChannel:
    """Verifies, accepts, answers and posts.

    ``grace`` are the seconds that a stop waits for what is being answered.
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
        self.verifier = Verifier(secrets)
        self.response_origins = response_origins(settings)
        self._workspace = workspace
        self._metrics = metrics
        # One thread: SQLite takes one writer, and an acknowledgement must not queue behind
        # the threads that answer.
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
        """The channel, if the settings name a signing secret."""
        secrets = secrets_in(workspace.settings.slack_signing_secret)
        return cls(workspace, metrics, secrets) if secrets else None

    async def start(self) -> None:
        """Begin to answer, with what an earlier process left unanswered."""
        if self._workspace.settings.slack_bot_token is None:
            log.warning("without GEUNGEO_SLACK_BOT_TOKEN only slash commands can be answered")
        self._worker.start()

    async def stop(self) -> None:
        """Finish what can be finished soon; the rest is answered after the next start."""
        await self._worker.stop(self.grace)
        await self._client.close()
        self._executor.shutdown()

    async def _answer(self, job: Job, attempt: int) -> Sequence[Message]:
        try:
            answer = await conversation.answer(
                self._workspace, Ask(question=job.question, conversation_id=job.conversation_id)
            )
        except GeungeoError as error:
            if isinstance(error, BackendUnavailable | Overloaded) and attempt < ANSWER_ATTEMPTS:
                raise
            log.warning("a question from Slack is not answered: %s: %s", error.code, error)
            longest = self._workspace.settings.max_question_chars
            return note_messages(excuse(error, job.question, longest))
        self._metrics.answer(CHANNEL, answer)
        return answer_messages(answer, job.base_url)
