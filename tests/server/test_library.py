"""Listing articles, uploading files and storing ratings."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app

pytestmark = pytest.mark.anyio

BYTES = {"Content-Type": "application/octet-stream"}
RECORDS = [
    {"id": "a", "title": "동해에 고래가 돌아왔다", "date": "2025-04-01", "publisher": "바다일보"},
    {"id": "b", "title": "OpenAI 새 모형을 냈다", "date": "2025-04-02T09:00:00+09:00"},
    {"id": "c", "title": "OpenAI 채용을 늘린다", "date": "2025-05-07", "author": "김바다"},
    {"id": "d", "title": "날짜 없는 글 100% 정리"},
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace.open(Settings(store=tmp_path_factory.mktemp("library"))) as opened:
        lines = [json.dumps({**one, "text": f"{one['title']} 기사 본문이다."}) for one in RECORDS]
        summary = opened.ingest_document("\n".join(lines).encode(), "records.jsonl")
        assert summary.added == ["a", "b", "c", "d"]
        yield opened


@pytest.fixture
async def http(library: Workspace) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(library))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["c", "b", "a", "d"]),  # newest first, the undated last
        ({"q": "고래"}, ["a"]),
        (
            {"q": unicodedata.normalize("NFD", "고래")},
            ["a"],
        ),  # decomposed, as macOS types file names
        ({"q": "ｏｐｅｎａｉ 채용"}, ["c"]),  # full width, other case, both words
        ({"q": "바다"}, ["c", "a"]),  # an author, a publisher
        ({"q": "100%"}, ["d"]),
        ({"q": "_"}, []),  # a wildcard of SQL's LIKE
        ({"published_from": "2025-04-02"}, ["c", "b"]),
        ({"published_to": "2025-04-02"}, ["b", "a"]),  # inclusive, up to the end of the day
        ({"published_from": "2025-04-02", "published_to": "2025-04-30", "q": "openai"}, ["b"]),
    ],
)
async def test_articles_are_filtered_by_words_and_dates(
    http: httpx.AsyncClient, asked: dict[str, str], found: list[str]
) -> None:
    body = (await http.get("/articles", params=asked)).json()
    assert [one["id"] for one in body["articles"]] == found
    assert body["total"] == len(found)


async def test_long_list_is_paginated(http: httpx.AsyncClient) -> None:
    pages = [
        (await http.get("/articles", params={"limit": 3, "offset": offset})).json()
        for offset in (0, 3, 6)
    ]
    assert [[one["id"] for one in page["articles"]] for page in pages] == [
        ["c", "b", "a"],
        ["d"],
        [],
    ]
    assert {page["total"] for page in pages} == {4}


@pytest.mark.parametrize("query", ["published_from=soon", "limit=0", "offset=-1", "q=" + "x" * 201])
async def test_list_parameters_are_limited(http: httpx.AsyncClient, query: str) -> None:
    response = await http.get(f"/articles?{query}")
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"


async def send(http: httpx.AsyncClient, name: str, data: bytes, **headers: str) -> httpx.Response:
    sent = {**BYTES, **headers}
    return await http.post("/articles/file", params={"name": name}, content=data, headers=sent)


async def test_uploads_in_every_korean_encoding(http: httpx.AsyncClient) -> None:
    text = "옛 완성형으로 쓴 글\n\n2025-01-02     나기자\n\n한글이 깨지지 않고 들어온다."
    first = await send(http, "옛글.txt", text.encode("cp949"))
    assert first.status_code == 200, first.text
    (added,) = first.json()["added"]
    article = (await http.get(f"/articles/{added}")).json()
    assert article["title"] == "옛 완성형으로 쓴 글"
    again = (await send(http, "옛글.txt", text.encode("utf-8"))).json()
    assert again["unchanged"] == [added]
    await http.delete(f"/articles/{added}")


async def test_bad_line_is_reported_and_the_others_are_added(http: httpx.AsyncClient) -> None:
    good = json.dumps({"id": "e", "title": "제목", "text": "본문이다."})
    body = (await send(http, "일부.jsonl", f"{good}\n\n{{oops\n{good}\n".encode())).json()
    assert body["added"] == ["e"]
    assert [(one["source"], one["code"]) for one in body["failed"]] == [
        ("일부.jsonl:3", "malformed_source")
    ]
    assert body["skipped"] == 2  # a blank line and a duplicate
    await http.delete("/articles/e")


async def test_what_could_not_be_read_is_reported(http: httpx.AsyncClient) -> None:
    record = json.dumps({"id": "w", "title": "제목", "text": "본문이다.", "regDate": "어제"})
    message = "field 'regDate': date '어제' cannot be read; stored without a date"
    body = (await send(http, "일부.jsonl", record.encode())).json()
    assert body["warnings"] == [{"source": "일부.jsonl:1", "message": message}]
    text = "---\nregDate: x\nPubDate: 어제\n---\n\n본문이다."
    posted = (await http.post("/articles", json={"text": text, "name": "글.md"})).json()
    assert posted["warnings"] == [message.replace("regDate", "PubDate")]
    await http.delete(f"/articles/{posted['article']['id']}")
    await http.delete("/articles/w")


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("그림.txt", b"\x89PNG\r\n\x1a\n\x00\x00", 422, "unsupported_source"),
        ("빈.md", b" \n", 422, "empty_source"),
        ("글.exe", b"text", 422, "invalid_request"),
        ("../글.txt", b"text", 422, "invalid_request"),
    ],
)
async def test_unreadable_upload_is_rejected_with_a_code(
    http: httpx.AsyncClient, name: str, data: bytes, status: int, code: str
) -> None:
    response = await send(http, name, data)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_form_upload_of_a_foreign_page_is_rejected(http: httpx.AsyncClient) -> None:
    """Send a type that browsers send across origins without a preflight."""
    response = await send(http, "a.txt", b"text", **{"Content-Type": "text/plain"})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


async def test_conversation_has_the_last_rating_of_each_answer(
    http: httpx.AsyncClient, library: Workspace
) -> None:
    asked: dict[str, Any] = {"question": "고래가 돌아온 곳은?", "conversation_id": "opinions"}
    first, second = [(await http.post("/chat", json=asked)).json()["id"] for _ in range(2)]
    for rating in ("down", "up"):
        await http.post("/feedback", json={"answer_id": first, "rating": rating})
    await http.post("/feedback", json={"answer_id": "of another one", "rating": "down"})
    body = (await http.get("/conversations/opinions")).json()
    assert [one["id"] for one in body["answers"]] == [first, second]
    assert body["ratings"] == {first: "up"}
