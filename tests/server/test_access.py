"""API keys over HTTP: protected routes, scopes, and the owners of conversations."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from geungeo.index.keys import Scope
from geungeo.index.workspace import Workspace
from geungeo.rag.errors import StoreCorrupt
from geungeo.server.app import create_app

pytestmark = pytest.mark.anyio

QUESTION = {"question": "고래 몇 마리가 돌아왔나?"}
OPEN = {"/healthz", "/readyz"}

MakeApp = Callable[..., Any]


@pytest.fixture
def workspace(workspace_of: Callable[..., Workspace]) -> Workspace:
    return workspace_of()


@asynccontextmanager
async def client(workspace: Workspace, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(create_app(workspace))
    url = "http://localhost"
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as http:
        yield http


def made(workspace: Workspace, *scopes: Scope) -> str:
    return workspace.store.keys.create("test", frozenset(scopes))[1]


def without_id(response: httpx.Response) -> dict[str, Any]:
    return {k: v for k, v in response.json().items() if k != "request_id"}


async def test_no_key_is_required_before_the_first_is_created(workspace: Workspace) -> None:
    async with client(workspace) as http:
        assert (await http.get("/articles")).status_code == 200
        made(workspace, "ask")
        assert (await http.get("/articles")).status_code == 401


async def test_require_key_applies_before_a_key_exists(
    workspace_of: Callable[..., Workspace],
) -> None:
    async with client(workspace_of(require_key=True)) as http:
        assert (await http.get("/articles")).status_code == 401
        assert (await http.get("/healthz")).status_code == 200


async def test_every_api_route_requires_a_key(workspace: Workspace) -> None:
    made(workspace, "ask")
    answers = {}
    async with client(workspace) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
        for path, methods in paths.items():
            if path in OPEN or path.startswith(("/slack/", "/hooks/")):
                continue
            for method in methods:
                address = path.replace("{", "").replace("}", "")
                answer = await http.request(method.upper(), address)
                answers[f"{method} {path}"] = answer.status_code
        unknown = [(await http.request(m, "/nowhere")).status_code for m in ("GET", "POST", "PUT")]
    assert len(answers) >= 12
    assert set(answers.values()) == {401}, answers
    assert unknown == [401, 401, 401]


async def test_routes_without_data_are_public(workspace: Workspace) -> None:
    made(workspace, "ask")
    page = {"Accept": "text/html"}
    async with client(workspace) as http:
        for path in ("/", "/healthz", "/readyz", "/docs", "/openapi.json", "/static/app.js"):
            assert (await http.get(path)).status_code == 200, path
        shown = await http.get("/articles/whales", headers=page)
        assert shown.headers["content-type"].startswith("text/html")
        for path in ("/articles", "/conversations", "/metrics"):
            assert (await http.get(path, headers=page)).status_code == 401, path
        for path in ("/healthz/", "/static/../articles", "/%61rticles"):
            assert (await http.get(path)).status_code in {401, 404}, path


async def test_missing_and_wrong_key_get_the_same_response(workspace: Workspace) -> None:
    right = made(workspace, "ask")
    wrong: list[list[tuple[bytes, bytes]]] = [
        [],
        [(b"authorization", b"Bearer " + right[:-1].encode() + b"!")],
        [(b"authorization", b"Bearer geungeo_00000000_" + right[-43:].encode())],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Basic " + right.encode())],
        [(b"authorization", right.encode())],
        [(b"authorization", b"Bearer " + b"\xff\xfe" * 20)],
        [(b"authorization", b"Bearer x"), (b"authorization", b"Bearer " + right.encode())],
        [(b"authorization", b"Bearer x"), (b"x-api-key", right.encode())],
        [(b"x-api-key", b"x" * 5_000)],
        [(b"cookie", b"api_key=" + right.encode())],
    ]
    async with client(workspace) as http:
        answers = [await http.get("/articles", headers=headers) for headers in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="geungeo"'}
    first = without_id(answers[0])
    assert first["code"] == "unauthorized"
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert [without_id(answer) for answer in answers] == [first] * len(wrong)


@pytest.mark.parametrize("header", ["Authorization", "authorization", "X-API-Key"])
async def test_key_is_accepted_in_either_header(workspace: Workspace, header: str) -> None:
    key = made(workspace, "ask")
    value = key if header == "X-API-Key" else f"bearer {key}"
    async with client(workspace) as http:
        assert (await http.get("/articles", headers={header: value})).status_code == 200


async def test_key_in_the_query_is_ignored_and_not_logged(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    key = made(workspace, "admin")
    caplog.set_level(logging.DEBUG)
    async with client(workspace) as http:
        for name in ("api_key", "key", "access_token", "authorization"):
            assert (await http.get("/articles", params={name: key})).status_code == 401
    logged = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("geungeo"))
    assert "/articles" in logged
    assert key[-43:] not in logged


ALLOWED: dict[str, list[Scope]] = {
    "POST /chat": ["ask", "admin"],
    "POST /search": ["ask", "admin"],
    "POST /feedback": ["ask", "admin"],
    "GET /v1/models": ["ask", "admin"],
    "POST /v1/chat/completions": ["ask", "admin"],
    "POST /v1/responses": ["ask", "admin"],
    "POST /v1/embeddings": ["ask", "admin"],
    "GET /conversations": ["ask", "admin"],
    "DELETE /conversations/x": ["ask", "admin"],
    "GET /articles": ["ask", "ingest", "admin"],
    "HEAD /articles/whales": ["ask", "ingest", "admin"],
    "POST /articles": ["ingest", "admin"],
    "POST /articles/file": ["ingest", "admin"],
    "DELETE /articles/x": ["ingest", "admin"],
    "GET /metrics": ["admin"],
}


async def test_each_scope_allows_only_the_documented_routes(workspace: Workspace) -> None:
    keys: dict[Scope, str] = {
        "ask": made(workspace, "ask"),
        "ingest": made(workspace, "ingest"),
        "admin": made(workspace, "admin"),
    }
    found: dict[str, list[Scope]] = {request: [] for request in ALLOWED}
    async with client(workspace) as http:
        for request, scopes in found.items():
            method, path = request.split()
            for scope, key in keys.items():
                answer = await http.request(method, path, headers={"X-API-Key": key})
                if answer.status_code != 403:
                    assert answer.status_code in {200, 404, 400, 415, 422}, request
                    scopes.append(scope)
                elif method != "HEAD" and "/v1/" not in path:
                    assert answer.json()["code"] == "forbidden"
                    assert "scope" in answer.json()["detail"]
    assert found == ALLOWED


async def test_key_with_several_scopes(workspace: Workspace) -> None:
    async with client(workspace, made(workspace, "ask", "ingest")) as http:
        assert (await http.get("/conversations")).status_code == 200
        assert (await http.delete("/articles/whales")).status_code == 204


async def test_revoked_key_is_rejected(workspace: Workspace) -> None:
    key, text = workspace.store.keys.create("test", frozenset({"ask"}))
    async with client(workspace, text) as http:
        assert (await http.get("/articles")).status_code == 200
        workspace.store.keys.revoke(key.id)
        assert (await http.get("/articles")).status_code == 401


async def test_unreadable_keys_are_503(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str) -> None:
        raise StoreCorrupt(f"store {workspace.settings.store}/x is damaged")

    async with client(workspace, made(workspace, "admin")) as http:
        monkeypatch.setattr(workspace.store.keys, "verify", broken)
        answer = await http.get("/articles")
    assert answer.status_code == 503
    assert answer.json()["code"] == "store_corrupt"
    assert str(workspace.settings.store) not in answer.text


async def test_conversations_belong_to_their_key(workspace: Workspace) -> None:
    before = await _ask(workspace, None)
    mine, other, admin = (made(workspace, scope) for scope in ("ask", "ask", "admin"))
    asked = await _ask(workspace, mine)
    async with client(workspace, other) as http:
        assert (await http.get("/conversations")).json()["conversations"] == []
        for name in (asked, before):
            assert (await http.get(f"/conversations/{name}")).status_code == 404
            assert (await http.delete(f"/conversations/{name}")).status_code == 404
            for stream in (False, True):
                body = {**QUESTION, "conversation_id": name, "stream": stream}
                taken = await http.post("/chat", json=body)
                assert taken.status_code == 422
                assert "is in use" in taken.json()["detail"]
    async with client(workspace, mine) as http:
        listed = (await http.get("/conversations")).json()["conversations"]
        assert [one["id"] for one in listed] == [asked]
        await http.post("/chat", json={**QUESTION, "conversation_id": asked})
        assert len((await http.get(f"/conversations/{asked}")).json()["answers"]) == 2
    async with client(workspace, admin) as http:
        listed = (await http.get("/conversations")).json()["conversations"]
        assert {one["id"] for one in listed} == {asked, before}
        assert (await http.delete(f"/conversations/{asked}")).status_code == 204


async def _ask(workspace: Workspace, key: str | None) -> str:
    async with client(workspace, key) as http:
        return str((await http.post("/chat", json=QUESTION)).json()["conversation_id"])


async def test_openai_routes_use_openai_errors(workspace: Workspace) -> None:
    made(workspace, "ask")
    async with client(workspace, "sk-wrong") as http:
        refused = await http.get("/v1/models")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/json"
    assert refused.json()["error"]["code"] == "unauthorized"


async def test_cors_allows_only_configured_origins(
    workspace_of: Callable[..., Workspace],
) -> None:
    listed = {"Origin": "https://news.example"}
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "X-API-Key",
    }
    async with client(workspace_of()) as http:
        assert (
            "access-control-allow-origin"
            not in (await http.get("/articles", headers=listed)).headers
        )
        assert (await http.options("/chat", headers={**listed, **preflight})).status_code >= 400
    opened = workspace_of(cors_origins="https://news.example, https://b.example", require_key=True)
    async with client(opened) as http:
        allowed = await http.options("/chat", headers={**listed, **preflight})
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://news.example"
        assert "access-control-allow-credentials" not in allowed.headers
        refused = await http.post("/chat", json=QUESTION, headers=listed)
        assert refused.status_code == 401  # readable by the foreign page
        assert refused.headers["access-control-allow-origin"] == "https://news.example"
        foreign = {"Origin": "https://evil.example"}
        other = await http.options("/chat", headers={**foreign, **preflight})
        assert "access-control-allow-origin" not in other.headers
