"""How often an address and a key may ask."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from geungeo.rag.settings import Settings
from geungeo.server.access.counters import SharedCounters

DEFAULT_PER_ADDRESS = "600/minute"


class Rates:
    """Counts requests in fixed windows; what is made before a fork counts for all children."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(SharedCounters(clock))
        self._guarded = _item(settings.rate_limit_address or DEFAULT_PER_ADDRESS)
        self._unguarded = _item(settings.rate_limit_address or "off")
        self._per_key = _item(settings.rate_limit_key)

    def address(self, address: str, *, guarded: bool) -> int | None:
        """Count a request from ``address``; seconds to wait if that was one too many.

        ``guarded`` tells whether others than this machine's own users can be expected.
        """
        return self._hit(self._guarded if guarded else self._unguarded, f"address:{address}")

    def key(self, key_id: str) -> int | None:
        """Count a request with a key; seconds to wait if that was one too many."""
        return self._hit(self._per_key, f"key:{key_id}")

    def _hit(self, item: RateLimitItem | None, identity: str) -> int | None:
        if item is None or self._limiter.hit(item, identity):
            return None
        reset = self._limiter.get_window_stats(item, identity).reset_time
        return max(1, math.ceil(reset - self._clock()))


def _item(limit: str) -> RateLimitItem | None:
    return None if limit == "off" else parse(limit)
