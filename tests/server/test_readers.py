"""Routes of the page: own conversations, sharing, example questions, corrections, feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.server.app import create_app

pytestmark = pytest.mark.anyio

QUESTION = "혹등고래 몇 마리가 돌아왔나?"
PAGE = {"Accept": "text/html"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@asynccontextmanager
async def browser(workspace: Workspace, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies, and names the site of its requests as browsers do."""
    transport = httpx.ASGITransport(create_app(workspace))
    url = "http://localhost"
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as http:
        yield http


async def ask(http: httpx.AsyncClient, conversation: str, **headers: str) -> dict[str, Any]:
    body = {"question": QUESTION, "conversation_id": conversation}
    response = await http.post("/chat", json=body, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def listed(http: httpx.AsyncClient, query: str = "") -> list[str]:
    found = await http.get("/conversations", params={"q": query})
    return [one["id"] for one in found.json()["conversations"]]


# ---- whose conversations ---------------------------------------------------------------------


async def test_browser_sees_its_own_conversations_and_programs_see_all(
    workspace_of: Callable[..., Workspace],
) -> None:
    workspace = workspace_of()
    async with browser(workspace) as one, browser(workspace) as other, browser(workspace) as api:
        page = await one.get("/", headers=PAGE)
        assert page.headers["cache-control"].startswith("private")
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("geungeo_browser=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie  # over plain HTTP such a cookie would be dropped
        # Without a page first: the call itself names the browser.
        await ask(other, "others", **OWN)
        await ask(one, "mine", **OWN)
        await ask(api, "program")
        assert await listed(one) == ["mine"]
        assert await listed(other) == ["others"]
        assert set(await listed(api)) == {"mine", "others", "program"}
        for path in ("/conversations/others", "/conversations/program"):
            assert (await one.get(path)).status_code == 404
            assert (await one.delete(path)).status_code == 404
        refused = await one.post("/chat", json={"question": "?", "conversation_id": "others"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        # The cookie is kept, not replaced.
        assert "set-cookie" not in (await one.get("/", headers=PAGE)).headers


@pytest.mark.parametrize("value", ["", "x", "A" * 32, "0" * 33, "../" * 10, '"'])
async def test_forged_cookie_names_no_browser(
    workspace_of: Callable[..., Workspace], value: str
) -> None:
    async with browser(workspace_of()) as http:
        response = await http.get("/", headers={**PAGE, "Cookie": f"geungeo_browser={value}"})
        assert "geungeo_browser=" in response.headers["set-cookie"]


async def test_no_cookie_for_programs_other_sites_or_with_keys(
    workspace_of: Callable[..., Workspace],
) -> None:
    workspace = workspace_of()
    async with browser(workspace) as http:
        assert "set-cookie" not in (await http.get("/articles")).headers
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert "set-cookie" not in (await http.get("/articles", headers=foreign)).headers
        _, secret = workspace.store.keys.create("reader", frozenset({"ask"}))
        assert "set-cookie" not in (await http.get("/", headers=PAGE)).headers
        keyed = {**OWN, "Authorization": f"Bearer {secret}"}
        assert "set-cookie" not in (await http.get("/articles", headers=keyed)).headers


async def test_cookie_is_secure_behind_tls(workspace_of: Callable[..., Workspace]) -> None:
    async with browser(workspace_of(public_url="https://news.example")) as http:
        assert "; Secure" in (await http.get("/", headers=PAGE)).headers["set-cookie"]


# ---- finding and naming them -------------------------------------------------------------------


async def test_conversations_are_found_and_renamed(workspace_of: Callable[..., Workspace]) -> None:
    async with browser(workspace_of()) as http:
        await ask(http, "whales")
        await http.post("/chat", json={"question": "100% 확실한가?", "conversation_id": "sure"})
        assert await listed(http, "혹등고래") == ["whales"]
        assert await listed(http, "몇 돌아왔나") == ["whales"]  # every word, in any order
        assert await listed(http, "%") == ["sure"]  # no wildcard
        assert await listed(http, "_") == []
        path = "/conversations/whales"
        named = {"title": "  동해  취재 메모 "}
        assert (await http.patch(path, json=named)).status_code == 204
        entry = (await http.get("/conversations?q=취재")).json()["conversations"][0]
        assert (entry["id"], entry["title"]) == ("whales", "동해 취재 메모")
        assert (await http.patch(path, json={"title": None})).status_code == 204
        assert await listed(http, "취재") == []
        for bad in ({}, {"title": ""}, {"title": "x" * 201}, {"title": "x", "id": "y"}):
            assert (await http.patch(path, json=bad)).status_code == 422, bad
        assert (await http.patch("/conversations/none", json=named)).status_code == 404


# ---- sharing -------------------------------------------------------------------------------------


async def test_shared_answer_is_read_by_others_until_its_conversation_is_deleted(
    workspace_of: Callable[..., Workspace],
) -> None:
    workspace = workspace_of()
    async with browser(workspace, **OWN) as owner, browser(workspace, **OWN) as other:
        answer = await ask(owner, "mine")
        body = {"answer_id": answer["id"]}
        assert (await other.post("/conversations/mine/share", json=body)).status_code == 404
        assert (await owner.post("/conversations/mine/share", json={"answer_id": "none"})).json()[
            "code"
        ] == "answer_not_found"
        link = (await owner.post("/conversations/mine/share", json=body)).json()
        assert link["url"] == f"http://localhost/shared/{link['token']}"
        assert len(link["token"]) >= 24
        assert (await owner.post("/conversations/mine/share", json=body)).json() == link
        shared = (await other.get(f"/shared/{link['token']}")).json()
        assert (shared["text"], shared["conversation_id"]) == (answer["text"], None)
        # A reader learns the answer's id, and cannot change its owner's opinion with it.
        for http, rating, status in ((owner, "up", 204), (other, "down", 404)):
            rated = await http.post("/feedback", json={"answer_id": answer["id"], "rating": rating})
            assert rated.status_code == status
        seen = (await owner.get("/conversations/mine")).json()
        assert seen["ratings"] == {answer["id"]: "up"}
        page = await other.get(f"/shared/{link['token']}", headers=PAGE)
        assert page.headers["content-type"].startswith("text/html")
        assert answer["text"] not in page.text
        assert (await other.get("/shared/nothing")).json()["code"] == "answer_not_found"
        await owner.delete("/conversations/mine")
        assert (await other.get(f"/shared/{link['token']}")).status_code == 404


async def test_shared_answer_needs_a_key_where_keys_are_required(
    workspace_of: Callable[..., Workspace],
) -> None:
    workspace = workspace_of()
    async with browser(workspace) as http:
        answer = await ask(http, "mine")
        link = await http.post("/conversations/mine/share", json={"answer_id": answer["id"]})
        path = f"/shared/{link.json()['token']}"
        _, reader = workspace.store.keys.create("reader", frozenset({"ask"}))
        _, writer = workspace.store.keys.create("writer", frozenset({"ingest"}))
        for key, status in ((None, 401), ("wrong", 401), (writer, 403), (reader, 200)):
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            assert (await http.get(path, headers=headers)).status_code == status


# ---- example questions ---------------------------------------------------------------------------


async def test_starters_are_answered_from_their_article(
    workspace_of: Callable[..., Workspace],
) -> None:
    async with browser(workspace_of()) as http:
        found = (await http.get("/starters", params={"language": "ko"})).json()["starters"]
        assert [one["question"] for one in found] == [
            "동해에 혹등고래 몇 마리가 돌아왔나?",
            "‘고래가 돌아왔다’ 기사를 요약해 줘",
        ]
        for one in found:
            answer = (await http.post("/chat", json={"question": one["question"]})).json()
            assert answer["status"] == "answered"
            assert {cited["article_id"] for cited in answer["citations"]} == {one["article_id"]}
        for language in ("../x", "fr", ""):
            assert (await http.get(f"/starters?language={language}")).status_code == 422
        await http.delete("/articles/whales")
        assert (await http.get("/starters")).json() == {"starters": []}


# ---- corrections ---------------------------------------------------------------------------


async def test_metadata_is_corrected_as_a_new_version(
    workspace_of: Callable[..., Workspace],
) -> None:
    async with browser(workspace_of()) as http:
        before = (await http.get("/articles/whales")).json()
        changes = {"title": "고래의 귀환", "published_at": "2025년 4월 1일", "author": " 김바다 "}
        done = (await http.patch("/articles/whales", json=changes)).json()
        assert done["status"] == "updated"
        after = (await http.get("/articles/whales")).json()
        assert (after["version"], after["title"], after["author"]) == (2, "고래의 귀환", "김바다")
        assert after["published_at"].startswith("2025-04-01")
        assert after["text"] == before["text"]
        assert (await http.get("/articles/whales?version=1")).json()["title"] == before["title"]
        removed = (await http.patch("/articles/whales", json={"author": None})).json()
        assert removed["article"]["author"] is None
        same = (await http.patch("/articles/whales", json={"title": "고래의 귀환"})).json()
        assert same["status"] == "unchanged"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": None},
        {"title": "  "},
        {"url": "javascript:alert(1)"},
        {"published_at": "어제쯤"},
        {"language": "../../x"},
        {"text": "다른 글"},
        {"author": "x" * 501},
    ],
)
async def test_impossible_correction_changes_nothing(
    workspace_of: Callable[..., Workspace], changes: dict[str, str | None]
) -> None:
    async with browser(workspace_of()) as http:
        assert (await http.patch("/articles/whales", json=changes)).status_code == 422
        assert (await http.get("/articles/whales")).json()["versions"] == [1]
        assert (await http.patch("/articles/none", json={"title": "x"})).status_code == 404


# ---- feeds ---------------------------------------------------------------------------------


async def test_feeds_are_added_listed_pulled_and_removed(
    workspace_of: Callable[..., Workspace],
) -> None:
    # The port of nothing: the pull fails at once, without leaving this machine.
    url = "http://127.0.0.1:9/rss.xml"
    async with browser(workspace_of(fetch_private_hosts=["127.0.0.1:9"])) as http:
        assert (await http.post("/feeds", json={"url": url})).status_code == 201
        assert (await http.post("/feeds", json={"url": url})).status_code == 200
        (feed,) = (await http.get("/feeds")).json()["feeds"]
        assert (feed["url"], feed["pulled_at"], feed["error"]) == (url, None, None)
        pulled = (await http.post("/feeds/pull", json={"url": url})).json()
        assert (pulled["status"], pulled["added"]) == ("failed", 0)
        assert url in pulled["failed"][0]
        (feed,) = (await http.get("/feeds")).json()["feeds"]
        assert feed["failures"] == 1
        assert url in feed["error"]
        assert (await http.delete("/feeds", params={"url": url})).status_code == 204
        assert (await http.delete("/feeds", params={"url": url})).json()["code"] == "feed_not_found"
        assert (await http.post("/feeds/pull", json={"url": url})).status_code == 404


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/rss", "fetch_blocked"),
        ("http://127.1/rss", "fetch_blocked"),
        ("http://0x7f000001/rss", "fetch_blocked"),
        ("http://[::ffff:127.0.0.1]/rss", "fetch_blocked"),
        ("http://169.254.169.254/latest", "fetch_blocked"),
        ("http://localhost/rss", "fetch_blocked"),
        ("http://user@news.example/rss", "fetch_blocked"),
        ("http://news.example:22/rss", "fetch_blocked"),
        ("file:///etc/passwd", "fetch_blocked"),
        ("", "invalid_request"),
    ],
)
async def test_feed_at_a_private_address_is_refused(
    workspace_of: Callable[..., Workspace], url: str, code: str
) -> None:
    async with browser(workspace_of()) as http:
        response = await http.post("/feeds", json={"url": url})
        assert (response.status_code, response.json()["code"]) == (422, code)
        assert (await http.get("/feeds")).json() == {"feeds": []}


async def test_readers_may_not_change_articles_or_feeds(
    workspace_of: Callable[..., Workspace],
) -> None:
    workspace = workspace_of()
    _, reader = workspace.store.keys.create("reader", frozenset({"ask"}))
    async with browser(workspace, Authorization=f"Bearer {reader}") as http:
        assert (await http.patch("/articles/whales", json={"title": "x"})).status_code == 403
        assert (await http.get("/feeds")).status_code == 403
        for path in ("/feeds", "/feeds/pull"):
            body = {"url": "https://news.example/rss"}
            assert (await http.post(path, json=body)).status_code == 403
        assert (await http.get("/starters")).status_code == 200
