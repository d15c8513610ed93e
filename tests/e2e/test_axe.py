"""axe-core's rules for accessible pages, in every state of the page."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import axe_core_python
import pytest

pytestmark = pytest.mark.browser

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
SEED_QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
OFF_TOPIC = "김치찌개 맛있게 끓이는 법은?"
STATES = (
    "empty", "answered", "abstained", "ingest", "confirm", "key", "phone", "article", "correct",
    "feeds", "share", "scoped",
)  # fmt: skip
DEFAULT = {
    ("answered", "light", "ko"), ("abstained", "dark", "en"), ("ingest", "dark", "ko"),
    ("article", "dark", "ko"),
}  # fmt: skip


def marked(case: tuple[str, str, str]) -> Any:
    return pytest.param(*case, marks=() if case in DEFAULT else pytest.mark.slow)


def show(page: Any, state: str, conversations: dict[str, str]) -> None:
    if state == "answered":
        page.resume(conversations[SEED_QUESTION])
        page.click(".answer .marker")
        page.one("mark.cited")
    elif state == "abstained":
        page.resume(conversations[OFF_TOPIC])
    elif state == "ingest":
        page.click(".library-head .button")
        page.type("#ingest-text", " ")
        page.js(
            "const files = new DataTransfer(); files.items.add(new File(['x'], 'x.png'));"
            "document.documentElement.dispatchEvent(new DragEvent('drop', {dataTransfer: files}))"
        )
        page.one(".job.failed")
    elif state == "confirm":
        page.one(".conversation")
        page.js("document.querySelector('.conversation-tools .icon-button:last-child').click()")
        page.one("dialog")
    elif state == "key":
        page.module("(await import('/static/key.js')).askForKey()")
        page.one("#api-key")
    elif state == "article":
        open_article(page)
        page.click(".article-tools [aria-pressed]")
    elif state == "correct":
        open_article(page)
        page.click(".article-tools .icon-button")
        page.one("#correct-title")
    elif state == "feeds":
        page.click(".library-head .button:nth-of-type(2)")
        page.one("dialog .feeds .quiet")
    elif state == "share":
        page.resume(conversations[SEED_QUESTION])
        page.click(".share")
        page.one("#share-link")
    elif state == "scoped":
        page.size(360, 740)
        open_article(page)
        page.click(".article-tools .button")
        page.one("#scope button")
    elif state == "phone":
        page.size(360, 740)
        page.resume(conversations[SEED_QUESTION])
        page.click(".answer .marker")
        page.one("mark.cited")


def open_article(page: Any) -> None:
    page.open(page.one(".article-link").get_attribute("href").removeprefix(page.url))
    page.one(".article-tools")


@pytest.mark.parametrize(
    ("state", "theme", "language"),
    [marked(case) for case in product(STATES, ("light", "dark"), ("ko", "en"))],
)
def test_axe_finds_no_serious_problem(
    page: Any, asked: dict[str, str], state: str, theme: str, language: str
) -> None:
    page.js(
        "localStorage.setItem('geungeo.theme', arguments[0]);"
        "localStorage.setItem('geungeo.language', arguments[1])",
        theme,
        language,
    )
    page.open()
    show(page, state, asked)
    page.js(AXE)
    found = page.module(
        "return (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    serious = {
        rule["id"]: [node["target"] for node in rule["nodes"]]
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    }
    assert serious == {}
