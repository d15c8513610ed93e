"""Webhooks that are answered in their own response: Mattermost, JANDI, and any other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from starlette.datastructures import Headers

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer
from geungeo.rag.errors import BackendUnavailable, SettingsError
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings
from geungeo.server.access.signatures import WebhookVerifier
from geungeo.server.app import create_app
from geungeo.server.channels.hooks import jandi, mattermost
from geungeo.server.escaping import JOINER, escape_jandi, escape_mattermost
from tests.server.slack_app import EchoPipeline
from tests.server.test_slack_blocks import NASTY, answered, citation

pytestmark = pytest.mark.anyio

TOKENS = {
    "mattermost_token": "xr3j5x3p4pfk7kk6ck7b4e6ghh,okwexkjpe7ygb8eq1ww58t483w",
    "jandi_token": "YE1ronbbuoZkq7h3J5KMI4Tn",
    "hook_secret": "a plain secret,whsec_" + base64.b64encode(b"encoded").decode(),
}
GFM = MarkdownIt("gfm-like", {"linkify": False})
ASKED = "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?"

# https://developers.mattermost.com/integrate/webhooks/outgoing/
OUTGOING = {
    "token": "xr3j5x3p4pfk7kk6ck7b4e6ghh",
    "team_id": "rdc9bgriktyx9p4kowh3dmgqyc",
    "team_domain": "newsroom",
    "channel_id": "hawos4dqtby53pd64o4a4cmeoo",
    "channel_name": "town-square",
    "timestamp": 1532064302345,
    "user_id": "kwoknj9nwpypzgzy78wkw516qe",
    "user_name": "some_user",
    "post_id": "axdygg1957njfe5pu38saikdho",
    "text": f"#근거 {ASKED}",
    "trigger_word": "#근거",
    "file_ids": "",
}
# https://developers.mattermost.com/integrate/slash-commands/custom/
SLASH = {
    "channel_id": "jux16pkewjrkfj3ehep1psxyxc",
    "channel_name": "town-square",
    "command": "/geungeo",
    "response_url": "http://localhost:8065/hooks/commands/xbrkb8p393gjpq5cawei7npije",
    "team_domain": "test",
    "team_id": "carya1qs77bemjup96ff538snh",
    "text": ASKED,
    "token": "okwexkjpe7ygb8eq1ww58t483w",
    "user_id": "aoa1agao6t8fmx3ikt1j9w5ybw",
    "user_name": "somename",
}
JANDI = {
    "token": "YE1ronbbuoZkq7h3J5KMI4Tn",
    "teamName": "Toss Lab, Inc.",
    "roomName": "토스랩 코리아",
    "writerName": "제이현",
    "text": f"/근거 {ASKED}",
    "keyword": "근거",
    "createdAt": "2017-05-15T11:34:11.266Z",
}


@pytest.fixture(scope="module")
def app(workspace: Workspace) -> Any:
    configured = Settings(
        store=workspace.settings.store, public_url="https://n.example", **cast("Any", TOKENS)
    )
    return create_app(Workspace(configured, workspace.store, workspace.embedder))


@pytest.fixture
def echo(tmp_path: Path, embedder: Embedder) -> Iterator[tuple[EchoPipeline, Any]]:
    """An application over an empty store with a controllable pipeline."""
    pipeline = EchoPipeline()
    store = Store.open(tmp_path, embedder)
    configured = Settings(store=tmp_path, hook_timeout=0.2, **cast("Any", TOKENS))
    workspace = Workspace(configured, store, embedder)
    workspace.pipeline = cast("Any", pipeline)
    yield pipeline, create_app(workspace)
    store.close()


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


def webhook(
    body: Any, *, request: str = "msg_1", at: float | None = None, secret: bytes = b"a plain secret"
) -> dict[str, Any]:
    """Return the headers of a signed request, computed independently of the server's code."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret, f"{request}.{timestamp}.".encode() + raw, hashlib.sha256).digest()
    headers = {
        "webhook-id": request,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return {"content": raw, "headers": headers}


def seen(text: str) -> str:
    """Return escaped text as a reader sees it."""
    return re.sub(r"\\([\\`*_\[\]|])", r"\1", text.replace(JOINER, ""))


# Mattermost and JANDI


@pytest.mark.parametrize("form", [False, True])
async def test_mattermost_webhook_is_answered_in_its_thread(app: Any, form: bool) -> None:
    async with client(app) as http:
        answer = (await http.post("/chat", json={"question": ASKED})).json()
        sent: Any = {"data": OUTGOING} if form else {"json": OUTGOING}
        response = await http.post("/hooks/mattermost", **sent)
    reply = response.json()
    assert set(reply) == {"response_type", "text"}
    assert reply["response_type"] == "comment"
    shown = seen(reply["text"])
    assert shown.startswith(answer["text"])
    for one in answer["citations"]:
        assert f"> [{one['marker']}] “{one['quote']}”" in shown
        link = f"/articles/{one['article_id']}?version={one['version']}&start={one['start']}"
        assert f"(https://n.example{link}&end={one['end']})" in shown
    assert answer["citations"]


async def test_mattermost_command_is_answered_to_its_author(app: Any) -> None:
    async with client(app) as http:
        response = await http.post("/hooks/mattermost", data=SLASH)
        nothing = await http.post("/hooks/mattermost", data=SLASH | {"text": " "})
    assert response.json()["response_type"] == "ephemeral"
    assert "설리먼" in response.json()["text"]
    assert "질문을 함께 적어 주세요" in nothing.json()["text"]


@pytest.mark.parametrize("text", [f"/근거 {ASKED}", f"[/근거] {ASKED}", f"근거 {ASKED}"])
async def test_jandi_response_format(app: Any, text: str) -> None:
    async with client(app) as http:
        answer = (await http.post("/chat", json={"question": ASKED})).json()
        reply = (await http.post("/hooks/jandi", json=JANDI | {"text": text})).json()
    assert set(reply) == {"body", "connectColor", "connectInfo"}
    assert reply["body"].replace(JOINER, "") == answer["text"]
    assert re.fullmatch("#[0-9A-F]{6}", reply["connectColor"])
    quotes = [info["description"].replace(JOINER, "") for info in reply["connectInfo"]]
    cited = {one["marker"]: one for one in answer["citations"]}
    for (_, one), quote in zip(sorted(cited.items()), quotes, strict=True):
        assert quote.startswith(f"“{one['quote']}”\nhttps://n.example/articles/")


@pytest.mark.parametrize("path", ["/hooks/mattermost", "/hooks/jandi"])
async def test_wrong_token_is_401(app: Any, path: str) -> None:
    tokens: list[Any] = ["", "wrong", "xr3j5x3p4pfk7kk6ck7b4e6gh", ",".join(TOKENS.values()), "é"]
    async with client(app) as http:
        for token in tokens:
            response = await http.post(path, json=OUTGOING | {"token": token})
            assert (response.status_code, response.json()["code"]) == (401, "bad_signature")
        assert (await http.post(path, json={})).status_code == 401
        missing = [await http.post(path, json={"token": value}) for value in (None, 7, ["x"])]
    assert {one.status_code for one in missing} == {422}
    assert not any("xr3j" in one.text for one in missing)


async def test_unconfigured_hook_is_404(workspace: Workspace) -> None:
    async with client(create_app(workspace)) as http:
        for name in ("mattermost", "jandi", "generic"):
            response = await http.post(f"/hooks/{name}", json={"token": "x"})
            assert (response.status_code, response.json()["code"]) == (404, "hook_not_configured")


async def test_timeout_and_failure_are_explained(
    echo: tuple[EchoPipeline, Any],
) -> None:
    pipeline, app = echo
    async with client(app) as http:
        pipeline.failures = [BackendUnavailable("down")]
        failed = await http.post("/hooks/jandi", json=JANDI)
        pipeline.seconds = 60
        slow = await http.post("/hooks/mattermost", json=OUTGOING)
    assert failed.json()["body"].startswith("지금은 답변할 수 없습니다")
    assert slow.json()["text"].startswith("제시간에 답변하지 못했습니다")


# Foreign text in Markdown


def test_article_markup_has_no_effect_in_mattermost() -> None:
    changes = {"title": NASTY, "publisher": NASTY, "note": NASTY}
    text = mattermost.render(answered(f"{NASTY} [1]", citation(1, NASTY, **changes)), "https://n.x")
    assert NASTY in seen(text)
    links = re.findall(r'(?:href|src)="([^"]*)"', GFM.render(text))
    assert links == ["https://n.x/articles/a%2Fb%20c?version=2&amp;start=3&amp;end="
                     f"{3 + len(NASTY)}"]  # fmt: skip
    assert not re.search(r"<(em|strong|code|s|h\d|ul|ol|table|img)\b", GFM.render(text))
    assert not re.search(r"@(channel|here|all)|:smile|~취소", text)


def test_article_markup_has_no_effect_in_jandi() -> None:
    attack = f"[여기](https://evil.example) ![x](https://evil.example/p.png) {NASTY}"
    reply = jandi.render(answered(f"{attack} [1]", citation(1, attack, title=attack)), "")
    (info,) = reply["connectInfo"]
    for text in (reply["body"], info["title"], info["description"]):
        assert attack in text.replace(JOINER, "")
        assert not re.search(r"\]\(|https?://|@channel", text)


def test_mattermost_post_is_limited_and_counts_omitted_sources() -> None:
    quotes = [citation(n, "긴 인용 " * 1_000) for n in range(1, 9)]
    text = mattermost.render(answered("답. [1]", *quotes), "https://n.x")
    assert len(text) <= 16_383
    assert text.endswith("(근거: +5)")


foreign = st.one_of(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=JOINER),
    st.sampled_from("\n*_[]()<>@#:~`|\\!&$./"),
)


