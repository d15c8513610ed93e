"""``/conversations`` and ``/feedback``: stored questions and answers, and their ratings."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.status import HTTP_204_NO_CONTENT

from geungeo.rag.answer import Answer
from geungeo.server.access.policy import CurrentCaller
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import Responses, problems
from geungeo.server.http.schemas import CONVERSATION_ID, FeedbackRequest
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
) -> ConversationList:
    """List conversations, the most recent first; with an API key only those of that key."""
    found = await run_in_threadpool(
        state.workspace.store.conversations.list, limit, offset, caller.owner
    )
    entries = [
        ConversationEntry(
            id=one.id,
            created_at=one.created_at,
            updated_at=one.updated_at,
            turns=one.turns,
            first_question=one.first_question,
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


@router.post("/feedback", status_code=HTTP_204_NO_CONTENT)
async def feedback(body: FeedbackRequest, state: State) -> None:
    """Store a reader's rating of an answer."""
    await run_in_threadpool(
        state.workspace.store.feedback.add, body.answer_id, body.rating, body.comment
    )
