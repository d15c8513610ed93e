"""Faults of a store that several servers share: kills, a fail-over, cut and slow networks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import psycopg
import pytest

from geungeo.index.copying import copy_store
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.errors import StoreUnavailable
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import StoreUrl
from tests.index.test_postgres import draft, texts
from tests.support import slack_service
from tests.support.postgres import PASSWORD, Network, PostgresServer, Unusable, running
from tests.support.processes import start, stop
from tests.support.slack_service import Fault, SlackService, event, mention, new_ts, signed

pytestmark = pytest.mark.slow

ASKED = "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?"
SERVERS, QUESTIONS = 4, 24
PATIENCE = 300.0


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    try:
        with running(durable=True) as server:
            yield server
    except Unusable as error:
        pytest.skip(f"no PostgreSQL server: {error}")


def test_a_fail_over_to_a_standby_loses_no_acknowledged_article(
    primary: PostgresServer, embedder: Embedder
) -> None:
    schema = primary.schema()
    with running(standby_of=primary) as standby:
        with psycopg.connect(primary.url().reveal(), autocommit=True) as connection:
            # A commit is acknowledged when the standby has it, too.
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        hosts = f"127.0.0.1:{standby.port},127.0.0.1:{primary.port}"
        url = StoreUrl(primary.url(schema).reveal().replace(f"127.0.0.1:{primary.port}", hosts))
        with closing(Store.open(url, embedder)) as one, closing(Store.open(url, embedder)) as other:
            acknowledged = [one.ingest(draft(number)).article.id for number in range(3)]
            assert sorted(texts(other)) == acknowledged
            primary.kill()
            with pytest.raises(StoreUnavailable):
                one.ingest(draft(3))
            standby.promote()
            with psycopg.connect(standby.url().reveal(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
                connection.execute("SELECT pg_reload_conf()")
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    assert one.ingest(draft(3)).status in {"added", "unchanged"}
                    break
                except StoreUnavailable:
                    assert time.monotonic() < until
            assert sorted(texts(other)) == [*acknowledged, "a3"]
            assert other.examine() == []
            assert str(url) == f"postgresql://{hosts}/postgres"


def test_acknowledged_questions_of_a_killed_server_are_answered_once_by_the_others(
    primary: PostgresServer, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = primary.url(primary.schema())
    copy_store(workspace.store.folder, url)
    with ExitStack() as stack:
        slack = stack.enter_context(SlackService())
        monkeypatch.setenv("GEUNGEO_SLACK_SIGNING_SECRET", slack_service.SECRET)
        monkeypatch.setenv("GEUNGEO_SLACK_BOT_TOKEN", slack_service.TOKEN)
        monkeypatch.setenv("GEUNGEO_SLACK_API_URL", slack.api_url)
        slack.faults.extend([Fault(429, b"", {"Retry-After": "1"})] * 4)
        with ThreadPoolExecutor(SERVERS) as pool:
            servers = list(pool.map(lambda _: start(url), range(SERVERS)))
        for server in servers:
            stack.callback(stop, server)
        clients = [
            stack.enter_context(httpx.Client(base_url=one.url, timeout=60, trust_env=False))
            for one in servers
        ]
        stamps = [new_ts() for _ in range(QUESTIONS)]

        def deliver(number: int) -> int:
            raw = json.dumps(event(mention(ASKED, stamps[number])), ensure_ascii=False).encode()
            client = clients[number % len(clients)]
            return client.post("/slack/events", content=raw, headers=signed(raw)).status_code

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(deliver, range(QUESTIONS))) == [200] * QUESTIONS
            slack.wait_for(1)
            servers[0].process.kill()
            servers[0].process.wait(timeout=60)
            clients.pop(0)
            assert len(slack.posted) < QUESTIONS, "it was killed too late to show anything"
            # Slack repeats what it takes for lost.
            assert set(pool.map(deliver, range(QUESTIONS))) == {200}
        until = time.monotonic() + PATIENCE
        while {one.thread for one in slack.posted} != set(stamps):
            assert time.monotonic() < until
            time.sleep(0.1)
        with closing(Store.open(url, workspace.embedder)) as store:
            while store.deliveries.unfinished():
                assert time.monotonic() < until
                time.sleep(0.1)
        # A message that was posted at the moment of the kill may be repeated: at least once.
        threads = [one.thread for one in slack.posted]
        assert len(threads) - len(set(threads)) <= 4
        assert slack.breaches == []
        for server in servers:
            assert PASSWORD not in server.log
            assert "p%40ss" not in server.log


def test_slow_silent_and_cut_networks_are_survived(
    primary: PostgresServer, embedder: Embedder
) -> None:
    schema = primary.schema()
    with closing(Network(primary.port)) as network:
        direct = primary.url(schema)
        url = StoreUrl(
            primary.url(schema, port=network.port).reveal() + "%20-cstatement_timeout%3D1s"
        )
        with (
            closing(Store.open(url, embedder)) as far,
            closing(Store.open(direct, embedder)) as near,
        ):
            near.ingest(draft(1))
            assert texts(far) == texts(near)
            network.mode = "slow"
            assert far.ingest(draft(2)).status == "added"
            assert sorted(texts(near)) == ["a1", "a2"]
            network.mode = "silent"
            with pytest.raises(StoreUnavailable, match=r"does not answer|timeout"):
                far.ingest(draft(3))
            network.mode = "whole"
            assert far.ingest(draft(3)).status in {"added", "unchanged"}
            network.cut()
            with pytest.raises(StoreUnavailable, match=r"lost|refuses|not answer|in use"):
                far.articles()
            assert sorted(texts(near)) == ["a1", "a2", "a3"], "the other server is not concerned"
            network.mode = "whole"
            assert texts(far) == texts(near)
            assert near.examine() == []


@pytest.mark.parametrize("campaign", ["shared", "milvus"])
def test_part_of_the_campaign_has_no_failure(campaign: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.campaigns", campaign, "--cases", "10"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split()[0] == "all"
