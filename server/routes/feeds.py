"""``/feeds``: RSS, Atom and sitemaps as sources of articles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from geungeo.index.feeds import FeedState
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import problems
from geungeo.server.http.schemas import FeedRequest
from geungeo.server.state import State

router = APIRouter(route_class=StrictRoute, tags=["feeds"])


class FeedView(BaseModel):
    """A feed and the outcome of its last pull; times are ISO 8601, UTC."""

    url: str
    title: str | None
    pulled_at: str | None
    due_at: str
    failures: int
    error: str | None

    @classmethod
    def of(cls, state: FeedState) -> FeedView:
        """Return the view of ``state``."""
        return cls(
            url=state.url,
            title=state.title,
            pulled_at=None if state.pulled_at is None else _iso(state.pulled_at),
            due_at=_iso(state.due_at),
            failures=state.failures,
            error=state.error,
        )


class FeedList(BaseModel):
    """The feeds of the store, by address."""

    feeds: list[FeedView]


class PullResponse(BaseModel):
    """The outcome of a pull: numbers of articles, and what could not be read.

    ``status`` is ``pulled``, ``unchanged``, ``failed`` or ``busy`` (another pull is under way).
    """

    status: str
    added: int
    updated: int
    unchanged: int
    failed: list[str]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@router.get("/feeds")
async def list_feeds(state: State) -> FeedList:
    """List the feeds with the outcome of their last pull."""
    found = await run_in_threadpool(state.workspace.store.feeds.all)
    return FeedList(feeds=[FeedView.of(one) for one in found])


@router.post("/feeds", responses=problems(409) | {HTTP_201_CREATED: {"model": FeedView}})
async def add_feed(body: FeedRequest, state: State, response: Response) -> FeedView:
    """Add a feed; 201 if it is new. A host that is not on the public internet is refused."""

    def add() -> tuple[bool, FeedView]:
        workspace = state.workspace
        workspace.fetcher.check(body.url)
        is_new = workspace.store.feeds.add(body.url)
        found = next(one for one in workspace.store.feeds.all() if one.url == body.url)
        return is_new, FeedView.of(found)

    is_new, view = await state.writers.run(add)
    response.status_code = HTTP_201_CREATED if is_new else HTTP_200_OK
    return view


@router.delete("/feeds", status_code=HTTP_204_NO_CONTENT, responses=problems(404, 409))
async def remove_feed(
    url: Annotated[str, Query(min_length=1, max_length=2_000)], state: State
) -> None:
    """Remove a feed; its articles stay."""
    await state.writers.run(state.workspace.store.feeds.remove, url)


@router.post("/feeds/pull", responses=problems(404, 409))
async def pull_feed(body: FeedRequest, state: State) -> PullResponse:
    """Read the new articles of a feed now. A site is asked slowly: this can take minutes."""
    summary, outcomes = await state.writers.run(state.workspace.pull, [body.url])
    return PullResponse(
        status=outcomes[0].status,
        added=len(summary.added),
        updated=len(summary.updated),
        unchanged=len(summary.unchanged),
        failed=[one.error for one in summary.failed],
    )
