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
from geungeo.rag.question.starters import Starter
from geungeo.server.http.streams import Stopping
from geungeo.server.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


# Orchestrators probe every few seconds, and the examination reads every page of the store.
KEEP_SECONDS = 5.0


class Checkup:
    """A cache of the last examination of the store, for ``keep`` seconds. Thread-safe.

    An examination that raises is not cached: the next call may succeed.
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
        """Return the cached problems, or those that ``examine`` finds; callers wait for one run."""
        with self._lock:
            if self._clock() >= self._until:
                self._found = tuple(examine())
                self._until = self._clock() + self._keep
            return self._found


WRITERS = 4
# Requests for embeddings that are computed at the same time, and that may be queued.
EMBEDDINGS, EMBEDDINGS_QUEUE = 1, 16
# Longest wait in the queue, in seconds.
QUEUE_SECONDS = 60.0

P = ParamSpec("P")
T = TypeVar("T")


class Writers:
    """A pool of ``WRITERS`` threads for changes of articles, with a queue of at most ``queue``.

    Changes wait for each other in the store and for the hosts of fetched URLs; in threads of
    their own they leave those of readers free.
    """

    def __init__(self, queue: int) -> None:
        self._gate = Gate(WRITERS, queue, doing="changes are being made", refusal=Overloaded)
        self._limiter = CapacityLimiter(WRITERS)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns; waits while ``WRITERS`` others run.

        Raises:
            Overloaded: the queue is full, or the timeout expired.
        """
        async with self._gate.slot(QUEUE_SECONDS):
            call = partial(function, *args, **kwargs)
            return await to_thread.run_sync(call, limiter=self._limiter)


def _embedding_gate() -> Gate:
    doing = "request for embeddings is being computed"
    return Gate(EMBEDDINGS, EMBEDDINGS_QUEUE, doing=doing, refusal=Overloaded)


@dataclass(frozen=True, slots=True)
class AppState:
    """One application's workspace, writers, metrics, checkup, stop signal and gate."""

    workspace: Workspace
    writers: Writers
    metrics: Metrics = field(default_factory=Metrics)
    checkup: Checkup = field(default_factory=Checkup)
    stopping: Stopping = field(default_factory=Stopping)
    embedding_gate: Gate = field(default_factory=_embedding_gate)
    starter_tasks: dict[tuple[int, str | None], asyncio.Future[list[Starter]]] = field(
        default_factory=dict
    )
    starter_limiter: CapacityLimiter = field(default_factory=partial(CapacityLimiter, 1))

    async def starters(self, language: str | None) -> Sequence[Starter]:
        """Return the example questions for the present articles; made once, in the background."""
        # In a thread: it may ask a database on another machine.
        key = (await to_thread.run_sync(lambda: self.workspace.store.generation), language)
        task = self.starter_tasks.get(key)
        if task is None:
            for old in [one for one in self.starter_tasks if one[0] != key[0]]:
                del self.starter_tasks[old]
            make = partial(self.workspace.starters, language=language)
            task = asyncio.ensure_future(to_thread.run_sync(make, limiter=self.starter_limiter))
            self.starter_tasks[key] = task
        try:
            # A client that goes away must not cancel the work for the others.
            return await asyncio.shield(task)
        except Exception:
            # A failure is not kept: the next request tries again.
            self.starter_tasks.pop(key, None)
            raise

    def update_gauges(self) -> None:
        """Update the gauges of the metrics; call it in the event loop."""
        self.metrics.backend(self.backend_load())
        self.metrics.process(self.workspace.pipeline.load(), len(asyncio.all_tasks()))

    def backend_load(self) -> Load:
        """Return the load that the backend reports; zero if it reports none."""
        backend = self.workspace.backend
        return backend.load() if isinstance(backend, Watched) else Load(0, 0, {})


def state_of(request: Request) -> AppState:
    """Return the state of the application that serves ``request``."""
    state = request.app.state.geungeo
    if not isinstance(state, AppState):
        raise TypeError("the application has no AppState; make it with create_app")
    return state


State = Annotated[AppState, Depends(state_of)]
