"""``/slack``: events, slash commands and buttons, acknowledged at once and answered later.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.status import HTTP_401_UNAUTHORIZED, HTTP_404_NOT_FOUND, HTTP_503_SERVICE_UNAVAILABLE

from geungeo.index.deliveries import NewDelivery, Receipt
from geungeo.rag.errors import StoreError
from geungeo.rag.text import Language
from geungeo.server.access.signatures import SLACK_TIMESTAMP
from geungeo.server.channels.slack.channel import SlackChannel
from geungeo.server.channels.slack.client import may_respond
from geungeo.server.channels.slack.events import (
    CHANNEL,
    Id,
    Job,
    Timestamp,
    check_in,
    question_in,
    question_of,
    read_envelope,
)
from geungeo.server.channels.slack.messages import (
    ARTICLE,
    ARTICLE_SUMMARY,
    DOWN,
    FEEDBACK,
    MAX_VALUE,
    UP,
    note_messages,
)
from geungeo.server.channels.wording import language_for, phrase
from geungeo.server.escaping import escape_slack
from geungeo.server.http.bodies import parse, parse_form
from geungeo.server.http.links import base_url_of
from geungeo.server.http.problems import CodedError, MalformedBody, problems
from geungeo.server.state import AppState, State

RETRY_SECONDS = "10"

log = logging.getLogger(__name__)
router = APIRouter(prefix="/slack", tags=["slack"], responses=problems(401, 404, 422))

HELP = {"help", "?", "도움말", "도움", "사용법"}
_COMMAND = re.compile(r"/[\w-]{1,40}")
_ARTICLE_BLOCK = re.compile(
    rf"{ARTICLE}(?P<language>ko|en)(?::(?P<conversation>[\w.:-]{{1,128}}))?"
)
_TRIGGER = re.compile(r"[A-Za-z0-9.]{1,100}", re.ASCII)


@router.post("/events")
async def events(request: Request, state: State) -> Response:
    """Accept an event; a question in it is answered in its thread."""
    slack = await _verified_channel(request, state)
    envelope = read_envelope(parse(await request.body()))
    if envelope is None:
        raise MalformedBody("the body is not an event of Slack's Events API", "invalid_request")
    if envelope.type == "url_verification":
        return JSONResponse({"challenge": envelope.challenge})
    question = None
    if envelope.type == "event_callback":
        settings = state.workspace.settings
        question = question_in(
            envelope,
            base_url=base_url_of(request, settings.public_url),
            max_chars=settings.max_question_chars,
            dm_seconds=settings.slack_dm_minutes * 60.0,
            links=settings.slack_links,
        )
    if question is None:
        state.metrics.delivery(CHANNEL, "ignored")
    else:
        await _accept(slack, state, question)
    return Response()


@router.post("/commands")
async def commands(request: Request, state: State) -> Response:
    """Accept a slash command; the answer goes to its ``response_url``."""
    slack = await _verified_channel(request, state)
    body = await request.body()
    form = parse_form(body)
    if "ssl_check" in form:
        return Response()
    settings = state.workspace.settings
    question = question_of(form.get("text", ""))[: settings.max_question_chars + 1]
    language = language_for(question)
    if not question:
        return _ephemeral(phrase("usage", language))
    if question.casefold() in HELP:
        name = form.get("command", "")
        command_name = name if _COMMAND.fullmatch(name) else "/ask"
        language = "en" if name.isascii() and question.isascii() else "ko"
        return _ephemeral(escape_slack(phrase("help", language, command=command_name)))
    url = form.get("response_url", "")
    if not may_respond(url, slack.response_origins):
        log.warning("slash command with a response_url that does not belong to Slack")
        return _ephemeral(phrase("failed", language))
    trigger = form.get("trigger_id", "")
    if not _TRIGGER.fullmatch(trigger):
        trigger = hashlib.sha256(request.headers[SLACK_TIMESTAMP].encode() + body).hexdigest()
    job = Job(
        question=question,
        base_url=base_url_of(request, settings.public_url),
        response_url=url,
    )
    command = NewDelivery(CHANNEL, (f"slack:command:{trigger}",), job.model_dump_json())
    await _accept(slack, state, command)
    return _ephemeral(phrase("searching", language))


class _User(BaseModel):
    id: Id


class _Action(BaseModel):
    action_id: str = ""
    block_id: str = ""
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]


class _ArticleAction(BaseModel):
    """A click on a button for an article, whose id is the value."""

    action_id: Literal["article_summary", "article_only"]
    block_id: str = ""
    value: Annotated[str, Field(min_length=1, max_length=MAX_VALUE)]
    action_ts: Timestamp


class _Place(BaseModel):
    """The message whose button was pressed; ``thread_ts`` if it is a reply in a thread."""

    ts: Timestamp
    thread_ts: Timestamp | None = None


class _Channel(BaseModel):
    id: Id


class _Interaction(BaseModel):
    type: str
    user: _User
    channel: _Channel | None = None
    message: _Place | None = None
    actions: list[dict[str, Any]] = []
    response_url: str = ""


@router.post("/interactions")
async def interactions(request: Request, state: State) -> Response:
    """Accept a click on a button, or the message shortcut that checks a message.

    👍 and 👎 are stored once per person and answer; an article is summarized once per message, or
    becomes the only one that the questions of the thread are about.
    """
    slack = await _verified_channel(request, state)
    payload = parse(parse_form(await request.body()).get("payload", "").encode())
    settings = state.workspace.settings
    base_url = base_url_of(request, settings.public_url)
    if text := check_in(payload, base_url=base_url, max_chars=settings.max_check_chars):
        await _accept(slack, state, text)
        return Response()
    try:
        interaction = _Interaction.model_validate(payload)
    except ValidationError as error:
        raise MalformedBody(
            "the payload is not an interaction of Slack's", "invalid_request"
        ) from error
    for value in interaction.actions if interaction.type == "block_actions" else ():
        await _store_rating(value, interaction, slack, state)
        await _act_on_article(value, interaction, slack, state, request)
    return Response()


async def _store_rating(
    value: dict[str, Any], interaction: _Interaction, slack: SlackChannel, state: AppState
) -> None:
    try:
        action = _Action.model_validate(value)
    except ValidationError:
        return
    if action.action_id not in {UP, DOWN}:
        return
    language: Language = "en" if action.block_id == f"{FEEDBACK}en" else "ko"
    thanks = NewDelivery(
        channel=CHANNEL,
        keys=(f"slack:{action.action_id}:{interaction.user.id}:{action.value}",),
        job=Job(response_url=interaction.response_url).model_dump_json(),
        messages=note_messages(phrase("thanks", language)),
    )
    if await _accept(slack, state, thanks) == "accepted":
        await run_in_threadpool(
            state.workspace.store.feedback.add,
            action.value,
            "up" if action.action_id == UP else "down",
            None,
        )


async def _act_on_article(
    value: dict[str, Any],
    interaction: _Interaction,
    slack: SlackChannel,
    state: AppState,
    request: Request,
) -> None:
    try:
        action = _ArticleAction.model_validate(value)
    except ValidationError:
        return
    place, channel = interaction.message, interaction.channel
    # The answer to a slash command is seen by one person only, and has no thread.
    thread = place.thread_ts if place is not None and channel is not None else None
    named = _ARTICLE_BLOCK.fullmatch(action.block_id)
    language: Language = "en" if named and named["language"] == "en" else "ko"
    job = Job(
        base_url=base_url_of(request, state.workspace.settings.public_url),
        article_id=action.value,
        conversation_id=named["conversation"] if named and thread else None,
        channel=channel.id if channel is not None and thread else None,
        thread_ts=thread,
        response_url=None if thread else interaction.response_url,
        language=language,
    )
    message = f"{channel.id if channel else '-'}:{place.ts if place else interaction.user.id}"
    if action.action_id == ARTICLE_SUMMARY:
        # Once per message, whoever asks for it.
        digest = hashlib.sha256(action.value.encode()).hexdigest()[:32]
        key = f"slack:summary:{message}:{digest}"
        changes: dict[str, Any] = {"question": phrase("summarize", language)}
    elif job.conversation_id is not None:
        key, changes = f"slack:only:{message}:{action.action_ts}", {"toggles": True}
    else:
        return
    delivery = NewDelivery(
        CHANNEL,
        (key,),
        job.model_copy(update=changes).model_dump_json(),
        conversation_id=job.conversation_id,
        position=action.action_ts.rjust(22, "0"),
    )
    await _accept(slack, state, delivery)


async def _verified_channel(request: Request, state: AppState) -> SlackChannel:
    slack: SlackChannel | None = request.app.state.slack
    if slack is None:
        detail = "Slack is not configured; set GEUNGEO_SLACK_SIGNING_SECRET, see docs/slack.md"
        raise CodedError(HTTP_404_NOT_FOUND, "slack_not_configured", detail)
    if not slack.verifier.accepts(request.headers, await request.body()):
        state.metrics.delivery(CHANNEL, "unsigned")
        # The same for every cause, so that a forger learns nothing; nothing of it is logged.
        detail = "Slack's signature is missing or invalid"
        raise CodedError(HTTP_401_UNAUTHORIZED, "bad_signature", detail)
    return slack


async def _accept(slack: SlackChannel, state: AppState, delivery: NewDelivery) -> Receipt:
    """Commit a delivery; Slack retries it unless the status is 200."""
    try:
        receipt = await slack.inbox.accept(delivery)
    except (TimeoutError, StoreError) as error:
        log.warning("delivery from Slack not stored: %s", error or "the store is busy")
        receipt = "full"
    state.metrics.delivery(CHANNEL, receipt)
    if receipt == "full":
        raise CodedError(
            HTTP_503_SERVICE_UNAVAILABLE,
            "queue_full",
            "too many questions are waiting; retry this delivery",
            {"Retry-After": RETRY_SECONDS},
        )
    return receipt


def _ephemeral(text: str) -> Response:
    return JSONResponse({"response_type": "ephemeral", "text": text})
