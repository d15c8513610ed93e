"""``/conversations/{id}`` and ``/feedback``: what was asked before, and how it was liked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.status import HTTP_204_NO_CONTENT

from geungeo.rag.answer import Answer
from geungeo.server.schemas import FeedbackRequest
from geungeo.server.state import State
from geungeo.server.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["conversations"])

ConversationPath = Annotated[str, Path(max_length=128)]


class ConversationView(BaseModel):
    """A conversation's Answers, oldest first."""

    conversation_id: str
    answers: list[Answer]


@router.get("/conversations/{conversation_id}")
async def get_conversation(conversation_id: ConversationPath, state: State) -> ConversationView:
    """Every Answer of a conversation."""
    answers = await run_in_threadpool(state.workspace.store.conversations.get, conversation_id)
    return ConversationView(conversation_id=conversation_id, answers=list(answers))


@router.delete("/conversations/{conversation_id}", status_code=HTTP_204_NO_CONTENT)
async def delete_conversation(conversation_id: ConversationPath, state: State) -> None:
    """Forget a conversation."""
    await run_in_threadpool(state.workspace.store.conversations.delete, conversation_id)


@router.post("/feedback", status_code=HTTP_204_NO_CONTENT)
async def feedback(body: FeedbackRequest, state: State) -> None:
    """Note a reader's verdict on an answer."""
    await run_in_threadpool(
        state.workspace.store.feedback.add, body.answer_id, body.rating, body.comment
    )
