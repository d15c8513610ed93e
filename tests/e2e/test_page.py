"""The page for a reader: ask, read, follow a citation to exactly its characters, and back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

SEED_QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
ASTRAL_QUESTION = "묵호항에 혹등고래가 몇 마리 돌아왔나?"
OFF_TOPIC = "김치찌개 맛있게 끓이는 법은?"


def test_question_is_answered_and_its_source_shown_beside_it(page: Any) -> None:
    answer = page.ask(SEED_QUESTION)
    assert answer["status"] == "answered"
    claims = {(c["answer_start"], c["answer_end"]) for c in answer["citations"]}
    assert page.text(".claim") == "".join(answer["text"][a:b] for a, b in sorted(claims))
    # The first source opens without a click, takes no focus, and adds no history entry.
    first = answer["citations"][0]
    page.wait(lambda: page.marked == first["quote"])
    assert page.browser.current_url == f"{page.url}/"
    assert page.focused.get_attribute("id") == "question"
    said = page.text("#announcer")
    assert answer["text"][first["answer_start"] : first["answer_end"]] in said


@pytest.mark.parametrize("question", [SEED_QUESTION, ASTRAL_QUESTION])
def test_every_marker_opens_exactly_its_quote(
    page: Any, asked: dict[str, str], question: str
) -> None:
    page.resume(asked[question])
    citations = page.last_answer()["citations"]
    for citation in {one["marker"]: one for one in citations}.values():
        page.click(f".answer .marker[data-marker='{citation['marker']}']")
        page.wait(lambda quote=citation["quote"]: page.marked == quote)
        page.wait(lambda: shows_the_mark(page))
        assert f"start={citation['start']}" in page.browser.current_url
    page.browser.back()
    if question == ASTRAL_QUESTION:
        # Without a character outside the BMP before the quote, this test would prove little.
        path = f"/articles/{citations[0]['article_id']}"
        before = httpx.get(page.url + path, timeout=120).json()["text"][: citations[0]["start"]]
        assert any(ord(char) > 0xFFFF for char in before)


def shows_the_mark(page: Any) -> bool:
    """Return whether the page is scrolled to the marked characters."""
    return bool(
        page.js(
            "const mark = document.querySelector('mark.cited').getBoundingClientRect();"
            "const reader = document.getElementById('reader').getBoundingClientRect();"
            "return mark.top >= reader.top && mark.bottom <= reader.bottom"
        )
    )


def test_claim_quote_and_mark_are_highlighted_together(page: Any, asked: dict[str, str]) -> None:
    page.resume(asked[SEED_QUESTION])
    citation = page.last_answer()["citations"][0]
    page.click(".claim")  # a tap opens the first source
    page.wait(lambda: page.marked == citation["quote"])
    ends = (".claim", ".answer .marker", ".sources li", "mark.cited")
    for pointed in ends:
        ActionChains(page.browser).move_to_element(page.one(".brand")).perform()
        assert page.all(".linked") == []
        ActionChains(page.browser).move_to_element(page.one(pointed)).perform()
        for other in ends:
            assert "linked" in page.one(other).get_attribute("class"), (pointed, other)
    # Back from the article: a tap on the mark, or its number by keyboard.
    page.click("mark.cited")
    page.wait(lambda: page.focused.get_attribute("data-marker") == str(citation["marker"]))
    page.type("#reader .marker.back", Keys.ENTER)
    page.wait(lambda: page.focused.get_attribute("data-marker") == str(citation["marker"]))
    assert "linked" in page.one("mark.cited").get_attribute("class")


def test_deep_link_opens_the_article_at_its_span(page: Any) -> None:
    article = httpx.get(f"{page.url}/articles", timeout=120).json()["articles"][0]
    path = f"/articles/{article['id']}"
    text = httpx.get(page.url + path, timeout=120).json()["text"]
    page.open(f"{path}?version=1&start=60&end=95")
    page.wait(lambda: page.marked == text[60:95])
    assert page.text("article.article") == text
    for query in ("start=5&end=99999999", "start=9&end=3"):
        page.open(f"{path}?version=1&{query}")
        assert page.one("[role=alert]").is_displayed()
        assert page.marked == ""
    page.open(f"{path}?version=1&start=x&end=y")
    page.one("article.article")
    assert page.marked == ""
    page.open("/articles/no%2Fsuch%20one?start=1&end=2")
    page.sees("#reader .problem", "기사를 찾을 수 없습니다")
    assert ["404" in line for line in page.complaints()] == [True]


def test_abstention_looks_different_and_gives_reason_and_advice(
    page: Any, asked: dict[str, str]
) -> None:
    page.resume(asked[OFF_TOPIC])
    answer = page.last_answer()
    assert answer["status"] == "abstained"
    card = page.one(".answer.abstained")
    assert "답하지 않았습니다" in card.text
    assert page.shown(".abstained-reason") == answer["text"]
    assert len(page.shown(".advice")) > 10
    page.click(".abstained .ways-out .button")
    assert page.one("#question").get_attribute("value") == OFF_TOPIC
    assert page.focused.get_attribute("id") == "question"


def test_answer_appears_claim_by_claim_and_keeps_existing_nodes(page: Any) -> None:
    # The module gets events as the server sends them; there is no slow backend here.
    state = page.module(
        """
        const { Turn } = await import("/static/turn.js");
        const { $ } = await import("/static/dom.js");
        const turn = new Turn("𝔘?", { open() {}, askAgain() {} });
        $("turns").replaceChildren(turn.node);
        let text = "";
        const citations = [];
        const seen = [];
        const claims = () => turn.node.querySelectorAll(".claim").length;
        turn.receive("passages", []);
        for (let n = 1; n <= 400; n++) {
          const claim = `🐋 ${n}번째 문장이다.`;
          const piece = `${text ? " " : ""}${claim} [${n}]`;
          const start = [...text].length + (text ? 1 : 0);
          const place = { answer_start: start, answer_end: start + [...claim].length };
          const rest = { article_id: "a", version: 1, start: n, end: n + 1, section: "body" };
          const citation = { marker: n, quote: claim, title: "글", ...rest, ...place };
          turn.receive("delta", { text: piece });
          seen.push(claims());
          turn.receive("citation", citation);
          seen.push(claims());
          if (n === 1) turn.node.querySelector(".marker").focus();
          text += piece;
          citations.push(citation);
        }
        const busy = turn.card.getAttribute("aria-busy");
        const made = { backend: "x", timings_ms: { total: 1 }, passages: [], id: "i" };
        const asked = { question: "𝔘?", standalone_question: "𝔘?", language: "ko" };
        turn.receive("done", { status: "answered", ...asked, ...made, text, citations });
        return {
          seen, busy,
          focused: document.activeElement.dataset.marker,
          said: $("announcer").textContent,
          shown: turn.node.querySelector(".answer-text").textContent,
          text: text.replace(/[\\[\\]]/g, ""),
          sources: turn.node.querySelectorAll(".sources li").length,
          after: turn.card.getAttribute("aria-busy"),
        };
        """
    )
    # Each claim appears as soon as it has its citation, and never without.
    assert state["seen"] == [count for n in range(400) for count in (n, n + 1)]
    assert state["shown"] == state["text"]
    assert state["sources"] == 400
    assert (state["busy"], state["after"]) == ("true", "false")
    assert state["focused"] == "1"  # existing nodes were not drawn again
    assert "🐋 400번째 문장이다." in state["said"]
    assert "근거 400개" in state["said"]


def test_page_works_by_keyboard(page: Any, asked: dict[str, str]) -> None:
    page.resume(asked[SEED_QUESTION])
    citation = page.last_answer()["citations"][0]
    # Begin at the start of the page: keys sent to the body begin where its centre is.
    page.js("document.body.tabIndex = -1; document.body.focus()")
    ActionChains(page.browser).send_keys(Keys.TAB).perform()
    assert page.focused.get_attribute("class") == "skip"
    page.focused.send_keys(Keys.ENTER)
    assert page.focused.get_attribute("id") == "question"
    marker = page.one(".answer .marker")
    assert citation["quote"] in marker.get_attribute("aria-label")
    marker.send_keys(Keys.ENTER)
    page.wait(lambda: page.marked == citation["quote"])
    page.wait(lambda: page.focused.tag_name == "mark")
    page.focused.send_keys(Keys.ESCAPE)
    page.wait(lambda: page.focused.get_attribute("data-marker") == "1")
    landmarks = ("header", "nav[aria-label]", "main[aria-label]", "aside[aria-label]")
    assert all(page.one(landmark).is_displayed() for landmark in landmarks)


def test_language_and_colours_are_switched_and_stored(page: Any, asked: dict[str, str]) -> None:
    page.resume(asked[OFF_TOPIC])
    assert page.one("#send").accessible_name == "질문하기"
    page.click("#language")
    for switched in (True, False):
        if not switched:
            page.open()
        page.one(".abstained")
        assert page.one("#send").accessible_name == "Ask"
        assert page.one("html").get_attribute("lang") == "en"
        page.sees(".abstained-label", "No answer")
        assert page.shown(".library h2") == "Articles"
    colours = []
    for _ in range(3):
        colours.append(page.js("return getComputedStyle(document.body).backgroundColor"))
        page.click("#theme")  # the system's, which is light here; light; dark
    assert colours[0] == colours[1] != colours[2]
    page.click("#theme")
    page.click("#theme")
    page.open()
    assert page.js("return getComputedStyle(document.body).backgroundColor") == colours[2]


@pytest.mark.parametrize("width", [360, 768])
def test_narrow_screen_needs_no_horizontal_scrolling(
    page: Any, asked: dict[str, str], width: int
) -> None:
    def fits() -> bool:
        return bool(page.js("return document.documentElement.scrollWidth <= innerWidth"))

    page.size(width, 740)
    page.resume(asked[SEED_QUESTION])
    citation = page.last_answer()["citations"][0]
    assert not page.one("#reader").is_displayed()
    assert fits()
    page.click("#language")  # the words of the other language are longer
    assert fits()
    page.click("#language")
    page.click(".answer .marker")
    page.wait(lambda: page.marked == citation["quote"])
    assert page.one("#talk").get_attribute("inert") is not None
    assert fits()
    page.click("#reader .marker.back")  # back to the sentence closes the sheet
    page.wait(lambda: not page.one("#reader").is_displayed())
    assert page.focused.get_attribute("data-marker") == "1"
    page.click("#open-rail")
    assert page.one("#rail .conversation").is_displayed()
    assert fits()
    page.focused.send_keys(Keys.ESCAPE)
    assert not page.one("#rail").is_displayed()
    assert page.focused.get_attribute("id") == "open-rail"
    page.click("#show-articles")
    page.click(".library-head .button")
    assert page.one("dialog").is_displayed()
    assert fits()
    page.focused.send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.all("dialog"))
    page.click("#reader .close")
    assert not page.one("#reader").is_displayed()


@pytest.mark.slow
def test_long_article_opens_at_its_mark(page: Any) -> None:
    lines = [f"{n}번째 문단에는 항구와 배에 관한 이야기가 적혀 있다." * 3 for n in range(1200)]
    text = "긴 글\n\n2025-06-01     한기자\n\n" + "\n\n".join(lines)
    assert len(text) > 100_000
    posted = httpx.post(
        f"{page.url}/articles", json={"text": text, "name": "long.txt"}, timeout=600
    )
    article = posted.json()["article"]["id"]
    try:
        body = httpx.get(f"{page.url}/articles/{article}", timeout=120).json()["text"]
        start = body.index("1111번째")
        page.open(f"/articles/{article}?version=1&start={start}&end={start + 6}")
        page.wait(lambda: page.marked == "1111번째")
        page.wait(lambda: shows_the_mark(page))
        assert page.text("article.article") == body
    finally:
        httpx.delete(f"{page.url}/articles/{article}", timeout=120)


def test_api_documentation_renders_under_the_content_security_policy(page: Any) -> None:
    page.browser.get(f"{page.url}/docs")
    page.one(".swagger-ui .opblock")
    page.sees(".swagger-ui", "/chat")
