"""Backend for OpenAI-compatible chat completions endpoints, with fallbacks."""

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

# An answer with more characters per allowed token than this is cut off: it may be endless.
_CHARS_PER_TOKEN = 8
# Finish reasons after which the last sentence may be incomplete.
_CUT_SHORT = frozenset({"length", "max_tokens", "content_filter"})


class OpenAI:
    """Backend that asks its endpoints in order until one yields a claim; that one answers.

    ``resort`` answers if all endpoints fail and the evidence may be quoted;
    ``report.backend`` names the one that answered.
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
        """Yield each claim when its sentence is complete, all from one endpoint.

        Raises:
            BackendOverloaded: the queue is full.
            BackendError: every endpoint failed and there is no last resort, or the answering
                endpoint broke off.
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
            # The pipeline adds the message of the raised error to the notes itself.
            report.notes.pop()
            raise failure or BackendUnavailable("no endpoint is configured")
        async with aclosing(self._resort.draft(task, report)) as claims:
            async for claim in claims:
                yield claim

    def check_room(self) -> None:
        """Raise ``BackendOverloaded`` if the queue is full."""
        self._gate.check_room()

    def load(self) -> Load:
        """Return the load, and for each endpoint whether its breaker is open."""
        breakers = {endpoint.label: endpoint.breaker.is_open for endpoint in self._endpoints}
        return Load(self._gate.running, self._gate.waiting, breakers)

    async def rewrite(self, question: str, history: tuple[Turn, ...]) -> str:
        """Return ``question`` rewritten to be understood without ``history``.

        The first endpoint that replies is used. Its tokens are not added to the usage of the
        answer.

        Raises:
            BackendOverloaded: the queue is full.
            BackendError: every endpoint failed.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        failure: BackendError = BackendUnavailable("no endpoint is configured")
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
            ended = answer.ended
            for claim in answer.end(torn=True):
                ended = True
                yield claim
            if not answer.text.strip():
                raise BackendUnavailable(f"{endpoint.label} sent no text")
            if not (ended or answer.began):
                raise BackendUnavailable(f"{endpoint.label} broke off in its first sentence")
        finally:
            report.notes += answer.notes()
            if answer.usage:
                report.usage += answer.usage
            elif answer.text:
                report.notes.append(
                    "token usage is estimated: the endpoint reported no valid usage"
                )
                spent = self._count(answer.text)
                report.usage += Usage(prompt_tokens=prompt.tokens, completion_tokens=spent)


class _Answer:
    """State of a model's answer while it is parsed into claims."""

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
        """Add ``text``; return the claims that it finishes, all with ``finish`` or ``done``."""
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
        """Return the last claims, once; drop the unfinished sentence of a ``torn`` text."""
        if self.ended:
            return []
        self.ended = True
        return self._parser.finish(torn=torn)

    def notes(self) -> list[str]:
        """Return notes for the trace about dropped evidence, turns and text."""
        notes = self._parser.notes()
        if self._prompt.dropped_evidence:
            notes.append(
                f"{self._prompt.dropped_evidence} evidence sentences did not fit into the prompt"
            )
        if self._prompt.dropped_turns:
            notes.append(f"{self._prompt.dropped_turns} earlier turns did not fit into the prompt")
        if self.stopped and not self._parser.refused:
            notes.append(f"the model was stopped after {self._limit:,} characters")
        return notes


def make(settings: Settings) -> Backend:
    """Return the backend; the entry point ``openai``.

    Raises:
        SettingsError: address or model are missing or invalid.
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
            Endpoint.of(item, limits, context_tokens=settings.llm_context_tokens)
            for item in (first, *settings.llm_fallbacks)
        ],
        Gate(settings.llm_concurrency, settings.llm_queue),
        timeout=settings.llm_timeout,
        max_tokens=settings.llm_max_tokens,
        resort=Extractive(settings.max_sentences) if settings.llm_extractive_fallback else None,
    )
