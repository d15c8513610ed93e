"""Several worker processes behind one listening socket, and their supervisor.

Readers never block in the store and each worker follows its generation, so workers share it
without communicating. Each loads its own models.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

Task = Callable[[], int]
"""Function that runs in a child process and returns its exit status."""

# After this many seconds a worker counts as healthy: its next restart delay is the shortest.
STEADY_SECONDS = 60.0
MAX_DELAY = 30.0
# Longer than a worker's own shutdown timeout; then it is killed.
STOP_SECONDS = 28.0
# A restart cannot help: bad usage or settings, an unusable store.
_PERMANENT = frozenset({2, 3})
_STOP = frozenset({signal.SIGTERM, signal.SIGINT})
_WATCHED = _STOP | {signal.SIGCHLD}

log = logging.getLogger(__name__)


def delay_after(deaths: int) -> float:
    """Return the delay in seconds before the restart after ``deaths`` consecutive deaths."""
    return min(MAX_DELAY, 2.0 ** (deaths - 1))


@dataclass(slots=True)
class _Slot:
    """A worker's place: its process, or the time of its restart."""

    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """A supervisor that runs ``prepare`` once and then keeps ``count`` processes running ``work``.

    ``on_exit`` is called with the process id of each worker that has ended.
    """

    def __init__(
        self,
        count: int,
        prepare: Task,
        work: Callable[[int], int],
        *,
        on_exit: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._prepare = prepare
        self._work = work
        self._on_exit = on_exit
        self._slots = [_Slot() for _ in range(count)]
        self._stopping = False
        self._status = 0
        self._alive: tuple[int, int] = (-1, -1)
        self._mask: set[int | signal.Signals] = set()

    def run(self) -> int:
        """Supervise until a signal or a permanent failure; return the exit status.

        Call it in a process with one thread, since it forks.
        """
        # Blocked signals are received by sigwait; children restore the mask.
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self._alive = os.pipe()
        try:
            status = self._run_prepare()
            return self._serve() if status is None else status
        finally:
            for end in self._alive:
                os.close(end)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _run_prepare(self) -> int | None:
        """Run ``prepare``; return ``None`` if the workers may start, otherwise the exit status."""
        pid = self._fork(self._prepare)
        while True:
            stop = signal.sigwait(_WATCHED) in _STOP
            if stop:
                os.kill(pid, signal.SIGTERM)
            for ended, status in self._reap():
                if ended == pid:
                    return 0 if stop or self._stopping else (status or None)
            self._stopping = self._stopping or stop

    def _serve(self) -> int:
        while not self._stopping:
            for number, slot in enumerate(self._slots):
                if not slot.pid and time.monotonic() >= slot.due:
                    slot.pid = self._fork(partial(self._work, number))
                    slot.started = time.monotonic()
            self._wait_for(min((s.due for s in self._slots if not s.pid), default=None))
        return self._stop_all()

    def _stop_all(self) -> int:
        until = time.monotonic() + STOP_SECONDS
        self._signal_all(signal.SIGTERM)
        while any(slot.pid for slot in self._slots):
            if time.monotonic() >= until:
                log.warning("workers did not stop in time; killing them")
                self._signal_all(signal.SIGKILL)
                until = float("inf")
            self._wait_for(until)
        return self._status

    def _wait_for(self, until: float | None) -> None:
        """Wait for a signal or until a time, then handle the workers that have ended."""
        left = 3600.0 if until is None else until - time.monotonic()
        received = signal.sigtimedwait(_WATCHED, min(3600.0, max(0.0, left)))
        self._stopping = self._stopping or (received is not None and received.si_signo in _STOP)
        for pid, status in self._reap():
            for slot in self._slots:
                if slot.pid == pid:
                    self._handle_exit(slot, status)

    def _handle_exit(self, slot: _Slot, status: int) -> None:
        self._on_exit(slot.pid)
        now = time.monotonic()
        if self._stopping:
            slot.pid = 0
            return
        if status in _PERMANENT:
            log.error("worker %d ended with status %d; stopping the server", slot.pid, status)
            self._status, self._stopping = status, True
        else:
            slot.deaths = 1 if now - slot.started >= STEADY_SECONDS else slot.deaths + 1
            slot.due = now + delay_after(slot.deaths)
            how = f"signal {-status}" if status < 0 else f"status {status}"
            log.error("worker %d died (%s); restart in %.0f s", slot.pid, how, slot.due - now)
        slot.pid = 0

    def _reap(self) -> list[tuple[int, int]]:
        """Reap ended children; return their ids and exit statuses (a signal is negative)."""
        found: list[tuple[int, int]] = []
        with contextlib.suppress(ChildProcessError):
            while (child := os.waitpid(-1, os.WNOHANG))[0]:
                found.append((child[0], os.waitstatus_to_exitcode(child[1])))
        return found

    def _signal_all(self, signum: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid:
                os.kill(slot.pid, signum)

    def _fork(self, task: Task) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            reading, writing = self._alive
            os.close(writing)
            threading.Thread(target=_stop_with_parent, args=(reading,), daemon=True).start()
            status = task()
        except BaseException:
            log.exception("worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _stop_with_parent(reading: int) -> None:
    """Stop this worker when the supervisor's end of the pipe closes, even if it was killed."""
    os.read(reading, 1)
    os.kill(os.getpid(), signal.SIGTERM)
