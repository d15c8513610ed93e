"""The web page and its files; no build step, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

WEB = Path(__file__).parent.parent / "web"

router = APIRouter(include_in_schema=False)


def page(request: Request) -> Response:
    """The page; it reads from its own address what to show."""
    del request
    # The same address gives JSON to programs, hence Vary; no-cache asks for revalidation.
    headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
    return FileResponse(WEB / "index.html", media_type="text/html; charset=utf-8", headers=headers)


def prefers_html(request: Request) -> bool:
    """Whether a browser is navigating, as opposed to a program fetching data."""
    return "text/html" in request.headers.get("accept", "")


@router.get("/")
async def index(request: Request) -> Response:
    """The page."""
    return page(request)
