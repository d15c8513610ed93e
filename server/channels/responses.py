"""``POST /v1/responses``: the verified Answer in the shape of OpenAI's responses.

The input is the conversation; nothing is stored, so an earlier response cannot be named.
https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from geungeo.rag.answer import Answer, Ask, Citation, Cited, Delta, Done, Event
from geungeo.rag.errors import GeungeoError
from geungeo.server import answering
from geungeo.server.channels.openai import (
    MODEL,
    ContentPart,
    Lenient,
    Message,
    UnsupportedParameter,
    conversation,
    extensions,
)
from geungeo.server.channels.openai_sources import SourceFormat, Sources
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import UNEXPECTED, openai_error, public, status_of
from geungeo.server.http.streams import (
    EventStream,
    cancel_on_disconnect,
    first_event,
    frame,
    with_heartbeat,
)
from geungeo.server.state import AppState, State

CHANNEL = "responses"

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["openai-compatible"])


class InputItem(Lenient):
    """An item of the input: a message, or a part of an earlier response."""

    type: str | None = None
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: str | list[ContentPart] | None = None

    def message(self) -> Message | None:
        """Return the message; ``None`` for an item that does not belong to the conversation.

        Raises:
            UnsupportedParameter: items of tools, and messages without a role.
        """
        match self.type:
            case None | "message":
                if self.role is None:
                    raise UnsupportedParameter("input", "a message has no role; send 'user'")
                return Message(role=self.role, content=self.content)
            case "item_reference":
                # Clients refer to an answer that they believe to be stored.
                return Message(role="assistant", content="")
            case "reasoning":
                return None
        raise UnsupportedParameter(
            "input", f"items of type {self.type!r} are not supported; send messages"
        )


class ResponseRequest(Lenient):
    """A request for a response; sampling parameters are accepted and have no effect."""

    model: Annotated[str, Field(min_length=1)]
    # On each of the two, so that the published schema has both limits.
    input: Annotated[str, Field(min_length=1)] | Annotated[list[InputItem], Field(min_length=1)]
    stream: bool | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None
    prompt: Any = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    text: dict[str, Any] | None = None
    sources: Annotated[
        Sources | None, Field(description="Overrides the setting v1_sources for this answer.")
    ] = None


def ask_of(request: ResponseRequest) -> Ask:
    """Return the last user message as a question with the earlier messages as its history.

    Raises:
        InvalidRequest: an unsupported parameter, named in the message.
    """
    _refuse_unsupported(request)
    if isinstance(request.input, str):
        return conversation([Message(role="user", content=request.input)], "input")
    found = [item.message() for item in request.input]
    return conversation([message for message in found if message is not None], "input")


def _refuse_unsupported(request: ResponseRequest) -> None:
    for name in ("previous_response_id", "conversation"):
        if getattr(request, name) is not None:
            raise UnsupportedParameter(
                name, "responses are not stored; send the whole conversation as input"
            )
    if request.background:
        raise UnsupportedParameter("background", "responses are not stored; leave it out")
    if request.prompt is not None:
        raise UnsupportedParameter("prompt", "stored prompts are not supported; send input")
    # Tools that are only offered are never called.
    if request.tool_choice not in (None, "none", "auto"):
        raise UnsupportedParameter(
            "tool_choice", "answers come from the articles, no tool is called; leave it out"
        )
    text_format = (request.text or {}).get("format")
    kind = text_format.get("type") if isinstance(text_format, dict) else text_format
    if kind not in (None, "text"):
        raise UnsupportedParameter("text", f"only the format 'text' is supported, not {kind!r}")


@router.post("/responses", response_model=None)
async def create_response(body: ResponseRequest, request: Request, state: State) -> Response:
    """Answer the last user message of the input; earlier messages are the conversation."""
    ask = await run_in_threadpool(ask_of, body)
    sources = SourceFormat(request, state.workspace.settings, body.sources)
    made = _Response(sources)
    if not body.stream:
        answer = await cancel_on_disconnect(request, answering.answer(state.workspace, ask))
        state.metrics.answer(CHANNEL, answer)
        return JSONResponse(made.completed(answer))
    events = answering.timed(
        answering.stream(state.workspace, ask), partial(state.metrics.first_claim, CHANNEL)
    )
    first = await cancel_on_disconnect(request, first_event(events))
    stream = _Stream(made, sources, state)
    return EventStream(with_heartbeat(stream.frames(first, events), state.stopping, stream.stopped))


class _Response:
    """A factory for the states of one response, with the same id and time."""

    def __init__(self, sources: SourceFormat) -> None:
        self._sources = sources
        self._created = time.time_ns()
        # The Answer gets its id at its end, so the id is the start time.
        self.id = f"resp_{self._created:x}"
        self.item_id = f"msg_{self._created:x}"

    def unfinished(self) -> dict[str, Any]:
        """Return the response before its answer."""
        return self._with("in_progress", [])

    def failed(self, code: str, detail: str) -> dict[str, Any]:
        """Return the response whose answer failed."""
        return self._with("failed", [], error={"code": code, "message": detail})

    def completed(self, answer: Answer) -> dict[str, Any]:
        """Return the response with its answer."""
        usage = answer.usage
        return self._with(
            "completed",
            [self.item(self.part(answer))],
            completed_at=time.time_ns() // 1_000_000_000,
            usage={
                "input_tokens": usage.prompt_tokens,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": usage.completion_tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": usage.prompt_tokens + usage.completion_tokens,
            },
            **_extensions(answer),
        )

    def part(self, answer: Answer | None = None) -> dict[str, Any]:
        """Return the only part of the message; without an answer an empty one."""
        text = "" if answer is None else answer.text + self._sources.appendix(answer)
        citations = () if answer is None else answer.citations
        return {
            "type": "output_text",
            "text": text,
            "annotations": [_annotation(citation, self._sources) for citation in citations],
            "logprobs": [],
        }

    def item(self, part: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the only item of the output; without its part an unfinished one."""
        return {
            "id": self.item_id,
            "type": "message",
            "status": "in_progress" if part is None else "completed",
            "role": "assistant",
            "content": [] if part is None else [part],
        }

    def _with(self, status: str, output: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created // 1_000_000_000,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": None,
            "metadata": {},
            "model": MODEL,
            "output": output,
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
            "usage": None,
            **more,
        }


