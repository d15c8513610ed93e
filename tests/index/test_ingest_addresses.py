"""Ingesting articles from the web, from the command line and over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.index.ingest import IngestEvent
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.cli import run

PAGE = """<!doctype html><html lang="ko"><head><title>고래가 동해에 돌아왔다</title>
<meta charset="euc-kr"><meta property="og:site_name" content="바다일보">
<meta property="article:published_time" content="2025-04-01T09:00:00+09:00">
<link rel="canonical" href="{canonical}"></head><body><article><h1>고래가 동해에 돌아왔다</h1>
<p>동해 묵호항에 혹등고래 12마리가 돌아왔다고 해양수산부가 1일 밝혔다.</p>
<p>해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다. 어민들은 반겼다.</p>
</article></body></html>"""
LINES = '{"text": "첫 기사다."}\n{"text": "둘째 기사다."}\n'


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Run a news site; yield its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["Host"]
            pages = {
                "/view.php?id=7": ("text/html", f"http://{host}/news/7"),
                "/thief": ("text/html", "https://other.example/news/1"),
            }
            kind, canonical = pages.get(self.path, ("", ""))
            body = PAGE.format(canonical=canonical).encode("euc-kr")
            if self.path == "/note.txt":
                kind, body = "text/plain", "쪽지\n\n바다는 넓다.".encode()
            elif self.path == "/all.jsonl":
                kind, body = "application/jsonl", LINES.encode()
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def workspace(tmp_path: Path, embedder: Embedder, site: str) -> Iterator[Workspace]:
    settings = Settings(store=tmp_path / "store", fetch_private_hosts=(site,))
    with Workspace(settings, Store.open(settings.store, embedder), embedder) as opened:
        yield opened


def test_an_article_from_a_page_has_the_address_of_the_page(
    workspace: Workspace, site: str
) -> None:
    article = workspace.ingest_address(f"http://{site}/view.php?id=7#top").article
    assert article.title == "고래가 동해에 돌아왔다"
    assert "혹등고래 12마리" in article.text
    assert (article.publisher, article.published_at) == ("바다일보", "2025-04-01T09:00:00+09:00")
    assert article.url == f"http://{site}/news/7"  # its own permanent link
    again = workspace.ingest_address(f"http://{site}/view.php?id=7")
    assert (again.status, again.article.id) == ("unchanged", article.id)


def test_a_page_cannot_claim_the_address_of_another_site(workspace: Workspace, site: str) -> None:
    article = workspace.ingest_address(f"http://{site}/thief").article
    assert article.url == f"http://{site}/thief"


def test_one_bad_address_does_not_stop_the_others(
    workspace: Workspace, site: str, tmp_path: Path
) -> None:
    (tmp_path / "file.txt").write_text("파일\n\n파일의 글이다.", "utf-8")
    good = [f"http://{site}/note.txt", f"http://{site}/all.jsonl", str(tmp_path / "file.txt")]
    bad = [f"http://{site}/missing", "http://169.254.169.254/", "http://10.0.0.1/", "ftp://a/b"]
    seen: list[IngestEvent] = []
    sources = [bad[0], good[0], bad[1], good[1], *bad[2:], good[2]]
    summary = workspace.ingest(sources, listener=seen.append)
    assert len(summary.added) == 4
    assert [failure.source for failure in summary.failed] == bad
    codes = [failure.code for failure in summary.failed]
    assert codes == ["fetch_failed", "fetch_blocked", "fetch_blocked", "fetch_blocked"]
    assert [one.source for one in seen if one.kind in {"read", "failed"}] == sources
    note = next(article for article in workspace.store.articles() if article.title == "쪽지")
    assert note.url == good[0]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_address_can_be_posted_instead_of_a_text(
    workspace: Workspace, site: str, anyio_backend: str
) -> None:
    del anyio_backend
    transport = httpx.ASGITransport(create_app(workspace))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        added = await http.post("/articles", json={"url": f"http://{site}/note.txt"})
        assert (added.status_code, added.json()["status"]) == (201, "added")
        assert added.json()["article"]["title"] == "쪽지"
        for body, code in (
            ({"url": "http://169.254.169.254/latest"}, "fetch_blocked"),
            ({"url": f"http://{site}/missing"}, "fetch_failed"),
            ({"url": f"http://{site}/all.jsonl"}, "unsupported_source"),
            ({"url": "http://a.example/", "text": "둘 다"}, "invalid_request"),
            ({}, "invalid_request"),
        ):
            refused = await http.post("/articles", json=body)
            assert (refused.status_code, refused.json()["code"]) == (422, code), body


def test_the_command_line_reports_a_blocked_address_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["ingest", "http://127.0.0.1/secret", "--json", "--store", str(tmp_path / "store")]
    assert run(args) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["failed"][0]["source"] == "http://127.0.0.1/secret"
    assert said.err.count("\n") == 1
    assert "fetch_private_hosts" in said.err
