"""The HTTP API over the real pipeline and the seed article."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import geungeo
from geungeo.index.workspace import Workspace
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app

Client = Callable[[], httpx.AsyncClient]

pytestmark = pytest.mark.anyio

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
OFF_TOPIC = "김치찌개 맛있게 끓이는 법은?"


async def events_of(client: httpx.AsyncClient, body: dict[str, Any]) -> list[tuple[str, Any]]:
    async with client.stream("POST", "/chat", json={**body, "stream": True}) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        raw = (await response.aread()).decode()
    found = []
    for block in raw.split("\n\n"):
        if not block or block.startswith(":"):
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"])))
        if fields["event"] != "error":
            assert fields["id"] == str(len(found) - 1)
        assert fields.get("retry") == ("3000" if len(found) == 1 else None)
    return found


def stable(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an Answer that must be equal for equal calls."""
    return {k: v for k, v in answer.items() if k not in {"id", "conversation_id", "timings_ms"}}


async def test_every_citation_span_equals_its_quote(client: Client) -> None:
    async with client() as http:
        answer = (await http.post("/chat", json={"question": QUESTION})).json()
        assert answer["status"] == "answered"
        assert answer["citations"]
        for citation in answer["citations"]:
            path = f"/articles/{citation['article_id']}"
            article = (await http.get(path, params={"version": citation["version"]})).json()
            assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
            claim = answer["text"][citation["answer_start"] : citation["answer_end"]]
            assert claim
            assert f"[{citation['marker']}]" not in claim


async def test_stream_ends_with_the_same_answer_as_json(client: Client) -> None:
    async with client() as http:
        answer = (await http.post("/chat", json={"question": QUESTION})).json()
        events = await events_of(http, {"question": QUESTION})
    names = [name for name, _ in events]
    assert names[0] == "passages"
    assert names[-1] == "done"
    done = events[-1][1]
    assert stable(done) == stable(answer)
    assert "".join(data["text"] for name, data in events if name == "delta") == done["text"]
    assert [data for name, data in events if name == "citation"] == done["citations"]
    assert events[0][1] == done["passages"]


async def test_abstention_has_a_reason(client: Client) -> None:
    async with client() as http:
        answer = (await http.post("/chat", json={"question": OFF_TOPIC})).json()
    assert answer["status"] == "abstained"
    assert answer["reason"]
    assert answer["citations"] == []


async def test_conversation_is_continued_read_and_deleted(client: Client) -> None:
    async with client() as http:
        first = (await http.post("/chat", json={"question": QUESTION})).json()
        name = first["conversation_id"]
        assert name
        body = {"question": "그래서 무엇을 만들었나?", "conversation_id": name}
        second = (await http.post("/chat", json=body)).json()
        stored = (await http.get(f"/conversations/{name}")).json()
        assert [one["id"] for one in stored["answers"]] == [first["id"], second["id"]]
        assert (await http.delete(f"/conversations/{name}")).status_code == 204
        gone = await http.get(f"/conversations/{name}")
        assert gone.status_code == 404
        assert gone.json()["code"] == "conversation_not_found"
        assert (await http.delete(f"/conversations/{name}")).status_code == 404


async def test_filters_restrict_retrieval(client: Client) -> None:
    async with client() as http:
        body = {"query": QUESTION, "filters": {"published_to": "2001-01-01"}}
        assert (await http.post("/search", json=body)).json()["passages"] == []
        body = {"query": QUESTION, "filters": {"published_from": "2001-01-01"}}
        found = (await http.post("/search", json=body)).json()["passages"]
    assert [hit["rank"] for hit in found] == list(range(1, len(found) + 1))
    assert all(hit["text"] for hit in found)


async def test_search_returns_top_k_passages(client: Client) -> None:
    async with client() as http:
        found = (await http.post("/search", json={"query": QUESTION, "top_k": 2})).json()
    assert len(found["passages"]) == 2


