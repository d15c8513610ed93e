"""The page when the server rejects a request or does not respond: it says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

from geungeo.rag.settings import Settings

pytestmark = pytest.mark.browser

LIMIT = 40
ARTICLE = "동해에 고래가 돌아왔다\n\n2025-04-01     김바다 기자\n\n동해에 고래 12마리가 돌아왔다."


@pytest.fixture(scope="module")
def guarded(
    serve_here: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, str, str]]:
    """A server with keys and low limits: its workspace, its address, a key."""
    settings = Settings(
        store=tmp_path_factory.mktemp("guarded"),
        require_key=True,
        rate_limit_key=f"{LIMIT}/minute",
        rate_limit_address="off",
        max_body_bytes=20_000,
    )
    with serve_here(settings) as (workspace, url):
        workspace.ingest_text(ARTICLE, name="whales.txt")
        _, secret = workspace.store.keys.create("reader", frozenset({"ask", "ingest"}))
        yield workspace, url, secret


def test_key_is_requested_and_refusals_say_what_to_do(
    page: Any, guarded: tuple[Any, str, str]
) -> None:
    workspace, page.url, secret = guarded
    _, asker = workspace.store.keys.create("asker", frozenset({"ask"}))
    page.browser.get(page.url)
    # The key is requested once for all refused requests, and again if it is wrong.
    field = page.one("dialog #api-key")
    assert len(page.all("dialog")) == 1
    assert page.focused == field
    assert field.get_attribute("type") == "password"
    field.send_keys("wrong", Keys.ENTER)
    page.wait(lambda: "이 키는 유효하지 않습니다" in page.text("dialog"))
    assert len(page.all("dialog")) == 1
    page.focused.send_keys(Keys.ESCAPE)
    page.sees("#reader .problem", "키가 필요하거나 키가 맞지 않습니다")
    page.click("#reader .problem .button")
    page.type("dialog #api-key", asker, Keys.ENTER)
    page.wait(lambda: page.all(".article-link") and page.all("#conversations .quiet"))
    answer = page_answer(page, "동해에 고래 몇 마리가 돌아왔나?")
    assert "12마리" in answer
    # Stored for this tab only.
    assert page.js("return sessionStorage.getItem('geungeo.key')") == asker
    assert asker not in page.js("return JSON.stringify(localStorage) + document.cookie")
    assert asker not in page.browser.current_url
    # 403: this key may ask but not add; another may.
    page.click("#show-articles")
    page.click(".library-head .button")
    add_text(page, "새 소식\n\n새로운 소식이다.")
    page.sees(".job.failed", "이 키로는 할 수 없는 일입니다")
    page.focused.send_keys(Keys.ESCAPE)
    page.js("sessionStorage.setItem('geungeo.key', arguments[0])", secret)
    page.open()
    page.click(".library-head .button")
    # 413, in the reader's language; the text can be shortened.
    add_text(page, "긴 글\n\n" + "가" * 20_000)
    page.sees(".job.failed", "너무 큽니다")
    page.focused.send_keys(Keys.ESCAPE)
    # 429: when to retry.
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(LIMIT):
        httpx.get(f"{page.url}/articles?limit=1", headers=headers, timeout=120)
    page.type("#question", "고래는?", Keys.ENTER)
    problem = page.one(".turn:last-child .problem")
    assert "너무 잦습니다" in problem.text
    waiting = page.one(".turn:last-child .problem .button")
    assert waiting.get_attribute("disabled")
    assert "초 후 다시 시도" in waiting.text
    # 404: a conversation belongs to the key that began it.
    refused = ("401", "403", "404", "413", "429")
    assert [one for one in page.complaints() if not any(s in one for s in refused)] == []


def page_answer(page: Any, question: str) -> str:
    page.type("#question", question, Keys.ENTER)
    page.one(".turn:last-child .answer-foot")
    return str(page.text(".turn:last-child .answer-text"))


def add_text(page: Any, text: str) -> None:
    page.js("document.querySelector('#ingest-text').value = arguments[0]", text)
    page.click("#ingest-text + button")
    page.wait(lambda: page.all(".job") and not page.all(".job.waiting, .job.sending"))


def test_page_reports_lost_connection_or_store_and_retries(
    page: Any, serve_here: Any, tmp_path: Any
) -> None:
    with serve_here(Settings(store=tmp_path)) as (workspace, page.url):
        workspace.ingest_text(ARTICLE, name="whales.txt")
        page.open()
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        page.browser.execute_cdp_cmd("Network.enable", {})
        page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        try:
            page.type("#question", "동해에 고래 몇 마리가 돌아왔나?", Keys.ENTER)
            page.sees(".turn .problem", "서버에 연결하지 못했습니다")
            page.click(".article-link")
            page.sees("#reader .problem", "서버에 연결하지 못했습니다")
        finally:
            online = {**offline, "offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
            page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", online)
        page.click("#reader .problem .button")
        page.one("article.article")
        page.click(".turn .problem .button")
        page.one(".turn .answer-foot")
        assert len(page.all(".turn")) == 1
        with sqlite3.connect(tmp_path / "geungeo.sqlite3") as connection:
            connection.execute("ALTER TABLE articles RENAME TO lost")
        page.open()
        page.sees("#reader .problem", "지금은 서버를 사용할 수 없습니다")
        with sqlite3.connect(tmp_path / "geungeo.sqlite3") as connection:
            connection.execute("ALTER TABLE lost RENAME TO articles")
        page.click("#reader .problem .button")
        page.one(".article-link")
        seen = page.complaints()
        assert seen
        assert all("503" in line or "ERR_INTERNET_DISCONNECTED" in line for line in seen)
