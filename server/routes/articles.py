"""``/articles``: the texts that citations point into, listed, added and removed."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.status import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_204_NO_CONTENT,
    HTTP_415_UNSUPPORTED_MEDIA_TYPE,
)

from geungeo.rag.protocols import Filters
from geungeo.rag.readers import SUFFIXES
from geungeo.server.http.bodies import StrictRoute
from geungeo.server.http.problems import problems
from geungeo.server.http.schemas import (
    ArticleList,
    ArticleRequest,
    ArticleSummary,
    ArticleView,
    EditRequest,
    IngestResponse,
    IsoDate,
)
from geungeo.server.state import State

MEDIA_TYPE = "application/octet-stream"

router = APIRouter(route_class=StrictRoute, tags=["articles"])

_KINDS = "|".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
FileName = Annotated[
    str,
    Query(
        pattern=rf"^[^/\\\x00-\x1f]{{1,100}}\.({_KINDS})$",
        description="File name; its suffix gives the format. The same name updates an article.",
    ),
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UploadFailure(BaseModel):
    """A record of the document that was not ingested."""

    source: str
    error: str
    code: str


class UploadWarning(BaseModel):
    """Something of a stored article that could not be read: a date, text of a page."""

    source: str
    message: str


class UploadResponse(BaseModel):
    """Article ids by outcome; ``skipped`` counts blank and duplicate records."""

    added: list[str]
    updated: list[str]
    unchanged: list[str]
    failed: list[UploadFailure]
    skipped: int
    warnings: list[UploadWarning]


@router.get("/articles")
async def list_articles(
    state: State,
    q: Annotated[
        str, Query(max_length=200, description="Words of the title, publisher or author.")
    ] = "",
    published_from: Annotated[IsoDate | None, Query()] = None,
    published_to: Annotated[IsoDate | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> ArticleList:
    """List the newest version of every article without its text, the latest publication first."""
    find = partial(state.workspace.store.catalogue.find, limit=limit, offset=offset)
    filters = Filters(published_from=published_from, published_to=published_to)
    entries, total = await run_in_threadpool(find, q, filters)
    return ArticleList(articles=[ArticleSummary(**asdict(one)) for one in entries], total=total)


@router.post("/articles", responses=problems(409) | {HTTP_201_CREATED: {"model": IngestResponse}})
async def add_article(body: ArticleRequest, state: State, response: Response) -> IngestResponse:
    """Add or update an article; 201 if it is new, 200 otherwise."""
    workspace = state.workspace
    if body.url is not None:
        outcome = await state.writers.run(workspace.ingest_address, body.url)
    else:
        outcome = await state.writers.run(workspace.ingest_text, body.text or "", name=body.name)
    response.status_code = HTTP_201_CREATED if outcome.status == "added" else HTTP_200_OK
    return IngestResponse(
        status=outcome.status,
        article=ArticleSummary.of(outcome.article),
        warnings=list(outcome.warnings),
    )


@router.get("/articles/{article_id:path}", responses=problems(404))
async def get_article(
    article_id: str,
    state: State,
    response: Response,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> ArticleView:
    """Return one article version with its sections.

    A browser gets the page instead, which reads `start` and `end` and marks that span.
    """
    store = state.workspace.store
    article = await run_in_threadpool(store.article, article_id, version)
    versions = await run_in_threadpool(store.versions, article_id)
    response.headers["Vary"] = "Accept"
    return ArticleView(**article.model_dump(), versions=list(versions))


@router.patch("/articles/{article_id:path}", responses=problems(404, 409))
async def edit_article(article_id: str, body: EditRequest, state: State) -> IngestResponse:
    """Correct the data of an article as a new version; null removes a value.

    The text is not changed. Ingesting the same document again keeps the corrections.
    """
    changes = body.model_dump(exclude_unset=True)
    outcome = await state.writers.run(state.workspace.store.edit, article_id, changes)
    return IngestResponse(status=outcome.status, article=ArticleSummary.of(outcome.article))


@router.delete(
    "/articles/{article_id:path}",
    status_code=HTTP_204_NO_CONTENT,
    responses=problems(404, 409),
)
async def remove_article(article_id: str, state: State) -> None:
    """Remove an article with all its versions."""
    await state.writers.run(state.workspace.store.remove, article_id)


@router.post("/articles/file", openapi_extra=_BODY, responses=problems(409, 415))
async def upload(request: Request, name: FileName, state: State) -> UploadResponse:
    """Add or update the articles of a file; several if it has records.

    The body is the file's bytes, so that the readers detect the encoding.
    """
    if request.headers.get("content-type") != MEDIA_TYPE:
        # A foreign page can send other types without a CORS preflight.
        detail = f"send the bytes of the file as {MEDIA_TYPE}"
        raise HTTPException(HTTP_415_UNSUPPORTED_MEDIA_TYPE, detail)
    data = await request.body()
    summary = await state.writers.run(state.workspace.ingest_document, data, name)
    return UploadResponse.model_validate(summary, from_attributes=True)
