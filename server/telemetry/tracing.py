"""OpenTelemetry traces: a span for each request, and below it the stages of its answer.

The extra ``telemetry`` installs the packages; they are imported only with the setting ``tracing``.
The standard ``OTEL_*`` variables configure the exporter.
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geungeo.rag.errors import MissingExtra
from geungeo.server.telemetry.logs import QUIET_PATHS, note

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

    from geungeo.rag.answer import Answer

_SERVER_ERROR = 500

_tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


def make_provider() -> TracerProvider:
    """Return the exporter to ``OTEL_EXPORTER_OTLP_ENDPOINT``; its shutdown sends the last spans.

    Raises:
        MissingExtra: the packages are not installed; the message has the command.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtra(
            "the setting 'tracing' needs OpenTelemetry; run: pip install 'geungeo[telemetry]'"
        ) from error
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
    resource = Resource({SERVICE_NAME: "geungeo"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Tracing:
    """Middleware that traces every request, as part of the client's trace if it has one.

    The attributes contain neither query strings nor questions.
    """

    def __init__(self, app: ASGIApp, *, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app = app
        self._tracer = provider.get_tracer("geungeo")
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in a span."""
        from opentelemetry.trace import SpanKind, StatusCode, format_trace_id

        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        parent = self._propagator.extract({name: headers[name] for name in headers})
        method = scope["method"]
        with self._tracer.start_as_current_span(
            method, parent, SpanKind.SERVER, {"http.request.method": method}
        ) as span:
            _tracer.set(self._tracer)
            note(trace_id=format_trace_id(span.get_span_context().trace_id))

            async def send_and_note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _SERVER_ERROR:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self.app(scope, receive, send_and_note)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)


def trace_answer(answer: Answer) -> None:
    """Add spans for the stages of a just finished Answer, below the current span.

    The pipeline has timed them: rewriting, retrieval, drafting. Claims are verified while they
    are drafted, so grounding is an attribute of drafting.
    """
    tracer = _tracer.get()
    if tracer is None:
        return
    spent = answer.timings_ms
    begin = time.time_ns() - _ns(spent.total)
    outcome = {"geungeo.status": answer.status, "geungeo.backend": answer.backend}
    if answer.reason:
        outcome["geungeo.reason"] = answer.reason
    stages: tuple[tuple[str, float, dict[str, str | float]], ...] = (
        ("rewrite", spent.rewrite, {}),
        ("retrieve", spent.retrieve, {"geungeo.passages": len(answer.passages)}),
        (
            "draft",
            spent.generate + spent.ground,
            {
                **outcome,
                "geungeo.ground_ms": spent.ground,
                "geungeo.citations": len(answer.citations),
                "geungeo.dropped_claims": len(answer.trace.dropped),
            },
        ),
    )
    for name, milliseconds, attributes in stages:
        span = tracer.start_span(name, start_time=begin, attributes=attributes)
        begin += _ns(milliseconds)
        span.end(begin)


def _ns(milliseconds: float) -> int:
    return int(milliseconds * 1_000_000)
