"""``POST /articles/file``: a whole document as it lies on somebody's disk.

Its bytes travel as they are, so that encodings are recognised in the one place that knows how.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel
from starlette.status import HTTP_415_UNSUPPORTED_MEDIA_TYPE

from geungeo.server.described import problems
from geungeo.server.state import State

MEDIA_TYPE = "application/octet-stream"

router = APIRouter(tags=["articles"])

FileName = Annotated[
    str,
    Query(
        pattern=r"^[^/\\\x00-\x1f]{1,100}\.(txt|md|markdown|html|htm|jsonl|ndjson)$",
        description="The file's name; tells the format, and the same name is the same article.",
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


class UploadResponse(BaseModel):
    """Article ids by what became of them; ``skipped`` counts blank and duplicate records."""

    added: list[str]
    updated: list[str]
    unchanged: list[str]
    failed: list[UploadFailure]
    skipped: int


@router.post("/articles/file", openapi_extra=_BODY, responses=problems(409, 415))
async def upload(request: Request, name: FileName, state: State) -> UploadResponse:
    """Add or update the articles in a document; several if it is JSON Lines."""
    if request.headers.get("content-type") != MEDIA_TYPE:
        # A foreign page can send other types without asking first (CORS preflight).
        detail = f"send the bytes of the file as {MEDIA_TYPE}"
        raise HTTPException(HTTP_415_UNSUPPORTED_MEDIA_TYPE, detail)
    data = await request.body()
    summary = await state.writers.run(state.workspace.ingest_document, data, name)
    return UploadResponse.model_validate(summary, from_attributes=True)
