"""How middleware answers by itself, before any route is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Receive, Scope, Send

from geungeo.server.problems import code_of, error_body

DRAIN_SECONDS = 2.0


async def refuse(
    scope: Scope,
    send: Send,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
) -> None:
    """Send a problem and close the connection: its request may not have been read whole."""
    request_id = scope.get("state", {}).get("request_id")
    status, body, media_type = error_body(
        scope["path"], status, code or code_of(status), detail, request_id=request_id
    )
    sent = MutableHeaders(dict(headers or {}))
    sent["content-type"] = media_type
    sent["content-length"] = str(len(body))
    sent["connection"] = "close"
    await send({"type": "http.response.start", "status": status, "headers": sent.raw})
    await send({"type": "http.response.body", "body": body})


async def drain(scope: Scope, receive: Receive, limit: int) -> None:
    """Read and throw away up to ``limit`` bytes of a body that is about to be refused.

    Closing with unread data resets the connection, and the client may then never see why.
    """
    headers = Headers(scope=scope)
    if "expect" in headers or not ({"content-length", "transfer-encoding"} & set(headers)):
        return
    drained = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while drained <= limit:
                message = await receive()
                drained += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
