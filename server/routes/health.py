"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import logging
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from geungeo.rag.errors import GeungeoError
from geungeo.server.http.problems import KEY, problems, public, without_path
from geungeo.server.state import AppState, State
from geungeo.server.telemetry.metrics import MEDIA_TYPE

log = logging.getLogger(__name__)
router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process is running."""

    status: str = "ok"


class Readiness(BaseModel):
    """Readiness to answer questions, and the problems if not ready."""

    ready: bool
    problems: list[str]
    articles: int
    backend: str
    endpoints: dict[str, Literal["in use", "resting"]]
    embedder: str


@router.get("/healthz")
async def healthz() -> Health:
    """Report that the process responds."""
    return Health()


@router.get("/readyz", responses={HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}})
async def readyz(state: State, response: Response) -> Readiness:
    """Report whether the models are loaded and the store is open, with a consistent index.

    503 with the problems if not.
    """
    settings = state.workspace.settings
    count, problems = await run_in_threadpool(_examine, state)
    if problems:
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
    return Readiness(
        ready=not problems,
        problems=problems,
        articles=count,
        backend=settings.backend,
        endpoints={
            name: "resting" if resting else "in use"
            for name, resting in state.backend_load().resting.items()
        },
        embedder=settings.embedder,
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses=problems(401, 403, 429) | {200: {"content": {"text/plain": {}}}},
    dependencies=[KEY],
)
async def metrics(state: State) -> Response:
    """Return Prometheus metrics."""
    state.update_gauges()
    return Response(state.metrics.render(), media_type=MEDIA_TYPE)


def _examine(state: AppState) -> tuple[int, list[str]]:
    store = state.workspace.store
    loading = ["the models are being loaded"] if state.workspace.warming else []
    try:
        problems = list(state.checkup.problems(store.health))
        count = store.count()
    except GeungeoError as error:
        log.warning("not ready: %s", error)
        return 0, [public(error, state.workspace.settings.store)]
    for problem in problems:
        log.warning("not ready: %s", problem)
    state.metrics.articles(count)
    named = [without_path(problem, state.workspace.settings.store) for problem in problems]
    return count, loading + named
