"""``POST /search``: retrieval alone."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from geungeo.server.schemas import SearchRequest, SearchResponse
from geungeo.server.state import State
from geungeo.server.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["search"])


@router.post("/search")
async def search(body: SearchRequest, state: State) -> SearchResponse:
    """Passages nearest to a query, with their scores by channel."""
    workspace = state.workspace
    hits = await run_in_threadpool(
        workspace.pipeline.search,
        body.query,
        body.top_k or workspace.settings.top_k,
        body.filters.filters(),
    )
    return SearchResponse(query=body.query, passages=list(hits))
