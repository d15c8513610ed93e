"""What the routes share, and how they get at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from geungeo.rag.protocols import Load, Watched
from geungeo.server.checkup import Checkup
from geungeo.server.hooks.signed import HookVerifier
from geungeo.server.metrics import Metrics
from geungeo.server.sse import Stopping
from geungeo.server.writing import Writers

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace
    from geungeo.server.slack.channel import SlackChannel


@dataclass(frozen=True, slots=True)
class AppState:
    """One application's workspace, metrics, checkup, stop signal, and channels."""

    workspace: Workspace
    writers: Writers
    metrics: Metrics = field(default_factory=Metrics)
    checkup: Checkup = field(default_factory=Checkup)
    stopping: Stopping = field(default_factory=Stopping)
    slack: SlackChannel | None = None

    def gauge(self) -> None:
        """Bring the gauges of the metrics up to date; called in the event loop."""
        self.metrics.backend(self.load())
        self.metrics.process(self.workspace.pipeline.load(), len(asyncio.all_tasks()))

    def load(self) -> Load:
        """How busy the backend is; the embedded one never is."""
        backend = self.workspace.backend
        return backend.load() if isinstance(backend, Watched) else Load(0, 0, {})

    hook: HookVerifier = field(default_factory=lambda: HookVerifier(()))


def state_of(request: Request) -> AppState:
    """The state of the application that serves ``request``."""
    state = request.app.state.geungeo
    if not isinstance(state, AppState):
        raise TypeError("this application was not made by create_app")
    return state


State = Annotated[AppState, Depends(state_of)]
