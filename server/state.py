"""State that the routes of one application share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from geungeo.rag.errors import Overloaded
from geungeo.rag.gate import Gate
from geungeo.rag.protocols import Load, Watched
from geungeo.server.http.streams import Stopping
from geungeo.server.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


# Orchestrators probe every few seconds, and several may; the examination reads every page.
KEEP_SECONDS = 5.0


class Checkup:
    """Remembers the last examination for ``keep`` seconds. Thread-safe.

    An examination that raises is not remembered: what stands in the way may be gone.
    """

    def __init__(
        self, keep: float = KEEP_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._found: tuple[str, ...] = ()

    def problems(self, examine: Callable[[], Sequence[str]]) -> tuple[str, ...]:
        """What ``examine`` finds, or found a moment ago; callers meanwhile wait for one run."""
        with self._lock:
            if self._clock() >= self._until:
                self._found = tuple(examine())
                self._until = self._clock() + self._keep
            return self._found


WRITERS = 4
# Seconds that a change waits for its turn before it is sent away after all.
PATIENCE = 60.0

P = ParamSpec("P")
T = TypeVar("T")


class Writers:
    """``WRITERS`` threads, and a queue of at most ``queue`` changes for them."""

    def __init__(self, queue: int) -> None:
        self._gate = Gate(WRITERS, queue, doing="changes are being made", refusal=Overloaded)
        self._limiter = CapacityLimiter(WRITERS)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` returns; waits while ``WRITERS`` others run.

        Raises:
            Overloaded: too many wait already.
        """
        async with self._gate.slot(PATIENCE):
            call = partial(function, *args, **kwargs)
            return await to_thread.run_sync(call, limiter=self._limiter)


@dataclass(frozen=True, slots=True)
class AppState:
    """One application's workspace, writers, metrics, checkup and stop signal."""

    workspace: Workspace
    writers: Writers
    metrics: Metrics = field(default_factory=Metrics)
    checkup: Checkup = field(default_factory=Checkup)
    stopping: Stopping = field(default_factory=Stopping)

    def gauge(self) -> None:
        """Bring the gauges of the metrics up to date; called in the event loop."""
        self.metrics.backend(self.load())
        self.metrics.process(self.workspace.pipeline.load(), len(asyncio.all_tasks()))

    def load(self) -> Load:
        """How busy the backend is; the embedded one never is."""
        backend = self.workspace.backend
        return backend.load() if isinstance(backend, Watched) else Load(0, 0, {})


def state_of(request: Request) -> AppState:
    """The state of the application that serves ``request``."""
    state = request.app.state.geungeo
    if not isinstance(state, AppState):
        raise TypeError("this application was not made by create_app")
    return state


State = Annotated[AppState, Depends(state_of)]
