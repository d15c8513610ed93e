"""``/hooks``: chat services and programs that are answered in the response to their call."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr, ValidationError
from starlette.status import HTTP_401_UNAUTHORIZED, HTTP_404_NOT_FOUND, HTTP_409_CONFLICT

from geungeo.rag.answer import Answer, Ask
from geungeo.rag.errors import GeungeoError
from geungeo.rag.settings import secrets_in
from geungeo.server import answering
from geungeo.server.access.signatures import WebhookVerifier, is_known
from geungeo.server.channels.hooks import jandi, mattermost
from geungeo.server.channels.wording import failure, language_for, phrase
from geungeo.server.http.bodies import parse, parse_form
from geungeo.server.http.links import base_url_of
from geungeo.server.http.problems import CodedError, problems
from geungeo.server.http.schemas import ChatRequest
from geungeo.server.state import AppState, State

GENERIC = "generic"

log = logging.getLogger(__name__)
router = APIRouter(prefix="/hooks", tags=["hooks"], responses=problems(401, 404, 422))


@router.post("/mattermost")
async def from_mattermost(request: Request, state: State) -> Response:
    """Answer an outgoing webhook or a slash command of Mattermost."""
    tokens = _tokens(state.workspace.settings.mattermost_token, mattermost.CHANNEL)
    try:
        post = mattermost.Post.model_validate(await _fields(request))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    _require_token(post.token, tokens, mattermost.CHANNEL, state)
    result = await _answer(post.question, mattermost.CHANNEL, state)
    if isinstance(result, Answer):
        result = mattermost.render(result, _base_url(request, state))
    return JSONResponse(post.reply(result))


@router.post("/jandi")
async def from_jandi(request: Request, state: State) -> Response:
    """Answer an outgoing webhook of JANDI."""
    tokens = _tokens(state.workspace.settings.jandi_token, jandi.CHANNEL)
    try:
        call = jandi.Call.model_validate(await _fields(request))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    _require_token(call.token, tokens, jandi.CHANNEL, state)
    result = await _answer(call.question, jandi.CHANNEL, state)
    if isinstance(result, Answer):
        return JSONResponse(jandi.render(result, _base_url(request, state)))
    return JSONResponse(jandi.note(result))


@router.post("/generic", response_model=Answer, responses=problems(409))
async def generic(request: Request, state: State) -> Response:
    """Return the Answer to a signed request; the same ``webhook-id`` gets the same Answer."""
    _tokens(state.workspace.settings.hook_secret, GENERIC)
    raw = await request.body()
    verifier: WebhookVerifier = request.app.state.webhooks
    sender = verifier.sender(request.headers, raw)
    if sender is None:
        raise _refusal(GENERIC, state)
    try:
        body = ChatRequest.model_validate(parse(raw))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    replies = state.workspace.store.replies
    key = f"{GENERIC}:{sender}"
    stored = await run_in_threadpool(replies.begin, key, hashlib.sha256(raw).hexdigest())
    state.metrics.delivery(GENERIC, "accepted" if stored is None else "duplicate")
    if stored is not None:
        if stored.status == "done":
            return Response(stored.reply, media_type="application/json")
        code = "still_working" if stored.status == "working" else "id_reused"
        detail = (
            "a request with this webhook-id is being answered; retry later"
            if stored.status == "working"
            else "a request with this webhook-id had another body; send a new id"
        )
        raise CodedError(HTTP_409_CONFLICT, code, detail)
    try:
        answer = await answering.answer(
            state.workspace,
            Ask(
                question=body.question,
                conversation_id=body.conversation_id or uuid.uuid4().hex,
                top_k=body.top_k,
                filters=body.filters.filters(),
            ),
            owner=GENERIC,
        )
        reply = answer.model_dump_json()
        await run_in_threadpool(replies.finish, key, reply)
    except BaseException:
        await run_in_threadpool(replies.abandon, key)
        raise
    state.metrics.answer(GENERIC, answer)
    return Response(reply, media_type="application/json")


async def _answer(question: str, channel: str, state: AppState) -> Answer | str:
    """Return the Answer within the timeout, or a phrase that explains why there is none."""
    settings = state.workspace.settings
    try:
        async with asyncio.timeout(settings.hook_timeout):
            answer = await answering.answer(state.workspace, Ask(question=question))
    except TimeoutError:
        log.warning("%s: no answer within %.0f s", channel, settings.hook_timeout)
        return phrase("slow", language_for(question))
    except GeungeoError as error:
        log.warning("%s: question not answered: %s: %s", channel, error.code, error)
        return failure(error, question, settings.max_question_chars)
    state.metrics.answer(channel, answer)
    return answer


async def _fields(request: Request) -> Any:
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        return parse(raw)
    return parse_form(raw)


def _tokens(setting: SecretStr | None, channel: str) -> tuple[str, ...]:
    tokens = secrets_in(setting)
    if not tokens:
        detail = f"the {channel} hook is not configured; see docs/hooks.md"
        raise CodedError(HTTP_404_NOT_FOUND, "hook_not_configured", detail)
    return tokens


def _require_token(token: str, tokens: tuple[str, ...], channel: str, state: AppState) -> None:
    if not is_known(token, tokens):
        raise _refusal(channel, state)
    state.metrics.delivery(channel, "accepted")


def _refusal(channel: str, state: AppState) -> CodedError:
    state.metrics.delivery(channel, "unsigned")
    detail = "the signature or token is missing or invalid"
    return CodedError(HTTP_401_UNAUTHORIZED, "bad_signature", detail)


def _base_url(request: Request, state: AppState) -> str:
    return base_url_of(request, state.workspace.settings.public_url)
