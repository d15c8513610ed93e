"""The MCP server, asked by the official SDK's client over stdio and over streamable HTTP."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.rag.settings import Settings
from geungeo.server.cli import run
from tests.e2e.conftest import ASTRAL, ASTRAL_QUESTION, OFF_TOPIC, SEED_QUESTION
from tests.support.processes import Served, command, geungeo

mcp = pytest.importorskip("mcp", reason="the MCP SDK is a test extra")

pytestmark = pytest.mark.anyio

Connect = Callable[[Served], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def over_http(served: Served, **headers: str) -> AsyncIterator[Any]:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async with httpx2.AsyncClient(headers=headers, timeout=120, trust_env=False) as http:
        transport = streamable_http_client(f"{served.url}/mcp", http_client=http)
        async with mcp.Client(transport) as client:
            yield client


@asynccontextmanager
async def over_stdio(served: Served) -> AsyncIterator[Any]:
    program, *args = command("mcp", "--store", str(served.store))
    assert program == sys.executable
    transport = mcp.stdio_client(mcp.StdioServerParameters(command=program, args=args))
    async with mcp.Client(transport) as client:
        yield client


TRANSPORTS = pytest.mark.parametrize("connect", [over_http, over_stdio])
# Over stdio each test loads the models in a process of its own: by default only one of them does.
MOSTLY_HTTP = pytest.mark.parametrize(
    "connect", [over_http, pytest.param(over_stdio, marks=pytest.mark.slow)]
)


def chat(served: Served, question: str, **more: Any) -> Any:
    body = {"question": question, **more}
    return httpx.post(f"{served.url}/chat", json=body, timeout=120, trust_env=False).json()


async def call(client: Any, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Any, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    return str(result.content[0].text)


@TRANSPORTS
async def test_tools_answer_as_the_api_does(served: Served, connect: Connect) -> None:
    async with connect(served) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == ["ask", "search", "check", "get_article", "list_articles"]
        assert tools["ask"].input_schema["required"] == ["question"]
        assert tools["search"].annotations.read_only_hint
        assert "article.text[start:end] == quote" in client.instructions

        for question in (SEED_QUESTION, ASTRAL_QUESTION):
            expected = chat(served, question)
            result = await client.call_tool("ask", {"question": question})
            answer = result.structured_content
            assert answer["text"] == expected["text"]
            links = [citation.pop("link") for citation in answer["citations"]]
            assert answer["citations"] == expected["citations"] != []
            shown = result.content[0].text
            assert shown.startswith(answer["text"])
            for citation, link in zip(answer["citations"], links, strict=True):
                assert f"[{citation['marker']}] “{citation['quote']}”" in shown
                assert f"start={citation['start']}&end={citation['end']}" in link
                article = await call(
                    client,
                    "get_article",
                    article_id=citation["article_id"],
                    version=citation["version"],
                )
                cited = article["text"][citation["start"] : citation["end"]]
                assert cited == citation["quote"]

        (claim,) = (await call(client, "check", text=cited))["claims"]
        assert (claim["verdict"], claim["text"]) == ("supported", cited)
        assert f"start={claim['sources'][0]['start']}" in claim["sources"][0]["link"]

        abstained = await call(client, "ask", question=OFF_TOPIC)
        assert (abstained["status"], abstained["citations"]) == ("abstained", [])
        assert abstained["text"] == chat(served, OFF_TOPIC)["text"]


@MOSTLY_HTTP
async def test_passages_and_articles_are_those_of_the_api(served: Served, connect: Connect) -> None:
    with httpx.Client(base_url=served.url, timeout=120, trust_env=False) as http:
        hits = http.post("/search", json={"query": "고래", "top_k": 2}).json()["passages"]
        listed = http.get("/articles", params={"q": "고래"}).json()
        everything = http.get("/articles").json()["articles"]
    async with connect(served) as client:
        found = await call(client, "search", query="고래", top_k=2)
        for passage in found["passages"]:
            assert passage.pop("title")
            assert passage.pop("link")
        assert found["passages"] == hits
        assert await call(client, "list_articles", q="고래") == listed
        (whales,) = listed["articles"]
        only = await call(client, "search", query="고래", article_ids=[whales["id"]])
        assert {one["article_id"] for one in only["passages"]} == {whales["id"]}

        resources = (await client.list_resources()).resources
        assert [one.title for one in resources] == [one["title"] for one in everything]
        article = await call(client, "get_article", article_id=whales["id"])
        (by_title,) = [one for one in resources if one.title == whales["title"]]
        for uri in (str(by_title.uri), f"{by_title.uri}?version=1"):
            (contents,) = (await client.read_resource(uri)).contents
            assert contents.text == article["text"]
        templates = (await client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == ["geungeo://articles/{id}{?version}"]


@MOSTLY_HTTP
async def test_conversation_goes_on(served: Served, connect: Connect) -> None:
    follow_up = "그래서 MS는 무엇을 개발했나?"
    name = f"mcp-{connect.__name__}"
    begun = chat(served, SEED_QUESTION)
    expected = chat(served, follow_up, conversation_id=begun["conversation_id"])
    async with connect(served) as client:
        await call(client, "ask", question=SEED_QUESTION, conversation_id=name)
        answer = await call(client, "ask", question=follow_up, conversation_id=name)
    assert answer["standalone_question"] == expected["standalone_question"]
    assert answer["text"] == expected["text"]
    stored = httpx.get(f"{served.url}/conversations/{name}", timeout=120, trust_env=False).json()
    assert [one["question"] for one in stored["answers"]] == [SEED_QUESTION, follow_up]


@TRANSPORTS
async def test_bad_input_is_explained(served: Served, connect: Connect) -> None:
    async with connect(served) as client:
        assert "question: Field required" in await refused(client, "ask")
        assert "question" in await refused(client, "ask", question="  ")
        assert "2,000" in await refused(client, "ask", question="가" * 2_001)
        assert "top_k" in await refused(client, "search", query="x", top_k=51)
        assert "no article" in await refused(client, "get_article", article_id="nothing")
        assert "conversation_id" in await refused(
            client, "ask", question="x", conversation_id="a b"
        )
        assert "colour: Extra inputs" in await refused(client, "list_articles", colour="red")
        with pytest.raises(mcp.MCPError, match="there are ask, search"):
            await client.call_tool("delete_article", {})
        for uri in ("geungeo://articles/nothing", "geungeo://articles/", "file:///etc/passwd"):
            with pytest.raises(mcp.MCPError):
                await client.read_resource(uri)
        with pytest.raises(mcp.MCPError, match="cursor"):
            await client.list_resources(cursor="x")


async def test_other_methods_get_405_with_a_hint(served: Served) -> None:
    for method in ("GET", "DELETE"):
        response = httpx.request(method, f"{served.url}/mcp", timeout=120, trust_env=False)
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert "MCP client" in response.json()["detail"]


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def initialize(url: str, **headers: str) -> httpx.Response:
    accept = {"Accept": "application/json, text/event-stream"}
    sent = {**accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"{url}/mcp", json=INITIALIZE, headers=sent, timeout=120, trust_env=False)


async def test_older_protocol_needs_no_session(served: Served) -> None:
    response = initialize(served.url)
    assert response.status_code == 200
    assert response.json()["result"]["serverInfo"]["name"] == "geungeo"
    assert "mcp-session-id" not in response.headers


async def test_foreign_hosts_and_origins_are_rejected(served: Served) -> None:
    foreign = initialize(served.url, Host="evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (421, "foreign_host")
    page = initialize(served.url, Origin="https://evil.example")
    assert (page.status_code, page.json()["code"]) == (403, "foreign_origin")


async def test_keys_scopes_and_conversations_are_those_of_the_server(
    tmp_path: Path, serve_here: Callable[[Settings], Any]
) -> None:
    with serve_here(Settings(store=tmp_path / "store", require_key=True)) as (workspace, url):
        workspace.ingest_text(ASTRAL, name="whales.txt")
        keys = workspace.store.keys
        first, second = (keys.create(name, frozenset({"ask"}))[1] for name in ("one", "two"))
        _, ingest = keys.create("three", frozenset({"ingest"}))
        assert initialize(url).status_code == 401
        assert initialize(url, Authorization="Bearer wrong").status_code == 401
        assert initialize(url, Authorization=f"Bearer {ingest}").status_code == 403
        assert initialize(url, X_API_Key=first).status_code == 200
        here = Served(tmp_path, process=None, output=None, url=url)  # type: ignore[arg-type]
        asked = {"question": ASTRAL_QUESTION, "conversation_id": "mine"}
        async with over_http(here, Authorization=f"Bearer {first}") as client:
            answer = await call(client, "ask", **asked)
            assert answer["citations"][0]["link"].startswith(f"{url}/articles/")
        async with over_http(here, Authorization=f"Bearer {second}") as client:
            assert "mine" in await refused(client, "ask", **asked)
        stored = workspace.store.conversations.list()
        assert [(one.id, one.turns) for one in stored] == [("mine", 1)]


async def test_missing_sdk_is_named(
    tmp_path: Path, serve_here: Callable[[Settings], Any], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "mcp", None)
    with serve_here(Settings(store=tmp_path / "store")) as (_, url):
        response = initialize(url)
    assert response.status_code == 503
    assert response.json()["detail"] == "MCP needs its SDK; run: pip install 'geungeo[mcp]'"
    assert await asyncio.to_thread(run, ["mcp", "--store", str(tmp_path / "store")]) == 2
    assert "pip install 'geungeo[mcp]'" in capsys.readouterr().err


async def test_stdout_has_only_messages_of_the_protocol(served: Served) -> None:
    given = json.dumps(INITIALIZE) + "\nnot JSON\n"
    done = geungeo("mcp", "--store", str(served.store), input=given)
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    assert messages[0]["result"]["serverInfo"]["name"] == "geungeo"
