"""Logs, traces and metrics: their content, and what they must not contain."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from geungeo.index.workspace import Workspace
from geungeo.rag.errors import MissingExtra
from geungeo.rag.protocols import Load
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.telemetry.logs import JsonFormatter
from geungeo.server.telemetry.metrics import Metrics
from geungeo.server.telemetry.tracing import make_provider

pytestmark = pytest.mark.anyio

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"


class _Set(Workspace):
    """The shared store with other settings."""

    def __init__(self, real: Workspace, **settings: Any) -> None:
        self.settings = Settings(store=real.settings.store, **settings)
        self.store, self.pipeline, self.backend = real.store, real.pipeline, real.backend


def client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """Collect the server's log as JSON rows, one per line."""
    rows: list[dict[str, Any]] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = self.format(record)
            assert line.isprintable()  # no line breaks, no terminal escapes
            rows.append(json.loads(line))

    handler = Collect()
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("geungeo")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield rows
    log.removeHandler(handler)
    log.setLevel(before)


def requests(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["logger"] == "geungeo.access"]


# Logs


async def test_request_is_logged_on_one_line(
    workspace: Workspace, logged: list[dict[str, Any]]
) -> None:
    async with client(create_app(workspace)) as http:
        article = workspace.store.articles()[0].id
        answer = await http.get(f"/articles/{article}?token=sesame", headers={"X-Request-ID": "r1"})
    (row,) = requests(logged)
    assert row["request_id"] == answer.headers["x-request-id"] == "r1"
    assert (row["method"], row["status"], row["level"]) == ("GET", 200, "info")
    assert row["route"] == "/articles/{article_id:path}"
    assert row["path"] == f"/articles/{article}"
    assert row["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", row["time"])
    assert "sesame" not in json.dumps(logged)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions"])
async def test_log_line_of_an_answer_has_stages_but_no_text(
    workspace: Workspace, logged: list[dict[str, Any]], path: str, stream: bool
) -> None:
    message = {"role": "user", "content": QUESTION}
    body = (
        {"question": QUESTION} if path == "/chat" else {"model": "geungeo", "messages": [message]}
    )
    async with client(create_app(workspace)) as http:
        answer = await http.post(path, json={**body, "stream": stream})
        assert answer.status_code == 200
    (row,) = requests(logged)
    stages = {"rewrite", "retrieve", "generate", "ground", "verify", "total"}
    assert set(row["stages_ms"]) == stages
    assert row["stages_ms"]["total"] <= row["ms"]
    assert row["answer"]["status"] == "answered"
    assert row["answer"]["citations"] >= 1
    assert "오픈AI" not in json.dumps(logged, ensure_ascii=False)


async def test_questions_are_logged_only_with_log_questions(
    workspace: Workspace, logged: list[dict[str, Any]]
) -> None:
    asked = "김치찌개\u2028는?\x1b[31m\n위조된 줄"
    async with client(create_app(_Set(workspace, log_questions=True))) as http:
        await http.post("/chat", json={"question": asked})
    (row,) = requests(logged)
    assert "김치찌개" in row["question"]
    assert "김치찌개" in row["message"]


async def test_only_the_id_of_a_key_is_logged(
    workspace: Workspace, logged: list[dict[str, Any]], tmp_path: Any
) -> None:
    from geungeo.index.keys import open_keys

    with open_keys(tmp_path) as keys:
        key, text = keys.create("a", frozenset({"ask"}))
        store = _WithKeys(workspace, keys)
        async with client(create_app(store)) as http:
            for header in ({"X-API-Key": text}, {"Authorization": f"Bearer {text}"}):
                assert (await http.get("/articles", headers=header)).status_code == 200
            assert (await http.get("/articles", headers={"X-API-Key": "x"})).status_code == 401
    assert [row.get("key") for row in requests(logged)] == [key.id, key.id, None]
    assert text[-43:] not in json.dumps(logged)


class _WithKeys(_Set):
    def __init__(self, real: Workspace, keys: Any) -> None:
        super().__init__(real, require_key=True)
        self.store = _Store(real.store, keys)  # type: ignore[assignment]


class _Store:
    """The shared store with separate keys: keys in the shared store would affect other tests."""

    def __init__(self, real: Any, keys: Any) -> None:
        self._real, self.keys = real, keys

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_log_content_cannot_break_its_line() -> None:
    nasty = 'a\nb\r\x1b[31m\x00\u2028\u2029\x9b"}\ud800'
    record = logging.LogRecord("geungeo", logging.ERROR, __file__, 1, "%s", (nasty,), None)
    record.fields = {"path": nasty}
    try:
        raise ValueError(nasty)
    except ValueError:
        record.exc_info = sys.exc_info()
    line = JsonFormatter().format(record)
    assert line.isprintable()
    row = json.loads(line)
    assert "ValueError" in row["exception"]
    assert row["path"].startswith("a\nb")


