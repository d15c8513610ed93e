"""Several servers over one store in PostgreSQL: requests, limits, deliveries, lost database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import click.testing
import httpx
import psycopg
import pytest

import geungeo
from geungeo.index.copying import copy_store
from geungeo.index.schema import SCHEMA_VERSION
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings, StoreUrl
from geungeo.server.app import create_app
from geungeo.server.cli import cli, run
from tests.server.slack_app import EchoPipeline, echoing
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.slack_service import SlackService, event, mention, new_ts

QUESTION = "데이터 센터 계획의 규모는?"


@pytest.fixture
def filled(workspace: Workspace, shared: StoreUrl) -> StoreUrl:
    """A shared store with the articles of ``workspace``."""
    copy_store(workspace.store.folder, shared)
    return shared


@asynccontextmanager
async def servers(
    count: int, place: StoreUrl, embedder: Embedder, **settings: Any
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Run applications as separate as servers: each with its own connections and indexes."""
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(count):
            store = stack.enter_context(closing(Store.open(place, embedder)))
            app = create_app(Workspace(Settings(store=place, **settings), store, embedder))
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=60
            )
            clients.append(await stack.enter_async_context(client))
        yield clients


@pytest.mark.anyio
async def test_a_conversation_goes_on_at_another_server(
    filled: StoreUrl, embedder: Embedder
) -> None:
    async with servers(2, filled, embedder) as (one, other):
        asked = {"question": QUESTION, "conversation_id": "c"}
        answer = (await one.post("/chat", json=asked)).json()
        assert answer["status"] == "answered"
        first = answer["citations"][0]
        article = (await other.get(f"/articles/{first['article_id']}")).json()
        assert article["text"][first["start"] : first["end"]] == first["quote"]
        kept = (await other.get("/conversations/c")).json()["answers"]
        assert [one["id"] for one in kept] == [answer["id"]]
        rated = await other.post("/feedback", json={"answer_id": answer["id"], "rating": "up"})
        assert rated.is_success
        ratings = (await one.get("/conversations/c")).json()["ratings"]
        assert ratings == {answer["id"]: "up"}


