"""The page invites, narrows to one article, shares, finds and corrects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

from geungeo.rag.settings import Settings

pytestmark = pytest.mark.browser

WHALES = (
    "동해에 고래가 돌아왔다\n\n2025-04-01     김바다 기자\n\n"
    "동해에 혹등고래 12마리가 돌아왔다고 해양수산부가 밝혔다.\n"
)
BANK = (
    "한국은행 기준금리 인하\n\n2025-05-29     이금리 기자\n\n"
    "한국은행은 29일 기준금리를 내렸다. 금융통화위원회 위원 6명이 찬성했다.\n"
)
FIRST = "금융통화위원회 위원 몇 명이 찬성했나?"


@pytest.fixture(scope="module")
def library(serve_here: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    with serve_here(Settings(store=tmp_path_factory.mktemp("reading"))) as (workspace, url):
        workspace.ingest_text(WHALES, name="whales.txt")
        workspace.ingest_text(BANK, name="bank.txt")
        yield workspace, url


@pytest.fixture
def reading(page: Any, library: tuple[Any, str]) -> Any:
    """The page of a server with two articles, in a browser without history."""
    workspace, page.url = library
    page.browser.get(f"{page.url}/static/icon.svg")  # of this origin, without the page's code
    page.forget()
    for one in workspace.store.conversations.list():
        workspace.store.conversations.delete(one.id)
    page.open()
    return page


def turns(page: Any) -> list[str]:
    return list(page.texts(".question"))


def test_first_visit_invites_with_questions_that_are_answered(reading: Any) -> None:
    starters = reading.wait(lambda: reading.texts(".starter"))
    assert starters == [
        FIRST,
        "동해에 혹등고래 몇 마리가 돌아왔나?",
        "‘한국은행 기준금리 인하’ 기사를 요약해 줘",
    ]
    titles = [text.split("\n")[0] for text in reading.texts(".newest-link")]
    assert titles == ["한국은행 기준금리 인하", "동해에 고래가 돌아왔다"]
    # One can type at once; a slash leads back to the question, an arrow brings the last one.
    assert reading.focused.get_attribute("id") == "question"
    reading.click(".starter")
    reading.sees(".answer .claim", "6명")
    reading.one(".answer-foot")
    reading.wait(lambda: reading.marked.startswith("금융통화위원회 위원 6명"))
    reading.js("document.activeElement.blur()")
    reading.browser.switch_to.active_element.send_keys("/")
    assert reading.focused.get_attribute("id") == "question"
    assert reading.focused.get_attribute("value") == ""
    reading.focused.send_keys(Keys.ARROW_UP)
    assert reading.focused.get_attribute("value") == FIRST
    # Nothing in the foot of an answer is a word of the program.
    assert reading.shown(".made-by").startswith("기사 문장 인용 · ")


def test_one_article_is_asked_and_summarized(reading: Any) -> None:
    reading.click(".article-link[href*='/articles/']")  # the newest: the bank's
    reading.click(".article-tools .button:nth-child(1)")
    reading.sees("#scope", "한국은행 기준금리 인하")
    assert reading.focused.get_attribute("placeholder") == "이 기사에 대해 물어보세요"
    answer = reading.ask("혹등고래 몇 마리가 돌아왔나?")
    assert answer["status"] == "abstained"  # another article would answer
    reading.sees(".asked-of", "한국은행 기준금리 인하")
    if answer["nearest"]:
        reading.wait(lambda: reading.marked == answer["nearest"][0]["quote"])
    reading.click("#scope button")
    assert not reading.one("#scope").is_displayed()
    assert reading.ask("혹등고래 몇 마리가 돌아왔나?")["status"] == "answered"
    reading.click("#show-articles")
    reading.click(".article-link")
    reading.click(".article-tools .button:nth-child(2)")
    reading.wait(lambda: len(turns(reading)) == 3)
    reading.one(".turn:last-child .answer-foot")
    summary = reading.last_answer()
    assert (summary["intent"], summary["status"]) == ("summary", "answered")
    assert {one["title"] for one in summary["citations"]} == {"한국은행 기준금리 인하"}


def test_example_question_is_asked_of_all_articles(reading: Any) -> None:
    reading.click(".article-link[href*='/articles/']")  # the bank's
    reading.click(".article-tools .button:nth-child(1)")
    reading.one("#scope button")
    reading.click(".starters li:nth-child(2) button")  # it was made from the whales' article
    reading.sees(".answer .claim", "12마리")
    assert not reading.one("#scope").is_displayed()
    reading.one(".answer-foot")


def test_reader_follows_an_abstention_to_the_nearest_sentence(reading: Any) -> None:
    answer = reading.ask("한국은행이 기준금리를 내린 이유는 무엇인가?")
    if answer["status"] == "abstained":
        assert answer["nearest"]
    first = (answer["citations"] or answer["nearest"])[0]
    reading.wait(lambda: reading.marked == first["quote"])
    assert reading.browser.current_url == f"{reading.url}/"


def test_sections_are_shown_and_data_corrected_and_removed(
    reading: Any, library: tuple[Any, str]
) -> None:
    outcome = library[0].ingest_text("틀린 제목\n\n2025-06-02     박기자 기자\n\n새 소식이다.")
    path = f"/articles/{outcome.article.id}"
    reading.open(path)
    reading.click(".article-tools [aria-pressed]")
    shown = reading.js(
        "return [...document.querySelectorAll('.show-kinds .section')]"
        ".map((one) => getComputedStyle(one, '::before').content)"
    )
    assert shown == ['"제목"', '"기자·날짜"', '"본문"']
    reading.click(".article-tools .button:nth-child(1)")
    assert reading.shown(".scope-title") == "틀린 제목"
    reading.click(".article-tools .icon-button:nth-child(4)")
    title = reading.one("#correct-title")
    title.clear()
    title.send_keys("바른 제목")
    reading.one("#correct-published_at").clear()
    reading.type("#correct-published_at", "언젠가", Keys.ENTER)
    reading.sees("dialog .problem", "발행일")
    reading.one("#correct-published_at").clear()
    reading.type("#correct-published_at", "2025-06-03", Keys.ENTER)
    reading.wait(lambda: not reading.all("dialog"))
    reading.wait(lambda: "2025년 6월 3일" in reading.text(".facts"))
    body = httpx.get(f"{reading.url}{path}", timeout=120).json()
    assert (body["title"], body["version"]) == ("바른 제목", 2)
    # The article that questions are restricted to is named as it is now, and only while it exists.
    assert reading.shown(".scope-title") == "바른 제목"
    reading.click(".article-tools .icon-button:nth-child(5)")
    reading.sees("dialog", "바른 제목")
    reading.click("dialog .danger")
    reading.wait(lambda: not reading.all("dialog") and reading.all(".library"))
    assert httpx.get(f"{reading.url}{path}", timeout=120).status_code == 404
    assert not reading.one("#scope").is_displayed()
    assert ["422" in line for line in reading.complaints()] == [True]


def test_conversation_is_one_tab_stop_found_renamed_and_shared(reading: Any) -> None:
    reading.ask("동해에 혹등고래 몇 마리가 돌아왔나?")
    reading.click("#new-conversation")
    reading.ask(FIRST)
    reading.wait(lambda: len(reading.all(".conversation")) == 2)
    stops = reading.js(
        "return [...document.querySelectorAll('#conversations li')].map((one) =>"
        " [...one.querySelectorAll('button')].filter((b) => b.tabIndex >= 0).length)"
    )
    assert stops == [1, 1]
    reading.type(".conversation", Keys.ARROW_DOWN)
    assert reading.focused.text.startswith("동해에 혹등고래")
    reading.focused.send_keys(Keys.ARROW_RIGHT)
    assert "내려받기" in reading.focused.get_attribute("aria-label")
    reading.focused.send_keys(Keys.F2)
    field = reading.one("#conversation-name")
    field.clear()
    field.send_keys("고래 취재", Keys.ENTER)
    reading.wait(
        lambda: not reading.all("dialog") and "고래 취재" in reading.text("#conversations")
    )
    assert reading.focused.text.startswith("고래 취재")
    reading.type("#find-conversation", "찬성")
    reading.wait(lambda: len(reading.all(".conversation")) == 1)
    assert reading.shown(".conversation").startswith(FIRST)
    # The link shows the one answer to another browser, which sees no conversation.
    reading.click(".answer-foot .share")
    link = reading.one("#share-link").get_attribute("value")
    assert link.startswith(f"{reading.url}/shared/")
    reading.focused.send_keys(Keys.ESCAPE)
    reading.browser.delete_all_cookies()
    reading.js("sessionStorage.clear()")
    reading.open(link.removeprefix(reading.url))
    reading.sees(".answer .claim", "6명")
    reading.sees(".shared", "공유된 답변")
    assert reading.all(".vote") == []
    reading.sees("#conversations", "아직 대화가 없습니다")
    reading.type("#question", "동해에 혹등고래 몇 마리가 돌아왔나?", Keys.ENTER)
    reading.wait(lambda: "12마리" in reading.text(".answer .claim"))
    assert turns(reading) == ["동해에 혹등고래 몇 마리가 돌아왔나?"]
    assert reading.browser.current_url == f"{reading.url}/"
    reading.open("/shared/nothing-of-this-name")
    reading.sees("#turns .problem", "공유되지 않았거나")
    # Nothing that is not so, and no way out that leads nowhere.
    assert reading.all(".shared") == reading.all("#turns .problem .button") == []
    assert ["404" in line for line in reading.complaints()] == [True]


def test_feeds_are_added_refused_and_removed(reading: Any, library: tuple[Any, str]) -> None:
    reading.click(".library-head .button:nth-of-type(2)")
    reading.sees("dialog .feeds", "아직 피드가 없습니다")
    reading.type("#feed-url", "http://127.0.0.1/rss", Keys.ENTER)
    reading.sees("dialog .problem", "이 주소에서는 가져오지 않습니다")
    assert library[0].store.feeds.all() == []
    reading.focused.send_keys(Keys.ESCAPE)
    library[0].store.feeds.add("https://news.example/rss")
    reading.click(".library-head .button:nth-of-type(2)")
    reading.sees(".feed", "https://news.example/rss")
    reading.sees(".feed", "아직 읽지 않음")
    reading.click(".feed .icon-button")
    reading.click("dialog .danger")
    reading.wait(lambda: "아직 피드가 없습니다" in reading.text("dialog .feeds"))
    assert library[0].store.feeds.all() == []
    assert ["422" in line for line in reading.complaints()] == [True]


def test_title_is_readable_on_a_phone(reading: Any, library: tuple[Any, str]) -> None:
    reading.size(360, 740)
    article = library[0].store.articles()[0]
    reading.open(f"/articles/{article.id}?version=1&start=0&end=5")
    title = reading.one(".running-title")
    assert title.text == article.title
    cut = "return arguments[0].scrollWidth > arguments[0].clientWidth"
    assert not reading.js(cut, title)
    reading.size(1360, 900)
