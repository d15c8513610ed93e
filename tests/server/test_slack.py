"""Slack, as its users meet it: recorded deliveries against a real server."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geungeo.index.conversations import check_id
from geungeo.index.workspace import Workspace
from geungeo.rag.errors import BackendOverloaded
from geungeo.rag.protocols import Embedder
from tests.server.slack_app import EchoPipeline, SlackApp, echoing, serving, settings_for
from tests.slack_service import (
    BOT,
    CHANNEL,
    SECRET,
    TEAM,
    TOKEN,
    Fault,
    SlackService,
    command,
    direct,
    event,
    mention,
    message,
    new_ts,
    press,
    signature,
    signed,
)

ASKED = "무스타파 설리먼은 어디 출신인가?"


@pytest.fixture
def slack() -> Iterator[SlackService]:
    with SlackService() as service:
        yield service
        assert service.breaches == []


@pytest.fixture
def pipeline() -> EchoPipeline:
    return EchoPipeline()


@pytest.fixture
def app(
    tmp_path: Path, embedder: Embedder, slack: SlackService, pipeline: EchoPipeline
) -> Iterator[SlackApp]:
    with echoing(tmp_path, embedder, slack, pipeline) as running:
        yield running


@pytest.fixture(scope="module")
def real(workspace: Workspace) -> Iterator[SlackApp]:
    """The real pipeline over the seeds."""
    with SlackService() as service:
        configured = settings_for(service, workspace.settings.store, public_url="https://n.example")
        mine = Workspace(configured, workspace.store, workspace.embedder)
        with serving(mine, service) as running:
            yield running
        assert service.breaches == []


def settled(app: SlackApp) -> None:
    """Wait until nothing is left to do."""
    until = time.monotonic() + 60
    while app.workspace.store.deliveries.unfinished():
        assert time.monotonic() < until
        time.sleep(0.02)


# The same answer as everywhere (invariants 1 and 5)


@pytest.mark.parametrize(
    "question",
    [
        "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?",
        "When was Sam Altman ousted by the board?",
        "내일 서울 날씨는 어때?",
    ],
)
def test_slack_shows_the_citations_of_chat(real: SlackApp, question: str) -> None:
    body = {"question": question}
    answer = real.http.post("/chat", json=body).json()
    ts = new_ts()
    assert real.deliver(event(mention(question, ts))).status_code == 200
    (posted,) = real.slack.wait_for(1, ts)
    assert posted.texts[0] == answer["text"]
    cited = {one["marker"]: one for one in answer["citations"]}
    shown = [text for text in posted.texts[1:] if text.startswith("[")]
    assert shown == [f"[{marker}] “{one['quote']}”" for marker, one in sorted(cited.items())]
    assert posted.urls == [
        f"https://n.example/articles/{one['article_id']}"
        f"?version={one['version']}&start={one['start']}&end={one['end']}"
        for _, one in sorted(cited.items())
    ]
    for one in cited.values():
        article = real.workspace.store.article(one["article_id"], one["version"])
        assert article.text[one["start"] : one["end"]] == one["quote"]


def test_a_thread_is_a_conversation_and_needs_one_mention(real: SlackApp) -> None:
    ts, second = new_ts(), new_ts()
    first, then = "무스타파 설리먼은 누구인가?", "그는 어느 회사로 갔나?"
    real.deliver(event(mention(first, ts)))
    real.slack.wait_for(1, ts)
    real.deliver(event(message(then, second, thread_ts=ts)))
    assert len(real.slack.wait_for(2, ts)) == 2
    conversation = f"slack:{TEAM}:{CHANNEL}:{ts}"
    turns = real.workspace.store.conversations.get(check_id(conversation))
    assert [turn.question for turn in turns] == [first, then]
    assert "설리먼" in turns[1].standalone_question


# Who is answered, and where


def test_a_mention_is_answered_in_its_thread_without_the_mention(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    root, inside, thread = new_ts(), new_ts(), new_ts()
    app.deliver(event(mention("AT&amp;T는?", root)))
    app.deliver(event(mention("여기는?", inside, thread_ts=thread)))
    assert "AT&T는?" in slack.wait_for(1, root)[0].texts[0]
    (posted,) = slack.wait_for(1, thread)
    assert posted.body["channel"] == CHANNEL
    assert {ask.question for ask in pipeline.asked} == {"AT&T는?", "여기는?"}


def test_a_direct_message_is_answered(app: SlackApp, slack: SlackService) -> None:
    ts = new_ts()
    app.deliver(event(direct("누구 없나요?", ts)))
    assert slack.wait_for(1, ts)[0].body["channel"] == "D0LAN3456"


def test_a_mention_alone_is_told_how_to_ask(real: SlackApp) -> None:
    ts = new_ts()
    real.deliver(event(mention("", ts)))
    assert "궁금한 점" in real.slack.wait_for(1, ts)[0].texts[0]


def test_a_question_that_is_too_long_is_told_the_limit(
    real: SlackApp,
) -> None:
    ts = new_ts()
    raw = json.dumps(event(mention("가" * 340_000, ts)), ensure_ascii=False).encode()
    assert len(raw) > 1_000_000
    assert real.send("/slack/events", raw, signed(raw)).status_code == 200
    assert "2,000자" in real.slack.wait_for(1, ts)[0].texts[0]


UNHEARD = {
    "a message in a channel": message("혼잣말", "1.1"),
    "a thread without us": message("대꾸", "1.2", thread_ts="1.0"),
    "our own": direct("내 말", "1.3", user=BOT),
    "a bot's": direct("삐", "1.4", bot_id="B1", bot_profile={"id": "B1"}),
    "a bot's, the old way": direct("삐", "1.5", subtype="bot_message"),
    "an app's mention": mention("삐", "1.6", bot_id="B1"),
    "an edit": message("", "1.7", subtype="message_changed", message={"text": "새 말"}),
    "an edited message": direct("고친 말", "1.8", edited={"user": "U1", "ts": "1.9"}),
    "a deletion": message("", "1.10", subtype="message_deleted", deleted_ts="1.1", hidden=True),
    "somebody who joined": message("joined", "1.11", subtype="channel_join"),
    "a message without a writer": {**direct("?", "1.12"), "user": None},
    "a reaction": {"type": "reaction_added", "user": "U1", "reaction": "eyes"},
    "nothing": {},
    "a text that is none": {**direct("?", "1.13"), "text": {"a": 1}},
    "a place that is none": direct("?", "1.14", channel="../../etc"),
    "a time that is none": direct("?", "now"),
}


def test_what_is_not_asked_of_us_is_taken_and_ignored(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    for name, inner in UNHEARD.items():
        response = app.deliver(event(inner))
        assert (response.status_code, response.content) == (200, b""), name
    assert app.deliver({"type": "app_rate_limited", "minute_rate_limited": 1}).status_code == 200
    settled(app)
    assert (pipeline.asked, slack.calls) == ([], [])


def test_the_challenge_is_answered_if_it_is_signed(app: SlackApp) -> None:
    body = {
        "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
        "challenge": "3eZbrw1aBm2r",
        "type": "url_verification",
    }
    assert app.deliver(body).json() == {"challenge": "3eZbrw1aBm2r"}
    unsigned = app.http.post("/slack/events", json=body)
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "bad_signature")
    assert "3eZbrw1aBm2r" not in unsigned.text


# Each question once


def test_a_delivery_is_answered_once_however_often_and_wherever_it_comes(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    ts = new_ts()
    mentioned, twin = event(mention(ASKED, ts)), event(message(f"<@{BOT}> {ASKED}", ts))
    with ThreadPoolExecutor(4) as pool:
        codes = [one.status_code for one in pool.map(app.deliver, [mentioned] * 4)]
    assert codes == [200] * 4
    app.deliver(mentioned, **{"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"})
    app.deliver(twin)
    slack.wait_for(1, ts)
    settled(app)
    assert len(slack.posted) == len(pipeline.asked) == 1
    assert app.metric('geungeo_deliveries_total{channel="slack",outcome="duplicate"}') == 4


def test_the_twins_of_a_mention_in_our_thread_are_one_question_in_either_order(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    root = new_ts()
    app.deliver(event(mention("처음", root)))
    for order in (0, 1):
        ts = new_ts()
        twins = [mention("또", ts, thread_ts=root), message(f"<@{BOT}> 또", ts, thread_ts=root)]
        app.deliver(event(twins[order]))
        app.deliver(event(twins[1 - order]))
    slack.wait_for(3, root)
    settled(app)
    assert [ask.question for ask in pipeline.asked] == ["처음", "또", "또"]


def test_a_retry_that_is_the_first_to_arrive_is_answered(
    app: SlackApp, slack: SlackService
) -> None:
    ts = new_ts()
    app.deliver(event(mention(ASKED, ts)), **{"X-Slack-Retry-Num": "2"})
    assert len(slack.wait_for(1, ts)) == 1


def test_a_restart_forgets_neither_questions_nor_threads(
    tmp_path: Path, embedder: Embedder, slack: SlackService
) -> None:
    ts, reply = new_ts(), new_ts()
    asked = event(mention("느린 질문", ts))
    slow = EchoPipeline(seconds=3_600)
    with echoing(tmp_path, embedder, slack, slow) as app:
        assert app.deliver(asked).status_code == 200
        while not slow.asked:
            time.sleep(0.02)
    assert slack.posted == []
    with echoing(tmp_path, embedder, slack, EchoPipeline()) as app:
        assert "느린 질문" in slack.wait_for(1, ts)[0].texts[0]
        assert app.deliver(asked).status_code == 200
        assert app.deliver(event(message("그럼?", reply, thread_ts=ts))).status_code == 200
        slack.wait_for(2, ts)
        settled(app)
    assert len(slack.posted) == 2


def test_a_thread_is_answered_in_the_order_in_which_it_was_written(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    pipeline.seconds = 0.1
    root, second, third = new_ts(), new_ts(), new_ts()
    app.deliver(event(message("셋째", third, thread_ts=root)))  # before we even know the thread
    app.deliver(event(mention("첫째", root)))
    app.deliver(event(message("둘째", second, thread_ts=root)))
    slack.wait_for(3, root)
    assert [ask.question for ask in pipeline.asked] == ["첫째", "둘째", "셋째"]


def test_200_deliveries_of_50_events_at_once_are_50_answers(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    stamps = [new_ts() for _ in range(50)]
    events = [event(mention(f"질문 {ts}", ts)) for ts in stamps]
    with ThreadPoolExecutor(16) as pool:
        codes = [one.status_code for one in pool.map(app.deliver, events * 4)]
    assert codes == [200] * 200
    slack.wait_for(50)
    settled(app)
    assert sorted(one.thread for one in slack.posted) == sorted(stamps)
    assert len(pipeline.asked) == 50


# Acknowledged at once, answered when it can be


def test_a_minute_of_thinking_does_not_delay_the_acknowledgement(
    app: SlackApp, pipeline: EchoPipeline
) -> None:
    pipeline.seconds = 60
    began = time.monotonic()
    for _ in range(20):
        assert app.deliver(event(direct(ASKED, new_ts()))).status_code == 200
    assert (time.monotonic() - began) / 20 < 3
    assert app.workspace.store.deliveries.unfinished() == 20


def test_a_full_queue_asks_for_another_delivery(
    tmp_path: Path, embedder: Embedder, slack: SlackService
) -> None:
    slow = EchoPipeline(seconds=0.5)
    first, second = event(direct("하나", new_ts())), event(direct("둘", new_ts()))
    with echoing(tmp_path, embedder, slack, slow, slack_queue=1) as app:
        assert app.deliver(first).status_code == 200
        refused = app.deliver(second)
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        assert app.deliver(first).status_code == 200, "a duplicate needs no room"
        settled(app)
        assert app.deliver(second, **{"X-Slack-Retry-Num": "1"}).status_code == 200
        slack.wait_for(2)


def test_slacks_faults_are_waited_out(app: SlackApp, slack: SlackService) -> None:
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
    assert time.monotonic() - began >= 2, "it was told to wait twice for a second"
    settled(app)
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
def test_what_no_retry_mends_is_given_up_and_does_not_stop_the_rest(
    app: SlackApp, slack: SlackService, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    lost, next_one = new_ts(), new_ts()
    slack.faults.append(fault)
    app.deliver(event(mention(ASKED, lost)))
    settled(app)
    app.deliver(event(mention(ASKED, next_one)))
    slack.wait_for(1, next_one)
    assert slack.in_thread(lost) == []
    assert len(slack.calls) == 2
    assert "refused" in caplog.text or "Slack answered" in caplog.text


def test_an_overloaded_backend_is_asked_again_and_then_excused(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    patient, hopeless = new_ts(), new_ts()
    pipeline.failures = [BackendOverloaded("full", retry_after=0.1)]
    app.deliver(event(mention("다시", patient)))
    assert "다시" in slack.wait_for(1, patient)[0].texts[0]
    pipeline.failures = [BackendOverloaded("full", retry_after=0.1) for _ in range(4)]
    app.deliver(event(mention("끝내", hopeless)))
    assert "지금은 답할 수 없습니다" in slack.wait_for(1, hopeless)[0].texts[0]


def test_an_unforeseen_error_loses_one_answer_and_no_other(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    pipeline.failures = [RuntimeError("a bug")]
    app.deliver(event(mention("하나", new_ts())))
    settled(app)
    ts = new_ts()
    app.deliver(event(mention("둘", ts)))
    slack.wait_for(1, ts)
    assert len(slack.posted) == 1
    assert app.metric('geungeo_deliveries_total{channel="slack",outcome="failed"}') == 1


# Slash commands and buttons


@pytest.mark.parametrize("name", ["/근거", "/geungeo"])
def test_a_slash_command_is_answered_at_its_response_url(
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
    settled(app)
    assert len(slack.calls) == 1
    assert posted.path == "/commands/T1/2/abc"
    assert posted.body["response_type"] == "ephemeral"
    assert "왜 <중단>했나?" in posted.texts[0]


def test_a_slash_command_without_a_question_is_told_how_to_ask(
    app: SlackApp, slack: SlackService
) -> None:
    response = app.submit("/slack/commands", command("  ", f"{slack.origin}/commands/1"))
    assert "궁금한 점" in response.json()["text"]
    assert app.submit("/slack/commands", {"ssl_check": "1", "token": "x"}).content == b""
    settled(app)
    assert slack.calls == []


def test_a_response_url_that_is_not_slacks_is_never_called(
    app: SlackApp, slack: SlackService
) -> None:
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
        assert "답할 수 없습니다" in response.json()["text"], url
    settled(app)
    assert slack.calls == []


def test_a_response_url_is_called_five_times_at_most(app: SlackApp, slack: SlackService) -> None:
    slack.faults.extend([Fault(500, b"", {"Retry-After": "0"})] * 9)
    app.submit("/slack/commands", command("왜?", f"{slack.origin}/commands/1"))
    settled(app)
    assert slack.calls == ["/commands/1"] * 5


def test_thumbs_are_feedback_once_a_person(app: SlackApp, slack: SlackService) -> None:
    ts, url = new_ts(), f"{slack.origin}/actions/T1/2/abc"
    app.deliver(event(mention(ASKED, ts)))
    up, down = slack.wait_for(1, ts)[0].body["blocks"][-1]["elements"]
    for button in (up, up, down):
        assert app.press(press(button["action_id"], button["value"], url)).status_code == 200
    other = press(up["action_id"], up["value"], url, user={"id": "U2"})
    app.press(other)
    assert app.workspace.store.feedback.count() == {"up": 2, "down": 1}
    settled(app)
    thanks = [one for one in slack.posted if one.path.startswith("/actions/")]
    assert [one.texts for one in thanks] == [["의견을 남겼습니다. 고맙습니다."]] * 3


def test_other_buttons_are_taken_and_do_nothing(app: SlackApp, slack: SlackService) -> None:
    url = f"{slack.origin}/actions/1"
    for payload in (
        press("open_1", "0", url),
        press("feedback_up", "../../etc/passwd", url),
        press("feedback_up", "0" * 24, url, type="view_submission"),
        press("feedback_up", "0" * 24, url, actions=[{}]),
    ):
        assert app.press(payload).status_code == 200
    settled(app)
    assert (app.workspace.store.feedback.count(), slack.calls) == ({}, [])


# Who is not Slack


def test_forged_deliveries_are_refused_alike_and_leave_no_trace(
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


def test_a_replayed_delivery_is_a_duplicate(app: SlackApp, slack: SlackService) -> None:
    raw = json.dumps(event(direct(ASKED, new_ts()))).encode()
    headers = signed(raw)
    codes = [app.send("/slack/events", raw, headers).status_code for _ in range(3)]
    settled(app)
    assert (codes, len(slack.posted)) == ([200] * 3, 1)


def test_without_a_signing_secret_there_is_no_slack(workspace: Workspace) -> None:
    with SlackService() as slack, serving(workspace, slack) as app:
        for path in ("/slack/events", "/slack/commands", "/slack/interactions"):
            response = app.send(path, b"{}", signed(b"{}"))
            assert (response.status_code, response.json()["code"]) == (404, "slack_not_configured")
            assert "GEUNGEO_SLACK_SIGNING_SECRET" in response.json()["detail"]


# Whatever JSON can hold

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
def test_no_signed_payload_is_an_error_of_ours(
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
def test_a_signed_body_that_is_no_event_is_refused(hostile: SlackApp, raw: bytes) -> None:
    response = hostile.send("/slack/events", raw, signed(raw))
    assert response.status_code == (401 if raw == b"\xff" else 422)
