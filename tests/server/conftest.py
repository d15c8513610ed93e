"""Applications over the real workspace, over a scripted pipeline, and with Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Done, Event, PassageHit, PassagesFound
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.protocols import Embedder, Filters, Load
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.state import AppState
from tests.server.slack_app import EchoPipeline, SlackApp, echoing
from tests.support.slack_service import SlackService

Client = Callable[[], httpx.AsyncClient]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def client(workspace: Workspace) -> Client:
    """Return a factory of in-process clients of the real application."""
    app = create_app(workspace)

    def make() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost")

    return make


@dataclass
class ScriptedPipeline:
    """A pipeline that follows a script (yield, wait, fail) and records whether it was closed."""

    script: list[Event | Exception | float] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, ask: Ask) -> AsyncGenerator[Event, None]:
        self.asked.append(ask)
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    continue
                yield step
        finally:
            self.closed.set()

    async def answer(self, ask: Ask) -> Answer:
        last: Event | None = None
        async for event in self.stream(ask):
            last = event
        assert isinstance(last, Done)
        return last.answer

    def load(self) -> Load:
        return Load(0, 0, {})

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        raise NotImplementedError


@dataclass
class Scripted:
    """A scripted application: its pipeline, its state, and raw ASGI access."""

    pipeline: ScriptedPipeline
    app: Any

    @property
    def state(self) -> AppState:
        return cast("AppState", self.app.state.geungeo)

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost")


class _Borrowed(Workspace):
    """The real store and settings with another pipeline."""

    def __init__(self, real: Workspace, pipeline: ScriptedPipeline) -> None:
        self.settings = real.settings
        self.store = real.store
        self.embedder = real.embedder
        self.backend = real.backend
        self.pipeline = cast("Any", pipeline)


@pytest.fixture
def scripted(workspace: Workspace) -> Scripted:
    pipeline = ScriptedPipeline()
    return Scripted(pipeline, create_app(_Borrowed(workspace, pipeline)))


@pytest.fixture
def workspace_of(tmp_path: Path, embedder: Embedder) -> Iterator[Callable[..., Workspace]]:
    """Return a factory of workspaces with the given settings, over a store with one article."""
    made: list[Workspace] = []

    def make(**settings: Any) -> Workspace:
        store = Store.open(tmp_path / "store", embedder)
        made.append(Workspace(Settings(store=tmp_path / "store", **settings), store, embedder))
        text = "동해에 혹등고래 12마리가 돌아왔다고 해양수산부가 밝혔다."
        store.ingest(Draft("고래가 돌아왔다", ((SectionKind.BODY, text),), "whales", id="whales"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def nothing_found() -> PassagesFound:
    return PassagesFound(())


@pytest.fixture
def slack() -> Iterator[SlackService]:
    """A simulated Slack that checks what it receives."""
    with SlackService() as service:
        yield service
        assert service.breaches == []


@pytest.fixture
def pipeline() -> EchoPipeline:
    return EchoPipeline()


@pytest.fixture
def app(
    tmp_path: Path, embedder: Embedder, slack: SlackService, pipeline: EchoPipeline
) -> Iterator[SlackApp]:
    """A server over an empty store with Slack configured, answering from ``pipeline``."""
    with echoing(tmp_path, embedder, slack, pipeline) as running:
        yield running
