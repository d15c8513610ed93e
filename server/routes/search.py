"""``POST /search``: retrieval alone."""

from __future__ import annotations

from fastapi import APIRouter, Request

from geungeo.server.presence import while_present
from geungeo.server.schemas import SearchRequest, SearchResponse
from geungeo.server.state import State
from geungeo.server.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["search"])


@router.post("/search")
async def search(body: SearchRequest, request: Request, state: State) -> SearchResponse:
    """Passages nearest to a query, with their scores by channel."""
    workspace = state.workspace
    work = workspace.pipeline.search_in_turn(
        body.query, body.top_k or workspace.settings.top_k, body.filters.filters()
    )
    hits = await while_present(request, work)
    return SearchResponse(query=body.query, passages=list(hits))
