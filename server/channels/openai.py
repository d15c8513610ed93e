"""``/v1``: the verified Answer in the shape of OpenAI's chat completions.

The message history is the conversation; nothing is stored. System messages are accepted and
have no effect: a client cannot decide what counts as supported.
https://platform.openai.com/docs/api-reference/chat
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
from pydantic import BaseModel, ConfigDict, Field

from geungeo.rag.answer import Answer, Citation
from geungeo.rag.conversation import standalone
from geungeo.rag.errors import GeungeoError, InvalidRequest
from geungeo.rag.events import Ask, Cited, Delta, Done, Event
from geungeo.rag.protocols import Turn
from geungeo.server import answering
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.links import citation_link
from geungeo.server.http.problems import openai_error, openai_errors, public, status_of
from geungeo.server.http.streams import EventStream, first_of, frame, while_present, with_heartbeat
from geungeo.server.state import AppState, State

# As many as a stored conversation lends to the next question.
MAX_TURNS = 8
MAX_REWRITTEN = 2_000


class UnsupportedParameter(InvalidRequest):
    """A parameter whose effect we cannot give; ignoring it would mislead."""

    code = "unsupported_parameter"

    def __init__(self, param: str, detail: str) -> None:
        super().__init__(f"{param}: {detail}")
        self.param = param


class _Lenient(BaseModel):
    # OpenAI's servers accept what they do not know, and so do clients expect of us.
    model_config = ConfigDict(extra="allow")


class ContentPart(_Lenient):
    """A piece of a message; only text has a meaning here."""

    type: str
    text: str | None = None


class Message(_Lenient):
    """One message of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    def plain(self) -> str:
        """The message's text."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        for part in self.content:
            if part.type not in {"text", "refusal"}:
                raise UnsupportedParameter("messages", f"content of type {part.type!r} is not read")
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(_Lenient):
    """Options of a stream."""

    include_usage: bool = False


class CompletionRequest(_Lenient):
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

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk that holds the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


def ask_of(request: CompletionRequest) -> Ask:
    """The last user message as a question, the messages before it as its history.

    Raises:
        InvalidRequest: for what we cannot honour, naming the parameter.
    """
    _refuse_unsupported(request)
    *before, last = request.messages
    if last.role != "user":
        raise InvalidRequest(f"messages: the last one must be the user's, not {last.role!r}")
    return Ask(question=last.plain(), history=tuple(_turns(_recent(before))[-MAX_TURNS:]))


def _refuse_unsupported(request: CompletionRequest) -> None:
    if request.n not in {None, 1}:
        raise UnsupportedParameter("n", "one question has one verified answer; only 1 is possible")
    if request.tools or request.functions:
        raise UnsupportedParameter(
            "tools", "answers come from the articles; there is nothing to call"
        )
    if request.tool_choice not in (None, "none", "auto"):
        raise UnsupportedParameter("tool_choice", "there are no tools to choose from")
    format_type = (request.response_format or {}).get("type", "text")
    if format_type != "text":
        raise UnsupportedParameter(
            "response_format", f"only 'text' is possible, not {format_type!r}"
        )
    if set(request.modalities or ["text"]) != {"text"}:
        raise UnsupportedParameter("modalities", "only 'text' is possible")
    if request.logprobs:
        raise UnsupportedParameter("logprobs", "answers are quoted, not sampled")


def _turns(messages: list[Message]) -> list[Turn]:
    """Pairs of question and answer; a question without an answer still lends its topic.

    Each question is made to stand alone by those before it, as a stored conversation's are:
    the same talk leads to the same answer on every channel.
    """
    turns: list[Turn] = []
    question: str | None = None
    for message in messages:
        if message.role in {"tool", "function"}:
            raise UnsupportedParameter("messages", "there are no tools that could have answered")
        if message.role == "user":
            if question is not None:
                turns.append(_turn(question, "", turns))
            question = message.plain()
        elif message.role == "assistant" and question is not None:
            turns.append(_turn(question, message.plain(), turns))
            question = None
    if question is not None:
        turns.append(_turn(question, "", turns))
    return turns


def _recent(messages: list[Message]) -> list[Message]:
    """The messages from the user's ``2 * MAX_TURNS``-th last on: older ones lend nothing."""
    asked = [at for at, message in enumerate(messages) if message.role == "user"]
    return messages[asked[-2 * MAX_TURNS] :] if len(asked) > 2 * MAX_TURNS else messages


def _turn(question: str, answer: str, before: list[Turn]) -> Turn:
    """Whatever a client puts into a history, only what could be a question is analysed."""
    if len(question) <= MAX_REWRITTEN:
        question = standalone(question, before[-1:])
    return Turn(question, answer)


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
        answer = await while_present(request, answering.answer(state.workspace, ask))
        state.metrics.answer(CHANNEL, answer)
        return JSONResponse(_completion(answer))
    chunks = _Chunks(include_usage=body.include_usage)
    events = answering.timed(
        answering.stream(state.workspace, ask), partial(state.metrics.first_claim, CHANNEL)
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
