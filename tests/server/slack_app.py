"""A real server with Slack configured, a controllable pipeline and a simulated Slack."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask
from geungeo.rag.protocols import Embedder, Load
from geungeo.rag.settings import Settings, StoreUrl
from geungeo.server.app import create_app
from geungeo.server.process.listener import Server, configure, listen
from tests.support import slack_service
from tests.support.slack_service import SlackService, signed

PATIENCE = 120
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class EchoPipeline:
    """A pipeline that answers with the question after ``seconds``, or raises the next failure."""

    seconds: float = 0.0
    failures: list[Exception] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)

    def load(self) -> Load:
        return Load(0, 0, {})

    async def answer(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.sleep(self.seconds)
        return Answer(
            id=secrets.token_hex(12),
            question=ask.question,
            standalone_question=ask.question,
            language="ko",
            status="abstained",
            reason="no_evidence",
            text=f"찾지 못했습니다: {ask.question}",
            conversation_id=ask.conversation_id,
            backend="echo",
        )


@dataclass
class SlackApp:
    """A running server, its workspace, and the Slack that it posts to."""

    slack: SlackService
    workspace: Workspace
    http: httpx.Client

    def deliver(self, event: Any, **headers: str) -> httpx.Response:
        """Send an event, signed, as Slack does."""
        raw = json.dumps(event, ensure_ascii=False).encode()
        return self.send("/slack/events", raw, signed(raw) | headers)

    def submit(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form, signed."""
        raw = urlencode(fields).encode()
        return self.send(path, raw, signed(raw) | FORM)

    def press(self, payload: Any) -> httpx.Response:
        """Send a click on a button."""
        return self.submit("/slack/interactions", {"payload": json.dumps(payload)})

    def send(self, path: str, raw: bytes, headers: Any) -> httpx.Response:
        return self.http.post(path, content=raw, headers=headers)

    def settle(self) -> None:
        """Wait until every delivery is finished."""
        until = time.monotonic() + PATIENCE
        while self.workspace.store.deliveries.unfinished():
            assert time.monotonic() < until
            time.sleep(0.02)

    def metric(self, line: str) -> float:
        """Return the value of the metric whose line begins with ``line``."""
        text = self.http.get("/metrics").text
        found = [one for one in text.splitlines() if one.startswith(line)]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


def settings_for(slack: SlackService, store: Path | StoreUrl, **changes: Any) -> Settings:
    return Settings(
        store=store,
        slack_signing_secret=cast("Any", f"a-new-one-while-rotating,{slack_service.SECRET}"),
        slack_bot_token=cast("Any", slack_service.TOKEN),
        slack_api_url=slack.api_url,
        **changes,
    )


@contextmanager
def serving(workspace: Workspace, slack: SlackService) -> Iterator[SlackApp]:
    """Run a server over ``workspace`` until the end of the block."""
    app = create_app(workspace)
    if app.state.slack is not None:
        app.state.slack.grace = 0.2
    with listen("127.0.0.1", 0) as listener:
        server = Server(configure(app), app.state.geungeo)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        host, port = listener.getsockname()
        url = f"http://{host}:{port}"
        try:
            with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as http:
                yield SlackApp(slack, workspace, http)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@contextmanager
def echoing(
    place: Path | StoreUrl,
    embedder: Embedder,
    slack: SlackService,
    pipeline: EchoPipeline,
    **changes: Any,
) -> Iterator[SlackApp]:
    """Run a server over the store in ``place`` that answers from ``pipeline``."""
    store = Store.open(place, embedder)
    workspace = Workspace(settings_for(slack, place, **changes), store, embedder)
    workspace.pipeline = cast("Any", pipeline)
    try:
        with serving(workspace, slack) as app:
            yield app
    finally:
        store.close()
