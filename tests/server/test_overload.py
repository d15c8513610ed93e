"""Overload: full queues, retries and disconnects."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.errors import BackendOverloaded, Overloaded
from geungeo.rag.protocols import Claim, Report, Task
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.state import WRITERS, Writers

PATIENCE = 120
pytestmark = pytest.mark.anyio

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"


class Held:
    """A function that blocks until it is released and counts its calls."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls = 0

    def __call__(self, *_: object) -> list[Any]:
        self.calls += 1
        assert self.go.wait(PATIENCE)
        return []


@pytest.fixture
def small(tmp_path: Path) -> Any:
    """A workspace that searches for one question at a time with a queue of one."""
    with Workspace.open(Settings(store=tmp_path, search_concurrency=1, search_queue=1)) as opened:
        yield opened


def client_of(workspace: Workspace) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(workspace))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/search", {"query": QUESTION}),
        ("/chat", {"question": QUESTION}),
        ("/chat", {"question": QUESTION, "stream": True}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}),
    ],
)
async def test_full_queue_is_503_with_retry_after(
    small: Workspace, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    held = Held()
    monkeypatch.setattr(small.pipeline, "search", held)
    async with client_of(small) as http:
        busy = [asyncio.create_task(http.post("/search", json={"query": "가"})) for _ in range(2)]
        await until(
            lambda: (small.pipeline.load().running, small.pipeline.load().waiting) == (1, 1)
        )
        refused = await http.post(path, json={"model": "geungeo", **body} if "v1" in path else body)
        healthy = await http.get("/healthz")
        metrics = (await http.get("/metrics")).text
        held.go.set()
        done = await asyncio.gather(*busy)
        again = await http.post("/search", json={"query": "가"})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    error = refused.json()
    assert (error["error"] if "v1" in path else error)["code"] == "overloaded"
    assert healthy.status_code == 200
    assert 'geungeo_searches{state="waiting"} 1.0' in metrics
    assert [one.status_code for one in [*done, again]] == [200, 200, 200]


async def test_full_backend_queue_is_rejected_before_searching(small: Workspace) -> None:
    class Full:
        name = "full"

        def check_room(self) -> None:
            raise BackendOverloaded("full", retry_after=7)

        def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
            raise AssertionError(f"{report.backend} was asked to write on {task.question}")

    small.pipeline._backend = Full()
    async with client_of(small) as http:
        body = {"question": QUESTION, "stream": True}
        refused = await http.post("/chat", json=body)
    assert refused.status_code == 503
    assert refused.json()["code"] == "backend_overloaded"
    assert refused.headers["retry-after"] == "7"


async def test_disconnect_frees_the_place_in_the_queue(
    small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    monkeypatch.setattr(small.pipeline, "search", held)
    app = create_app(small)
    gone = asyncio.Event()
    body = b'{"query": "\xea\xb0\x80"}'

    async def ask(leaves: asyncio.Event) -> None:
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if sent:
                return sent.pop()
            await leaves.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            del message

        headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
        scope = {"type": "http", "method": "POST", "path": "/search", "raw_path": b"/search"}
        scope |= {"query_string": b"", "headers": headers, "client": ("127.0.0.1", 1)}
        await app({**scope, "server": ("a", 80), "scheme": "http", "state": {}}, receive, send)

    stays = asyncio.create_task(ask(asyncio.Event()))
    await until(lambda: held.calls == 1)
    leaves = asyncio.create_task(ask(gone))
    await until(lambda: small.pipeline.load().waiting == 1)
    gone.set()
    async with asyncio.timeout(PATIENCE):
        await leaves
    assert small.pipeline.load().waiting == 0
    held.go.set()
    await stays
    assert held.calls == 1


async def test_admitted_question_is_not_rejected_later(small: Workspace) -> None:
    """An answer needs two searches; only the first may be rejected."""
    found = await asyncio.gather(
        *(small.pipeline.search_in_turn("가", 1, Filters()) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Overloaded) for one in found) == 4
    gate = small.pipeline._gate
    async with gate.slot(1):
        waiting = [asyncio.create_task(_pass(gate, admitted=True)) for _ in range(5)]
        await asyncio.sleep(0)
        assert gate.waiting == 5
        with pytest.raises(Overloaded):
            await _pass(gate, admitted=False)
    await asyncio.gather(*waiting)


async def _pass(gate: Any, *, admitted: bool) -> None:
    async with gate.slot(PATIENCE, admitted=admitted):
        pass


async def test_queue_of_changes_is_limited() -> None:
    held = Held()
    writers = Writers(queue=2)
    waiting = [asyncio.create_task(writers.run(held)) for _ in range(WRITERS + 2)]
    await until(lambda: held.calls == WRITERS)
    with pytest.raises(Overloaded, match=f"{WRITERS} changes are being made and 2 are queued"):
        await writers.run(held)
    held.go.set()
    assert await asyncio.gather(*waiting) == [[]] * (WRITERS + 2)
