"""``/v1``: the verified Answer in the shape of OpenAI's chat completions.

The message history is the conversation; nothing is stored. System messages are accepted and
have no effect: a client cannot decide what counts as supported.
https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from geungeo.rag.answer import Answer, Ask, Citation, Cited, Delta, Done, Event
from geungeo.rag.errors import GeungeoError, InvalidRequest
from geungeo.rag.protocols import Turn
from geungeo.rag.question.followup import standalone
from geungeo.server import answering
from geungeo.server.channels.openai_sources import SourceFormat, Sources, without_sources
from geungeo.server.channels.openai_tasks import answer_task
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import (
    UNEXPECTED,
    CodedError,
    openai_error,
    openai_errors,
    public,
    status_of,
)
from geungeo.server.http.streams import (
    EventStream,
    cancel_on_disconnect,
    first_event,
    frame,
    with_heartbeat,
)
from geungeo.server.state import AppState, State

# As many turns as a stored conversation gives to the next question.
MAX_TURNS = 8
MAX_REWRITTEN = 2_000


class UnsupportedParameter(InvalidRequest):
    """A parameter that is not supported and whose silent omission would mislead."""

    code = "unsupported_parameter"

    def __init__(self, param: str, detail: str) -> None:
        super().__init__(f"{param}: {detail}")
        self.param = param


class Lenient(BaseModel):
    """A body that may have further fields."""

    # OpenAI's servers accept unknown fields, and clients expect that.
    model_config = ConfigDict(extra="allow")


class ContentPart(Lenient):
    """A part of a message; only text is supported."""

    type: str
    text: str | None = None


# Of completions and of responses.
_TEXT_PARTS = {"text", "refusal", "input_text", "output_text"}


class Message(Lenient):
    """A message of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    def plain(self, param: str = "messages") -> str:
        """Return the message's text; an error names the field ``param``."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        for part in self.content:
            if part.type not in _TEXT_PARTS:
                raise UnsupportedParameter(
                    param, f"content of type {part.type!r} is not supported; send text"
                )
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(Lenient):
    """Options of a stream."""

    include_usage: bool = False


class CompletionRequest(Lenient):
    """A chat completion request; sampling parameters are accepted and have no effect."""

    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    tool_choice: Any = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    logprobs: bool | None = None
    sources: Annotated[
        Sources | None, Field(description="Overrides the setting v1_sources for this answer.")
    ] = None

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk of the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


def ask_of(request: CompletionRequest) -> Ask:
    """Return the last user message as a question with the earlier messages as its history.

    Raises:
        InvalidRequest: an unsupported parameter, named in the message.
    """
    _refuse_unsupported(request)
    return conversation(request.messages, "messages")


def conversation(messages: list[Message], param: str) -> Ask:
    """Return the last of ``messages`` as a question with the earlier ones as its history.

    Raises:
        InvalidRequest: an unsupported message, or none by a user at the end; names ``param``.
    """
    if not messages:
        raise InvalidRequest(f"{param}: send at least one message with the role 'user'")
    *before, last = messages
    if last.role != "user":
        raise InvalidRequest(
            f"{param}: the last message must have the role 'user', not {last.role!r}"
        )
    turns = _turns(_recent(before), param)[-MAX_TURNS:]
    return Ask(question=last.plain(param), history=tuple(turns))


def _refuse_unsupported(request: CompletionRequest) -> None:
    if request.n not in {None, 1}:
        raise UnsupportedParameter("n", "a question has one verified answer; only 1 is supported")
    # Tools that are only offered are never called: Open WebUI offers its own with every question.
    if request.tool_choice not in (None, "none", "auto"):
        raise UnsupportedParameter(
            "tool_choice", "answers come from the articles, no tool is called; leave it out"
        )
    format_type = (request.response_format or {}).get("type", "text")
    if format_type != "text":
        raise UnsupportedParameter(
            "response_format", f"only 'text' is supported, not {format_type!r}"
        )
    if set(request.modalities or ["text"]) != {"text"}:
        raise UnsupportedParameter("modalities", "only 'text' is supported")
    if request.logprobs:
        raise UnsupportedParameter("logprobs", "answers are quoted, not sampled; leave it out")


def _turns(messages: list[Message], param: str) -> list[Turn]:
    """Return pairs of question and answer; a question without an answer still gives its topic.

    Each question is rewritten to be standalone, as in a stored conversation, so that the same
    dialogue leads to the same answer on every channel.
    """
    turns: list[Turn] = []
    question: str | None = None
    for message in messages:
        if message.role in {"tool", "function"}:
            raise UnsupportedParameter(param, "messages of tools are not supported; leave them out")
        if message.role == "user":
            if question is not None:
                turns.append(_turn(question, "", turns))
            question = message.plain(param)
        elif message.role == "assistant" and question is not None:
            turns.append(_turn(question, without_sources(message.plain(param)), turns))
            question = None
    if question is not None:
        turns.append(_turn(question, "", turns))
    return turns


def _recent(messages: list[Message]) -> list[Message]:
    """Return the messages from the user's ``2 * MAX_TURNS``-th last on; older have no effect."""
    asked = [at for at, message in enumerate(messages) if message.role == "user"]
    return messages[asked[-2 * MAX_TURNS] :] if len(asked) > 2 * MAX_TURNS else messages