@given(st.text(foreign))
def test_foreign_text_is_escaped_for_every_service(text: str) -> None:
    shown = escape_mattermost(text)
    assert seen(shown) == text
    assert escape_jandi(text).replace(JOINER, "") == text
    html = GFM.render(f"> “{shown}”".replace("\n", "\n> "))
    assert not re.search(r"<(?!/?(?:p|blockquote|br)\b)[a-z]", html)


# Generic webhooks


async def test_signed_request_gets_the_same_answer_as_chat(app: Any) -> None:
    async with client(app) as http:
        answer = (await http.post("/chat", json={"question": ASKED})).json()
        response = await http.post("/hooks/generic", **webhook({"question": ASKED}))
    got = Answer.model_validate_json(response.content)
    assert (got.text, got.model_dump(mode="json")["citations"]) == (
        answer["text"],
        answer["citations"],
    )


async def test_repeated_request_is_answered_once(echo: tuple[EchoPipeline, Any]) -> None:
    pipeline, app = echo
    async with client(app) as http:
        first = await http.post("/hooks/generic", **webhook({"question": "왜?"}))
        later = webhook({"question": "왜?"}, at=time.time() - 200)
        assert (await http.post("/hooks/generic", **later)).content == first.content
        other = await http.post("/hooks/generic", **webhook({"question": "누가?"}))
        assert (other.status_code, other.json()["code"]) == (409, "id_reused")
        third = await http.post(
            "/hooks/generic", **webhook({"question": "누가?"}, secret=b"encoded")
        )
        assert third.json()["question"] == "누가?", "another sender's ids are its own"
    assert [ask.question for ask in pipeline.asked] == ["왜?", "누가?"]


