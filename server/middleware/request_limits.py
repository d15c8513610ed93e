"""Limits in front of every route: size of headers and body, and time to send the body.

uvicorn bounds neither. The body is read whole before the application sees the request, so
one place decides, with a length or without; every route here takes small JSON anyway.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geungeo.server.middleware.respond import drain, refuse

MAX_HEADER_BYTES = 16 * 1024
BODY_SECONDS = 8.0
# A slow but honest upload earns time: the deadline moves by what has arrived, at this rate.
MIN_BYTES_PER_SECOND = 64 * 1024


class _TooLarge(Exception):
    """The body passed the limit."""


class _Gone(Exception):
    """The client went away before its body was complete."""


class RequestLimits:
    """Answers 400, 408, 413 or 431 itself; hands everything else on with its body read.

    ``body_seconds`` is how long a body may take that sends next to nothing.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request if it keeps the limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _header_bytes(scope) > MAX_HEADER_BYTES:
            await refuse(scope, send, 431, f"headers are larger than {MAX_HEADER_BYTES} bytes")
            return
        if "transfer-encoding" in headers and "content-length" in headers:
            # RFC 9112, 6.1: the mark of request smuggling.
            detail = "Content-Length and Transfer-Encoding exclude each other"
            await refuse(scope, send, HTTPStatus.BAD_REQUEST, detail)
            return
        try:
            body = await self._read(headers, receive)
        except _TooLarge:
            await drain(scope, receive, self.max_body_bytes)
            detail = f"the body is larger than {self.max_body_bytes} bytes"
            await refuse(scope, send, 413, detail)
        except TimeoutError:
            detail = "the body did not arrive in time"
            await refuse(scope, send, HTTPStatus.REQUEST_TIMEOUT, detail)
        except _Gone:
            return
        else:
            await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_body_bytes:
            raise _TooLarge
        body = bytearray()
        started = time.monotonic()
        while True:
            allowed = self.body_seconds + len(body) / MIN_BYTES_PER_SECOND
            async with asyncio.timeout(started + allowed - time.monotonic()):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            body += message.get("body", b"")
            if len(body) > self.max_body_bytes:
                raise _TooLarge
            if not message.get("more_body", False):
                return bytes(body)


def _header_bytes(scope: Scope) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return lines + len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")


def _replay(body: bytes, receive: Receive) -> Receive:
    """``receive`` for the application: the body once, then only what happens after it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
