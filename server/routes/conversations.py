"""``/conversations`` and ``/feedback``: stored questions and answers, and their ratings."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.status import HTTP_204_NO_CONTENT

from geungeo.rag.answer import Answer
from geungeo.server.access.policy import CurrentCaller
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.links import base_url_of
from geungeo.server.http.problems import Responses, problems
from geungeo.server.http.schemas import CONVERSATION_ID, FeedbackRequest, StrictModel
from geungeo.server.state import State
from geungeo.server.transcript import MEDIA_TYPE, to_markdown

router = APIRouter(route_class=StrictRoute, tags=["conversations"])

# The store validates ids; the pattern here only documents them.
ConversationPath = Annotated[
    str, Path(max_length=128, json_schema_extra={"pattern": CONVERSATION_ID})
]


class ConversationEntry(BaseModel):
    """A conversation in the list; times are ISO 8601, UTC."""

    id: str
    created_at: str
    updated_at: str
    turns: int
    first_question: str
    title: str | None


class RenameRequest(StrictModel):
    """A title for a conversation; null removes it."""

    title: Annotated[str, Field(min_length=1, max_length=200)] | None


class ShareRequest(StrictModel):
    """The answer of a conversation to share."""

    answer_id: Annotated[str, Field(min_length=1, max_length=128)]


class ShareResponse(BaseModel):
    """The link to a shared answer; ``url`` is absolute if the server knows its own address."""

    token: str
    url: str


class ConversationList(BaseModel):
    """Conversations, the most recent first."""

    conversations: list[ConversationEntry]


class ConversationView(BaseModel):
    """A conversation's Answers, oldest first; ``ratings`` by answer id, for rated ones."""

    conversation_id: str
    answers: list[Answer]
    ratings: dict[str, Literal["up", "down"]]


_FORMATS: Responses = {
    200: {
        "description": "The Answers; with `format=markdown` a document to download.",
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    }
}


@router.get("/conversations")
async def list_conversations(
    state: State,
    caller: CurrentCaller,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    q: Annotated[
        str, Query(max_length=200, description="Words of the title, a question or an answer.")
    ] = "",
) -> ConversationList:
    """List conversations, the most recent first: those of the API key, or of the browser."""
    found = await run_in_threadpool(
        state.workspace.store.conversations.list, limit, offset, caller.owner, q
    )
    entries = [
        ConversationEntry(
            id=one.id,
            created_at=one.created_at,
            updated_at=one.updated_at,
            turns=one.turns,
            first_question=one.first_question,
            title=one.title,
        )
        for one in found
    ]
    return ConversationList(conversations=entries)


@router.get(
    "/conversations/{conversation_id}",
    response_model=ConversationView,
    responses=_FORMATS | problems(404),
)
async def get_conversation(
    conversation_id: ConversationPath,
    state: State,
    caller: CurrentCaller,
    format: Literal["json", "markdown"] = "json",  # noqa: A002 - the name in the URL
) -> Response | ConversationView:
    """Return every Answer of a conversation, with its citations."""
    answers = await run_in_threadpool(
        state.workspace.store.conversations.get, conversation_id, caller.owner
    )
    if format == "markdown":
        # Ids may contain a colon, file names on some systems may not.
        name = f"{conversation_id.replace(':', '_')}.md"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(
            to_markdown(conversation_id, answers), media_type=MEDIA_TYPE, headers=headers
        )
    ratings = await run_in_threadpool(state.workspace.store.feedback.ratings, conversation_id)
    return ConversationView(conversation_id=conversation_id, answers=answers, ratings=ratings)


@router.patch(
    "/conversations/{conversation_id}",
    status_code=HTTP_204_NO_CONTENT,
    responses=problems(404, 409),
)
async def rename_conversation(
    conversation_id: ConversationPath, body: RenameRequest, state: State, caller: CurrentCaller
) -> None:
    """Give a conversation a title."""
    title = " ".join(body.title.split()) if body.title else None
    rename = state.workspace.store.conversations.rename
    await run_in_threadpool(rename, conversation_id, title or None, caller.owner)


@router.post("/conversations/{conversation_id}/share", responses=problems(404, 409))
async def share_answer(
    conversation_id: ConversationPath,
    body: ShareRequest,
    request: Request,
    state: State,
    caller: CurrentCaller,
) -> ShareResponse:
    """Make a link by which others with access to this server can read one answer.

    The rest of the conversation stays private; deleting the conversation ends the sharing.
    """
    share = state.workspace.store.conversations.share
    token = await run_in_threadpool(share, conversation_id, body.answer_id, caller.owner)
    base = base_url_of(request, state.workspace.settings.public_url)
    return ShareResponse(token=token, url=f"{base}/shared/{token}")


@router.get("/shared/{token}", responses=problems(404))
async def shared_answer(
    token: Annotated[str, Path(max_length=64)], state: State, response: Response
) -> Answer:
    """Return an answer that was shared. A browser gets the page instead."""
    response.headers["Vary"] = "Accept"
    return await run_in_threadpool(state.workspace.store.conversations.shared, token)


@router.delete(
    "/conversations/{conversation_id}",
    status_code=HTTP_204_NO_CONTENT,
    responses=problems(404),
)
async def delete_conversation(
    conversation_id: ConversationPath, state: State, caller: CurrentCaller
) -> None:
    """Delete a conversation."""
    await run_in_threadpool(
        state.workspace.store.conversations.delete, conversation_id, caller.owner
    )


@router.post("/feedback", status_code=HTTP_204_NO_CONTENT, responses=problems(404))
async def feedback(body: FeedbackRequest, state: State, caller: CurrentCaller) -> None:
    """Store a reader's rating of an answer; one that another has shared cannot be rated."""
    await run_in_threadpool(
        state.workspace.store.feedback.add,
        body.answer_id,
        body.rating,
        body.comment,
        caller.owner,
    )
