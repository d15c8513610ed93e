"""Answers with their telemetry: the request's log line, traces, time to the first claim."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from geungeo.rag.answer import Answer, Ask, Delta, Done, Event
from geungeo.rag.checking import Check, CheckEvent, CheckFinished, CheckRequest
from geungeo.server.telemetry.logs import note_answer, note_check
from geungeo.server.telemetry.tracing import trace_answer

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


async def answer(workspace: Workspace, ask: Ask, owner: str | None = None) -> Answer:
    """Return what ``Workspace.answer`` returns, logged and traced."""
    result = await workspace.answer(ask, owner)
    _record(workspace, result)
    return result


async def stream(
    workspace: Workspace, ask: Ask, owner: str | None = None
) -> AsyncGenerator[Event, None]:
    """Yield what ``Workspace.stream`` yields; the Answer is logged and traced."""
    async with aclosing(workspace.stream(ask, owner)) as events:
        async for event in events:
            if isinstance(event, Done):
                _record(workspace, event.answer)
            yield event


async def check(workspace: Workspace, request: CheckRequest) -> Check:
    """Return what ``Checker.check`` returns, logged."""
    result = await workspace.checker.check(request)
    note_check(result)
    return result


async def check_stream(
    workspace: Workspace, request: CheckRequest
) -> AsyncGenerator[CheckEvent, None]:
    """Yield what ``Checker.stream`` yields; the Check is logged."""
    async with aclosing(workspace.checker.stream(request)) as events:
        async for event in events:
            if isinstance(event, CheckFinished):
                note_check(event.check)
            yield event


async def timed(
    events: AsyncGenerator[Event, None],
    observe: Callable[[float], None],
    clock: Callable[[], float] = time.perf_counter,
) -> AsyncGenerator[Event, None]:
    """Yield ``events`` unchanged; call ``observe`` with the seconds until the first claim.

    A stream that releases no claim, such as an abstention's, is not observed.
    """
    began = clock()
    waiting = True
    async with aclosing(events):
        async for event in events:
            if waiting and isinstance(event, Delta):
                waiting = False
                observe(clock() - began)
            yield event


def _record(workspace: Workspace, result: Answer) -> None:
    note_answer(result, with_question=workspace.settings.log_questions)
    trace_answer(result)
