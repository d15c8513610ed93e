"""Pull the store's feeds again and again while the server runs, in a thread of its own."""

from __future__ import annotations

import logging
import threading

from geungeo.index.fetching import Fetcher
from geungeo.index.pulling import Puller
from geungeo.index.workspace import Workspace
from geungeo.rag.errors import GeungeoError

log = logging.getLogger(__name__)

_JOIN_SECONDS = 5.0


class _Stopped(Exception):
    """The server stops: the feed that is being pulled is given up."""


class FeedWatcher:
    """Puller of feeds every ``every`` seconds. Several servers share the work by claims."""

    def __init__(self, workspace: Workspace, every: float, fetcher: Fetcher | None = None) -> None:
        self._workspace = workspace
        self._every = every
        self._fetcher = fetcher or workspace.fetcher
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="geungeo-feeds", daemon=True)

    def start(self) -> None:
        """Begin to pull."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request that is under way, at most some seconds."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._pull()
            except _Stopped:
                return
            except GeungeoError as error:
                # Such as a store that another process writes to: the next round tries again.
                log.warning("feeds were not pulled: %s", error)
            self._stopped.wait(self._every)

    def _pull(self) -> None:
        puller = Puller(self._workspace.store.feeds, self._fetcher, sleep=self._sleep)
        summary, outcomes = self._workspace.pull(wait=self._every * 0.9, puller=puller)
        for failure in summary.failed:
            log.warning("feed %s: %s", failure.source, failure.error)
        for notice in summary.warnings:
            log.warning("feed %s: %s", notice.source, notice.message)
        if any(outcome.status == "pulled" for outcome in outcomes):
            log.info("feeds: %d added, %d updated", len(summary.added), len(summary.updated))

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise _Stopped
