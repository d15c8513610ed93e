"""A real ``geungeo serve`` on a free port, and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from geungeo.rag.settings import Settings
from geungeo.server.access.browsers import COOKIE
from tests.support import ROOT
from tests.support.processes import Served, geungeo, serving_in_thread, start, stop

PATIENCE = 40

T = TypeVar("T")

# The name of the tests' browser: conversations that were begun with it are its own.
NAME = "0123456789abcdef" * 2

# A character outside the Basic Multilingual Plane counts as two in JavaScript and one in Python;
# every citation after it would be off by one if the page counted as JavaScript does.
ASTRAL = (
    "𝔘𝔫𝔦 항만에 🐋 고래가 돌아왔다\n\n"
    "2025-04-01     김바다 기자\n\n"
    "🐋🐳 동해 묵호항에 혹등고래 12마리가 돌아왔다고 해양수산부가 1일 밝혔다. "
    "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다.\n"
)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the seed article and one with characters outside the BMP."""
    folder = tmp_path_factory.mktemp("served")
    article = folder / "whales.txt"
    article.write_text(ASTRAL, "utf-8")
    seeds = str(ROOT / "seeds")
    geungeo("ingest", str(article), seeds, "--store", str(folder / "store"), check=True)
    running = start(folder / "store")
    yield running
    assert stop(running) == 0, running.log


@pytest.fixture(scope="session")
def serve_again() -> Iterator[object]:
    """A function that starts further servers; those still running at the end are stopped."""
    started: list[Served] = []

    def begin(store: Path, *args: str) -> Served:
        started.append(start(store, *args))
        return started[-1]

    yield begin
    for one in started:
        stop(one)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        missing = "Chromium and its driver are not installed (Debian: chromium-driver)"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    profile = tmp_path_factory.mktemp("chromium")
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1360,900",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": "ko-KR,ko"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def serve_here() -> Callable[[Settings], Any]:
    """A function that serves a store in this process, for tests that change it."""
    return serving_in_thread