async def test_article_path_serves_json_to_programs_and_page_to_browsers(
    client: Client, workspace: Workspace
) -> None:
    path = f"/articles/{workspace.store.articles()[0].id}"
    async with client() as http:
        data = await http.get(path, headers={"Accept": "*/*"})
        page = await http.get(path, headers={"Accept": "text/html,application/xhtml+xml"})
    assert data.json()["versions"] == [1]
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == "Accept"


@pytest.mark.parametrize("path", ["/articles/nope", "/articles/nope?version=3", "/nowhere"])
async def test_missing_resources_are_problems_with_a_code(client: Client, path: str) -> None:
    async with client() as http:
        response = await http.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] in {"article_not_found", "not_found"}
    assert problem["request_id"] == response.headers["x-request-id"]


async def test_article_is_added_updated_and_removed(tmp_path: Path) -> None:
    text = "고래가 동해에 돌아왔다\n\n2025-04-01     김바다 기자\n\n동해에 고래 12마리가 돌아왔다."
    settings = Settings(store=tmp_path / "store")
    with Workspace.open(settings) as workspace:
        transport = httpx.ASGITransport(create_app(workspace))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            await _add_update_remove(http, text)


async def _add_update_remove(http: httpx.AsyncClient, text: str) -> None:
    added = await http.post("/articles", json={"text": text})
    assert added.status_code == 201, added.text
    article = added.json()["article"]
    assert article["title"] == "고래가 동해에 돌아왔다"
    again = await http.post("/articles", json={"text": text})
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    listed = (await http.get("/articles")).json()["articles"]
    assert article["id"] in [one["id"] for one in listed]
    changed = await http.post("/articles", json={"text": text + " 어민들은 반겼다."})
    assert changed.json()["status"] == "updated"
    old = (await http.get(f"/articles/{article['id']}?version=1")).json()
    assert "반겼다" not in old["text"]
    assert old["versions"] == [1, 2]
    assert (await http.delete(f"/articles/{article['id']}")).status_code == 204
    assert (await http.get(f"/articles/{article['id']}")).status_code == 404


async def test_article_without_text_is_rejected(client: Client) -> None:
    async with client() as http:
        response = await http.post("/articles", json={"text": " \n "})
    assert response.status_code == 422
    assert response.json()["code"] == "empty_source"


async def test_text_of_several_articles_is_rejected_whole(client: Client) -> None:
    records = [{"title": f"{n}호", "text": f"{n}번째 기사다."} for n in (1, 2)]
    lines = "\n".join([*map(json.dumps, records), "{broken"])
    async with client() as http:
        before = (await http.get("/articles")).json()["total"]
        response = await http.post("/articles", json={"text": lines})
        after = (await http.get("/articles")).json()["total"]
    assert response.status_code == 422
    assert response.json()["code"] == "unsupported_source"
    assert "contains 3 articles instead of one; send a file" in response.json()["detail"]
    assert after == before


async def test_feedback_is_stored(client: Client, workspace: Workspace) -> None:
    before = workspace.store.feedback.count().get("up", 0)
    async with client() as http:
        body = {"answer_id": "a1", "rating": "up", "comment": "좋아요"}
        assert (await http.post("/feedback", json=body)).status_code == 204
        refused = await http.post("/feedback", json={"answer_id": "a1", "rating": "so-so"})
    assert refused.status_code == 422
    assert workspace.store.feedback.count()["up"] == before + 1


async def test_health_readiness_and_metrics(client: Client) -> None:
    async with client() as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        ready = await http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["articles"] >= 1
        await http.post("/chat", json={"question": QUESTION})
        metrics = (await http.get("/metrics")).text
    assert 'geungeo_answers_total{backend="extractive",channel="chat"' in metrics
    assert 'route="/chat"' in metrics


