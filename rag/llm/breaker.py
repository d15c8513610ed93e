"""A circuit breaker: an endpoint that keeps failing is left alone for a while."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

Clock = Callable[[], float]

# However long a Retry-After asks for, look again after this many seconds: it may be a mistake.
MAX_HOLD = 600.0


class Breaker:
    """Opens after ``threshold`` failures in a row, for ``cooldown`` seconds.

    Then one call may try; its success closes the breaker, its failure opens it again. A
    trial whose outcome is never told (its client went away) expires after ``cooldown``.
    """

    def __init__(
        self, threshold: int = 5, cooldown: float = 30.0, *, clock: Clock = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._shut_until = -math.inf

    def wait(self) -> float:
        """Seconds until a call may be made; 0 lets the caller through, as the trial if open."""
        now = self._clock()
        if now < self._shut_until:
            return self._shut_until - now
        if self._failures >= self._threshold:
            self._shut_until = now + self._cooldown
        return 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused just now."""
        return self._clock() < self._shut_until

    def succeeded(self) -> None:
        """The endpoint works."""
        self._failures = 0
        self._shut_until = -math.inf

    def failed(self) -> None:
        """The endpoint failed once more."""
        self._failures += 1
        if self._failures >= self._threshold:
            self._shut_until = max(self._shut_until, self._clock() + self._cooldown)

    def hold(self, seconds: float) -> None:
        """The endpoint asked to be left alone for ``seconds``."""
        self._shut_until = max(self._shut_until, self._clock() + min(seconds, MAX_HOLD))
