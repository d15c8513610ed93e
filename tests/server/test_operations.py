"""Health, error messages, HEAD and timing."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Ask, Delta, Done, Event, PassagesFound
from geungeo.rag.errors import BackendOverloaded, StoreUnavailable
from geungeo.server.answering import timed
from geungeo.server.http.problems import without_path
from geungeo.server.state import Checkup

Client = Callable[[], httpx.AsyncClient]

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/articles", "/v1/models", "/conversations", "/metrics"]
)
async def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    async with client() as http:
        whole, head = await http.get(path), await http.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert whole.content
    assert head.headers["content-type"] == whole.headers["content-type"]
    if path != "/metrics":  # it counts these requests
        assert head.headers["content-length"] == str(len(whole.content))


async def test_head_is_rejected_like_get_and_counted_as_head(client: Client) -> None:
    async with client() as http:
        assert (await http.head("/chat")).status_code == 405
        assert (await http.head("/nowhere")).status_code == 404
        await http.head("/articles")
        metrics = (await http.get("/metrics")).text
    assert 'method="HEAD",route="/articles",status="200"' in metrics


def test_health_check_is_cached() -> None:
    now, ran = [0.0], []

    def examine() -> list[str]:
        ran.append(now[0])
        return [f"problem of {now[0]}"]

    checkup = Checkup(keep=5.0, clock=lambda: now[0])
    for moment in (0.0, 1.0, 4.9, 5.0, 6.0):
        now[0] = moment
        expected = "problem of 0.0" if moment < 5 else "problem of 5.0"
        assert checkup.problems(examine) == (expected,)
    assert ran == [0.0, 5.0]


def test_failed_health_check_is_not_cached() -> None:
    checkup = Checkup(keep=5.0, clock=lambda: 0.0)

    def fail() -> list[str]:
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        checkup.problems(fail)
    assert checkup.problems(list) == ()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions"])
async def test_store_path_is_logged_but_not_sent_to_clients(
    scripted: Any,
    workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    path: str,
    stream: bool,
) -> None:
    folder = str(workspace.settings.store)
    error = StoreUnavailable(f"store {folder}/geungeo.sqlite3: disk I/O error")
    scripted.pipeline.script = [PassagesFound(()), error] if stream else [error]
    message = {"role": "user", "content": "왜?"}
    body = {"question": "왜?"} if path == "/chat" else {"model": "geungeo", "messages": [message]}
    async with scripted.client() as http:
        response = await http.post(path, json={**body, "stream": stream})
    assert folder not in response.text
    assert "store (its folder): disk I/O error" in response.text
    assert "store_unavailable" in response.text
    assert folder in caplog.text


async def test_readiness_contains_no_path(
    scripted: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = scripted.state.workspace
    folder = workspace.settings.store

    def broken() -> list[str]:
        raise StoreUnavailable(f"store {folder}: unable to open database file")

    monkeypatch.setattr(workspace.store, "health", broken)
    async with scripted.client() as http:
        response = await http.get("/readyz")
    assert response.status_code == 503
    assert response.json()["problems"] == ["store (its folder): unable to open database file"]
    assert str(folder) in caplog.text


@pytest.mark.parametrize(
    ("text", "folder", "shown"),
    [
        ("store /a/b/x.sqlite3 is busy: y", "/a/b", "store (its folder) is busy: y"),
        ("cannot use store folder /a/b: no", "/a/b", "cannot use store folder (its folder): no"),
        ("store /a/bc/x: no", "/a/b", "store /a/bc/x: no"),
        ("store s/x: stores", "s", "store (its folder): stores"),
        ("store .geungeo/x is damaged (y)", ".geungeo", "store (its folder) is damaged (y)"),
    ],
)
def test_only_store_paths_are_removed_from_messages(text: str, folder: str, shown: str) -> None:
    assert without_path(text, Path(folder)) == shown


async def test_overloaded_backend_sends_retry_after(scripted: Any) -> None:
    scripted.pipeline.script = [BackendOverloaded("the queue is full", retry_after=2.2)]
    async with scripted.client() as http:
        response = await http.post("/chat", json={"question": "왜?"})
    assert response.status_code == 503
    assert response.json()["code"] == "backend_overloaded"
    assert response.headers["retry-after"] == "3"


async def test_time_to_the_first_claim_is_measured() -> None:
    now = [100.0]
    seen: list[float] = []

    async def events() -> AsyncGenerator[Event, None]:
        for pause, event in (
            (1.0, PassagesFound(())),
            (2.5, Delta("하나다. [1]")),
            (4.0, Delta(" 둘이다. [2]")),
        ):
            now[0] += pause
            yield event

    async for _ in timed(events(), seen.append, clock=lambda: now[0]):
        pass
    assert seen == [3.5]


async def test_only_streams_with_a_claim_are_timed(scripted: Any, workspace: Workspace) -> None:
    answer = await workspace.pipeline.answer(Ask("데이터 센터 계획의 규모는 얼마인가?"))
    scripted.pipeline.script = [PassagesFound(()), 0.05, Delta(answer.text), Done(answer)]
    message = {"role": "user", "content": "왜?"}
    async with scripted.client() as http:
        for stream in (False, True):
            await http.post("/chat", json={"question": "왜?", "stream": stream})
        body = {"model": "geungeo", "messages": [message], "stream": True}
        await http.post("/v1/chat/completions", json=body)
        scripted.pipeline.script = [PassagesFound(()), Done(answer)]
        await http.post("/chat", json={"question": "왜?", "stream": True})
        metrics = (await http.get("/metrics")).text
    for channel in ("chat", "openai"):
        assert f'geungeo_first_claim_seconds_count{{channel="{channel}"}} 1.0' in metrics
        total = re.search(rf'first_claim_seconds_sum{{channel="{channel}"}} (\S+)', metrics)
        assert total is not None
        assert float(total[1]) >= 0.05
