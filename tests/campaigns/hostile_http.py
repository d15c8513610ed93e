"""Hostile requests to a real server: to the channels of chat services and to its whole API."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import schemathesis
from hypothesis import strategies as st

from geungeo.index.keys import open_keys
from tests.campaigns import hostile_api, hostile_text
from tests.campaigns.hostile_targets import Target, expect
from tests.support.processes import PATIENCE, serving

# Of a server that exists only during the campaign.
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
HOOK_SECRET = "a plain secret"
TOKEN = "xr3j5x3p4pfk7kk6ck7b4e6ghh"
ENVIRONMENT = {
    "GEUNGEO_SLACK_SIGNING_SECRET": SLACK_SECRET,
    "GEUNGEO_HOOK_SECRET": HOOK_SECRET,
    "GEUNGEO_MATTERMOST_TOKEN": TOKEN,
    "GEUNGEO_JANDI_TOKEN": TOKEN,
    "GEUNGEO_RATE_LIMIT_ADDRESS": "off",
    "GEUNGEO_RATE_LIMIT_KEY": "off",
}

Message = tuple[str, bytes, dict[str, str]]
"""Path, body and headers of a POST."""


@dataclass(frozen=True)
class Victim:
    """A running server, with a connection for each process."""

    url: str
    key: str

    @cached_property
    def client(self) -> httpx.Client:
        """Client, made on first use: a fork must not share its parent's connections."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def post(self, message: Message) -> httpx.Response:
        """Send ``message``."""
        path, body, headers = message
        # As bytes: a header that is not ASCII is an attack as well.
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        return self.client.post(path, content=body, headers=raw)


@contextmanager
def serving_victim(folder: Path) -> Iterator[Victim]:
    """Serve a new store in ``folder``, filled from the seeds."""
    with open_keys(folder) as keys:
        _, key = keys.create("hostile", frozenset({"admin"}))
    with serving(folder, ENVIRONMENT) as served:
        yield Victim(served.url, key)


def http_targets(victim: Victim) -> list[Target]:
    """Return targets for chat services, signed and unsigned, and for every operation of the API."""

    def withstand(message: Message) -> None:
        check_response(message, victim.post(message))

    schema = schemathesis.openapi.from_url(f"{victim.url}/openapi.json")
    headers = {"Authorization": f"Bearer {victim.key}"}
    found = hostile_api.operations(schema)

    def operation_target(operation: Any) -> Target:
        def hold(case: Any) -> None:
            hostile_api.hold_to_schema(case, headers=headers)

        return Target(f"API {operation.label}", hostile_api.attack(operation), hold, 300, batch=100)

    return [
        Target("Slack", slack_messages(), withstand, 6_000, batch=250),
        Target("hooks", hook_messages(), withstand, 5_000, batch=250),
        Target("bodies", bodies(victim.key), withstand, 4_000, batch=250),
        *map(operation_target, found),
    ]


def check_response(message: Message, response: httpx.Response) -> None:
    """Check the response to a hostile request."""
    status = response.status_code
    # 503 asks Slack to deliver again; any other 5xx is an error.
    shed = status == 503 and "retry-after" in response.headers
    expect(status < 500 or shed, f"{message[0]} answers {status}: {response.text[:300]}")
    if status >= 400:
        problem = response.json()
        expect(problem["status"] == status and problem["code"], "a refusal is problem+json")
    for secret in (SLACK_SECRET, HOOK_SECRET, TOKEN):
        expect(secret not in response.text, "no response contains a secret")
    expect(len(response.content) < 1_000_000, "no response is huge")


def _events() -> st.SearchStrategy[Any]:
    """Generate envelopes of Slack events with any part invalid."""
    texts = hostile_text.text(300)
    junk = hostile_text.values(hostile_text.text(30))

    def or_junk(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(usual, usual, usual, junk)

    event = st.fixed_dictionaries(
        {},
        optional={
            "type": or_junk(st.sampled_from(("app_mention", "message", "team_join"))),
            "text": or_junk(st.builds("<@U1> {}".format, texts)),
            "user": or_junk(st.sampled_from(("U1", "W2"))),
            "channel": or_junk(st.sampled_from(("C1", "D2"))),
            "ts": or_junk(st.sampled_from(("1.000100", "9" * 5_000, "１.２"))),
            "thread_ts": or_junk(st.just("1.000100")),
            "bot_id": junk,
            "subtype": or_junk(st.sampled_from(("message_changed", "bot_message"))),
            "blocks": junk,
        },
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "type": or_junk(st.sampled_from(("event_callback", "url_verification"))),
            "challenge": or_junk(texts),
            "event": or_junk(event),
            "event_id": or_junk(st.sampled_from(("Ev1", "Ev2"))),
            "team_id": or_junk(st.just("T1")),
            "api_app_id": or_junk(st.just("A1")),
            "authorizations": junk,
        },
    )