@pytest.mark.anyio
async def test_keys_and_limits_are_those_of_all_servers(
    filled: StoreUrl, embedder: Embedder
) -> None:
    async with servers(2, filled, embedder, rate_limit_key="5/hour") as (one, other):
        with closing(Store.open(filled, embedder)) as store:
            key, text = store.keys.create("desk", frozenset({"ask"}))
            sent = {"Authorization": f"Bearer {text}"}
            assert (await other.get("/articles")).status_code == 401
            statuses = [
                (await client.get("/articles", headers=sent)).status_code
                for client in (one, other, one, other, one, other, one)
            ]
            assert statuses == [200] * 5 + [429] * 2
            refused = await one.get("/articles", headers=sent)
            assert 3_500 < int(refused.headers["retry-after"]) <= 3_600
            store.keys.revoke(key.id)
        assert (await other.get("/articles", headers=sent)).status_code == 401


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_lost_database_gives_a_503_with_the_cause_until_it_is_back(
    filled: StoreUrl, postgres: PostgresServer, embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    async with servers(2, filled, embedder) as clients:
        for client in clients:
            assert (await client.get("/readyz")).status_code == 200
        postgres.kill()
        try:
            for client in clients:
                for refused in (
                    await client.post("/chat", json={"question": QUESTION}),
                    await client.get("/articles"),
                ):
                    assert refused.status_code == 503
                    body = refused.json()
                    assert body["code"] == "store_unavailable"
                    assert "store (its database): the server refuses connections" in body["detail"]
                assert (await client.get("/healthz")).json() == {"status": "ok"}
        finally:
            postgres.start()
        for client in clients:
            assert (await client.post("/chat", json={"question": QUESTION})).status_code == 200
            assert (await client.get("/readyz")).json()["problems"] == []
    assert PASSWORD not in caplog.text
    assert str(postgres.port) in caplog.text, "the log of the operator names the server"


@pytest.mark.anyio
async def test_a_server_leaves_the_service_once_a_newer_one_has_migrated_the_store(
    filled: StoreUrl, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with servers(1, filled, embedder) as [client]:
        assert (await client.get("/readyz")).status_code == 200
        with psycopg.connect(filled.reveal(), autocommit=True) as connection:
            connection.execute("UPDATE geungeo_schema SET version = version + 1")
        monkeypatch.setattr("geungeo.index.postgres._VERSION_SECONDS", 0.0)
        refused = await client.get("/articles")
        assert (refused.status_code, refused.json()["code"]) == (503, "store_version")
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        [problem] = ready.json()["problems"]
        assert problem.startswith(f"store (its database) has format {SCHEMA_VERSION + 1}, but")
        assert (await client.get("/healthz")).status_code == 200


def test_each_delivery_is_answered_by_one_of_the_servers(
    shared: StoreUrl, embedder: Embedder, slack: SlackService
) -> None:
    pipelines = [EchoPipeline() for _ in range(3)]
    stamps = [new_ts() for _ in range(12)]
    with ExitStack() as stack:
        apps = [
            stack.enter_context(echoing(shared, embedder, slack, pipeline))
            for pipeline in pipelines
        ]
        for number, stamp in enumerate(stamps):
            asked = event(mention(f"질문 {number}?", stamp))
            # Slack repeats what it takes for lost, at whichever server the proxy chooses.
            for app in (apps[number % 3], apps[(number + 1) % 3]):
                assert app.deliver(asked).status_code == 200
        apps[0].settle()
        slack.wait_for(len(stamps))
    assert sorted(one.thread for one in slack.posted) == sorted(stamps)
    assert sum(len(pipeline.asked) for pipeline in pipelines) == len(stamps)


# The command line, and Python


def test_python_opens_the_shared_store_and_shows_no_password(filled: StoreUrl) -> None:
    with geungeo.open(filled.reveal()) as news:
        assert news.search(QUESTION)
        assert "127.0.0.1" in repr(news)
        assert "p%40ss" not in repr(news) + repr(news.settings) + news.settings.model_dump_json()


@pytest.fixture
def environment(shared: StoreUrl, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreUrl]:
    monkeypatch.setenv("GEUNGEO_STORE", shared.reveal())
    yield shared


def test_commands_use_the_shared_store_and_show_no_password(
    environment: StoreUrl,
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    folder, back = str(workspace.store.folder), str(tmp_path / "back")
    assert run(["store", "copy", folder, environment.reveal()]) == 0
    assert run(["articles", "list"]) == 0
    assert run(["doctor"]) == 0
    assert run(["keys", "create", "desk"]) == 0
    assert run(["init"]) == 0
    assert run(["store", "copy", environment.reveal(), back]) == 0
    assert run(["doctor", "--store", back]) == 0
    assert run(["backup", "kept"]) == 2
    assert run(["store", "copy", folder, environment.reveal()]) == 2
    out, err = capsys.readouterr()
    assert f"{workspace.store.count()} articles and" in out
    assert out.count("no problems found") == 2
    assert "use pg_dump" in err
    assert "is not empty" in err
    assert "p%40ss" not in out + err


def test_an_unusable_database_ends_a_command_with_one_line(
    shared: StoreUrl, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = shared.reveal().replace("tester:", "tester:wrong")
    assert run(["keys", "list", "--store", wrong]) == 3
    err = capsys.readouterr().err
    assert "the server refused user or password" in err
    assert "wrong" not in err.replace("refused user or password", "")


def test_the_help_of_copying_names_urls() -> None:
    shown = click.testing.CliRunner().invoke(cli, ["store", "copy", "--help"])
    assert "postgresql:// URLs" in shown.output
