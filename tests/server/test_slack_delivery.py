"""Slow, failing and too many deliveries; slash commands and buttons."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from geungeo.rag.errors import BackendOverloaded
from geungeo.rag.protocols import Embedder
from tests.server.slack_app import EchoPipeline, SlackApp, echoing
from tests.support.slack_service import (
    Fault,
    SlackService,
    command,
    direct,
    event,
    mention,
    new_ts,
    press,
)

ASKED = "무스타파 설리먼은 어디 출신인가?"


# Acknowledgement, retries and failures


def test_slow_answer_does_not_delay_the_acknowledgement(
    app: SlackApp, pipeline: EchoPipeline
) -> None:
    pipeline.seconds = 60
    began = time.monotonic()
    for _ in range(20):
        assert app.deliver(event(direct(ASKED, new_ts()))).status_code == 200
    assert (time.monotonic() - began) / 20 < 3
    assert app.workspace.store.deliveries.unfinished() == 20


def test_full_queue_is_503(tmp_path: Path, embedder: Embedder, slack: SlackService) -> None:
    slow = EchoPipeline(seconds=0.5)
    first, second = event(direct("하나", new_ts())), event(direct("둘", new_ts()))
    with echoing(tmp_path, embedder, slack, slow, slack_queue=1) as app:
        assert app.deliver(first).status_code == 200
        refused = app.deliver(second)
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        assert app.deliver(first).status_code == 200, "a duplicate needs no room"
        app.settle()
        assert app.deliver(second, **{"X-Slack-Retry-Num": "1"}).status_code == 200
        slack.wait_for(2)


def test_temporary_errors_of_slack_are_retried(app: SlackApp, slack: SlackService) -> None:
    ts = new_ts()
    slack.faults.extend(
        [
            Fault(429, b"", {"Retry-After": "1"}),
            Fault(200, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}),
            Fault(503, b"<html>upstream</html>", {"Retry-After": "0"}),
            Fault(200, b"<html>maintenance</html>", {"Retry-After": "0"}),
            Fault(200, {"ok": False, "error": "internal_error"}, {"Retry-After": "0"}),
        ]
    )
    began = time.monotonic()
    app.deliver(event(mention(ASKED, ts)))
    slack.wait_for(1, ts)
    assert time.monotonic() - began >= 2, "Slack asked twice for a delay of one second"
    app.settle()
    assert len(slack.calls) == 6
    assert app.metric('geungeo_deliveries_total{channel="slack",outcome="retried"}') == 5


@pytest.mark.parametrize(
    "fault",
    [
        Fault(200, {"ok": False, "error": "channel_not_found"}),
        Fault(200, {"ok": False, "error": "invalid_auth"}),
        Fault(302, b"", {"Location": "https://evil.example/"}),
        Fault(404, b"no_such_hook"),
        Fault(200, {"ok": "yes\r\nInjected: 1", "error": ["x"]}),
    ],
)
def test_permanent_error_fails_one_delivery_only(
    app: SlackApp, slack: SlackService, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    lost, next_one = new_ts(), new_ts()
    slack.faults.append(fault)
    app.deliver(event(mention(ASKED, lost)))
    app.settle()
    app.deliver(event(mention(ASKED, next_one)))
    slack.wait_for(1, next_one)
    assert slack.in_thread(lost) == []
    assert len(slack.calls) == 2
    assert "rejected" in caplog.text or "Slack responded" in caplog.text


def test_overloaded_backend_is_retried_and_then_explained(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    patient, hopeless = new_ts(), new_ts()
    pipeline.failures = [BackendOverloaded("full", retry_after=0.1)]
    app.deliver(event(mention("다시", patient)))
    assert "다시" in slack.wait_for(1, patient)[0].texts[0]
    pipeline.failures = [BackendOverloaded("full", retry_after=0.1) for _ in range(4)]
    app.deliver(event(mention("끝내", hopeless)))
    assert "지금은 답변할 수 없습니다" in slack.wait_for(1, hopeless)[0].texts[0]


def test_unexpected_error_fails_one_delivery_only(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    pipeline.failures = [RuntimeError("a bug")]
    app.deliver(event(mention("하나", new_ts())))
    app.settle()
    ts = new_ts()
    app.deliver(event(mention("둘", ts)))
    slack.wait_for(1, ts)
    assert len(slack.posted) == 1
    assert app.metric('geungeo_deliveries_total{channel="slack",outcome="failed"}') == 1


# Slash commands and buttons


@pytest.mark.parametrize("name", ["/근거", "/geungeo"])
def test_slash_command_is_answered_at_its_response_url(
    app: SlackApp, slack: SlackService, name: str
) -> None:
    form = command("왜 &lt;중단&gt;했나?", f"{slack.origin}/commands/T1/2/abc", command=name)
    response = app.submit("/slack/commands", form)
    assert response.json() == {
        "response_type": "ephemeral",
        "text": "기사에서 근거를 찾고 있습니다…",
    }
    app.submit("/slack/commands", form)
    (posted,) = slack.wait_for(1)
    app.settle()
    assert len(slack.calls) == 1
    assert posted.path == "/commands/T1/2/abc"
    assert posted.body["response_type"] == "ephemeral"
    assert "왜 <중단>했나?" in posted.texts[0]


def test_slash_command_without_a_question_gets_usage(app: SlackApp, slack: SlackService) -> None:
    response = app.submit("/slack/commands", command("  ", f"{slack.origin}/commands/1"))
    assert "질문을 함께 적어 주세요" in response.json()["text"]
    assert app.submit("/slack/commands", {"ssl_check": "1", "token": "x"}).content == b""
    app.settle()
    assert slack.calls == []


def test_foreign_response_url_is_never_called(app: SlackApp, slack: SlackService) -> None:
    port = slack.origin.rsplit(":", 1)[1]
    for url in (
        "",
        "not a url",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com@evil.example/commands/1",
        "https://evil.example/https://hooks.slack.com/",
        f"http://user:pass@127.0.0.1:{port}/commands/1",
        f"http://localhost:{port}/commands/1",
        f"http://127.0.0.1:{port}x/commands/1",
        f"http://127.0.0.1:{int(port) - 1}/commands/1",
    ):
        response = app.submit("/slack/commands", command("왜?", url))
        assert response.status_code == 200
        assert "답변할 수 없습니다" in response.json()["text"], url
    app.settle()
    assert slack.calls == []


def test_response_url_is_called_at_most_five_times(app: SlackApp, slack: SlackService) -> None:
    slack.faults.extend([Fault(500, b"", {"Retry-After": "0"})] * 9)
    app.submit("/slack/commands", command("왜?", f"{slack.origin}/commands/1"))
    app.settle()
    assert slack.calls == ["/commands/1"] * 5


def test_thumbs_are_stored_once_per_person(app: SlackApp, slack: SlackService) -> None:
    ts, url = new_ts(), f"{slack.origin}/actions/T1/2/abc"
    app.deliver(event(mention(ASKED, ts)))
    up, down = slack.wait_for(1, ts)[0].body["blocks"][-1]["elements"]
    for button in (up, up, down):
        assert app.press(press(button["action_id"], button["value"], url)).status_code == 200
    other = press(up["action_id"], up["value"], url, user={"id": "U2"})
    app.press(other)
    assert app.workspace.store.feedback.count() == {"up": 2, "down": 1}
    app.settle()
    thanks = [one for one in slack.posted if one.path.startswith("/actions/")]
    assert [one.texts for one in thanks] == [["의견을 저장했습니다. 고맙습니다."]] * 3


def test_other_buttons_are_ignored(app: SlackApp, slack: SlackService) -> None:
    url = f"{slack.origin}/actions/1"
    for payload in (
        press("open_1", "0", url),
        press("feedback_up", "../../etc/passwd", url),
        press("feedback_up", "0" * 24, url, type="view_submission"),
        press("feedback_up", "0" * 24, url, actions=[{}]),
    ):
        assert app.press(payload).status_code == 200
    app.settle()
    assert (app.workspace.store.feedback.count(), slack.calls) == ({}, [])
