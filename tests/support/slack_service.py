"""A stand-in for Slack: a real HTTP server that rejects what Slack would reject.

Calls are checked against Slack's documented limits; every breach is recorded in ``breaches``,
whatever the response. ``faults`` make it rate limit, fail or respond slowly.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"
TEAM, CHANNEL, BOT = "T0LAN0Z89", "C0LAN2Q65", "U0LAN0BOT"

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_SECTION = 3_000
MAX_ALL_BLOCKS = 13_200

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Posted:
    """A message that was posted."""

    path: str
    body: dict[str, Any]
    at: float

    @property
    def thread(self) -> str:
        return str(self.body.get("thread_ts"))

    @property
    def texts(self) -> list[str]:
        """Visible texts, block by block."""
        return [unescaped(one["text"]) for one in text_objects(self.body.get("blocks", []))]

    @property
    def urls(self) -> list[str]:
        blocks = self.body.get("blocks", [])
        return [block["accessory"]["url"] for block in blocks if "accessory" in block]


@dataclass
class Fault:
    """Response to the next call, instead of a success."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


class SlackService:
    """``chat.postMessage`` and response_urls, on a free port of this machine."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.calls: list[str] = []
        self.breaches: list[str] = []
        self.faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def in_thread(self, ts: str) -> list[Posted]:
        """Return the messages posted to a thread."""
        return [one for one in self.posted if one.thread == ts]

    def wait_for(self, count: int, ts: str | None = None, patience: float = 120) -> list[Posted]:
        """Return the messages (of a thread) once there are ``count``."""
        until = time.monotonic() + patience
        while True:
            found = list(self.posted) if ts is None else self.in_thread(ts)
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"{len(found)} of {count} messages came: {self.calls}"
            time.sleep(0.02)

    def receive(self, path: str, headers: Mapping[str, str], raw: bytes) -> Fault:
        """Record a call and its breaches; return the response."""
        with self._lock:
            self.calls.append(path)
            fault = self.faults.popleft() if self.faults else None
        try:
            body = json.loads(raw)
            wrong = list(breaches(path, headers, body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            body, wrong = None, [f"unreadable: {error!r}"]
        self.breaches += wrong
        if fault is not None:
            return fault
        if wrong:
            return Fault(body={"ok": False, "error": "invalid_blocks"})
        with self._lock:
            self.posted.append(Posted(path, body, time.monotonic()))
        ts = f"1700000000.{next(_numbers):06}"
        return Fault(body={"ok": True, "channel": body.get("channel"), "ts": ts})


class _Handler(BaseHTTPRequestHandler):
    service: SlackService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        reply = self.service.receive(self.path, cast("Mapping[str, str]", self.headers), raw)
        time.sleep(reply.delay)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
        pass


def breaches(path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Any:
    """Yield the reasons for which Slack would reject a call."""
    if path == "/api/chat.postMessage":
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            yield "not_authed"
        if not body.get("channel"):
            yield "channel_not_found"
        if not re.fullmatch(r"\d+\.\d+", str(body.get("thread_ts"))):
            yield "invalid_thread_ts"
    elif path.startswith(("/commands/", "/actions/")):
        if headers.get("Authorization"):
            yield "a response_url needs no token, and gets none"
    else:
        yield f"unknown address {path}"
    if not headers.get("Content-Type", "").startswith("application/json"):
        yield "invalid_post_type"
    if body.get("unfurl_links") is not False or body.get("unfurl_media") is not False:
        yield "unfurling is not off"
    if not body.get("text") or len(body["text"]) > MAX_TEXT:
        yield "no fallback text, or msg_too_long"
    yield from _controls(body.get("text", ""))
    blocks = body.get("blocks", [])
    if not 1 <= len(blocks) <= MAX_BLOCKS:
        yield f"{len(blocks)} blocks"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(names)) != len(names):
        yield "a block_id is used twice"
    for block in blocks:
        yield from _block(block)
    if sum(len(one["text"]) for one in text_objects(blocks)) > MAX_ALL_BLOCKS:
        yield "msg_blocks_too_long"


def _block(block: dict[str, Any]) -> Any:
    kind = block["type"]
    if kind == "section":
        yield from _text(block["text"], MAX_SECTION)
        if "accessory" in block:
            yield from _button(block["accessory"])
    elif kind == "header":
        if block["text"]["type"] != "plain_text":
            yield "a header that is not plain text"
        yield from _text(block["text"], 150)
    elif kind == "context":
        if not 1 <= len(block["elements"]) <= 10:
            yield "a context block of none or too many"
        for element in block["elements"]:
            yield from _text(element, 2_000)
    elif kind == "actions":
        if not 1 <= len(block["elements"]) <= 25:
            yield "no action, or too many"
        for element in block["elements"]:
            yield from _button(element)
    elif kind != "divider":
        yield f"a block of type {kind}"


def _button(button: dict[str, Any]) -> Any:
    if button["type"] != "button" or not 1 <= len(button["action_id"]) <= 255:
        yield "a button without an action_id"
    if len(button.get("value", "")) > 2_000:
        yield "a button with too much of a value"
    if "url" in button and not re.fullmatch(r"https?://[^\s<>|]{1,2990}", button["url"]):
        yield f"a button that leads nowhere: {button['url'][:100]}"
    yield from _text(button["text"], 75)


def _text(one: dict[str, Any], longest: int) -> Any:
    if one["type"] not in {"plain_text", "mrkdwn"}:
        yield f"a text of type {one['type']}"
    if not 1 <= len(one["text"]) <= longest:
        yield f"a text of {len(one['text'])} characters, at most {longest}"
    yield from _controls(one["text"])


def _controls(text: str) -> Any:
    """Yield unescaped control characters: a text with < or > would be a mention or a link."""
    if "<" in text or ">" in text or re.search("&(?!amp;|lt;|gt;)", text):
        yield f"a control character of Slack's is not escaped: {text[:200]}"


def text_objects(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the texts of sections and contexts, in order."""
    found = []
    for block in blocks:
        if block["type"] == "section":
            found.append(block["text"])
        elif block["type"] == "context":
            found += block["elements"]
    return found


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# Requests from Slack


