"""``geungeo serve --workers 2`` with keys: several processes that behave as one."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from geungeo.index.keys import Scope, open_keys

pytestmark = pytest.mark.slow

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
WHALES = "고래가 동해에 돌아왔다\n\n2025-04-01     김바다 기자\n\n동해에 고래 12마리가 돌아왔다.\n"
PATIENCE = 120
LIMIT = 40


class Cluster:
    """A running server with two workers, and keys to it."""

    def __init__(self, served: Any, store: Path) -> None:
        self.served = served
        self.store = store

    def key(self, *scopes: Scope) -> str:
        with open_keys(self.store) as keys:
            return keys.create("test", frozenset(scopes))[1]

    def workers(self) -> set[int]:
        pid = self.served.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return set(map(int, children.split()))

    def request(self, key: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request on a new connection, so that either worker may get it."""
        headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
        url = f"{self.served.url}{path}"
        return httpx.request(method, url, headers=headers, timeout=PATIENCE, **more)


@pytest.fixture(scope="module")
def cluster(
    serve_again: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    store = tmp_path_factory.mktemp("workers") / "store"
    settings = {"GEUNGEO_LOG_FORMAT": "json", "GEUNGEO_RATE_LIMIT_KEY": f"{LIMIT}/hour"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield Cluster(serve_again(store, "--workers", "2"), store)


def test_openai_client_works_with_a_key_and_fails_clearly_without(cluster: Cluster) -> None:
    url = f"{cluster.served.url}/v1"
    messages: Any = [{"role": "user", "content": QUESTION}]
    with openai.OpenAI(api_key=cluster.key("ask"), base_url=url, timeout=PATIENCE) as client:
        answer = client.chat.completions.create(model="geungeo", messages=messages)
        assert answer.choices[0].message.annotations
    with (
        openai.OpenAI(api_key="sk-wrong", base_url=url, timeout=PATIENCE) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_article_ingested_by_one_worker_is_found_by_all(cluster: Cluster) -> None:
    key = cluster.key("ask", "ingest")
    added = cluster.request(key, "POST", "/articles", json={"text": WHALES})
    assert added.status_code == 201, added.text
    for _ in range(8):
        found = cluster.request(key, "POST", "/search", json={"query": "고래 12마리", "top_k": 1})
        assert found.json()["passages"][0]["article_id"] == added.json()["article"]["id"]


def test_workers_share_the_rate_limit_of_a_key(cluster: Cluster) -> None:
    key = cluster.key("ask")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda _: cluster.request(key, "GET", "/articles").status_code, range(60))
        )
    assert statuses.count(200) == LIMIT
    assert statuses.count(429) == 60 - LIMIT
    metrics = cluster.request(cluster.key("admin"), "GET", "/metrics").text
    assert f'route="/articles",status="200"}} {float(LIMIT)}' in metrics
    assert 'route="unmatched",status="429"} 20.0' in metrics


def test_killed_worker_is_replaced_while_the_others_continue(cluster: Cluster) -> None:
    before = cluster.workers()
    assert len(before) == 2
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while len(cluster.workers() - {victim}) < 2:
        assert httpx.get(f"{cluster.served.url}/healthz", timeout=PATIENCE).status_code == 200
        assert time.monotonic() < until
        time.sleep(0.1)
    key = cluster.key("ask")
    for _ in range(4):
        answer = cluster.request(key, "POST", "/chat", json={"question": QUESTION})
        assert answer.json()["status"] == "answered"


def test_stop_ends_all_workers_and_the_log_is_json_without_secrets(cluster: Cluster) -> None:
    key = cluster.key("ask")
    assert cluster.request(key, "GET", "/conversations").status_code == 200
    workers = cluster.workers()
    cluster.served.process.terminate()
    assert cluster.served.process.wait(timeout=60) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    log = cluster.served.log
    lines = [line for line in log.splitlines() if not line.startswith("geungeo: serving on")]
    rows = [json.loads(line) for line in lines]
    assert any(row.get("route") == "/conversations" and row["status"] == 200 for row in rows)
    assert key[-43:] not in log
    assert "오픈AI" not in log
