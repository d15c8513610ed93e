"""Servers of the tests: ``geungeo serve`` as a process, or in a thread of this one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.errors import StoreUnavailable
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from geungeo.server.listener import Server, configure, listen

_READY = re.compile(r"serving on (http://[^ ]+)/")
_START_SECONDS = 300.0
_STOP_SECONDS = 60.0


@contextmanager
def serving(store: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of :func:`serving_process`, for those who only talk to it."""
    with serving_process(store, settings) as (url, _):
        yield url


@contextmanager
def serving_process(store: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Address and process id of a server over ``store`` while it runs.

    An empty store is filled from the seeds. ``settings`` are environment variables; the
    caller's own ``GEUNGEO_*`` do not reach it.

    Raises:
        StoreUnavailable: it did not start; holds what it said last.
    """
    environment = {key: text for key, text in os.environ.items() if not key.startswith("GEUNGEO_")}
    environment |= {"PYTHONUNBUFFERED": "1", "NO_PROXY": "127.0.0.1", **settings}
    command = [sys.executable, "-m", "geungeo.server.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--store", str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    said: list[str] = []
    address: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            if found := _READY.search(line):
                address.append(found[1])
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        ready.wait(_START_SECONDS)
        if not address:
            last = " ".join("".join(said[-3:]).split())
            raise StoreUnavailable(f"geungeo serve did not start: {last or 'it said nothing'}")
        yield address[0], process.pid
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


READY = re.compile(r"serving on (http://[^ ]+)/")
START_SECONDS = 300


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


@contextmanager
def serving_in_thread(settings: Settings) -> Iterator[tuple[Workspace, str]]:
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
