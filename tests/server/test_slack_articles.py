"""Slack: direct messages that go on, help, the buttons for an article, and links."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from tests.server.slack_app import EchoPipeline, SlackApp, echoing, serving, settings_for
from tests.support.slack_service import (
    TEAM,
    Posted,
    SlackService,
    command,
    direct,
    event,
    mention,
    message,
    new_ts,
    press,
)

WHALES = (
    "고래가 돌아왔다\n\n2025-04-01     김바다 기자\n\n"
    "동해에 혹등고래 12마리가 돌아왔다고 해양수산부가 밝혔다."
)
BANK = (
    "기준금리 인하\n\n2025-05-29     이금리 기자\n\n"
    "한국은행은 29일 기준금리를 내렸다. 금융통화위원회 위원 6명이 찬성했다."
)
PAGE = f"""<!doctype html><html lang="ko"><head><title>기준금리 인하</title></head><body><article>
<h1>기준금리 인하</h1><p>{BANK.rsplit(chr(10), 1)[-1]}</p></article></body></html>"""


# ---- direct messages ---------------------------------------------------------------------------


def conversations(pipeline: EchoPipeline) -> list[str]:
    return [str(ask.conversation_id) for ask in pipeline.asked]


def test_direct_message_goes_on_with_the_conversation(
    app: SlackApp, pipeline: EchoPipeline
) -> None:
    first, second, other = new_ts(), new_ts(), new_ts()
    app.deliver(event(direct("고래는 몇 마리?", first)))
    app.deliver(event(direct("언제 왔나?", second)))
    app.deliver(event(direct("어디에?", new_ts(), thread_ts=second)))
    app.deliver(event(direct("다른 사람", other, channel="D0OTHER")))
    app.settle()
    begun = f"slack:{TEAM}:D0LAN3456:{first}"
    others = f"slack:{TEAM}:D0OTHER:{other}"
    assert sorted(conversations(pipeline)) == [begun, begun, begun, others]
    # Each is answered in its own thread.
    assert len(app.slack.in_thread(first)) == 1
    assert len(app.slack.in_thread(second)) == 2
    assert [one.question for one in app.workspace.store.conversations.get(begun)] == [
        "고래는 몇 마리?", "언제 왔나?", "어디에?",
    ]  # fmt: skip


def test_direct_message_after_the_time_begins_a_new_conversation(
    tmp_path: Path, embedder: Embedder, slack: SlackService, pipeline: EchoPipeline
) -> None:
    with echoing(tmp_path, embedder, slack, pipeline, slack_dm_minutes=30) as app:
        times = [new_ts(), new_ts(), new_ts()]
        deliveries: Any = app.workspace.store.deliveries
        now = deliveries._clock
        for ts, minutes in zip(times, (0, 29, 60), strict=True):
            deliveries._clock = lambda minutes=minutes: now() + timedelta(minutes=minutes)
            app.deliver(event(direct("질문", ts)))
            app.settle()
        assert [one.rpartition(":")[2] for one in conversations(pipeline)] == [
            times[0], times[0], times[2],
        ]  # fmt: skip


def test_channels_do_not_go_on_without_a_thread(app: SlackApp, pipeline: EchoPipeline) -> None:
    for _ in range(2):
        app.deliver(event(mention("질문", new_ts())))
    app.settle()
    assert len(set(conversations(pipeline))) == 2


# ---- help --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("help", "/근거", "/근거 협상이 왜 중단됐나요?"),
        ("도움말", "/ask", "/ask 협상이 왜 중단됐나요?"),
        ("HELP", "/ask", "/ask Why did the talks stop?"),
        ("?", "<!channel>", "/ask"),  # no name of a command
    ],
)
def test_command_explains_itself(
    app: SlackApp, pipeline: EchoPipeline, text: str, name: str, shown: str
) -> None:
    url = f"{app.slack.origin}/commands/1"
    response = app.submit("/slack/commands", command(text, url, command=name))
    body = response.json()
    assert body["response_type"] == "ephemeral"
    assert shown in body["text"]
    assert "<" not in body["text"]
    app.settle()
    assert pipeline.asked == []


# ---- buttons -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder
) -> Iterator[tuple[SlackApp, str]]:
    """A server over two articles with the real pipeline; it may fetch from one local port."""
    folder = tmp_path_factory.mktemp("slack")
    with SlackService() as service, site() as address:
        settings = settings_for(
            service,
            folder,
            slack_links=True,
            fetch_private_hosts=[address.removeprefix("http://").partition("/")[0]],
        )
        with Workspace.open(settings) as workspace:
            workspace.ingest_text(WHALES, name="whales.txt")
            workspace.ingest_text(BANK, name="bank.txt")
            with serving(workspace, service) as running:
                yield running, address
        assert service.breaches == []


@contextmanager
def site() -> Iterator[str]:
    """A web server with one article, of which it counts the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/news.html"
    finally:
        server.shutdown()
        server.server_close()