def _forms(fields: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[bytes]:
    return fields.map(lambda form: urlencode(form, errors="replace").encode())


def _texts(*names: str) -> st.SearchStrategy[dict[str, str]]:
    """Generate forms with some of the fields ``names``."""
    text = hostile_text.text(200)
    return st.dictionaries(st.one_of(st.sampled_from(names), text), text, max_size=8)


def _json(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return values.map(lambda value: json.dumps(value).encode())


def _signed_for_slack(path: str, body: bytes, fault: str) -> Message:
    timestamp = {"old": str(int(time.time()) - 10_000), "rubbish": "９" * 10}.get(
        fault, str(int(time.time()))
    )
    base = b"v0:" + timestamp.encode() + b":" + body
    signature = "v0=" + hmac.new(SLACK_SECRET.encode(), base, hashlib.sha256).hexdigest()
    if fault == "forged":
        signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
        "Content-Type": "application/json",
    }
    return path, body, headers


def slack_messages() -> st.SearchStrategy[Message]:
    """Generate requests to Slack's three addresses; most have a valid signature."""
    payload = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(("block_actions", "view_submission")),
            "user": hostile_text.values(hostile_text.text(30)),
            "actions": st.lists(hostile_text.values(hostile_text.text(30)), max_size=3),
            "response_url": hostile_text.text(60),
        },
    )
    pressed = payload.map(lambda value: {"payload": json.dumps(value)})
    junk = st.one_of(st.binary(max_size=200), hostile_text.nested().map(str.encode))
    event = st.tuples(st.just("/slack/events"), st.one_of(_json(_events()), junk))
    commands = _forms(_texts("text", "response_url", "trigger_id", "ssl_check", "command"))
    command = st.tuples(st.just("/slack/commands"), st.one_of(commands, junk))
    press = st.tuples(st.just("/slack/interactions"), st.one_of(_forms(pressed), junk))
    fault = st.sampled_from(("", "", "", "", "", "forged", "old", "rubbish"))
    return st.builds(
        lambda sent, wrong: _signed_for_slack(sent[0], sent[1], wrong),
        st.one_of(event, event, command, press),
        fault,
    )


def hook_messages() -> st.SearchStrategy[Message]:
    """Generate requests to the hooks. Few have a valid token and a question: answers are slow."""
    token = st.sampled_from(("wrong", "", TOKEN))
    posts = st.one_of(
        _texts("token", "text", "trigger_word", "command", "keyword"),
        st.builds(lambda form, known: {**form, "token": known}, _texts("keyword"), token),
    )
    path = st.sampled_from(("/hooks/mattermost", "/hooks/jandi"))
    as_form = st.tuples(
        path, _forms(posts), st.just({"Content-Type": "application/x-www-form-urlencoded"})
    )
    values = st.one_of(posts, hostile_text.values(hostile_text.text(50)))
    as_json = st.tuples(path, _json(values), st.just({"Content-Type": "application/json"}))
    asked = st.dictionaries(
        st.sampled_from(("question", "top_k", "filters", "stream", "x")),
        hostile_text.values(hostile_text.text(50)),
        max_size=4,
    )
    signed = st.builds(_webhook, st.one_of(_json(asked), st.binary(max_size=100)), st.booleans())
    return st.one_of(as_form, as_json, signed)


def _webhook(body: bytes, right: bool) -> Message:
    name, timestamp = hashlib.sha256(body).hexdigest()[:12], str(int(time.time()))
    digest = hmac.new(
        HOOK_SECRET.encode(), f"{name}.{timestamp}.".encode() + body, hashlib.sha256
    ).digest()
    signature = b64encode(digest if right else digest[::-1]).decode()
    headers = {
        "webhook-id": name,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
    return "/hooks/generic", body, headers


def bodies(key: str) -> st.SearchStrategy[Message]:
    """Generate bodies that are almost JSON, for routes that accept JSON."""
    texts = hostile_text.text(60)
    written = _json(hostile_text.values(texts))
    doubled = st.builds(
        lambda one, other: b'{"query": %s, "query": %s}' % (one, other), written, written
    )
    constants = st.sampled_from((b'{"top_k": NaN}', b"-Infinity", b'{"query": 1e999}', b"\xef\xbb"))
    body = st.one_of(
        written, doubled, constants, hostile_text.nested().map(str.encode), st.binary(max_size=200)
    )
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    path = st.sampled_from(("/search", "/chat", "/articles", "/feedback"))
    return st.tuples(path, body, st.just(headers))
