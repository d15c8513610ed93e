"""The Slack client: allowed hosts, errors and delays."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from geungeo.rag.errors import BackendMisconfigured, BackendUnavailable, SettingsError
from geungeo.rag.settings import Settings, load
from geungeo.server.channels.slack.client import SlackClient, may_respond, response_origins
from geungeo.server.channels.slack.events import Job

pytestmark = pytest.mark.anyio


def origins(api: str = "https://slack.com/api/") -> frozenset[str]:
    return response_origins(Settings(store=Path(), slack_api_url=api))


def test_response_url_of_slack_is_accepted() -> None:
    assert may_respond("https://hooks.slack.com/commands/T1/2/abc", origins())
    assert may_respond("https://hooks.slack.com/actions/T1/2/abc?x=%2F..", origins())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://hooks.slack.com",
        "http://hooks.slack.com/commands/1",
        "//hooks.slack.com/commands/1",
        "https:hooks.slack.com/commands/1",
        "https:/hooks.slack.com/commands/1",
        "https:\\\\hooks.slack.com\\commands",
        "https://hooks.slack.com\\@evil.example/",
        "https://hooks.slack.com:443/commands/1",
        "https://hooks.slack.com:8443/commands/1",
        "https://hooks.slack.com.evil.example/commands/1",
        "https://evil-hooks.slack.com/commands/1",
        "https://hooks.slack.com@evil.example/commands/1",
        "https://user@hooks.slack.com/commands/1",
        "https://user:pass@hooks.slack.com/commands/1",
        "https://@hooks.slack.com/commands/1",
        "https://hooks.slack.com./commands/1",
        "https://slack.com/commands/1",
        "https://HOOKS.slack.com/commands/1",
        "HTTPS://hooks.slack.com/commands/1",
        " https://hooks.slack.com/commands/1",
        "https://hooks.slack.com/commands/1\r\nHost: evil.example",
        "https://hooks.slack.com/\x00",
        "https://hooks.slack.com%2f@evil.example/",
        "https://hooks。slack.com/commands/1",
        "https://ｈooks.slack.com/commands/1",
        "https://evil.example/?https://hooks.slack.com/",
        "https://evil.example#@hooks.slack.com/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/commands/1",
        "ftp://hooks.slack.com/commands/1",
        "javascript:alert(1)",
        "https://hooks.slack.com/" + "a" * 3_000,
    ],
)
async def test_foreign_response_url_is_rejected(url: str) -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(200, text="ok")

    client = SlackClient(Settings(store=Path()), transport=httpx.MockTransport(answer))
    with pytest.raises(BackendMisconfigured, match="response_url"):
        await client.post(Job(response_url=url), {"text": "x"})
    assert not called
    await client.close()


def test_response_url_of_a_configured_api_is_accepted() -> None:
    compatible = origins("http://127.0.0.1:8065/api/")
    assert may_respond("http://127.0.0.1:8065/commands/1", compatible)
    assert may_respond("https://hooks.slack.com/commands/1", compatible)
    assert not may_respond("http://127.0.0.1:8066/commands/1", compatible)
    assert not may_respond("https://127.0.0.1:8065/commands/1", compatible)
    assert origins("https://api.slack.com/api/") == origins()


@pytest.mark.parametrize(
    "api", ["", "slack.com/api", "ftp://slack.com/", "https://u:p@slack.com/api/", "https://s/?x=1"]
)
def test_invalid_api_url_is_rejected(api: str) -> None:
    with pytest.raises(SettingsError, match="slack_api_url"):
        load(slack_api_url=api)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("30", 30), ("999999", 3_600), ("", None), ("-1", None), ("soon", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("１", None), ("9" * 400, None)],
)  # fmt: skip
async def test_only_valid_retry_after_is_used(header: str, seconds: float | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers=[(b"Retry-After", header.encode())])

    client = SlackClient(Settings(store=Path()), transport=httpx.MockTransport(answer))
    with pytest.raises(BackendUnavailable) as caught:
        await client.post(Job(channel="C1", thread_ts="1.1"), {"text": "x"})
    assert caught.value.retry_after == seconds
    await client.close()


async def test_connection_error_is_retried_and_contains_no_secret() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    settings = load(slack_bot_token="xoxb-very-secret")
    client = SlackClient(settings, transport=httpx.MockTransport(answer))
    with pytest.raises(BackendUnavailable) as caught:
        await client.post(Job(channel="C1", thread_ts="1.1"), {"text": "x"})
    assert str(caught.value) == "Slack cannot be reached: ConnectError"
    await client.close()
