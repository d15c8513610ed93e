"""Forged deliveries are rejected, and no payload breaks the server."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from tests.server.slack_app import EchoPipeline, SlackApp, echoing, serving
from tests.support.slack_service import (
    BOT,
    CHANNEL,
    SECRET,
    TEAM,
    TOKEN,
    SlackService,
    direct,
    event,
    new_ts,
    press,
    signature,
    signed,
)

ASKED = "무스타파 설리먼은 어디 출신인가?"


# Forgery


def test_forged_deliveries_get_the_same_401_and_are_not_logged(
    app: SlackApp, slack: SlackService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw = json.dumps(event(direct("a secret question", new_ts()))).encode()
    good = signed(raw)
    now = int(good["X-Slack-Request-Timestamp"])
    stamp, sent = "X-Slack-Request-Timestamp", "X-Slack-Signature"
    forged: list[Any] = [
        {},
        {stamp: good[stamp]},
        {sent: good[sent]},
        good | {sent: signature(raw, good[stamp], "another secret")},
        good | {sent: good[sent].upper()},
        good | {sent: good[sent][3:]},
        good | {stamp: "abc"},
        good | {stamp: ""},
        good | {stamp: "9" * 5000},
        good | {stamp: str(now + 1)},
        signed(raw, at=now - 302),
        signed(raw, at=now + 310),
        [*good.items(), (sent, good[sent])],
        [(stamp.encode(), "１７".encode()), (sent.encode(), good[sent].encode())],
        [(stamp.encode(), good[stamp].encode()), (sent.encode(), b"v0=\xe9")],
    ]
    paths = ("/slack/events", "/slack/commands", "/slack/interactions")
    bodies = {
        app.send(path, raw, headers).text.partition('"request_id"')[0]
        for headers in forged
        for path in paths
    }
    assert len(bodies) == 1, "a forger learns nothing from the difference"
    assert '"code": "bad_signature"' in bodies.pop()
    assert app.send("/slack/events", raw + b" ", good).status_code == 401
    for name in (stamp.lower(), stamp.upper()):
        headers = {name: good[stamp], sent.swapcase(): good[sent]}
        assert app.send("/slack/events", raw, headers).status_code == 200
    slack.wait_for(1)
    assert not re.search(r"secret question|v0=[0-9a-f]{8}", caplog.text)
    for secret in (SECRET, TOKEN, "response_url"):
        assert secret not in caplog.text


def test_replayed_delivery_is_a_duplicate(app: SlackApp, slack: SlackService) -> None:
    raw = json.dumps(event(direct(ASKED, new_ts()))).encode()
    headers = signed(raw)
    codes = [app.send("/slack/events", raw, headers).status_code for _ in range(3)]
    app.settle()
    assert (codes, len(slack.posted)) == ([200] * 3, 1)


def test_slack_without_a_signing_secret_is_404(workspace: Workspace) -> None:
    with SlackService() as slack, serving(workspace, slack) as app:
        for path in ("/slack/events", "/slack/commands", "/slack/interactions"):
            response = app.send(path, b"{}", signed(b"{}"))
            assert (response.status_code, response.json()["code"]) == (404, "slack_not_configured")
            assert "GEUNGEO_SLACK_SIGNING_SECRET" in response.json()["detail"]


# Arbitrary JSON

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
    st.sampled_from(["event_callback", "app_mention", "message", "im", "url_verification",
                     "1700000000.000100", CHANNEL, TEAM, BOT, "<@U1|", "block_actions"]),
)  # fmt: skip
names = st.sampled_from(
    ["type", "event", "event_id", "team_id", "channel", "ts", "thread_ts", "text", "user",
     "subtype", "bot_id", "authorizations", "channel_type", "challenge", "actions", "value",
     "action_id", "response_url", "edited"]
)  # fmt: skip
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=8)
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(payload=anything, inner=st.dictionaries(names, anything, max_size=12))
def test_arbitrary_signed_payloads_cause_no_server_error(
    hostile: SlackApp, payload: Any, inner: dict[str, Any]
) -> None:
    for body in (payload, event(inner), event({**direct("?", new_ts()), **inner})):
        assert hostile.deliver(body).status_code in {200, 422}
    assert hostile.press(payload).status_code in {200, 422}
    assert hostile.press(press("feedback_up", "0", "") | inner).status_code in {200, 422}
    form = {name: str(value) for name, value in inner.items()}
    form["text"] = form.get("text", "?").encode("utf-8", "replace").decode()
    form = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
    assert hostile.submit("/slack/commands", form).status_code in {200, 422}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[SlackApp]:
    folder = tmp_path_factory.mktemp("hostile")
    with SlackService() as service, echoing(folder, embedder, service, EchoPipeline()) as running:
        yield running


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"type": NaN}', b"[" * 100_000, b"\xff"]
)
def test_signed_body_that_is_not_an_event_is_422(hostile: SlackApp, raw: bytes) -> None:
    response = hostile.send("/slack/events", raw, signed(raw))
    assert response.status_code == (401 if raw == b"\xff" else 422)
