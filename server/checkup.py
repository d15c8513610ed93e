"""The store's own examination, not repeated more often than it is worth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

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
