"""Servers with every channel configured, over a store that tests may change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from tests.campaigns import hostile_http
from tests.server.slack_app import EchoPipeline, SlackApp, serving
from tests.support.processes import Guarded
from tests.support.slack_service import TOKEN, SlackService

ARTICLE = (
    "새 도서관 개관\n\n서울시는 2025년 3월 10일 새 도서관을 열었다. 공사비는 120억 원이었다.\n"
)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("hostile")
    store = Store.open(folder, embedder)
    secrets: dict[str, Any] = {
        name.removeprefix("GEUNGEO_").lower(): value
        for name, value in hostile_http.ENVIRONMENT.items()
    }
    settings = Settings(store=folder, require_key=True, **secrets)
    workspace = Workspace(settings, store, embedder)
    workspace.ingest_text(ARTICLE)
    _, key = store.keys.create("admin", frozenset({"admin"}))
    _, reader = store.keys.create("reader", frozenset({"ask"}))
    yield Guarded(workspace, create_app(workspace), key, reader)
    store.close()


@pytest.fixture(scope="module")
def called(guarded: Guarded) -> Iterator[SlackApp]:
    """The application, served, with answers from an echo."""
    with SlackService() as slack:
        changes = {"slack_api_url": slack.api_url, "slack_bot_token": TOKEN}
        settings = guarded.workspace.settings.model_copy(update=changes)
        settings = Settings.model_validate(settings.model_dump())
        workspace = Workspace(settings, guarded.workspace.store, guarded.workspace.embedder)
        workspace.pipeline = cast("Any", EchoPipeline())
        with serving(workspace, slack) as running:
            yield running
