"""A real ``geungeo serve`` on a free port, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from selenium import webdriver

READY = re.compile(r"serving on (http://[^ ]+)/")
START_SECONDS = 300

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
