"""The report in a real browser: opened from disk, filtered, and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from selenium.webdriver.support.ui import WebDriverWait

from geungeo.eval.command import command

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.browser

ROWS = (
    '{"id": "ok", "kind": "answerable", "question":'
    ' "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?",'
    ' "answers": ["설리먼"], "quote": "무스타파 설리먼"}\n'
    '{"id": "evil", "kind": "unanswerable", "tags": ["<b>굵게</b>"], "question":'
    " \"</script><script>document.title='owned'</script><img src=x onerror='document.title=1'>\"}\n"
    '{"id": "miss", "kind": "answerable", "question": "MS가 만든 자체 모델의 이름은?",'
    ' "answers": ["전혀 아닌 답"], "quote": "‘MAI’라는 자체 모델"}\n'
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    data = folder / "rows.jsonl"
    data.write_text(ROWS, "utf-8")
    path = folder / "report.html"
    result = CliRunner().invoke(
        command,
        [str(data), "--report", str(path), "--cache", str(folder / "cache")],
        obj={"store": folder / "store", "config": None},
    )
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if browser is None or chromedriver is None:
        give_up = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        give_up("needs Chromium and chromedriver")
    options = Options()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    profile = tmp_path_factory.mktemp("profile")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    opened = webdriver.Chrome(options=options, service=Service(chromedriver))
    opened.set_page_load_timeout(120)
    yield opened
    opened.quit()


def visible_rows(driver: WebDriver) -> list[str]:
    found = driver.find_elements("css selector", "#rows .question")
    return [element.text for element in found]


def choose(driver: WebDriver, name: str, value: str) -> None:
    driver.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}))",
        name,
        value,
    )


def test_rows_are_shown_and_their_markup_is_inert(driver: WebDriver, report: Path) -> None:
    driver.get(report.as_uri())
    assert driver.title.startswith("geungeo eval")
    assert len(visible_rows(driver)) == 3
    assert any(text.startswith("</script><script>") for text in visible_rows(driver))
    assert driver.find_elements("css selector", "#rows img, #rows script, #rows b") == []
    assert driver.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_failures_can_be_filtered_and_citations_are_in_context(
    driver: WebDriver, report: Path
) -> None:
    driver.get(report.as_uri())
    choose(driver, "needle", "자체 모델의")
    assert visible_rows(driver) == ["MS가 만든 자체 모델의 이름은?"]
    choose(driver, "needle", "")
    choose(driver, "fault", "any")
    assert "MS가 만든 자체 모델의 이름은?" in visible_rows(driver)
    choose(driver, "fault", "")
    choose(driver, "needle", "rows/ok")
    driver.find_element("css selector", "#rows summary").click()
    # A row is filled after it has opened, which the browser reports later.
    quotes = WebDriverWait(driver, 60).until(
        lambda browser: browser.find_elements("css selector", "#rows blockquote")
    )
    shown = quotes[0].find_element("css selector", "mark").text
    around = [part.text for part in quotes[0].find_elements("css selector", ".around")]
    assert "설리먼" in shown
    assert "(quote)" in quotes[0].find_element("css selector", "cite").text
    assert len("".join(around)) > 20


def test_phone_needs_no_horizontal_scrolling(driver: WebDriver, report: Path) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
    )
    driver.get(report.as_uri())
    for summary in driver.find_elements("css selector", "#rows summary"):
        summary.click()
    width = driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360
