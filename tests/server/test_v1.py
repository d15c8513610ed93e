"""``/v1`` for clients other than the official one: links, sources, and what is not served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.server.app import create_app
from geungeo.server.channels.openai_sources import without_sources

pytestmark = pytest.mark.anyio

QUESTION = "혹등고래 몇 마리가 돌아왔나?"
QUOTE = "동해에 혹등고래 12마리가 돌아왔다고 해양수산부가 밝혔다."
MakeWorkspace = Callable[..., Workspace]


def client(workspace: Workspace, base_url: str = "http://localhost:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(workspace))
    return httpx.AsyncClient(transport=transport, base_url=base_url)


def completion(question: str = QUESTION, **extra: Any) -> dict[str, Any]:
    return {"model": "geungeo", "messages": [{"role": "user", "content": question}], **extra}


async def complete(workspace: Workspace, **extra: Any) -> Any:
    async with client(workspace) as http:
        response = await http.post("/v1/chat/completions", json=completion(**extra))
    assert response.status_code == 200, response.text
    return response.json()


async def test_links_have_the_origin_of_the_request(workspace_of: MakeWorkspace) -> None:
    body = await complete(workspace_of())
    (annotation,) = body["choices"][0]["message"]["annotations"]
    cited, (citation,) = annotation["url_citation"], body["citations"]
    place = f"version=1&start={citation['start']}&end={citation['end']}"
    assert cited["url"] == f"http://localhost:8000/articles/whales?{place}"
    assert cited["title"] == f"[1] 고래가 돌아왔다: “{QUOTE}”"
    assert cited["quote"] == citation["quote"] == QUOTE


async def test_public_url_and_setting_of_sources_apply(workspace_of: MakeWorkspace) -> None:
    workspace = workspace_of(public_url="https://news.example/geungeo/", v1_sources="list")
    body = await complete(workspace)
    message = body["choices"][0]["message"]
    url = message["annotations"][0]["url_citation"]["url"]
    assert url.startswith("https://news.example/geungeo/articles/whales?version=1&start=")
    text, appendix = message["content"].split("\n\n근거:\n\n")
    assert text.endswith("[1]")
    assert appendix == f"- [1] [“{QUOTE}”]({url}) 고래가 돌아왔다"
    assert without_sources(message["content"]) == text
    plain = (await complete(workspace, sources="annotations"))["choices"][0]["message"]["content"]
    assert plain == text
