"""The page that checks a text: marks on the left, sources on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
# Characters outside the Basic Multilingual Plane: positions must count code points.
TEXT = (
    "🐋🐳 동해 묵호항에 혹등고래 12마리가 돌아왔다고 해양수산부가 1일 밝혔다. "
    "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다. "
    "동해 묵호항에 혹등고래 35마리가 돌아왔다고 해양수산부가 1일 밝혔다. "
    "<img src=x onerror=alert(1)> 왜 돌아왔을까?"
)


def checked(page: Any, text: str = TEXT) -> None:
    page.browser.get(f"{page.url}/check")
    page.wait(lambda: page.js("return document.title && document.querySelector('#theme svg')"))
    box = page.one("#check-text")
    page.js("arguments[0].value = arguments[1]", box, text)
    box.send_keys(Keys.CONTROL, Keys.ENTER)
    page.one("#checked a.claim")


def serious(page: Any) -> dict[str, Any]:
    page.js(AXE)
    found = page.module(
        "return (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return {
        rule["id"]: [node["target"] for node in rule["nodes"]]
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    }


def test_text_is_marked_and_sources_are_beside_it(page: Any) -> None:
    checked(page)
    marks = [
        (
            node.get_attribute("class").split()[1],
            page.js("return arguments[0].firstChild.data", node),
        )
        for node in page.all("#checked a.claim")
    ]
    assert marks[0] == (
        "supported",
        "🐋🐳 동해 묵호항에 혹등고래 12마리가 돌아왔다고 해양수산부가 1일 밝혔다.",
    )
    assert [kind for kind, _ in marks] == ["supported", "supported", "contradicted", "not_a_claim"]
    assert page.text(".card.contradicted .card-differs") == "숫자: 글 35마리 ↔ 기사 12마리"
    assert page.all("#checked img") == []
    link = page.one(".card.contradicted blockquote a").get_attribute("href")
    assert "/articles/" in link
    assert "&start=" in link


@pytest.mark.slow
def test_marks_and_cards_lead_to_each_other_by_keyboard(page: Any) -> None:
    checked(page)
    mark = page.one("#mark-3")
    page.js("arguments[0].focus()", mark)
    ActionChains(page.browser).send_keys(Keys.ENTER).perform()
    assert page.focused.get_attribute("id") == "claim-3"
    ActionChains(page.browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    assert page.focused.get_attribute("id") == "mark-3"
    page.click("#check-edit")
    assert page.focused.get_attribute("id") == "check-text"


@pytest.mark.slow
def test_blank_text_starts_nothing_and_words_follow_the_language(page: Any) -> None:
    page.browser.get(f"{page.url}/check")
    page.wait(lambda: page.js("return document.querySelector('#theme svg')"))
    page.click("#check-run")
    assert page.one("#check-form").is_displayed()
    page.click("#language")
    assert page.text("#check-run") == "Check against the articles"
    page.size(360, 740)
    assert page.js("return document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == {}


def test_axe_finds_no_serious_problem_in_a_result(page: Any) -> None:
    checked(page)
    assert serious(page) == {}


@pytest.mark.slow
def test_report_of_the_page_is_a_file_without_scripts(page: Any) -> None:
    checked(page)
    report = page.module(
        "const api = await import('/static/api.js');"
        "return await (await api.checkReport(args[0], null, 'text/html')).text()",
        TEXT,
    )
    assert report.startswith("<!doctype html>")
    assert "<script" not in report
    assert "&lt;img src=x" in report
