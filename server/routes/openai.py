"""``/v1``: the verified Answer in the shape of OpenAI's chat completions.

The message history is the conversation; nothing is stored. System messages are accepted and
have no effect: what counts as supported is not for a client to decide.
https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from geungeo.rag.answer import Answer, Citation, Cited, Delta, Done, Event
from geungeo.rag.errors import GeungeoError
from geungeo.server import conversation
from geungeo.server.described import openai_errors
from geungeo.server.links import citation_link
from geungeo.server.presence import first_of, while_present
from geungeo.server.problems import openai_error, public, status_of
from geungeo.server.routes.openai_schemas import CompletionRequest, ask_of
from geungeo.server.sse import EventStream, frame, with_heartbeat
from geungeo.server.state import AppState, State
from geungeo.server.strict_json import StrictRoute

CHANNEL = "openai"
MODEL = "geungeo"
# When the model first became available, as OpenAI's model object asks; 2026-11-23.
MODEL_CREATED = 1_795_392_000

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["openai-compatible"])


@router.get("/models")
async def list_models() -> dict[str, Any]:
    """The one model there is: this installation's pipeline."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{model}", responses=openai_errors(404))
async def get_model(model: str) -> Response:
    """That model by name."""
    if model != MODEL:
        detail = f"the model {model!r} does not exist; there is {MODEL!r}"
        return JSONResponse(openai_error(404, "model_not_found", detail, "model"), 404)
    return JSONResponse(_model())


@router.post("/chat/completions", response_model=None)
async def create_completion(body: CompletionRequest, request: Request, state: State) -> Response:
    """Answer the last user message; earlier messages are the conversation."""
    ask = await run_in_threadpool(ask_of, body)
    if not body.stream:
        answer = await while_present(request, conversation.answer(state.workspace, ask))
        state.metrics.answer(CHANNEL, answer)
        return JSONResponse(_completion(answer))
    chunks = _Chunks(include_usage=body.include_usage)
    events = conversation.timed(
        conversation.stream(state.workspace, ask), partial(state.metrics.first_claim, CHANNEL)
    )
    first = await while_present(request, first_of(events))
    return EventStream(
        with_heartbeat(_frames(first, events, chunks, state), state.stopping, _stopped)
    )


def annotation(citation: Citation) -> dict[str, Any]:
    """A citation as OpenAI's ``url_citation``; the indices are half-open in the answer."""
    return {
        "type": "url_citation",
        "url_citation": {
            "url": citation_link(citation),
            "title": citation.title,
            "start_index": citation.answer_start,
            "end_index": citation.answer_end,
        },
    }


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": MODEL_CREATED, "owned_by": "geungeo"}


def _usage(answer: Answer) -> dict[str, int]:
    usage = answer.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _verdict(answer: Answer) -> dict[str, Any]:
    """What OpenAI's format has no place for; clients may ignore it."""
    return {
        "citations": [citation.model_dump(mode="json") for citation in answer.citations],
        "status": answer.status,
        "reason": answer.reason,
    }


def _completion(answer: Answer) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": answer.text,
        "refusal": None,
        "annotations": [annotation(citation) for citation in answer.citations],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [choice],
        "usage": _usage(answer),
        **_verdict(answer),
    }


class _Chunks:
    """Makes the chunks of one streamed completion; all carry the same id and time."""

    def __init__(self, *, include_usage: bool) -> None:
        self.include_usage = include_usage
        self._created = time.time_ns()

    def delta(self, delta: dict[str, Any], finish: str | None = None, **extra: Any) -> bytes:
        """A chunk with one piece of the message."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return frame(self._chunk([choice], **extra))

    def usage(self, answer: Answer) -> bytes:
        """The chunk that ``stream_options.include_usage`` asks for."""
        return frame(self._chunk([], usage=_usage(answer)))

    def _chunk(self, choices: list[dict[str, Any]], **extra: Any) -> dict[str, Any]:
        return {
            # The Answer has its id only when it is done, so the stream's own start names it.
            "id": f"chatcmpl-{self._created:x}",
            "object": "chat.completion.chunk",
            "created": self._created // 1_000_000_000,
            "model": MODEL,
            "choices": choices,
            **({"usage": None} if self.include_usage else {}),
            **extra,
        }


async def _frames(
    first: Event,
    events: AsyncGenerator[Event, None],
    chunks: _Chunks,
    state: AppState,
) -> AsyncGenerator[bytes, None]:
    async with aclosing(events):
        yield chunks.delta({"role": "assistant", "content": ""})
        try:
            for one in _event_frames(first, chunks, state):
                yield one
            async for event in events:
                for one in _event_frames(event, chunks, state):
                    yield one
        except GeungeoError as error:
            log.warning("stream ended with %s: %s", error.code, error)
            detail = public(error, state.workspace.settings.store)
            yield frame(openai_error(status_of(error), error.code, detail))
            return
        except Exception:
            log.exception("stream ended with an unforeseen error")
            yield frame(openai_error(500, "internal_error", "an unforeseen error"))
            return
        yield frame("[DONE]")


def _event_frames(event: Event, chunks: _Chunks, state: AppState) -> list[bytes]:
    match event:
        case Delta(text):
            return [chunks.delta({"content": text})]
        case Cited(citation):
            return [chunks.delta({"annotations": [annotation(citation)]})]
        case Done(answer):
            state.metrics.answer(CHANNEL, answer)
            # An abstention has released no claim; what a reader is told stands in its text.
            told = [chunks.delta({"content": answer.text})] if answer.reason else []
            last = [*told, chunks.delta({}, "stop", **_verdict(answer))]
            return [*last, chunks.usage(answer)] if chunks.include_usage else last
        case _:
            return []


def _stopped() -> bytes:
    return frame(openai_error(503, "server_stopping", "the server is shutting down"))
