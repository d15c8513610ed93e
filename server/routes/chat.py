"""``POST /chat`` and ``POST /search``: questions in, verified Answers or passages out."""

from __future__ import annotations

import uuid
from functools import partial
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from geungeo.rag.answer import Answer, Ask, Cited, Delta, Done, Event, PassagesFound
from geungeo.server import answering
from geungeo.server.access.policy import CurrentCaller
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import CodedError, Responses
from geungeo.server.http.schemas import ChatRequest, SearchRequest, SearchResponse
from geungeo.server.http.streams import (
    EventStream,
    cancel_on_disconnect,
    error_frame,
    first_event,
    frame,
    framed,
    with_heartbeat,
)
from geungeo.server.state import AppState, State

CHANNEL = "chat"

router = APIRouter(route_class=StrictRoute)

_STREAM_DOC: Responses = {
    200: {
        "description": (
            "The Answer; with `stream: true` the events `passages`, `delta`, `citation`, "
            "`done` and `error` as text/event-stream."
        ),
        "content": {"text/event-stream": {}},
    },
    204: {"description": "The client reconnects to a stream that has ended."},
}


@router.post("/chat", response_model=Answer, responses=_STREAM_DOC, tags=["chat"])
async def chat(
    body: ChatRequest, request: Request, state: State, caller: CurrentCaller
) -> Response | Answer:
    """Answer a question from the articles in the store.

    A reconnecting client (`Last-Event-ID`) is not answered again: 204.
    """
    ask = Ask(
        question=body.question,
        # A new conversation gets an id, so that the client can continue it.
        conversation_id=body.conversation_id or uuid.uuid4().hex,
        top_k=body.top_k,
        filters=body.filters.filters(),
    )
    if body.stream and "last-event-id" in request.headers:
        # The status that ends the reconnecting of an event source: the question was answered, or
        # the client has to decide to ask it again.
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if not body.stream:
        work = answering.answer(state.workspace, ask, caller.owner)
        answer = await cancel_on_disconnect(request, work)
        state.metrics.answer(CHANNEL, answer)
        return answer
    events = answering.timed(
        answering.stream(state.workspace, ask, caller.owner),
        partial(state.metrics.first_claim, CHANNEL),
    )
    # Errors before the first event become a status: an invalid question is a plain 422.
    first = await cancel_on_disconnect(request, first_event(events))
    store = state.workspace.settings.store
    frames = framed(first, events, partial(_frame, state), store)
    return EventStream(with_heartbeat(frames, state.stopping, _stopped))


@router.get("/chat", include_in_schema=False)
async def chat_by_get() -> Response:
    """Reject the GET of an event source, and name the way to stream."""
    raise CodedError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method_not_allowed",
        'ask with POST and a JSON body: {"question": "…", "stream": true}; an EventSource can '
        "only send GET, so read the stream with fetch",
        {"Allow": "POST"},
    )


@router.post("/search", tags=["search"])
async def search(body: SearchRequest, request: Request, state: State) -> SearchResponse:
    """Find the passages nearest to a query, with their scores by channel."""
    workspace = state.workspace
    work = workspace.pipeline.search_in_turn(
        body.query, body.top_k or workspace.settings.top_k, body.filters.filters()
    )
    hits = await cancel_on_disconnect(request, work)
    return SearchResponse(query=body.query, passages=list(hits))


class StarterView(BaseModel):
    """An example question and the article that answers it."""

    question: str
    article_id: str
    title: str


class StarterList(BaseModel):
    """Example questions."""

    starters: list[StarterView]


@router.get("/starters", tags=["search"])
async def starters(state: State, language: Literal["ko", "en"] | None = None) -> StarterList:
    """Return up to three example questions, each of which the stored articles answer.

    They are made from the newest articles, those in `language` first, without a language model.
    """
    found = await state.starters(language)
    return StarterList(
        starters=[
            StarterView(question=one.question, article_id=one.article.id, title=one.article.title)
            for one in found
        ]
    )


def _frame(state: AppState, event: Event, number: int) -> bytes:
    match event:
        case PassagesFound(passages):
            return frame([hit.model_dump(mode="json") for hit in passages], "passages", number)
        case Delta(text):
            return frame({"text": text}, "delta", number)
        case Cited(citation):
            return frame(citation.model_dump(mode="json"), "citation", number)
        case Done(answer):
            state.metrics.answer(CHANNEL, answer)
            return frame(answer.model_dump(mode="json"), "done", number)


def _stopped() -> bytes:
    message = "the server is shutting down; send the question again"
    return error_frame("server_stopping", message, 503)
