"""Answers of a running server for ``geungeo ask``, through a socket in the store."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask
from geungeo.rag.settings import Settings
from geungeo.server.cli import ask as ask_command
from geungeo.server.cli import run
from geungeo.server.process import local
from tests.support.processes import serving_in_thread, wait_until

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"


def _content(answer: Answer) -> dict[str, Any]:
    """Return what does not differ from one answer to the next."""
    return answer.model_dump(mode="json", exclude={"id", "timings_ms"})


@pytest.fixture
def settings(workspace: Workspace) -> Settings:
    return workspace.settings


@pytest.mark.anyio
async def test_answer_through_the_server_is_that_of_a_command_alone(
    workspace: Workspace, settings: Settings
) -> None:
    assert isinstance(settings.store, Path)
    server = local.LocalAnswers(workspace)
    await server.start()
    place = settings.store / local.NAME
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    answer = await asyncio.to_thread(local.ask, settings, Ask(QUESTION, top_k=3))
    assert answer is not None
    assert answer.status == "answered"
    assert len(answer.passages) == 3
    assert _content(answer) == _content(workspace.ask(QUESTION, top_k=3))
    await server.stop()
    assert not place.exists()
    assert local.ask(settings, Ask(QUESTION)) is None


@pytest.mark.anyio
@pytest.mark.parametrize("change", [{"answer_threshold": 0.9}, {"max_sentences": 1}])
async def test_server_with_other_settings_is_not_asked(
    workspace: Workspace, settings: Settings, change: dict[str, Any]
) -> None:
    server = local.LocalAnswers(workspace)
    await server.start()
    changed = settings.model_copy(update=change)
    assert await asyncio.to_thread(local.ask, changed, Ask(QUESTION)) is None
    await server.stop()


def test_settings_of_the_server_alone_make_no_difference(settings: Settings) -> None:
    changed = settings.model_copy(update={"port": 1, "workers": 3, "slack_concurrency": 1})
    assert local.identity(changed) == local.identity(settings)
    assert not local._IRRELEVANT - Settings.model_fields.keys()


@pytest.mark.anyio
async def test_malformed_requests_are_closed_and_the_next_is_answered(
    workspace: Workspace, settings: Settings
) -> None:
    server = local.LocalAnswers(workspace)
    await server.start()
    assert isinstance(settings.store, Path)
    right = local.identity(settings)
    for request in (b"\n", b"[]\n", b"{\n", b"x" * 2_000_000, json.dumps({"identity": right})):
        data = request if isinstance(request, bytes) else request.encode() + b"\n"
        reader, writer = await asyncio.open_unix_connection(settings.store / local.NAME)
        writer.write(data)
        with suppress(ConnectionError):
            assert await reader.read() in {b"", b"refused\n"}
        writer.close()
    answer = await asyncio.to_thread(local.ask, settings, Ask("안녕하세요"))
    assert answer is not None
    assert answer.intent == "small_talk"
    await server.stop()


@pytest.mark.anyio
async def test_socket_of_a_dead_server_is_ignored_and_replaced(
    workspace: Workspace, settings: Settings
) -> None:
    assert isinstance(settings.store, Path)
    place = settings.store / local.NAME
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    assert local.ask(settings, Ask("안녕하세요")) is None
    server, successor = local.LocalAnswers(workspace), local.LocalAnswers(workspace)
    await server.start()
    await successor.start()
    await server.stop()  # leaves the socket of its successor
    assert await asyncio.to_thread(local.ask, settings, Ask("안녕하세요")) is not None
    await successor.stop()
    assert not place.exists()


@pytest.mark.anyio
async def test_question_that_fails_is_left_to_the_command(
    workspace: Workspace, settings: Settings
) -> None:
    server = local.LocalAnswers(workspace)
    await server.start()
    asked = Ask("가" * (settings.max_question_chars + 1))
    assert await asyncio.to_thread(local.ask, settings, asked) is None
    await server.stop()


def test_command_uses_the_server_and_prints_the_same(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["ask", "--store", str(settings.store), QUESTION]
    assert run(command) == 0
    alone = capsys.readouterr().out
    assert isinstance(settings.store, Path)
    with serving_in_thread(settings):
        wait_until((settings.store / local.NAME).exists)
        monkeypatch.setattr(local, "_PATIENCE", 60.0)  # the server has just started
        monkeypatch.setattr(ask_command, "open_workspace", None)  # must not be needed
        assert run(command) == 0
    assert capsys.readouterr().out == alone
