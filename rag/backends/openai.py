"""Any OpenAI-compatible chat completions endpoint, with others to fall back on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from geungeo.rag.answer import Turn, Usage
from geungeo.rag.backends.claims import ClaimParser
from geungeo.rag.backends.endpoint import Endpoint, Limits
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.backends.prompt import REWRITE_TOKENS, Prompt, build, rewrite_in, rewrite_messages
from geungeo.rag.errors import BackendError, BackendUnavailable, SettingsError
from geungeo.rag.gate import Gate
from geungeo.rag.protocols import Backend, Claim, Load, Report, Task, TokenCounter
from geungeo.rag.segmentation import count_tokens
from geungeo.rag.settings import LLMEndpoint, Settings

# An answer of more characters than this for each token that it may have never ends by itself.
_CHARS_PER_TOKEN = 8
# Ends that cut a sentence in two.
_CUT_SHORT = frozenset({"length", "max_tokens", "content_filter"})


class OpenAI:
    """Asks its endpoints in order until one has a first claim; then that one alone answers.

    ``resort`` answers when none does and the evidence is good enough to be quoted;
    ``report.backend`` says who did.
    """

    generative = True

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        gate: Gate,
        *,
        timeout: float,
        max_tokens: int,
        resort: Backend | None = None,
        count: TokenCounter = count_tokens,
    ) -> None:
        self.name = endpoints[0].label
        self._endpoints = tuple(endpoints)
        self._gate = gate
        self._timeout = timeout
        self._max_tokens = max_tokens
        self._resort = resort
        self._count = count

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim, None]:
        """Claims as their sentences are finished, all from one endpoint.

        Raises:
            BackendOverloaded: too many answers are being written and waited for.
            BackendError: every endpoint failed and there is no last resort; or the one that
                was answering broke off.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with self._gate.slot(self._timeout):
            failure: BackendError | None = None
            for endpoint in self._endpoints:
                report.backend = endpoint.label
                answering = False
                try:
                    async with aclosing(self._ask(endpoint, task, report, deadline)) as claims:
                        async for claim in claims:
                            answering = True
                            yield claim
                    return
                except BackendError as error:
                    if answering:
                        raise
                    failure = error
                    report.notes.append(str(error))
        if self._resort is None or not task.quotable:
            # Its message is in the notes already; the pipeline adds the one that is raised.
            report.notes.pop()
            raise failure or BackendUnavailable("there is no endpoint")
        async with aclosing(self._resort.draft(task, report)) as claims:
            async for claim in claims:
                yield claim

    def check_room(self) -> None:
        """Raise ``BackendOverloaded`` while no further answer may wait."""
        self._gate.check_room()

    def load(self) -> Load:
        """How busy the endpoints are, and which of them are left alone."""
        resting = {endpoint.label: endpoint.breaker.is_open for endpoint in self._endpoints}
        return Load(self._gate.running, self._gate.waiting, resting)

    async def rewrite(self, question: str, history: tuple[Turn, ...]) -> str:
        """``question`` as the first endpoint that answers makes it stand alone.

        Its tokens are not in a report's usage, which is that of the answer.

        Raises:
            BackendOverloaded: too many answers are being written and waited for.
            BackendError: every endpoint failed.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        failure: BackendError = BackendUnavailable("there is no endpoint")
        async with self._gate.slot(self._timeout):
            for endpoint in self._endpoints:
                try:
                    return await self._rewrite(endpoint, question, history, deadline)
                except BackendError as error:
                    failure = error
        raise failure

    async def _rewrite(
        self, endpoint: Endpoint, question: str, history: tuple[Turn, ...], deadline: float
    ) -> str:
        messages = rewrite_messages(
            question, history, context_tokens=endpoint.context_tokens, count=self._count
        )
        pieces = endpoint.complete(messages, max_tokens=REWRITE_TOKENS, deadline=deadline)
        text = ""
        async with aclosing(pieces):
            async for piece in pieces:
                text += piece.text
                if piece.finish in _CUT_SHORT:
                    return ""
                if piece.finish or piece.done or len(text) > _CHARS_PER_TOKEN * REWRITE_TOKENS:
                    break
        return rewrite_in(text)

    async def _ask(
        self, endpoint: Endpoint, task: Task, report: Report, deadline: float
    ) -> AsyncGenerator[Claim, None]:
        prompt = build(
            task,
            context_tokens=endpoint.context_tokens,
            max_tokens=self._max_tokens,
            count=self._count,
        )
        answer = _Answer(prompt, limit=_CHARS_PER_TOKEN * self._max_tokens)
        pieces = endpoint.complete(prompt.messages, max_tokens=self._max_tokens, deadline=deadline)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    answer.usage = piece.usage or answer.usage
                    for claim in answer.take(piece.text, piece.finish, done=piece.done):
                        yield claim
                    if answer.stopped:
                        break
        except BackendError:
            for claim in answer.end(torn=True):
                yield claim
            raise
        else:
            told = answer.ended
            for claim in answer.end(torn=True):
                told = True
                yield claim
            if not answer.text.strip():
                raise BackendUnavailable(f"{endpoint.label} sent no text")
            if not (told or answer.began):
                raise BackendUnavailable(f"{endpoint.label} broke off in its first sentence")
        finally:
            report.notes += answer.notes()
            if answer.usage:
                report.usage += answer.usage
            elif answer.text:
                report.notes.append("token usage is estimated: the endpoint told none that can be")
                spent = self._count(answer.text)
                report.usage += Usage(prompt_tokens=prompt.tokens, completion_tokens=spent)


class _Answer:
    """A model's text on its way to claims, and how it ended."""

    def __init__(self, prompt: Prompt, *, limit: int) -> None:
        self.text = ""
        self.usage: Usage | None = None
        self.began = False
        self.ended = False
        self.stopped = False
        self._prompt = prompt
        self._parser = ClaimParser(prompt.numbers)
        self._limit = limit

    def take(self, text: str, finish: str | None, *, done: bool) -> list[Claim]:
        """Claims that ``text`` finishes; the last ones with ``finish`` or ``done``."""
        if self.ended:
            return []
        text = text[: self._limit - len(self.text)]
        self.text += text
        claims = self._parser.feed(text)
        self.began = self.began or bool(claims)
        if self._parser.refused or len(self.text) >= self._limit:
            self.stopped = True
            return claims + self.end(torn=True)
        if finish or done:
            claims += self.end(torn=finish in _CUT_SHORT)
        return claims

    def end(self, *, torn: bool) -> list[Claim]:
        """The last claims, once; of a ``torn`` text without the unfinished sentence."""
        if self.ended:
            return []
        self.ended = True
        return self._parser.finish(torn=torn)

    def notes(self) -> list[str]:
        """What had to be left out, before and after the model."""
        notes = self._parser.notes()
        if self._prompt.dropped_evidence:
            notes.append(f"{self._prompt.dropped_evidence} evidence sentences found no room")
        if self._prompt.dropped_turns:
            notes.append(f"{self._prompt.dropped_turns} earlier turns found no room")
        if self.stopped and not self._parser.refused:
            notes.append(f"the model was stopped after {self._limit:,} characters")
        return notes