async def test_failed_request_can_be_retried(echo: tuple[EchoPipeline, Any]) -> None:
    pipeline, app = echo
    pipeline.failures = [BackendUnavailable("down", retry_after=3)]
    async with client(app) as http:
        failed = await http.post("/hooks/generic", **webhook({"question": "왜?"}))
        assert (failed.status_code, failed.headers["Retry-After"]) == (503, "3")
        again = await http.post("/hooks/generic", **webhook({"question": "왜?"}))
        assert again.status_code == 200


async def test_hook_uses_only_conversations_of_hooks(
    echo: tuple[EchoPipeline, Any],
) -> None:
    pipeline, app = echo
    mine = {"question": "왜?", "conversation_id": "talk"}
    async with client(app) as http:
        for number in ("1", "2"):
            response = await http.post("/hooks/generic", **webhook(mine, request=number))
            assert response.status_code == 200
        await http.post("/chat", json={"question": "왜?", "conversation_id": "other"})
        foreign = webhook({"question": "왜?", "conversation_id": "other"}, request="3")
        assert (await http.post("/hooks/generic", **foreign)).status_code == 422
    assert len(pipeline.asked[1].history) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": None},
        {"webhook-timestamp": None},
        {"webhook-signature": None},
        {"webhook-id": "msg_2"},
        {"webhook-id": "msg.1"},
        {"webhook-id": ""},
        {"webhook-timestamp": "abc"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 5_000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1a,AAAA"},
        {"webhook-signature": "v1,AAAA " * 20},
    ],
)
async def test_unsigned_request_is_rejected(app: Any, change: dict[str, Any]) -> None:
    request = webhook({"question": ASKED})
    headers = {**request["headers"], **change}
    request["headers"] = {name: value for name, value in headers.items() if value is not None}
    async with client(app) as http:
        response = await http.post("/hooks/generic", **request)
    assert (response.status_code, response.json()["code"]) == (401, "bad_signature")


