"""How middleware answers by itself, before any route is reached."""

from __future__ import annotations

from starlette.types import Scope, Send

from geungeo.server.problems import code_of, error_body


async def refuse(scope: Scope, send: Send, status: int, detail: str) -> None:
    """Send a problem and close the connection: its request may not have been read whole."""
    request_id = scope.get("state", {}).get("request_id")
    status, body, media_type = error_body(
        scope["path"], status, code_of(status), detail, request_id=request_id
    )
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
