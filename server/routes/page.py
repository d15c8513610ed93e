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

# Resolved, since the folder may be a symbolic link, and static files must not be.
WEB = Path(__file__).resolve().parent.parent / "web"
# Stricter than the common policy: the page's code cannot turn strings into markup or script.
POLICY = f"{CONTENT_SECURITY_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"

# Swagger UI from an installed package, so that /docs works without a network. Only its files are
# used: the package's own page has an inline script, which the policy forbids.
SWAGGER = Path(fastapi_offline.__file__).parent / "static"
# Swagger UI styles its elements inline.
DOCS_POLICY = CONTENT_SECURITY_POLICY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """The page's files, revalidated on each use, so that versions of modules never mix."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file, or 304 if the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class BrowserRoute(APIRoute):
    """A route for browsers only; other requests match the next route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match only if the client asks for HTML."""
        match, child = super().matches(scope)
        if match is Match.FULL and not wants_page(scope):
            return Match.NONE, {}
        return match, child


def page(name: str = "index.html") -> Response:
    """Return a page, which reads from its URL what to show."""
    # The same path serves JSON to programs, hence Vary; no-cache means revalidate.
    headers = {
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "Content-Security-Policy": POLICY,
    }
    return FileResponse(WEB / name, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/")
async def index() -> Response:
    """Return the page."""
    return page()


@router.get("/check")
async def check() -> Response:
    """Return the page that checks a text."""
    return page("check.html")


async def place(name: str) -> Response:
    """Return the page for an article or a shared answer; the page itself reads the URL."""
    del name
    return page()


for path in ("/articles/{name:path}", "/shared/{name}"):
    router.add_api_route(path, place, route_class_override=BrowserRoute, methods=["GET"])


@router.get("/docs")
async def docs() -> FileResponse:
    """Return the API's documentation (Swagger UI)."""
    headers = {"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "no-cache"}
    return FileResponse(WEB / "docs.html", headers=headers)
