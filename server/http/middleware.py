"""Middleware around every route, and how it responds without one."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geungeo.server.http.problems import CLIENT_GONE, UNEXPECTED, code_of, error_body
from geungeo.server.telemetry.logs import QUIET_PATHS, begin_notes
from geungeo.server.telemetry.metrics import Metrics

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
    """Send a problem and close the connection: its request may not have been read completely."""
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
    """Read and discard up to ``limit`` bytes of the body of a request that is being refused.

    Closing with unread data resets the connection, and the client may not get the response.
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


REQUEST_ID = "X-Request-ID"
# Safe in a header, a log line and a shell.
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestId:
    """Middleware that gives every request an id: the client's own if it is safe, or a new one.

    The id is ``scope["state"]["request_id"]`` and a header of the response.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


# The page's own files only: no inline script, and no foreign image that could leak data.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Middleware that adds ``SECURITY_HEADERS`` to responses that do not set their own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with security headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


log = logging.getLogger("geungeo.access")


class Observe:
    """Middleware that logs, times and counts requests, and turns exceptions into a plain 500.

    Query strings are never logged. A JSON line also has the fields that were noted during the
    request.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, then log and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        notes = begin_notes()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            log.exception("unhandled error, request %s", scope["state"].get("request_id"))
            if status:
                raise  # the response has begun; only closing the connection is possible
            await refuse(scope, send_and_note, 500, UNEXPECTED)
        finally:
            self._record(scope, status or CLIENT_GONE, time.perf_counter() - started, notes)

    def _record(self, scope: Scope, status: int, seconds: float, notes: dict[str, Any]) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method, path = scope["method"], scope["path"]
        request_id = scope.get("state", {}).get("request_id")
        self.metrics.request(method, route, status, seconds)
        fields = {
            "request_id": request_id,
            "method": method,
            "route": route,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 1),
            **notes,
        }
        question = f" {notes['question']!r}" if "question" in notes else ""
        log.log(
            logging.DEBUG if path in QUIET_PATHS else logging.INFO,
            "%s %s %d %.0f ms %s%s",
            method,
            path,
            status,
            seconds * 1000,
            request_id,
            question,
            extra={"fields": fields},
        )


MAX_HEADER_BYTES = 16 * 1024
BODY_SECONDS = 8.0
# A slow upload gets more time: each received byte moves the deadline, at this rate.
MIN_BYTES_PER_SECOND = 64 * 1024


class _BodyTooLarge(Exception):
    """The body is larger than the limit."""


class _ClientGone(Exception):
    """The client disconnected before its body was complete."""


class RequestLimits:
    """Middleware that limits the size of headers and body, and the time to send a body.

    uvicorn limits neither. The body is read completely before the application gets the request,
    so that one place enforces the limit, with a Content-Length or without; all bodies are small.
    Responds with 400, 408, 413 or 431 itself. ``body_seconds`` is the timeout of a body that
    hardly arrives.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request if it is within the limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _header_bytes(scope) > MAX_HEADER_BYTES:
            await refuse(scope, send, 431, f"the headers are larger than {MAX_HEADER_BYTES} bytes")
            return
        if "transfer-encoding" in headers and "content-length" in headers:
            # RFC 9112, section 6.1: a sign of request smuggling.
            detail = "send either Content-Length or Transfer-Encoding, not both"
            await refuse(scope, send, HTTPStatus.BAD_REQUEST, detail)
            return
        try:
            body = await self._read(headers, receive)
        except _BodyTooLarge:
            await drain(scope, receive, self.max_body_bytes)
            detail = f"the body is larger than {self.max_body_bytes} bytes"
            await refuse(scope, send, 413, detail)
        except TimeoutError:
            detail = "the body did not arrive in time; send the request again"
            await refuse(scope, send, HTTPStatus.REQUEST_TIMEOUT, detail)
        except _ClientGone:
            return
        else:
            await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_body_bytes:
            raise _BodyTooLarge
        body = bytearray()
        started = time.monotonic()
        while True:
            allowed = self.body_seconds + len(body) / MIN_BYTES_PER_SECOND
            async with asyncio.timeout(started + allowed - time.monotonic()):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            body += message.get("body", b"")
            if len(body) > self.max_body_bytes:
                raise _BodyTooLarge
            if not message.get("more_body", False):
                return bytes(body)


def _header_bytes(scope: Scope) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return lines + len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that yields the body once, then the later messages."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


class Head:
    """Middleware that serves HEAD as GET without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"}
        try:
            await self.app(inner, receive, send_without_body)
        finally:
            # The router sets the chosen route in the scope that it was given.
            if "route" in inner:
                scope["route"] = inner["route"]