def _turn(question: str, answer: str, before: list[Turn]) -> Turn:
    """Return a turn with a standalone question; a text too long for a question is not analysed."""
    if len(question) <= MAX_REWRITTEN:
        question = standalone(question, before)
    return Turn(question, answer)


CHANNEL = "openai"
MODEL = "geungeo"
# When the model first became available, as OpenAI's model object asks; 2026-11-23.
MODEL_CREATED = 1_795_392_000

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["openai-compatible"])


SERVED = (
    "GET /v1/models",
    "GET /v1/models/{model}",
    "POST /v1/chat/completions",
    "POST /v1/responses",
    "POST /v1/embeddings",
)
unserved = APIRouter(prefix="/v1", include_in_schema=False)


@unserved.api_route("", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@unserved.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def not_served(request: Request, path: str = "") -> Response:
    """Reject a request for what is not served, and name what is."""
    served = "this server has " + ", ".join(SERVED)
    asked = f"{request.method} /v1/{path}".rstrip("/")
    allowed = [
        method
        for method, served_path in map(str.split, SERVED)
        if re.fullmatch(served_path.replace("{model}", "[^/]+"), f"/v1/{path}")
    ]
    if allowed:
        raise CodedError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            f"{asked} is not served; {served}",
            {"Allow": ", ".join(allowed)},
        )
    raise CodedError(HTTPStatus.NOT_FOUND, "not_found", f"{asked} is not served; {served}")


@router.get("/models")
async def list_models() -> dict[str, Any]:
    """List the only model: this server's pipeline."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{model}", responses=openai_errors(404))
async def get_model(model: str) -> Response:
    """Return the model by its name."""
    if model != MODEL:
        detail = f"the model {model!r} does not exist; use {MODEL!r}"
        return JSONResponse(openai_error(404, "model_not_found", detail, "model"), 404)
    return JSONResponse(_model())


@router.post("/chat/completions", response_model=None)
async def create_completion(body: CompletionRequest, request: Request, state: State) -> Response:
    """Answer the last user message; earlier messages are the conversation."""
    task = await run_in_threadpool(answer_task, body.messages[-1].plain())
    if task is not None:
        return _task_completion(task, body)
    ask = await run_in_threadpool(ask_of, body)
    sources = SourceFormat(request, state.workspace.settings, body.sources)
    if not body.stream:
        answer = await cancel_on_disconnect(request, answering.answer(state.workspace, ask))
        state.metrics.answer(CHANNEL, answer)
        return JSONResponse(_completion(answer, sources))
    chunks = _Chunks(include_usage=body.include_usage)
    events = answering.timed(
        answering.stream(state.workspace, ask), partial(state.metrics.first_claim, CHANNEL)
    )
    first = await cancel_on_disconnect(request, first_event(events))
    return EventStream(
        with_heartbeat(_frames(first, events, chunks, sources, state), state.stopping, _stopped)
    )


def _annotation(citation: Citation, sources: SourceFormat) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": sources.citation(citation)}


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": MODEL_CREATED, "owned_by": "geungeo"}


def _usage(answer: Answer) -> dict[str, int]:
    usage = answer.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def extensions(answer: Answer) -> dict[str, Any]:
    """Return the fields beyond OpenAI's format; clients may ignore them."""
    return {
        "citations": [citation.model_dump(mode="json") for citation in answer.citations],
        "status": answer.status,
        "reason": answer.reason,
        "intent": answer.intent,
        "nearest": [one.model_dump(mode="json") for one in answer.nearest],
    }


