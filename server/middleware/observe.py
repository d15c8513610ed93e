"""Counts, times and logs requests; turns an unforeseen exception into a plain 500."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geungeo.server.metrics import Metrics
from geungeo.server.middleware.respond import refuse

log = logging.getLogger("geungeo.access")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Observe:
    """One log line and one observation a request. Query strings are never logged."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, watched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
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
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        # 499: nginx's status for a client that went away before there was a response.
        self.metrics.request(scope["method"], route, status or 499, seconds)
        log.log(
            logging.DEBUG if scope["path"] in QUIET else logging.INFO,
            "%s %s %d %.0f ms %s",
            scope["method"],
            scope["path"],
            status or 499,
            seconds * 1000,
            scope.get("state", {}).get("request_id"),
        )
