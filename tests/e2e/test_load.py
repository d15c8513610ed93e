"""The scenarios of ``make load``, with few clients.

The only time that is asserted is the limit on a dripping socket, with tolerance.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.load import scenarios
from tests.load.__main__ import lines_of, load
from tests.load.client import Client, Reply
from tests.load.target import Held, Target, held, percentile, target
from tests.support.journal import Journal
from tests.support.model_server import SlowModel

pytestmark = pytest.mark.anyio

# The limit is ten seconds; a busy machine needs more.
DRIP_SECONDS = 30


@pytest.fixture
def loaded(served: Any) -> Target:
    """The server that other tests share; a test must leave it unchanged."""
    chance = random.Random(7)  # noqa: S311 - reproducible, not secret
    return Target(Client(served.url), served.process.pid, chance)


async def test_disconnected_clients_leak_nothing(loaded: Target) -> None:
    figures = await scenarios.disconnects(loaded, 12, 4)
    assert figures["failures"] == []
    assert figures["disconnects"] == 12


@pytest.mark.slow
async def test_dripping_sockets_are_closed_and_other_clients_answered(loaded: Target) -> None:
    figures = await scenarios.drips(loaded, 20, 2.0)
    assert figures["failures"] == []
    assert figures["closed"] == 20
    assert 4 < figures["longest_life"] < DRIP_SECONDS  # a slow client is not closed at once
    assert figures["answers"] > 0


async def test_leaks_are_reported() -> None:
    before = Held(rss=1, sockets=5, files=9, threads=3, tasks=4, slots=0)
    after = Held(rss=2, sockets=6, files=9, threads=3, tasks=7, slots=2)
    assert after.leaked(before, model_open=1) == [
        "1 sockets more than before",
        "3 tasks more than before",
        "2 slots",
        "1 connections to the model",
    ]
    assert before.leaked(before, model_open=0) == []


async def test_open_connection_is_reported(loaded: Target) -> None:
    # A connection that an earlier test kept alive may close between the two
    # counts and hide the new one: count again.
    for _ in range(5):
        before = await held(loaded.client, loaded.pid)
        _, writer = await asyncio.open_connection(*loaded.client.address)
        during = await held(loaded.client, loaded.pid)
        writer.close()
        reported = during.leaked(before, 0)
        if reported:
            break
    assert reported == ["1 sockets more than before"]


@pytest.mark.parametrize(
    ("received", "outcome"),
    [
        (b"", "no_response"),
        (b'HTTP/1.1 503 x\r\nRetry-After: 7\r\n\r\n{"code": "overloaded"}', "overloaded"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: delta\n", "torn"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\nx", "ok"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            b'event: error\ndata: {"code": "internal_error", "status": 500}\n\n',
            "internal_error",
        ),
    ],
)
async def test_reply_outcome_follows_the_response(received: bytes, outcome: str) -> None:
    reply = Reply.read(received, 1.0)
    assert reply.outcome == outcome
    assert reply.shed == (outcome == "overloaded")
    assert reply.retry_after == (7 if reply.shed else None)


def test_percentile_is_a_measured_value() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 0.99) == 198
    assert percentile([3.0], 0.99) == 3
    assert percentile([2.0, 1.0], 0.5) == 1


@pytest.mark.slow
async def test_conversations_with_a_model_succeed_and_its_overload_is_rejected() -> None:
    async with SlowModel(answer_seconds=1.0, sentences=2, pieces=6) as model:
        settings = {"GEUNGEO_LLM_CONCURRENCY": "6", "GEUNGEO_LLM_QUEUE": "2"}
        async with target(7, settings, model) as made:
            talked = await scenarios.conversations(made, 4, 10.0)
            assert [f for f in talked["failures"] if "memory" not in f] == []
            assert talked["answers"] > 4
            assert talked["ingested"] > 0
            gone = await scenarios.disconnects(made, 12, 6)
            assert gone["failures"] == []
            assert model.cut > 0
            model.answer_seconds = 4.0
            flooded = await scenarios.overload(made, 12.0, 6.0)
            assert flooded["failures"] == []
            assert flooded["shed"] > 0


@pytest.mark.slow
def test_command_continues_from_its_journal(tmp_path: Path) -> None:
    options = ["--scenario", "disconnects", "--seconds", "60", "--answer-seconds", "1"]
    folder = ["--folder", str(tmp_path)]
    for wanted in ("5", "8"):
        done = CliRunner().invoke(load, [*options, "--disconnects", wanted, *folder])
        assert done.exit_code == 0, done.output
    rows = Journal(tmp_path, "load-7").rows
    assert [row["disconnects"] for row in rows] == [5, 3]
    assert lines_of(rows[0])[0] == "disconnects/0"