def make(settings: Settings) -> Backend:
    """Entry point ``openai``.

    Raises:
        SettingsError: no address or model, or one that cannot be used.
    """
    if not settings.llm_base_url or not settings.llm_model:
        missing = "llm_model" if settings.llm_base_url else "llm_base_url"
        raise SettingsError(
            f"the backend 'openai' needs {missing}; set it or GEUNGEO_{missing.upper()}"
        )
    first = LLMEndpoint(
        base_url=settings.llm_base_url, model=settings.llm_model, api_key=settings.llm_api_key
    )
    limits = Limits(
        connect=settings.llm_connect_timeout,
        first_token=settings.llm_first_token_timeout,
        stall=settings.llm_stall_timeout,
        retries=settings.llm_retries,
    )
    return OpenAI(
        [
            Endpoint(
                item.base_url,
                item.model,
                item.api_key.get_secret_value() if item.api_key else None,
                limits,
                context_tokens=item.context_tokens or settings.llm_context_tokens,
            )
            for item in (first, *settings.llm_fallbacks)
        ],
        Gate(settings.llm_concurrency, settings.llm_queue),
        timeout=settings.llm_timeout,
        max_tokens=settings.llm_max_tokens,
        resort=Extractive(settings.max_sentences) if settings.llm_extractive_fallback else None,
    )
