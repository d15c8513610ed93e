"""Hostile and malformed requests get a 4xx with the reason, never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import PassagesFound
from geungeo.rag.errors import StoreCorrupt
from geungeo.server.http.bodies import parse
from geungeo.server.http.middleware import RequestLimits
from geungeo.server.http.problems import MalformedBody

Client = Callable[[], httpx.AsyncClient]

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "body"),
        (b"{", "not JSON"),
        (b'{"question": NaN}', "NaN"),
        (b'{"question": "a", "top_k": Infinity}', "Infinity"),
        (b'{"question": "\\ud800"}', "surrogate"),
        (b'{"question": "a\\u0000b"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"question": "\xff\xfe"}', "UTF-8"),
        (b'{"question": "a", "question": "b"}', "twice"),
        (b'{"question": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'{"question": "a", "top_k": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"question": "a", "top_k": 1e999}', "top_k"),
        (b'{"question": "a", "top_k": 0}', "top_k"),
        (b'{"question": "a", "top_k": 51}', "50"),
        (b'{"question": "a", "wrong": 1}', "wrong"),
        (b'{"question": 7}', "question"),
        (b"null", "body"),
        (b'"text"', "body"),
        (b'{"question": "   "}', "blank"),
        (json.dumps({"question": "가" * 20_000}).encode(), "2,000"),
        (json.dumps({"question": "가" * 200_000}).encode(), "100000"),
        (b'{"question": "a", "conversation_id": "a\\nb"}', "conversation_id"),
        (b'{"question": "a", "filters": {"published_from": "yesterday"}}', "published_from"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_malformed_questions_are_422(
    client: Client, body: bytes, says: str, stream: bool
) -> None:
    if stream:
        body = body.replace(b'{"question"', b'{"stream": true, "question"', 1)
    async with client() as http:
        response = await http.post("/chat", content=body, headers=JSON)
    assert response.status_code == 422, response.text
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert says in problem["detail"]
    assert problem["code"] in {"invalid_json", "invalid_request", "invalid_question"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_body_without_json_content_type_is_rejected(
    client: Client, content_type: str
) -> None:
    # A page of another site can post these without a CORS preflight.
    async with client() as http:
        headers = {"Content-Type": content_type} if content_type else {}
        response = await http.post("/chat", content=b'{"question": "a"}', headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize("length_known", [True, False])
async def test_body_over_the_limit_is_413(
    client: Client, workspace: Workspace, length_known: bool
) -> None:
    size = workspace.settings.max_body_bytes + 1
    chunk = b"x" * 65_536

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // len(chunk) + 1):
            yield chunk

    async with client() as http:
        content: Any = b"x" * size if length_known else chunks()
        response = await http.post("/chat", content=content, headers=JSON)
    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"
    assert str(workspace.settings.max_body_bytes) in response.json()["detail"]
    assert response.headers["connection"] == "close"


async def test_content_length_with_transfer_encoding_is_400(client: Client) -> None:
    async with client() as http:
        headers = {**JSON, "Transfer-Encoding": "chunked", "Content-Length": "2"}
        response = await http.post("/chat", content=b"{}", headers=headers)
    assert response.status_code == 400


async def test_large_headers_are_431(client: Client) -> None:
    async with client() as http:
        response = await http.get("/healthz", headers={"X-Large": "x" * 17_000})
    assert response.status_code == 431
    assert response.json()["code"] == "headers_too_large"


@pytest.mark.parametrize("given_id", ["abc-123", "A" * 128])
async def test_safe_request_id_is_echoed(client: Client, given_id: str) -> None:
    async with client() as http:
        response = await http.get("/healthz", headers={"X-Request-ID": given_id})
    assert response.headers["x-request-id"] == given_id


@pytest.mark.parametrize("given_id", ["a b", "a\r\nSet-Cookie: x", "A" * 129, "가", "<script>", ""])
async def test_unsafe_request_id_is_replaced(client: Client, given_id: str) -> None:
    async with client() as http:
        headers = [(b"x-request-id", given_id.encode())]
        response = await http.get("/healthz", headers=headers)
    assert response.headers["x-request-id"] != given_id
    assert len(response.headers["x-request-id"]) == 32
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/docs", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/chat", 405),
        ("POST", "/chat", 422),
        ("GET", "/static/app.js", 200),
    ],
)
async def test_security_headers_are_on_every_response(
    client: Client, method: str, path: str, status: int
) -> None:
    async with client() as http:
        response = await http.request(method, path)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


async def test_unexpected_error_is_500_without_its_message(scripted: Any) -> None:
    scripted.pipeline.script = [RuntimeError("secret detail")]
    async with scripted.client() as http:
        response = await http.post("/chat", json={"question": "왜?"})
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_store_error_is_503_with_its_message(scripted: Any) -> None:
    scripted.pipeline.script = [StoreCorrupt("article a1 v1 does not match its checksum")]
    async with scripted.client() as http:
        response = await http.post("/chat", json={"question": "왜?"})
    assert response.status_code == 503
    assert response.json()["code"] == "store_corrupt"
    assert "checksum" in response.json()["detail"]


async def test_error_during_a_stream_is_an_event(scripted: Any) -> None:
    scripted.pipeline.script = [PassagesFound(()), StoreCorrupt("gone"), PassagesFound(())]
    async with scripted.client() as http:
        response = await http.post("/chat", json={"question": "왜?", "stream": True})
    assert response.status_code == 200
    last = response.text.strip().split("\n\n")[-1]
    assert last.startswith("event: error\n")
    assert json.loads(last.split("data: ")[1])["code"] == "store_corrupt"


async def test_slow_body_is_408() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the application must not see half a request")

    async def receive() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    limited = RequestLimits(app, max_body_bytes=1_000_000, body_seconds=0.2)
    scope = {"type": "http", "path": "/chat", "headers": []}
    async with asyncio.timeout(30):
        await limited(scope, receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**18), 10**18)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_strict_json_reads_valid_json(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_strict_json_reads_or_rejects_any_bytes(raw: bytes) -> None:
    try:
        parse(raw)
    except MalformedBody as error:
        assert error.detail
