"""Slack end to end: recorded deliveries against a real server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geungeo.index.conversations import check_id
from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from tests.server.slack_app import EchoPipeline, SlackApp, echoing, serving, settings_for
from tests.support.slack_service import (
    BOT,
    CHANNEL,
    TEAM,
    SlackService,
    direct,
    event,
    mention,
    message,
    new_ts,
    signed,
)

ROOT = Path(__file__).resolve().parents[2]
ASKED = "무스타파 설리먼은 어디 출신인가?"


@pytest.fixture(scope="module")
def real(workspace: Workspace) -> Iterator[SlackApp]:
    """A server with the real pipeline over the seed articles."""
    with SlackService() as service:
        configured = settings_for(service, workspace.store.folder, public_url="https://n.example")
        mine = Workspace(configured, workspace.store, workspace.embedder)
        with serving(mine, service) as running:
            yield running
        assert service.breaches == []


# The same answer as on other channels


@pytest.mark.parametrize(
    "question",
    [
        "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?",
        "When was Sam Altman ousted by the board?",
        "내일 서울 날씨는 어때?",
    ],
)
def test_slack_shows_the_same_citations_as_chat(real: SlackApp, question: str) -> None:
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


def test_thread_is_a_conversation_after_one_mention(real: SlackApp) -> None:
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


# Mentions, messages and threads


def test_mention_is_answered_in_its_thread(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    root, inside, thread = new_ts(), new_ts(), new_ts()
    app.deliver(event(mention("AT&amp;T는?", root)))
    app.deliver(event(mention("여기는?", inside, thread_ts=thread)))
    assert "AT&T는?" in slack.wait_for(1, root)[0].texts[0]
    (posted,) = slack.wait_for(1, thread)
    assert posted.body["channel"] == CHANNEL
    assert {ask.question for ask in pipeline.asked} == {"AT&T는?", "여기는?"}


def test_direct_message_is_answered(app: SlackApp, slack: SlackService) -> None:
    ts = new_ts()
    app.deliver(event(direct("누구 없나요?", ts)))
    assert slack.wait_for(1, ts)[0].body["channel"] == "D0LAN3456"


def test_mention_without_a_question_gets_usage(real: SlackApp) -> None:
    ts = new_ts()
    real.deliver(event(mention("", ts)))
    assert "질문을 함께 적어 주세요" in real.slack.wait_for(1, ts)[0].texts[0]


def test_too_long_question_gets_the_limit(
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
    "a person who joined": message("joined", "1.11", subtype="channel_join"),
    "a message without a writer": {**direct("?", "1.12"), "user": None},
    "a reaction": {"type": "reaction_added", "user": "U1", "reaction": "eyes"},
    "nothing": {},
    "a text that is none": {**direct("?", "1.13"), "text": {"a": 1}},
    "a place that is none": direct("?", "1.14", channel="../../etc"),
    "a time that is none": direct("?", "now"),
}


def test_other_events_are_acknowledged_and_ignored(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    for name, inner in UNHEARD.items():
        response = app.deliver(event(inner))
        assert (response.status_code, response.content) == (200, b""), name
    assert app.deliver({"type": "app_rate_limited", "minute_rate_limited": 1}).status_code == 200
    app.settle()
    assert (pipeline.asked, slack.calls) == ([], [])


def test_signed_challenge_is_answered(app: SlackApp) -> None:
    body = {
        "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
        "challenge": "3eZbrw1aBm2r",
        "type": "url_verification",
    }
    assert app.deliver(body).json() == {"challenge": "3eZbrw1aBm2r"}
    unsigned = app.http.post("/slack/events", json=body)
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "bad_signature")
    assert "3eZbrw1aBm2r" not in unsigned.text


# Deduplication and order


def test_repeated_delivery_is_answered_once(
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
    app.settle()
    assert len(slack.posted) == len(pipeline.asked) == 1
    assert app.metric('geungeo_deliveries_total{channel="slack",outcome="duplicate"}') == 4


def test_mention_and_message_event_are_deduplicated(
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
    app.settle()
    assert [ask.question for ask in pipeline.asked] == ["처음", "또", "또"]


def test_first_delivery_with_a_retry_header_is_answered(app: SlackApp, slack: SlackService) -> None:
    ts = new_ts()
    app.deliver(event(mention(ASKED, ts)), **{"X-Slack-Retry-Num": "2"})
    assert len(slack.wait_for(1, ts)) == 1


def test_questions_and_threads_survive_a_restart(
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
        app.settle()
    assert len(slack.posted) == 2


def test_thread_is_answered_in_order(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    pipeline.seconds = 0.1
    root, second, third = new_ts(), new_ts(), new_ts()
    app.deliver(event(message("셋째", third, thread_ts=root)))  # before the thread is known
    app.deliver(event(mention("첫째", root)))
    app.deliver(event(message("둘째", second, thread_ts=root)))
    slack.wait_for(3, root)
    assert [ask.question for ask in pipeline.asked] == ["첫째", "둘째", "셋째"]


def test_200_concurrent_deliveries_of_50_events_get_50_answers(
    app: SlackApp, slack: SlackService, pipeline: EchoPipeline
) -> None:
    stamps = [new_ts() for _ in range(50)]
    events = [event(mention(f"질문 {ts}", ts)) for ts in stamps]
    with ThreadPoolExecutor(16) as pool:
        codes = [one.status_code for one in pool.map(app.deliver, events * 4)]
    assert codes == [200] * 200
    slack.wait_for(50)
    app.settle()
    assert sorted(one.thread for one in slack.posted) == sorted(stamps)
    assert len(pipeline.asked) == 50


def test_manifest_has_the_routes_and_events(real: SlackApp) -> None:
    manifest = (ROOT / "docs/slack-manifest.yaml").read_text("utf-8")
    paths = re.findall(r"https://geungeo\.example\.com(/\S+)", manifest)
    assert sorted(set(paths)) == ["/slack/commands", "/slack/events", "/slack/interactions"]
    for path in paths:
        assert real.send(path, b"", {}).status_code == 401
    for needed in ("app_mention", "message.im", "message.channels", "chat:write", "/근거"):
        assert f"{needed}\n" in manifest
