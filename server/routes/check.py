"""``POST /check``: any text in, what the articles say of each of its statements out."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from geungeo.rag.checking import (
    Check,
    CheckEvent,
    CheckFinished,
    CheckRequest,
    CheckStarted,
    ClaimChecked,
)
from geungeo.server import answering
from geungeo.server.check_report import html_report, markdown_report
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.links import base_url_of
from geungeo.server.http.problems import Responses
from geungeo.server.http.schemas import CheckBody
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

CHANNEL = "check"
_REPORTS = {"text/html": html_report, "text/markdown": markdown_report}

router = APIRouter(route_class=StrictRoute)

_DOC: Responses = {
    200: {
        "description": (
            "The Check. With `stream: true` or `Accept: text/event-stream` the events `started`, "
            "`claim`, `done` and `error`; with `Accept: text/html` or `text/markdown` a report."
        ),
        "content": {"text/event-stream": {}, "text/html": {}, "text/markdown": {}},
    },
    204: {"description": "The client reconnects to a stream that has ended."},
}


@router.post("/check", response_model=Check, responses=_DOC, tags=["check"])
async def check(body: CheckBody, request: Request, state: State) -> Response | Check:
    """Check a text against the articles, statement by statement.

    `verdict` is `supported`, `contradicted`, `not_found` or `not_a_claim`. A reconnecting client
    (`Last-Event-ID`) is not answered again: 204.
    """
    asked = CheckRequest(body.text, body.date, body.filters.filters())
    wanted = request.headers.get("accept", "").split(";")[0].split(",")[0].strip().lower()
    if body.stream or wanted == EventStream.media_type:
        if "last-event-id" in request.headers:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        events = answering.check_stream(state.workspace, asked)
        # Errors before the first event become a status: a blank text is a plain 422.
        first = await cancel_on_disconnect(request, first_event(events))
        store = state.workspace.settings.store
        frames = framed(first, events, partial(_frame, state), store)
        return EventStream(with_heartbeat(frames, state.stopping, _stopped))
    result = await cancel_on_disconnect(request, answering.check(state.workspace, asked))
    state.metrics.check(CHANNEL, result)
    if wanted in _REPORTS:
        base_url = base_url_of(request, state.workspace.settings.public_url)
        report = _REPORTS[wanted](result, base_url)
        return Response(report, media_type=f"{wanted}; charset=utf-8")
    return result


def _frame(state: AppState, event: CheckEvent, number: int) -> bytes:
    match event:
        case CheckStarted(total):
            return frame({"total": total}, "started", number)
        case ClaimChecked(claim, done):
            return frame({"done": done, "claim": claim.model_dump(mode="json")}, "claim", number)
        case CheckFinished(result):
            state.metrics.check(CHANNEL, result)
            return frame(result.model_dump(mode="json"), "done", number)


def _stopped() -> bytes:
    return error_frame("server_stopping", "the server is shutting down; send the text again", 503)
