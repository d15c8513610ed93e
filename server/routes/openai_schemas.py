"""What a chat completion request may hold, and the question it comes down to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geungeo.rag.answer import Ask, Turn
from geungeo.rag.errors import InvalidRequest
from geungeo.rag.question.followup import standalone

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