def _completion(answer: Answer, sources: SourceFormat) -> dict[str, Any]:
    annotations = [_annotation(citation, sources) for citation in answer.citations]
    body = _completed(answer.id, answer.text + sources.appendix(answer), annotations)
    return {**body, "usage": _usage(answer), **extensions(answer)}


def _completed(name: str, content: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": annotations,
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [choice],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def _task_completion(content: str, body: CompletionRequest) -> Response:
    """Return the completion of a task prompt, which is no Answer."""
    if not body.stream:
        return JSONResponse(_completed(f"task-{time.time_ns():x}", content, []))

    async def frames() -> AsyncGenerator[bytes, None]:
        chunks = _Chunks(include_usage=body.include_usage)
        yield chunks.delta({"role": "assistant", "content": content})
        yield chunks.delta({}, "stop")
        yield frame("[DONE]")

    return EventStream(frames())


class _Chunks:
    """A factory for the chunks of one streamed completion, with the same id and time."""

    def __init__(self, *, include_usage: bool) -> None:
        self.include_usage = include_usage
        self._created = time.time_ns()

    def delta(self, delta: dict[str, Any], finish: str | None = None, **extra: Any) -> bytes:
        """Return a chunk with one piece of the message."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return frame(self._chunk([choice], **extra))

    def usage(self, answer: Answer) -> bytes:
        """Return the chunk for ``stream_options.include_usage``."""
        return frame(self._chunk([], usage=_usage(answer)))

    def _chunk(self, choices: list[dict[str, Any]], **extra: Any) -> dict[str, Any]:
        return {
            # The Answer gets its id at its end, so the id is the start time of the stream.
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
    sources: SourceFormat,
    state: AppState,
) -> AsyncGenerator[bytes, None]:
    async with aclosing(events):
        yield chunks.delta({"role": "assistant", "content": ""})
        try:
            for one in _event_frames(first, chunks, sources, state):
                yield one
            async for event in events:
                for one in _event_frames(event, chunks, sources, state):
                    yield one
        except GeungeoError as error:
            log.warning("stream ended with %s: %s", error.code, error)
            detail = public(error, state.workspace.settings.store)
            yield frame(openai_error(status_of(error), error.code, detail))
            return
        except Exception:
            log.exception("stream ended with an unexpected error")
            yield frame(openai_error(500, "internal_error", UNEXPECTED))
            return
        yield frame("[DONE]")


def _event_frames(
    event: Event, chunks: _Chunks, sources: SourceFormat, state: AppState
) -> list[bytes]:
    match event:
        case Delta(text):
            return [chunks.delta({"content": text})]
        case Cited(citation):
            return [chunks.delta({"annotations": [_annotation(citation, sources)]})]
        case Done(answer):
            state.metrics.answer(CHANNEL, answer)
            # An abstention has no claims; its text explains it.
            rest = (answer.text if answer.reason else "") + sources.appendix(answer)
            before = [chunks.delta({"content": rest})] if rest else []
            last = [*before, chunks.delta({}, "stop", **extensions(answer))]
            return [*last, chunks.usage(answer)] if chunks.include_usage else last
        case _:
            return []


def _stopped() -> bytes:
    return frame(
        openai_error(503, "server_stopping", "the server is shutting down; send the question again")
    )
