"""The command as a process, and servers: in a process of their own or in a thread of this one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from geungeo.index.workspace import Workspace
from geungeo.rag.settings import Settings, StoreUrl
from geungeo.server.app import create_app
from geungeo.server.process.listener import Server, configure, listen

PATIENCE = 300.0
"""Seconds after which a wait fails: far longer than anything takes."""

_READY = re.compile(r"serving on (http://\S+)/")
_LOG_BYTES = 1 << 26


def command(*args: str) -> list[str]:
    """Return the command line of ``geungeo`` with ``args``."""
    return [sys.executable, "-m", "geungeo.server.cli", *args]


def geungeo(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run ``geungeo`` to its end; ``more`` goes to ``subprocess.run``."""
    options: dict[str, Any] = {"capture_output": True, "timeout": PATIENCE, "check": False}
    return subprocess.run(command(*args), text=True, **(options | more))


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until ``condition`` holds; fail after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.05)


@dataclass
class Served:
    """A running ``geungeo serve``: its address, its process, its store and its output."""

    store: Path | StoreUrl
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    url: str = ""
    written: str | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    @property
    def log(self) -> str:
        """All that the server has written."""
        if self.written is not None:
            return self.written
        # Reading by position does not move the offset, which the process shares.
        return os.pread(self.output.fileno(), _LOG_BYTES, 0).decode("utf-8", "replace")

    def close(self) -> None:
        """Keep the log and close its file."""
        self.written = self.log
        self.output.close()


def start(
    store: Path | StoreUrl, *args: str, environment: Mapping[str, str] | None = None
) -> Served:
    """Start a server and wait until it listens.

    Raises:
        RuntimeError: the server ended or did not listen in time; holds the end of its output.
    """
    # A file, not a pipe: reading one needs a thread, and a process with threads cannot fork safely.
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
    place: tuple[str, ...]
    env = {**(os.environ if environment is None else environment), "PYTHONUNBUFFERED": "1"}
    if isinstance(store, StoreUrl):
        place, env = (), {**env, "GEUNGEO_STORE": store.reveal()}
    else:
        place = ("--store", str(store))
    process = subprocess.Popen(
        command("serve", "--port", "0", *place, *args),
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
    )
    served = Served(store, process, output)
    deadline = time.monotonic() + PATIENCE
    while not (found := _READY.search(served.log)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            served.close()
            raise RuntimeError(f"geungeo serve did not start: {served.log[-2_000:]}")
        time.sleep(0.05)
    served.url = found[1]
    return served


def stop(served: Served, patience: float = 60) -> int:
    """Stop the server with SIGTERM; return its exit status."""
    try:
        if served.process.poll() is None:
            served.process.send_signal(signal.SIGTERM)
        return served.process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        served.process.kill()
        served.process.wait()
        raise
    finally:
        if served.written is None:
            served.close()


@contextmanager
def serving(store: Path, settings: Mapping[str, str]) -> Iterator[Served]:
    """Serve ``store`` in a process of its own, filled from the seeds if it is empty.

    ``settings`` are environment variables; the caller's own ``GEUNGEO_*`` do not apply.
    """
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("GEUNGEO_")
    }
    served = start(store, environment={**environment, "NO_PROXY": "127.0.0.1", **settings})
    try:
        yield served
    finally:
        stop(served)


@contextmanager
def serving_in_thread(settings: Settings) -> Iterator[tuple[Workspace, str]]:
    """Serve a store on a real socket in a thread of this process, which is fast to start."""
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


@dataclass(frozen=True)
class Guarded:
    """An application that requires keys, with a key for everything and one for reading."""

    workspace: Workspace
    app: Any
    key: str
    reader: str
