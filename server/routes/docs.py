"""``/docs``: Swagger UI from an installed package, since ours may run without a network."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter
from fastapi.responses import FileResponse

from geungeo.server.middleware.security_headers import CONTENT_SECURITY_POLICY
from geungeo.server.routes.page import WEB

# Only the files are used: the package's own page has an inline script, which our policy bars.
ASSETS = Path(fastapi_offline.__file__).parent / "static"
# Swagger UI styles its elements inline.
_POLICY = CONTENT_SECURITY_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> FileResponse:
    """The API, browsable."""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return FileResponse(WEB / "docs.html", headers=headers)
