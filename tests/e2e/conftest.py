"""A real ``geungeo serve`` on a free port, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from geungeo.index.workspace import Workspace
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.process.listener import Server, configure, listen

READY = re.compile(r"serving on (http://[^ ]+)/")
START_SECONDS = 300
PATIENCE = 40

T = TypeVar("T")

# A character outside the Basic Multilingual Plane counts as two in JavaScript and one here;
# every citation after it would be off by one if the page counted as JavaScript does.
ASTRAL = (
    "𝔘𝔫𝔦 항만에 🐋 고래가 돌아왔다\n\n"
    "2025-04-01     김바다 기자\n\n"
    "🐋🐳 동해 묵호항에 혹등고래 12마리가 돌아왔다고 해양수산부가 1일 밝혔다. "
    "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다.\n"
)


@dataclass
class Served:
    """A running server: its address, its process, and what it has written."""

    url: str
    process: subprocess.Popen[str]
    store: Path
    log: list[str] = field(default_factory=list)
    reader: threading.Thread = field(default_factory=threading.Thread)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)


def start(store: Path, *args: str) -> Served:
    """Start a server and wait until it says where it listens."""
    command = [sys.executable, "-m", "geungeo.server.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--store", str(store), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    served = Served("", process, store)
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            served.log.append(line)
            if found := READY.search(line):
                served.url = found[1]
                ready.set()
        ready.set()

    served.reader = threading.Thread(target=read, daemon=True)
    served.reader.start()
    if not ready.wait(START_SECONDS) or not served.url:
        process.kill()
        pytest.fail("the server did not start:\n" + "".join(served.log))
    return served


def stop(served: Served, patience: float = 60) -> int:
    """Ask the server to stop; its exit status."""
    try:
        if served.process.poll() is None:
            served.process.send_signal(signal.SIGTERM)
        return served.process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        served.process.kill()
        raise
    finally:
        served.reader.join(timeout=10)
        if served.process.stdout is not None:
            served.process.stdout.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the seed article and one with characters outside the BMP."""
    folder = tmp_path_factory.mktemp("served")
    article = folder / "whales.txt"
    article.write_text(ASTRAL, "utf-8")
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    command = [sys.executable, "-m", "geungeo.server.cli", "ingest", str(article), str(seeds)]
    subprocess.run([*command, "--store", str(folder / "store")], check=True, timeout=START_SECONDS)
    running = start(folder / "store")
    yield running
    assert stop(running) == 0, "".join(running.log)


@pytest.fixture(scope="session")
def serve_again() -> Iterator[object]:
    """Starts further servers; those still running at the end are stopped."""
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


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[Workspace, str]]:
    """A store of its own behind a real socket, in a thread of this process: cheap to start."""
    with Workspace.open(settings) as workspace, listen("127.0.0.1", 0) as listener:
        app = create_app(workspace)
        server = Server(configure(app, lifespan="on"), app.state.geungeo)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        host, port = listener.getsockname()
        yield workspace, f"http://{host}:{port}"
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def serve_here() -> Callable[[Settings], Any]:
    """Serves what a test may change without disturbing others."""
    return serving


@pytest.fixture(scope="session")
def home_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a store that begins empty."""
    with serving(Settings(store=tmp_path_factory.mktemp("home"))) as (_, url):
        yield url


class Page:
    """The page as a reader has it before them."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, path: str = "/") -> None:
        """Navigate, as by the address bar, and wait until the page's code has run."""
        self.browser.get(self.url + path)
        self.wait(lambda: self.js("return document.title && document.querySelector('.pane-head')"))

    def forget(self) -> None:
        """What this browser remembers of us, and what it complained of."""
        clear = {"origin": self.url, "storageTypes": "all"}
        self.browser.execute_cdp_cmd("Storage.clearDataForOrigin", clear)
        if self.browser.current_url.startswith(self.url):
            self.js("sessionStorage.clear()")
        self.complaints()

    def complaints(self) -> list[str]:
        """Errors on the console since the last call."""
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
        return WebDriverWait(self.browser, PATIENCE).until(lambda _: condition())

    def one(self, css: str) -> WebElement:
        """The first element that matches, as soon as there is one."""
        self.wait(lambda: self.all(css))
        return self.all(css)[0]

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        """What the elements hold, whether or not it is in sight."""
        script = "return [...document.querySelectorAll(arguments[0])].map(n => n.textContent)"
        return "".join(self.js(script, css))

    def click(self, css: str) -> None:
        node = self.one(css)
        self.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", node)
        node.click()

    def ask(self, question: str) -> dict[str, Any]:
        """Type a question, wait for what becomes of it; the Answer as the server keeps it."""
        before = len(self.all(".turn"))
        self.one("#question").send_keys(question, Keys.ENTER)
        self.wait(lambda: len(self.all(".turn")) > before)
        self.one(".turn:last-child .answer-foot")
        return self.last_answer()

    def last_answer(self) -> dict[str, Any]:
        name = self.js("return sessionStorage.getItem('geungeo.conversation')")
        body = httpx.get(f"{self.url}/conversations/{name}", timeout=120).json()
        answer: dict[str, Any] = body["answers"][-1]
        return answer

    def resume(self, conversation_id: str, path: str = "/") -> None:
        """The page with a conversation of the past open in it."""
        if not self.browser.current_url.startswith(self.url):
            self.open()
        script = "sessionStorage.setItem('geungeo.conversation', arguments[0])"
        self.js(script, conversation_id)
        self.open(path)
        self.one(".turn .answer-foot")

    @property
    def marked(self) -> str:
        """The marked characters as the document holds them, not as they are laid out."""
        return self.text("mark.cited")

    @property
    def focused(self) -> WebElement:
        return self.browser.switch_to.active_element

    def size(self, width: int, height: int) -> None:
        """Lay out as on a screen of that many CSS pixels."""
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
    """The page of a server whose articles a test may change; it may not complain."""
    page = begin(chromium, home_url)
    yield page
    assert page.complaints() == []


@pytest.fixture
def page(chromium: webdriver.Chrome, served: Served) -> Iterator[Page]:
    """The page of ``served`` in a browser that knows nothing; it may not complain."""
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
        response = httpx.post(f"{served.url}/chat", json=body, timeout=120)
        names[question] = response.json()["conversation_id"]
    return names
