"""Answers with their telemetry: the request's log line, traces, time to the first claim."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from geungeo.rag.answer import Answer
from geungeo.rag.events import Ask, Delta, Done, Event
from geungeo.server.telemetry.logs import note_answer
from geungeo.server.telemetry.tracing import trace_answer

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


async def answer(workspace: Workspace, ask: Ask, owner: str | None = None) -> Answer:
    """Answer ``ask`` with the history of its conversation, and store the Answer there.

    ``owner`` is the API key that owns the conversation; ``None`` may use every conversation.
    """
    result = await workspace.pipeline.answer(await _with_history(workspace, ask, owner))
    await _remember(workspace, result, owner)
    return result


async def stream(
    workspace: Workspace, ask: Ask, owner: str | None = None
) -> AsyncGenerator[Event, None]:
    """Yield the same as events; closing the iterator cancels the work."""
    asked = await _with_history(workspace, ask, owner)
    async with aclosing(workspace.pipeline.stream(asked)) as events:
        async for event in events:
            if isinstance(event, Done):
                # Stored before it is sent, so that the next question finds it.
                await _remember(workspace, event.answer, owner)
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


async def _with_history(workspace: Workspace, ask: Ask, owner: str | None) -> Ask:
    if ask.conversation_id is None or ask.history:
        return ask
    history = await asyncio.to_thread(
        workspace.store.conversations.history, ask.conversation_id, owner=owner
    )
    return replace(ask, history=history)


async def _remember(workspace: Workspace, result: Answer, owner: str | None) -> None:
    note_answer(result, with_question=workspace.settings.log_questions)
    trace_answer(result)
    if result.conversation_id is not None:
        await asyncio.to_thread(
            workspace.store.conversations.append, result.conversation_id, result, owner
        )