def signature(raw: bytes, timestamp: str, secret: str = SECRET) -> str:
    """Return Slack's signature, computed without any library."""
    return (
        "v0="
        + hmac.new(
            secret.encode(), b"v0:" + timestamp.encode() + b":" + raw, hashlib.sha256
        ).hexdigest()
    )


def signed(raw: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a delivery from Slack."""
    timestamp = str(int(time.time() if at is None else at))
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(raw, timestamp, secret),
        "Content-Type": "application/json",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


def new_ts() -> str:
    """Return a unique timestamp of a message, later than all before."""
    return f"1700{next(_numbers):06}.{next(_numbers):06}"


def event(inner: Mapping[str, Any], event_id: str | None = None) -> dict[str, Any]:
    """Return an envelope of the Events API, as recorded."""
    return {
        "token": "XXYYZZ",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": "A0LAN2Q99",
        "event": dict(inner),
        "type": "event_callback",
        "event_id": event_id or f"Ev0LAN{next(_numbers):06}",
        "event_time": 1700000000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-eyJldCI6ImFwcF9tZW50aW9uIn0",
    }


def mention(text: str, ts: str, **changes: Any) -> dict[str, Any]:
    """Return an ``app_mention``, as recorded."""
    inner = {
        "client_msg_id": "e7d3a1b0-4c57-4d2a-9a53-7d6b1f0f3a11",
        "type": "app_mention",
        "text": f"<@{BOT}> {text}",
        "user": "U0LANASKER",
        "ts": ts,
        "team": TEAM,
        "blocks": [{"type": "rich_text", "block_id": "Zr1", "elements": []}],
        "channel": CHANNEL,
        "event_ts": ts,
    }
    return inner | changes


def message(text: str, ts: str, **changes: Any) -> dict[str, Any]:
    """Return a ``message`` in a channel, as recorded; a reply if it has a ``thread_ts``."""
    return (
        mention(text, ts) | {"type": "message", "text": text, "channel_type": "channel"} | changes
    )


def direct(text: str, ts: str, **changes: Any) -> dict[str, Any]:
    """Return a ``message.im``, as recorded."""
    return message(text, ts, channel="D0LAN3456", channel_type="im") | changes


def command(text: str, response_url: str, **changes: str) -> dict[str, str]:
    """Return a slash command's form, as recorded."""
    return {
        "token": "XXYYZZ",
        "team_id": TEAM,
        "team_domain": "example",
        "channel_id": CHANNEL,
        "channel_name": "news",
        "user_id": "U0LANASKER",
        "user_name": "asker",
        "command": "/근거",
        "text": text,
        "api_app_id": "A0LAN2Q99",
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": f"{next(_numbers)}.738474920.8088930838d88f008e0",
    } | changes


def press(action_id: str, value: str, response_url: str, **changes: Any) -> dict[str, Any]:
    """Return the payload of a pressed button, as recorded."""
    return {
        "type": "block_actions",
        "user": {"id": "U0LANASKER", "username": "asker", "name": "asker", "team_id": TEAM},
        "api_app_id": "A0LAN2Q99",
        "token": "XXYYZZ",
        "container": {"type": "message", "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": f"{next(_numbers)}.13373.abc",
        "team": {"id": TEAM, "domain": "example"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "news"},
        "message": {
            "type": "message",
            "user": BOT,
            "bot_id": "B0LANBOT",
            "ts": "1700000000.000100",
        },
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [
            {
                "action_id": action_id,
                "block_id": "feedback_ko",
                "text": {"type": "plain_text", "text": "👍", "emoji": True},
                "value": value,
                "type": "button",
                "action_ts": "1700000001.000200",
            }
        ],
    } | changes
