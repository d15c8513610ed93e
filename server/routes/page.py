"""The web page, its files, and ``/docs``; no build step, nothing from other hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from geungeo.server.http.links import wants_page
from geungeo.server.http.middleware import CONTENT_SECURITY_POLICY

# Resolved, since a strict editable install is made of links, and static files must not be.
WEB = Path(__file__).resolve().parent.parent / "web"
# Beyond our common policy: no string becomes markup or script, whatever the page's code does.
POLICY = f"{CONTENT_SECURITY_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"

# Only the files are used: the package's own page has an inline script, which our policy bars.
SWAGGER = Path(fastapi_offline.__file__).parent / "static"
# Swagger UI styles its elements inline.
DOCS_POLICY = CONTENT_SECURITY_POLICY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """The page's files, revalidated each time: modules of two versions must not meet."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or 304 if the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class BrowserRoute(APIRoute):
    """A route that only a browser's navigation takes; programs pass on to the next one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """No match unless the client asks for HTML."""
        match, child = super().matches(scope)
        if match is Match.FULL and not wants_page(scope):
            return Match.NONE, {}
        return match, child


def page() -> Response:
    """The page; it reads from its own address what to show."""
    # The same address gives JSON to programs, hence Vary; no-cache asks for revalidation.
    headers = {
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "Content-Security-Policy": POLICY,
    }
    return FileResponse(WEB / "index.html", media_type="text/html; charset=utf-8", headers=headers)


@router.get("/")
async def index() -> Response:
    """The page."""
    return page()


async def article(article_id: str) -> Response:
    """The page, opened on an article; what the query asks for is for the page to judge."""
    del article_id
    return page()


router.add_api_route(
    "/articles/{article_id:path}", article, route_class_override=BrowserRoute, methods=["GET"]
)


@router.get("/docs")
async def docs() -> FileResponse:
    """The API, browsable."""
    headers = {"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "no-cache"}
    return FileResponse(WEB / "docs.html", headers=headers)