# Traces


@pytest.fixture
def spans() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider, exporter
    provider.shutdown()


def ended_after(one: ReadableSpan) -> int:
    assert one.start_time is not None
    assert one.end_time is not None
    return one.end_time - one.start_time


@pytest.mark.parametrize("stream", [False, True])
async def test_question_is_a_span_with_its_stages(
    workspace: Workspace,
    spans: tuple[TracerProvider, InMemorySpanExporter],
    logged: list[dict[str, Any]],
    stream: bool,
) -> None:
    provider, exporter = spans
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    async with client(create_app(workspace, provider=provider)) as http:
        body = {"question": QUESTION, "stream": stream}
        await http.post("/chat?secret=sesame", json=body, headers=parent)
    *stages, request = exporter.get_finished_spans()
    assert request.name == "POST /chat"
    assert request.attributes is not None
    assert request.attributes["http.route"] == "/chat"
    assert request.attributes["http.response.status_code"] == 200
    assert f"{request.context.trace_id:032x}" == trace
    assert [stage.name for stage in stages] == ["rewrite", "retrieve", "draft"]
    for stage in stages:
        assert stage.parent is not None
        assert stage.parent.span_id == request.context.span_id
    assert sum(map(ended_after, stages)) <= ended_after(request)
    exported = "".join(one.to_json() for one in (*stages, request))
    assert "\\uc624" not in exported  # JSON's 오
    assert "오" not in exported
    assert "sesame" not in exported
    assert requests(logged)[0]["trace_id"] == trace


async def test_requests_are_traced_and_probes_are_not(
    workspace: Workspace, spans: tuple[TracerProvider, InMemorySpanExporter]
) -> None:
    provider, exporter = spans
    async with client(create_app(workspace, provider=provider)) as http:
        await http.get("/healthz")
        await http.get("/articles")
        await http.get("/nowhere")
    found = exporter.get_finished_spans()
    assert [one.name for one in found] == ["GET /articles", "GET"]
    assert len({one.context.trace_id for one in found}) == 2


def test_missing_telemetry_packages_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(MissingExtra, match=r"pip install 'geungeo\[telemetry\]'"):
        make_provider()


def test_spans_go_to_the_configured_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "newsroom")
    provider = make_provider()
    assert provider.resource.attributes["service.name"] == "newsroom"
    provider.shutdown()


# Metrics


async def test_metrics_count_abstentions_support_and_stages(workspace: Workspace) -> None:
    async with client(create_app(workspace)) as http:
        cited = (await http.post("/chat", json={"question": QUESTION})).json()["citations"]
        refused = await http.post("/chat", json={"question": "김치찌개 맛있게 끓이는 법은?"})
        metrics = (await http.get("/metrics")).text
    reason = refused.json()["reason"]
    assert re.search(rf'geungeo_answers_total{{.*reason="{reason}",status="abstained"}} 1', metrics)
    assert f"geungeo_citation_support_count {len(cited)}.0" in metrics
    for stage in ("rewrite", "retrieve", "generate", "ground", "verify", "total"):
        assert f'geungeo_answer_stage_seconds_count{{stage="{stage}"}} 2.0' in metrics
    assert 'geungeo_backend_answers{state="waiting"} 0.0' in metrics


def test_metrics_report_the_load_of_the_backend() -> None:
    metrics = Metrics()
    metrics.backend(Load(running=3, waiting=2, resting={"openai:a": True, "openai:b": False}))
    shown = metrics.render().decode()
    assert 'geungeo_backend_answers{state="running"} 3.0' in shown
    assert 'geungeo_backend_answers{state="waiting"} 2.0' in shown
    assert 'geungeo_backend_resting{endpoint="openai:a"} 1.0' in shown
    assert 'geungeo_backend_resting{endpoint="openai:b"} 0.0' in shown


async def test_readiness_names_the_endpoints_of_the_backend(workspace: Workspace) -> None:
    settings: dict[str, Any] = {
        "backend": "openai",
        "llm_base_url": "http://127.0.0.1:9/v1",
        "llm_model": "m",
    }
    from geungeo.rag.backends import make_backend

    other = _Set(workspace, **settings)
    other.backend = make_backend(other.settings)
    async with client(create_app(other)) as http:
        assert (await http.get("/readyz")).json()["endpoints"] == {"openai:m": "in use"}