async def test_old_future_and_altered_requests_are_rejected(app: Any) -> None:
    body = {"question": ASKED}
    async with client(app) as http:
        for skew in (-302, 310):
            request = webhook(body, at=time.time() + skew)
            assert (await http.post("/hooks/generic", **request)).status_code == 401
        altered = webhook(body)
        altered["content"] += b" "
        assert (await http.post("/hooks/generic", **altered)).status_code == 401
        wrong = webhook(body, secret=b"another")
        assert (await http.post("/hooks/generic", **wrong)).status_code == 401


async def test_signed_request_with_an_invalid_body_is_422(app: Any) -> None:
    bodies: list[Any] = [b"", b"{", b"[]", {}, {"question": 7}, {"question": "?", "wrong": 1}]
    async with client(app) as http:
        for number, body in enumerate(bodies):
            request = webhook(body, request=f"bad_{number}")
            assert (await http.post("/hooks/generic", **request)).status_code == 422
        for path in ("/hooks/mattermost", "/hooks/jandi"):
            for raw in (b"token=%ff", b"&" * 200, b"a=b&" * 200):
                assert (await http.post(path, content=raw)).status_code in {401, 422}


def test_standard_webhooks_test_vector_verifies() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the test vector of its libraries
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = Headers(
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
    )
    verifier = WebhookVerifier([secret], lambda: 1614265330.0)
    assert verifier.sender(headers, b'{"test": 2432232314}') is not None
    assert verifier.sender(headers, b'{"test": 2432232315}') is None


def test_malformed_secret_is_rejected_at_startup() -> None:
    with pytest.raises(SettingsError, match="Base64"):
        WebhookVerifier(["whsec_not base64!"])


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(raw=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
async def test_arbitrary_hook_bodies_cause_no_server_error(app: Any, raw: bytes) -> None:
    async with client(app) as http:
        for path in ("/hooks/mattermost", "/hooks/jandi"):
            for kind in ("application/json", "application/x-www-form-urlencoded", "text/x"):
                response = await http.post(path, content=raw, headers={"Content-Type": kind})
                assert response.status_code in {401, 422}
        request = webhook(raw)
        assert (await http.post("/hooks/generic", **request)).status_code == 422
