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
"""Runs in a child; its exit status."""

# A worker that lived this long, in seconds, died of something new: its delay starts anew.
STEADY_SECONDS = 60.0
MAX_DELAY = 30.0
# Longer than a worker's own grace; then it is killed.
STOP_SECONDS = 28.0
# These tell that starting again cannot help: bad usage or settings, a store that cannot serve.
_HOPELESS = frozenset({2, 3})
_STOP = frozenset({signal.SIGTERM, signal.SIGINT})
_WATCHED = _STOP | {signal.SIGCHLD}

log = logging.getLogger(__name__)


def delay_after(deaths: int) -> float:
    """Seconds before a worker is started again that has died ``deaths`` times in a row."""
    return min(MAX_DELAY, 2.0 ** (deaths - 1))


@dataclass(slots=True)
class _Slot:
    """One worker's place: the process in it, or when there will be one again."""

    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """Runs ``prepare`` to its end, then keeps ``count`` processes running ``work``.

    ``buried`` is told the id of each worker that has ended.
    """

    def __init__(
        self,
        count: int,
        prepare: Task,
        work: Callable[[int], int],
        *,
        buried: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._prepare = prepare
        self._work = work
        self._buried = buried
        self._slots = [_Slot() for _ in range(count)]
        self._stopping = False
        self._status = 0
        self._alive: tuple[int, int] = (-1, -1)
        self._mask: set[int | signal.Signals] = set()

    def run(self) -> int:
        """Until a signal stops it, or a worker that no restart can help; the exit status.

        Must be called in a process with one thread, since it forks.
        """
        # Blocked signals wait for us instead of interrupting; children get the mask back.
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self._alive = os.pipe()
        try:
            status = self._until_prepared()
            return self._serve() if status is None else status
        finally:
            for end in self._alive:
                os.close(end)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _until_prepared(self) -> int | None:
        """``None`` if the workers may start, else how it ended."""
        pid = self._fork(self._prepare)
        while True:
            stop = signal.sigwait(_WATCHED) in _STOP
            if stop:
                os.kill(pid, signal.SIGTERM)
            for ended, status in self._reaped():
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
                log.warning("workers did not stop in time and are killed")
                self._signal_all(signal.SIGKILL)
                until = float("inf")
            self._wait_for(until)
        return self._status

    def _wait_for(self, until: float | None) -> None:
        """Wait for a signal, or until a moment; note which workers have ended."""
        left = 3600.0 if until is None else until - time.monotonic()
        told = signal.sigtimedwait(_WATCHED, min(3600.0, max(0.0, left)))
        self._stopping = self._stopping or (told is not None and told.si_signo in _STOP)
        for pid, status in self._reaped():
            for slot in self._slots:
                if slot.pid == pid:
                    self._bury(slot, status)

    def _bury(self, slot: _Slot, status: int) -> None:
        self._buried(slot.pid)
        now = time.monotonic()
        if self._stopping:
            slot.pid = 0
            return
        if status in _HOPELESS:
            log.error("worker %d ended with status %d; stopping", slot.pid, status)
            self._status, self._stopping = status, True
        else:
            slot.deaths = 1 if now - slot.started >= STEADY_SECONDS else slot.deaths + 1
            slot.due = now + delay_after(slot.deaths)
            how = f"signal {-status}" if status < 0 else f"status {status}"
            log.error("worker %d died (%s); started again in %.0f s", slot.pid, how, slot.due - now)
        slot.pid = 0

    def _reaped(self) -> list[tuple[int, int]]:
        """Children that have ended, with their exit status, or the signal negated."""
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
            threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
            status = task()
        except BaseException:
            log.exception("the worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _end_with_parent(reading: int) -> None:
    """A supervisor that was killed leaves no workers behind: its end of the pipe closes."""
    os.read(reading, 1)
    os.kill(os.getpid(), signal.SIGTERM)