async def test_a_server_is_ready_once_its_models_are_loaded(
    workspace: Workspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(workspace, "warm_up", go.wait)
    done = threading.Event()
    warming = workspace.start_warming(done.set)
    async with client() as http:
        ready = await http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["problems"] == ["the models are being loaded"]
        assert (await http.get("/healthz")).status_code == 200
        go.set()
        warming.join()
        assert done.is_set()
        assert (await http.get("/readyz")).status_code == 200


async def test_api_docs_need_no_network(client: Client) -> None:
    async with client() as http:
        schema = (await http.get("/openapi.json")).json()
        page = (await http.get("/docs")).text
        script = await http.get("/static/swagger/swagger-ui-bundle.js")
    assert {"/chat", "/search", "/articles/{article_id}", "/readyz"} <= set(schema["paths"])
    assert "https://" not in page
    assert script.status_code == 200


async def test_page_and_static_files_are_served(client: Client) -> None:
    async with client() as http:
        page = await http.get("/")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        for name in ("app.js", "style.css", "text.js", "icon.svg"):
            assert (await http.get(f"/static/{name}")).status_code == 200, name
        outside = await http.get("/static/../app.py")
    assert outside.status_code == 404


async def test_reconnecting_client_is_not_answered_again(client: Client) -> None:
    body = {"question": QUESTION, "stream": True}
    async with client() as http:
        again = await http.post("/chat", json=body, headers={"Last-Event-ID": "7"})
        whole = await http.post(
            "/chat", json={"question": QUESTION}, headers={"Last-Event-ID": "7"}
        )
    assert (again.status_code, again.content) == (204, b"")
    assert whole.status_code == 200


async def test_event_source_gets_405_with_a_hint(client: Client) -> None:
    async with client() as http:
        response = await http.get("/chat", params={"question": QUESTION})
        other = await http.get("/search")
    assert response.status_code == other.status_code == 405
    assert response.headers["allow"] == other.headers["allow"] == "POST"
    assert "read the stream with fetch" in response.json()["detail"]
    assert other.json()["detail"] == "this path does not take GET; send POST"


@pytest.mark.parametrize("path", ["/chat", "/search", "/articles", "/v1/chat/completions"])
@pytest.mark.parametrize(
    ("content_type", "named"),
    [
        ("application/x-www-form-urlencoded", "not application/x-www-form-urlencoded"),
        ("text/plain; charset=utf-8", "not text/plain"),
        ("x" * 9_000, "which is missing"),
        (None, "which is missing"),
    ],
)
async def test_body_that_is_not_declared_as_json_is_415(
    client: Client, path: str, content_type: str | None, named: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    async with client() as http:
        response = await http.post(path, content=b'{"question": "x"}', headers=headers)
    assert response.status_code == 415
    error = response.json()
    error = error.get("error", error)
    assert error["code"] == "unsupported_media_type"
    detail = error.get("detail") or error["message"]
    assert f"Content-Type: application/json, {named} (curl: -H" in detail


async def test_description_begins_with_chat_articles_and_search(client: Client) -> None:
    async with client() as http:
        schema = (await http.get("/openapi.json")).json()
    tags = [tag["name"] for tag in schema["tags"]]
    assert tags[:3] == ["chat", "articles", "search"]
    operations = [one for path in schema["paths"].values() for one in path.values()]
    assert {one["tags"][0] for one in operations} == set(tags)
    paths = list(schema["paths"])
    assert paths[0] == "/chat"
    assert paths[1:5] == [*[path for path in paths if path.startswith("/articles")], "/search"]


# tests/e2e/test_parity.py compares the command line, which answers in the same way, by default.
@pytest.mark.slow
async def test_python_face_gives_the_same_citations(client: Client, workspace: Workspace) -> None:
    asked = ("데이터 센터 계획의 규모는 얼마인가?", "이 기사를 요약해 줘", "내일 서울 날씨는?")
    with geungeo.open(workspace.store.folder) as news:
        async with client() as http:
            for question in asked:
                over_http = (await http.post("/chat", json={"question": question})).json()
                answer = news.ask(question).model_dump(mode="json")
                for part in ("text", "citations", "nearest", "reason"):
                    assert answer[part] == over_http[part]
