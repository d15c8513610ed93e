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

from geungeo.server.http.problems import CLIENT_GONE, code_of, error_body
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


HEADER = "X-Request-ID"
# What may stand in a header, a log line and a shell alike; CR, LF and blanks may not.
_SAFE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestId:
    """Puts ``request_id`` into ``scope["state"]`` and echoes it in the response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _SAFE.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


# Our own files and nothing else: no inline script, no foreign image that could carry data out.
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
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds ``HEADERS`` where a response has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, its response hardened."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


log = logging.getLogger("geungeo.access")


class Observe:
    """One log line and one observation a request. Query strings are never logged.

    As JSON the line also holds what others noted while they served the request.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, watched."""
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
                raise  # the response is under way; only the connection can still be closed
            await refuse(scope, send_and_note, 500, "an unforeseen error; see the server's log")
        finally:
            self._tell(scope, status or CLIENT_GONE, time.perf_counter() - started, notes)

    def _tell(self, scope: Scope, status: int, seconds: float, notes: dict[str, Any]) -> None:
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


class Head:
    """Serves HEAD by GET and withholds the body (RFC 9110, 9.3.2)."""

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
            # The router tells by it, in the scope it was given, which route it chose.
            if "route" in inner:
                scope["route"] = inner["route"]
