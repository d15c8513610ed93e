"""Helpers of the tests of backends: a task, endpoints, backends and one draft."""

from __future__ import annotations

import asyncio
from typing import Any

from geungeo.rag.answer import Usage
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.backends.endpoint import Endpoint, Limits
from geungeo.rag.backends.extractive import Extractive
from geungeo.rag.backends.openai import OpenAI
from geungeo.rag.errors import BackendError
from geungeo.rag.gate import Gate
from geungeo.rag.protocols import Backend, Claim, Evidence, Report, Task
from geungeo.rag.text import Span
from tests.support.model_server import Handler, ModelServer

KEY = "sk-test-0123456789"
SENTENCES = (
    "한빛전자는 2024년 매출 5,000억 원을 올렸다.",
    "영업이익은 300억 원으로 줄었다.",
    "직원은 1,200명이다.",
)


CLAIMS = [
    Claim("매출은 5,000억 원이다.", cites=(1,)),
    Claim("영업이익은 300억 원이다.", cites=(2,)),
]


def task() -> Task:
    """Return a question with three evidence sentences of one article."""
    text = "\n".join(SENTENCES)
    article = Article(id="a", title="한빛전자 실적", published_at="2025-01-21", text=text)
    evidence = []
    for number, sentence in enumerate(SENTENCES, 1):
        start = text.index(sentence)
        span = Span(start, start + len(sentence))
        evidence.append(Evidence(number, article, span, SectionKind.BODY, 0.9, 1))
    return Task("한빛전자의 매출과 영업이익은?", "ko", tuple(evidence))


class Naps:
    """Replacement of ``asyncio.sleep`` that records the seconds and does not wait."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def endpoint(
    server: ModelServer | str,
    *,
    model: str = "m",
    naps: Naps | None = None,
    first_token: float = 2.0,
    stall: float = 1.0,
    retries: int = 2,
    **more: Any,
) -> Endpoint:
    """Return an endpoint with timeouts short enough for a test."""
    limits = Limits(connect=1.0, first_token=first_token, stall=stall, retries=retries)
    url = server if isinstance(server, str) else server.url
    return Endpoint(url, model, KEY, limits, context_tokens=4096, sleep=naps or Naps(), **more)


def _characters(text: str) -> int:
    return len(text)


def backend(
    *endpoints: Endpoint, timeout: float = 10.0, resort: bool = False, gate: Gate | None = None
) -> OpenAI:
    """Return the backend over ``endpoints``; tokens are counted as characters."""
    return OpenAI(
        endpoints,
        gate or Gate(4, 4),
        timeout=timeout,
        max_tokens=256,
        resort=Extractive(2) if resort else None,
        count=_characters,
    )


class Outcome:
    """Result of one draft."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.report = Report("none", Usage())
        self.error: BackendError | None = None

    @property
    def notes(self) -> str:
        return "\n".join(self.report.notes)


async def draft(writer: Backend) -> Outcome:
    """Return all claims for the task and the backend error, if one ended the draft."""
    outcome = Outcome()
    claims = writer.draft(task(), outcome.report)
    try:
        async for claim in claims:
            outcome.claims.append(claim)
    except BackendError as error:
        outcome.error = error
    return outcome


def run(handler: Handler, **options: Any) -> tuple[Outcome, ModelServer]:
    """Draft once against a server with this ``handler``."""

    async def main() -> tuple[Outcome, ModelServer]:
        async with ModelServer(handler) as server:
            outcome = await draft(backend(endpoint(server, **options)))
            return outcome, server

    return asyncio.run(main())