@pytest.fixture(scope="session")
def home_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a store that is empty at first."""
    with serving_in_thread(Settings(store=tmp_path_factory.mktemp("home"))) as (_, url):
        yield url


class Page:
    """The page in a browser."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, path: str = "/") -> None:
        """Navigate, as by the address bar, and wait until the page's code has run."""
        self.browser.get(self.url + path)
        self.wait(lambda: self.js("return document.title && document.querySelector('.pane-head')"))

    def forget(self) -> None:
        """Clear the browser's storage and its log for this page; it keeps its name."""
        clear = {"origin": self.url, "storageTypes": "all"}
        self.browser.execute_cdp_cmd("Storage.clearDataForOrigin", clear)
        cookie = {"url": self.url, "name": COOKIE, "value": NAME, "httpOnly": True}
        self.browser.execute_cdp_cmd("Network.setCookie", cookie)
        if self.browser.current_url.startswith(self.url):
            self.js("sessionStorage.clear()")
        self.complaints()

    def complaints(self) -> list[str]:
        """Return the errors on the console since the last call."""
        log = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [row["message"] for row in log if row["level"] == "SEVERE"]

    def js(self, script: str, *args: Any) -> Any:
        return self.browser.execute_script(script, *args)

    def module(self, script: str, *args: Any) -> Any:
        """Run an async function body that may import the page's modules."""
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"(async (...args) => {{{script}}})(...arguments)"
            ".then((value) => done({value}), (error) => done({error: String(error.stack)}))"
        )
        result = self.browser.execute_async_script(wrapped, *args)
        assert "error" not in result, result
        return result["value"]

    def wait(self, condition: Callable[[], T]) -> T:
        """Wait until the condition holds; an element that was redrawn meanwhile is asked again."""
        redrawn = (StaleElementReferenceException,)
        wait = WebDriverWait(self.browser, PATIENCE, ignored_exceptions=redrawn)
        return wait.until(lambda _: condition())

    def one(self, css: str) -> WebElement:
        """Wait for the first element that matches and return it."""
        return self.wait(lambda: self.all(css))[0]

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        """Return the text of the elements, visible or not."""
        script = "return [...document.querySelectorAll(arguments[0])].map(n => n.textContent)"
        return "".join(self.js(script, css))

    def shown(self, css: str) -> str:
        """Wait for the first element that matches and return its text as it is displayed."""
        return self.wait(lambda: (self.one(css).text,))[0]

    def sees(self, css: str, text: str) -> None:
        """Wait until the first element that matches displays ``text``."""
        self.wait(lambda: text in self.shown(css))

    def texts(self, css: str) -> list[str]:
        """Return the text of every element that matches now, as it is displayed."""
        return self.wait(lambda: ([node.text for node in self.all(css)],))[0]

    def type(self, css: str, *keys: str) -> None:
        """Type into the first element that matches."""

        def send() -> bool:
            self.one(css).send_keys(*keys)
            return True

        self.wait(send)

    def click(self, css: str) -> None:
        def press() -> bool:
            node = self.one(css)
            self.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", node)
            node.click()
            return True

        self.wait(press)

    def ask(self, question: str) -> dict[str, Any]:
        """Type a question and wait for the answer; return it as the server stored it."""
        before = len(self.all(".turn"))
        self.type("#question", question, Keys.ENTER)
        self.wait(lambda: len(self.all(".turn")) > before)
        self.one(".turn:last-child .answer-foot")
        return self.last_answer()

    def last_answer(self) -> dict[str, Any]:
        name = self.js("return sessionStorage.getItem('geungeo.conversation')")
        body = httpx.get(f"{self.url}/conversations/{name}", timeout=120).json()
        answer: dict[str, Any] = body["answers"][-1]
        return answer

    def resume(self, conversation_id: str, path: str = "/") -> None:
        """Open the page with an earlier conversation."""
        if not self.browser.current_url.startswith(self.url):
            self.open()
        script = "sessionStorage.setItem('geungeo.conversation', arguments[0])"
        self.js(script, conversation_id)
        self.open(path)
        self.one(".turn .answer-foot")

    @property
    def marked(self) -> str:
        """Marked characters as in the document, not as laid out."""
        return self.text("mark.cited")

    @property
    def focused(self) -> WebElement:
        return self.browser.switch_to.active_element

    def size(self, width: int, height: int) -> None:
        """Set the size of the screen in CSS pixels."""
        metrics = {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 500,
        }
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def begin(chromium: webdriver.Chrome, url: str) -> Page:
    page = Page(chromium, url)
    page.forget()
    page.size(1360, 900)
    page.open()
    return page


@pytest.fixture
def home(chromium: webdriver.Chrome, home_url: str) -> Iterator[Page]:
    """The page of a server whose articles a test may change; it must log no error."""
    page = begin(chromium, home_url)
    yield page
    assert page.complaints() == []


@pytest.fixture
def page(chromium: webdriver.Chrome, served: Served) -> Iterator[Page]:
    """The page of ``served`` in a browser without history; it must log no error."""
    page = begin(chromium, served.url)
    yield page
    assert page.complaints() == []


SEED_QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
ASTRAL_QUESTION = "묵호항에 혹등고래가 몇 마리 돌아왔나?"
OFF_TOPIC = "김치찌개 맛있게 끓이는 법은?"


@pytest.fixture(scope="session")
def asked(served: Served) -> dict[str, str]:
    """Conversations to read, by their question."""
    names = {}
    for number, question in enumerate((SEED_QUESTION, ASTRAL_QUESTION, OFF_TOPIC)):
        body = {"question": question, "conversation_id": f"asked-{number}"}
        cookies = {COOKIE: NAME}
        response = httpx.post(f"{served.url}/chat", json=body, timeout=120, cookies=cookies)
        names[question] = response.json()["conversation_id"]
    return names
