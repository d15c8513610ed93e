"""A ``geungeo serve`` of its own for a bench, started as users start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from geungeo.rag.errors import StoreUnavailable

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
    process = subprocess.Popen(  # noqa: S603 - our own command
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
