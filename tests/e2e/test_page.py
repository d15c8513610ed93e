"""A reader's way: ask, read, click a citation, see exactly its characters marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser

SEED_QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
ASTRAL_QUESTION = "묵호항에 혹등고래가 몇 마리 돌아왔나?"
OFF_TOPIC = "김치찌개 맛있게 끓이는 법은?"
PATIENCE = 40

T = TypeVar("T")


@pytest.fixture
def page(chromium: Chrome, served: Any) -> Iterator[Chrome]:
    chromium.set_window_size(1360, 900)
    chromium.get(served.url)
    chromium.execute_script("localStorage.clear(); sessionStorage.clear()")
    chromium.get(served.url)
    console_errors(chromium)  # reading empties it
    yield chromium
    assert console_errors(chromium) == []


def console_errors(page: Chrome) -> list[str]:
    log = page.get_log("browser")  # type: ignore[no-untyped-call]
    return [row["message"] for row in log if row["level"] == "SEVERE"]


def wait(page: Chrome, condition: Callable[[Chrome], T]) -> T:
    return WebDriverWait(page, PATIENCE).until(condition)


def ask(page: Chrome, question: str) -> None:
    field = page.find_element(By.ID, "question")
    field.send_keys(question, Keys.ENTER)
    wait(page, lambda p: p.find_elements(By.CSS_SELECTOR, ".turn:last-child .answer-foot"))


def marked(page: Chrome) -> str:
    """The marked characters as the document holds them, not as they are laid out."""
    script = "return [...document.querySelectorAll('mark.cited')].map(m => m.textContent).join('')"
    return str(page.execute_script(script))


def last_answer(page: Chrome, url: str) -> dict[str, Any]:
    name = page.execute_script("return sessionStorage.getItem('geungeo.conversation')")
    answers = httpx.get(f"{url}/conversations/{name}", timeout=120).json()["answers"]
    found: dict[str, Any] = answers[-1]
    return found


@pytest.mark.parametrize("question", [SEED_QUESTION, ASTRAL_QUESTION])
def test_every_marker_opens_exactly_its_quote(page: Chrome, served: Any, question: str) -> None:
    ask(page, question)
    answer = last_answer(page, served.url)
    assert answer["status"] == "answered"
    by_marker = {citation["marker"]: citation for citation in answer["citations"]}
    for number, citation in by_marker.items():
        button = page.find_element(By.CSS_SELECTOR, f".marker[data-marker='{number}']")
        button.click()
        wait(page, partial(is_marked, citation["quote"]))
        wait(page, shows_the_mark)
        assert f"start={citation['start']}" in page.current_url


def is_marked(quote: str, page: Chrome) -> bool:
    return marked(page) == quote


def shows_the_mark(page: Chrome) -> bool:
    """Whether the reader is scrolled to the marked characters."""
    script = (
        "const mark = document.querySelector('mark.cited').getBoundingClientRect();"
        "const reader = document.getElementById('reader').getBoundingClientRect();"
        "return mark.top >= reader.top && mark.bottom <= reader.bottom"
    )
    return bool(page.execute_script(script))


def test_the_astral_article_is_cited_after_an_astral_character(page: Chrome, served: Any) -> None:
    """Guards the test above: without such a character before the quote it would prove little."""
    ask(page, ASTRAL_QUESTION)
    citation = last_answer(page, served.url)["citations"][0]
    article = httpx.get(f"{served.url}/articles/{citation['article_id']}", timeout=120).json()
    before = article["text"][: citation["start"]]
    assert any(ord(char) > 0xFFFF for char in before)
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_click_on_a_claim_opens_its_first_source(page: Chrome, served: Any) -> None:
    ask(page, SEED_QUESTION)
    citation = last_answer(page, served.url)["citations"][0]
    page.find_element(By.CSS_SELECTOR, ".claim").click()
    wait(page, lambda p: marked(p) == citation["quote"])


def test_a_deep_link_opens_the_article_at_its_span(page: Chrome, served: Any) -> None:
    article = httpx.get(f"{served.url}/articles", timeout=120).json()["articles"][0]
    text = httpx.get(f"{served.url}/articles/{article['id']}", timeout=120).json()["text"]
    start, end = 60, 95
    page.get(f"{served.url}/articles/{article['id']}?version=1&start={start}&end={end}")
    wait(page, lambda p: marked(p) == text[start:end])
    whole = page.execute_script("return document.querySelector('article.article').textContent")
    assert whole == text


@pytest.mark.parametrize("query", ["start=5&end=99999999", "start=9&end=3", "start=x&end=y"])
def test_a_wrong_span_marks_nothing(page: Chrome, served: Any, query: str) -> None:
    article = httpx.get(f"{served.url}/articles", timeout=120).json()["articles"][0]
    page.get(f"{served.url}/articles/{article['id']}?version=1&{query}")
    wait(page, lambda p: p.find_elements(By.CSS_SELECTOR, "article.article"))
    assert marked(page) == ""


def test_an_abstention_looks_different_and_says_why(page: Chrome, served: Any) -> None:
    ask(page, OFF_TOPIC)
    assert last_answer(page, served.url)["status"] == "abstained"
    card = page.find_element(By.CSS_SELECTOR, ".answer.abstained")
    assert "답하지 않음" in card.text
    assert len(card.find_element(By.CSS_SELECTOR, ".abstained-reason").text) > 5


def test_a_reload_keeps_the_conversation(page: Chrome) -> None:
    ask(page, SEED_QUESTION)
    before = page.find_element(By.CSS_SELECTOR, ".answer-text").text
    page.refresh()
    wait(page, lambda p: p.find_elements(By.CSS_SELECTOR, ".answer-text"))
    assert page.find_element(By.CSS_SELECTOR, ".answer-text").text == before


def test_the_language_switch_changes_the_page_and_is_remembered(page: Chrome) -> None:
    assert page.find_element(By.ID, "send").text == "질문"
    page.find_element(By.ID, "language").click()
    assert page.find_element(By.ID, "send").text == "Ask"
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    page.refresh()
    assert wait(page, lambda p: p.find_element(By.ID, "send").text) == "Ask"


def test_what_an_article_says_is_text_and_never_markup(page: Chrome, served: Any) -> None:
    evil = (
        "<img src=x onerror=alert(1)> 제목\n\n2025-04-02     나쁜 기자\n\n"
        "<script>document.title='owned'</script> 본문에 [1] 표시와 ![x](http://x.invalid/) 가 있다."
    )
    added = httpx.post(f"{served.url}/articles", json={"text": evil, "name": "evil.txt"})
    article = added.json()["article"]
    try:
        page.get(f"{served.url}/articles/{article['id']}")
        wait(page, lambda p: p.find_elements(By.CSS_SELECTOR, "article.article"))
        body = page.find_element(By.ID, "reader")
        assert body.find_elements(By.CSS_SELECTOR, "img, script, iframe") == []
        assert "onerror" in body.text
        assert page.title != "owned"
    finally:
        httpx.delete(f"{served.url}/articles/{article['id']}")


def test_the_page_works_by_keyboard(page: Chrome, served: Any) -> None:
    ask(page, SEED_QUESTION)
    citation = last_answer(page, served.url)["citations"][0]
    button = page.find_element(By.CSS_SELECTOR, ".marker")
    assert citation["quote"] in (button.get_attribute("aria-label") or "")
    button.send_keys(Keys.ENTER)
    wait(page, lambda p: marked(p) == citation["quote"])
    focused = page.switch_to.active_element
    assert focused.tag_name == "mark"


def test_nothing_overflows_on_a_phone_and_the_source_covers_the_page(
    page: Chrome, served: Any
) -> None:
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        ask(page, SEED_QUESTION)
        assert page.execute_script("return document.documentElement.scrollWidth") <= 360
        citation = last_answer(page, served.url)["citations"][0]
        button = page.find_element(By.CSS_SELECTOR, ".marker")
        page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        wait(page, lambda p: marked(p) == citation["quote"])
        close = page.find_element(By.CSS_SELECTOR, "#reader .close")
        assert close.is_displayed()
        assert page.execute_script("return document.documentElement.scrollWidth") <= 360
        close.click()
        assert not page.find_element(By.ID, "reader").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_api_documentation_renders_under_our_policy(page: Chrome, served: Any) -> None:
    page.get(f"{served.url}/docs")
    wait(page, lambda p: p.find_elements(By.CSS_SELECTOR, ".swagger-ui .opblock"))
    assert "/chat" in page.find_element(By.CSS_SELECTOR, ".swagger-ui").text
