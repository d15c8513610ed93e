"""Counts, times and logs requests; turns an unforeseen exception into a plain 500."""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geungeo.server.metrics import Metrics
from geungeo.server.middleware.respond import refuse
from geungeo.server.problems import CLIENT_GONE
from geungeo.server.telemetry.logs import begin_notes

log = logging.getLogger("geungeo.access")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


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
            logging.DEBUG if path in QUIET else logging.INFO,
            "%s %s %d %.0f ms %s%s",
            method,
            path,
            status,
            seconds * 1000,
            request_id,
            question,
            extra={"fields": fields},
        )
