"""Slack with a real ``geungeo serve`` that is killed while it works."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import slack_service
from tests.support.processes import geungeo
from tests.support.slack_service import Fault, SlackService, event, mention, message, new_ts, signed

pytestmark = pytest.mark.slow

ASKED = "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?"


def deliver(http: httpx.Client, body: Any) -> int:
    raw = json.dumps(body, ensure_ascii=False).encode()
    return http.post("/slack/events", content=raw, headers=signed(raw)).status_code


def test_killed_server_answers_acknowledged_questions_after_a_restart(
    tmp_path: Path, serve_again: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlackService() as slack:
        monkeypatch.setenv("GEUNGEO_SLACK_SIGNING_SECRET", slack_service.SECRET)
        monkeypatch.setenv("GEUNGEO_SLACK_BOT_TOKEN", slack_service.TOKEN)
        monkeypatch.setenv("GEUNGEO_SLACK_API_URL", slack.api_url)
        stamps = [new_ts() for _ in range(20)]
        asked = [event(mention(ASKED, ts)) for ts in stamps]
        slack.faults.extend([Fault(429, b"", {"Retry-After": "1"})] * 4)

        first = serve_again(tmp_path)
        with (
            httpx.Client(base_url=first.url, timeout=60, trust_env=False) as http,
            ThreadPoolExecutor(8) as pool,
        ):
            assert list(pool.map(lambda one: deliver(http, one), asked)) == [200] * 20
            slack.wait_for(1)
            first.process.kill()
        first.process.wait(timeout=60)
        before = len(slack.posted)
        assert before < 20, "it was killed too late to show anything"

        second = serve_again(tmp_path, "--workers", "2")
        with (
            httpx.Client(base_url=second.url, timeout=60, trust_env=False) as http,
            ThreadPoolExecutor(8) as pool,
        ):
            assert set(pool.map(lambda one: deliver(http, one), asked * 3)) == {200}
            until = time.monotonic() + 240
            while {one.thread for one in slack.posted} != set(stamps):
                assert time.monotonic() < until
                time.sleep(0.1)
            reply = new_ts()
            assert deliver(http, event(message("그는 누구?", reply, thread_ts=stamps[0]))) == 200
            answered = len(slack.in_thread(stamps[0]))
            slack.wait_for(answered + 1, stamps[0])
        # A message that was posted at the moment of the kill may be repeated.
        threads = [one.thread for one in slack.posted if one.thread != stamps[0]]
        assert len(threads) - len(set(threads)) <= 4
        assert ASKED not in first.log + second.log
        assert slack_service.TOKEN not in first.log + second.log
        assert slack.breaches == []


@pytest.mark.parametrize("secret", ["", "good,"])
def test_server_with_an_empty_secret_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("GEUNGEO_SLACK_SIGNING_SECRET", secret)
    done = geungeo("serve", "--port", "0", "--store", str(tmp_path))
    assert done.returncode == 2
    assert "slack_signing_secret" in done.stderr
    assert "good" not in done.stderr