def _extensions(answer: Answer) -> dict[str, Any]:
    """Return the same as for completions; ``status`` is that of the response here."""
    fields = extensions(answer)
    return {"answer_status": fields.pop("status"), **fields}


def _annotation(citation: Citation, sources: SourceFormat) -> dict[str, Any]:
    """Return a citation as an annotation of a response."""
    return {"type": "url_citation", **sources.citation(citation)}


class _Stream:
    """The events of one streamed response, numbered."""

    def __init__(self, made: _Response, sources: SourceFormat, state: AppState) -> None:
        self._made = made
        self._sources = sources
        self._state = state
        self._place = {"item_id": made.item_id, "output_index": 0, "content_index": 0}
        self._number = -1
        self._annotations = 0

    async def frames(
        self, first: Event, events: AsyncGenerator[Event, None]
    ) -> AsyncGenerator[bytes, None]:
        """Yield the frames of the whole stream; closes ``events``."""
        made = self._made
        async with aclosing(events):
            yield self._frame("created", response=made.unfinished())
            yield self._frame("in_progress", response=made.unfinished())
            yield self._frame("output_item.added", output_index=0, item=made.item())
            yield self._frame("content_part.added", **self._place, part=made.part())
            try:
                for one in self._of(first):
                    yield one
                async for event in events:
                    for one in self._of(event):
                        yield one
            except GeungeoError as error:
                log.warning("stream ended with %s: %s", error.code, error)
                detail = public(error, self._state.workspace.settings.store)
                for one in self._failed(status_of(error), error.code, detail):
                    yield one
            except Exception:
                log.exception("stream ended with an unexpected error")
                for one in self._failed(500, "internal_error", UNEXPECTED):
                    yield one

    def stopped(self) -> bytes:
        """Return the last frames of a stream that a shutdown cuts short."""
        detail = "the server is shutting down; send the question again"
        return b"".join(self._failed(503, "server_stopping", detail))

    def _of(self, event: Event) -> list[bytes]:
        match event:
            case Delta(text):
                return [self._delta(text)]
            case Cited(citation):
                self._annotations += 1
                return [
                    self._frame(
                        "output_text.annotation.added",
                        **self._place,
                        annotation_index=self._annotations - 1,
                        annotation=_annotation(citation, self._sources),
                    )
                ]
            case Done(answer):
                self._state.metrics.answer(CHANNEL, answer)
                return self._end(answer)
            case _:
                return []

    def _end(self, answer: Answer) -> list[bytes]:
        # An abstention has no claims; its text explains it.
        rest = (answer.text if answer.reason else "") + self._sources.appendix(answer)
        part = self._made.part(answer)
        return [
            *([self._delta(rest)] if rest else []),
            self._frame("output_text.done", **self._place, text=part["text"], logprobs=[]),
            self._frame("content_part.done", **self._place, part=part),
            self._frame("output_item.done", output_index=0, item=self._made.item(part)),
            self._frame("completed", response=self._made.completed(answer)),
        ]

    def _failed(self, status: int, code: str, detail: str) -> list[bytes]:
        # Clients differ: some read the fields of the event, others those of its error.
        error = openai_error(status, code, detail)["error"]
        return [
            self._frame("failed", response=self._made.failed(code, detail)),
            self._numbered("error", code=code, message=detail, param=None, error=error),
        ]

    def _delta(self, text: str) -> bytes:
        return self._frame("output_text.delta", **self._place, delta=text, logprobs=[])

    def _frame(self, kind: str, **fields: Any) -> bytes:
        return self._numbered(f"response.{kind}", **fields)

    def _numbered(self, kind: str, **fields: Any) -> bytes:
        self._number += 1
        return frame({"type": kind, "sequence_number": self._number, **fields}, kind)