def pressed(posted: Posted, action_id: str, thread: str, *, at: str) -> dict[str, Any]:
    """Return the payload of a button of a posted message."""
    block = next(
        one
        for one in posted.body["blocks"]
        if one["type"] == "actions" and one["block_id"].startswith("article_")
    )
    value = next(one["value"] for one in block["elements"] if one["action_id"] == action_id)
    payload = press(action_id, value, "https://hooks.slack.com/actions/1")
    payload["actions"][0] |= {"block_id": block["block_id"], "action_ts": at}
    payload["message"] |= {"ts": "1700000009.000100", "thread_ts": thread}
    return payload


def test_article_is_summarized_once_and_then_the_only_one(library: tuple[SlackApp, str]) -> None:
    app, _ = library
    ts = new_ts()
    app.deliver(event(mention("혹등고래 몇 마리가 돌아왔나?", ts)))
    (answer,) = app.slack.wait_for(1, ts)
    assert "12마리" in answer.texts[0]
    # Three clicks, one summary.
    for at in ("1700000011.000001", "1700000011.000001", "1700000012.000001"):
        assert app.press(pressed(answer, "article_summary", ts, at=at)).status_code == 200
    app.settle()
    _, summary = app.slack.wait_for(2, ts)
    assert "12마리" in summary.texts[0]
    assert len(app.slack.in_thread(ts)) == 2
    # One click restricts the thread, delivered twice or not; another one ends that.
    for _ in range(2):
        app.press(pressed(answer, "article_only", ts, at="1700000013.000001"))
    app.settle()
    note = app.slack.in_thread(ts)[2]
    assert note.texts[0].startswith(
        "이 스레드의 다음 질문에는 이 기사로만 답합니다: 고래가 돌아왔다"
    )
    question = "금융통화위원회 위원 몇 명이 찬성했나?"
    app.deliver(event(message(question, new_ts(), thread_ts=ts)))
    app.settle()
    assert "6명" not in "".join(app.slack.in_thread(ts)[3].texts)
    app.press(pressed(answer, "article_only", ts, at="1700000014.000001"))
    app.deliver(event(message(question, new_ts(), thread_ts=ts)))
    app.settle()
    assert "6명" in app.slack.in_thread(ts)[5].texts[0]


@pytest.mark.parametrize(
    ("changes", "posts"),
    [
        ({"value": "no such article"}, 1),  # removed meanwhile: a note
        ({"value": ""}, 0),
        ({"value": "x" * 2_001}, 0),
        ({"action_ts": "now"}, 0),
        ({"action_id": "article_delete"}, 0),
    ],
)
def test_odd_click_does_no_harm(
    library: tuple[SlackApp, str], changes: dict[str, str], posts: int
) -> None:
    app, _ = library
    ts = new_ts()
    payload = press("article_summary", "whales", "https://hooks.slack.com/actions/1")
    payload["actions"][0] |= {"block_id": "article_ko:slack:x:y:z", "action_ts": ts} | changes
    payload["message"] |= {"ts": ts, "thread_ts": ts}
    assert app.press(payload).status_code == 200
    app.settle()
    found = app.slack.in_thread(ts)
    assert len(found) == posts
    if found:
        assert found[0].texts == ["이 기사는 더 이상 저장되어 있지 않습니다."]


def test_unsigned_click_is_refused(library: tuple[SlackApp, str]) -> None:
    app, _ = library
    sent = app.http.post("/slack/interactions", data={"payload": "{}"})
    assert sent.status_code == 401


# ---- links -------------------------------------------------------------------------------------


def test_linked_article_is_fetched_and_summarized(library: tuple[SlackApp, str]) -> None:
    app, address = library
    ts = new_ts()
    app.deliver(event(mention(f"<{address}>", ts)))
    (summary,) = app.slack.wait_for(1, ts)
    assert "기준금리를 내렸다" in summary.texts[0]
    (stored,) = [one for one in app.workspace.store.articles() if one.url == address]
    assert any(stored.title in text for text in summary.texts)
    # A question beside the link is answered from that article.
    ts = new_ts()
    app.deliver(event(mention(f"<{address}|여기서> 위원 몇 명이 찬성했나?", ts)))
    (answer,) = app.slack.wait_for(1, ts)
    assert "6명" in answer.texts[0]


@pytest.mark.parametrize(
    "link",
    ["http://127.0.0.1:1/x", "http://169.254.169.254/latest", "http://0x7f.1/", "http://u@h/"],
)
def test_link_to_a_private_address_is_not_fetched(library: tuple[SlackApp, str], link: str) -> None:
    app, _ = library
    before = len(app.workspace.store.articles())
    ts = new_ts()
    app.deliver(event(mention(f"<{link}>", ts)))
    (note,) = app.slack.wait_for(1, ts)
    assert note.texts == [
        "링크에서 기사를 읽지 못했습니다. 누구나 볼 수 있는 기사 주소인지 확인해 주세요."
    ]
    assert len(app.workspace.store.articles()) == before


def test_links_are_not_fetched_unless_the_setting_allows_it(
    app: SlackApp, pipeline: EchoPipeline
) -> None:
    app.deliver(event(mention("<https://news.example/a|기사> 요약해 줘", new_ts())))
    app.settle()
    assert [one.question for one in pipeline.asked] == ["기사 요약해 줘"]
