"""Rate limits, client addresses and trusted proxies."""

from __future__ import annotations

import ipaddress
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.errors import SettingsError
from geungeo.rag.settings import Settings, load
from geungeo.server.access.hosts import InsecureBind, check_bind, is_local
from geungeo.server.access.rates import Rates, SharedCounters, client_address
from geungeo.server.app import create_app


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def rates(clock: Clock, **settings: Any) -> Rates:
    return Rates(Settings(**settings), clock)


def test_requests_over_the_limit_wait_for_the_window_to_end() -> None:
    clock = Clock()
    limited = rates(clock, rate_limit_address="3/minute")
    assert [limited.address("a", guarded=True) for _ in range(3)] == [None] * 3
    assert limited.address("a", guarded=True) == 60
    assert limited.address("b", guarded=True) is None  # other addresses are unaffected
    clock.now += 59.5
    assert limited.address("a", guarded=True) == 1
    clock.now += 0.5
    assert limited.address("a", guarded=True) is None


def test_keys_and_addresses_are_counted_separately() -> None:
    limited = rates(Clock(), rate_limit_address="1/hour", rate_limit_key="2/day")
    assert limited.address("x", guarded=True) is None
    assert [limited.key("x") for _ in range(3)] == [None, None, 86_400]
    assert limited.address("x", guarded=True) == 3_600


def test_default_limit_applies_only_to_guarded_servers() -> None:
    own, strangers = rates(Clock()), rates(Clock())
    assert all(own.address("a", guarded=False) is None for _ in range(700))
    waits = [strangers.address("a", guarded=True) for _ in range(601)]
    assert waits == [None] * 600 + [60]


def test_limit_can_be_off() -> None:
    limited = rates(Clock(), rate_limit_address="off", rate_limit_key="off")
    assert all(limited.address("a", guarded=True) is None for _ in range(1_000))
    assert all(limited.key("a") is None for _ in range(1_000))


@pytest.mark.parametrize("limit", ["0/minute", "fast", "10/year", "10", "-1/minute", "1e9/day"])
def test_invalid_limit_is_rejected(limit: str) -> None:
    with pytest.raises(SettingsError, match="rate_limit_key"):
        load(None, rate_limit_key=limit)


def test_memory_does_not_grow_with_addresses() -> None:
    counters = SharedCounters(Clock(), slots=64)
    before = sys.getsizeof(counters.__dict__)
    for number in range(2_000):
        counters.incr(f"address:{number}", 60)
    assert sys.getsizeof(counters.__dict__) == before
    assert len(counters._table) == 64 * struct.calcsize("=dq")
    assert sum(counters.get(f"address:{number}") > 0 for number in range(2_000)) == 2_000


FORKING = """
import os
from geungeo.server.access.rates import SharedCounters
counters = SharedCounters()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        for _ in range(500):
            counters.incr("a", 3600)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print(counters.get("a"))
"""


def test_forked_children_share_counters() -> None:
    # In a separate process with one thread, like the supervisor of workers.
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "1500\n"


def test_counter_can_be_reset() -> None:
    counters = SharedCounters(Clock())
    counters.incr("a", 60, amount=5)
    assert counters.get("a") == 5
    counters.clear("a")
    assert counters.get("a") == 0
    counters.incr("a", 60)
    counters.reset()
    assert counters.get("a") == 0


TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),  # the peer is not trusted
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  # the first address is forged
        ("10.0.0.1", ["1.1.1.1", "198.51.100.7, 10.1.1.1"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.7, rubbish"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7:443"], "10.0.0.1"),
        ("10.0.0.1", ["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("2001:db8::1", ["1.1.1.1"], "2001:db8::/64"),
    ],
)
def test_forwarded_address_is_used_only_from_trusted_proxies(
    peer: str, forwarded: list[str], counted: str
) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    assert client_address(scope, TRUSTED) == counted


def test_clients_without_an_address_count_as_one() -> None:
    assert client_address({"type": "http", "client": None, "headers": []}, TRUSTED) == "unknown"


class _Keyed(Workspace):
    def __init__(self, real: Workspace, settings: Settings) -> None:
        self.settings, self.store, self.pipeline = settings, real.store, real.pipeline


@pytest.mark.anyio
async def test_too_many_requests_get_retry_after(
    workspace: Workspace,
) -> None:
    clock = Clock()
    settings = Settings(store=workspace.settings.store, rate_limit_address="2/minute")
    app = create_app(_Keyed(workspace, settings), Rates(settings, clock))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        spoof = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(3)]
        answers = [await http.get("/articles", headers=one) for one in spoof]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "60"
        assert answers[2].headers["content-type"] == "application/problem+json"
        assert answers[2].json()["code"] == "rate_limited"
        assert (await http.post("/v1/chat/completions", content=b"{")).status_code == 429
        assert (await http.get("/healthz")).status_code == 200  # probes are not limited
        assert (await http.get("/static/app.js")).status_code == 200
        clock.now += 60
        assert (await http.get("/articles")).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
    ],
)
def test_is_local(host: str, local: bool) -> None:
    assert is_local(host) == local


def test_public_bind_requires_a_key_or_insecure_bind(tmp_path: Path) -> None:
    from geungeo.index.keys import open_keys

    def check(**more: Any) -> None:
        check_bind(Settings(store=tmp_path, **{"host": "0.0.0.0", **more}))  # noqa: S104

    for settings in ({}, {"require_key": False}, {"host": "::"}):
        with pytest.raises(InsecureBind, match="geungeo keys create"):
            check(**settings)
    for settings in ({"host": "127.0.0.1"}, {"insecure_bind": True}, {"require_key": True}):
        check(**settings)
    with open_keys(tmp_path) as keys:
        keys.create("a", frozenset({"ask"}))
    check()
    with pytest.raises(InsecureBind):
        check(require_key=False)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("cors_origins", "https://a.example,http://b.example:8080", 2),
        ("trusted_proxies", "10.0.0.0/8, ::1", 2),
        ("trusted_proxies", "", 0),
    ],
)
def test_lists_are_comma_separated_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, value: int
) -> None:
    monkeypatch.setenv(f"GEUNGEO_{name.upper()}", given)
    assert len(getattr(load(), name)) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cors_origins", "https://a.example/path"),
        ("cors_origins", "a.example"),
        ("cors_origins", "https://*.example"),
        ("trusted_proxies", "my-proxy"),
        ("trusted_proxies", "10.0.0.1/8"),
    ],
)
def test_invalid_origins_and_networks_are_rejected(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(f"GEUNGEO_{name.upper()}", given)
    with pytest.raises(SettingsError, match=name):
        load()
