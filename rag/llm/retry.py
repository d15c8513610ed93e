"""When a failed call is worth another, and how long to wait before it."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from geungeo.rag.errors import BackendUnavailable

# A longer Retry-After is not waited for: another endpoint answers sooner.
MAX_RETRY_AFTER = 60.0
_MAX_BACKOFF = 8.0

Sleep = Callable[[float], Awaitable[None]]


class NotAgain(BackendUnavailable):
    """Transient, but not worth another try of the same endpoint just now.

    It was silent until its time was over, or it is being left alone.
    """


def parse_retry_after(value: str | None, *, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, section 10.2.3).

    Takes whole seconds (and, beyond the RFC, decimals) or an HTTP date; a past date is 0.
    ``None`` for rubbish.
    """
    if not value or len(value) > 64 or not value.isascii():
        return None
    value = value.strip()
    if value.replace(".", "", 1).isdigit():
        return min(float(value), float(10**9))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.fromtimestamp(now(), UTC)).total_seconds())


def retrying(
    attempts: int, *, backoff: float, sleep: Sleep, left: Callable[[], float]
) -> AsyncRetrying:
    """The policy: at most ``attempts`` tries, jittered exponential waits from ``backoff`` s.

    Only :class:`BackendUnavailable` but not :class:`NotAgain` is retried, never once tokens
    have come (the caller sees to that). A ``Retry-After`` replaces the wait. There is no
    retry whose wait would exceed ``MAX_RETRY_AFTER`` or the seconds that are ``left()``; the
    last error is raised.
    """
    jittered = wait_random_exponential(multiplier=backoff, max=_MAX_BACKOFF)

    def wait(state: RetryCallState) -> float:
        asked = _asked(state)
        return jittered(state) if asked is None else asked

    def stop(state: RetryCallState) -> bool:
        upcoming = state.upcoming_sleep
        if state.attempt_number >= attempts or upcoming > MAX_RETRY_AFTER:
            return True
        return upcoming >= left()

    return AsyncRetrying(
        wait=wait,
        stop=stop,
        retry=retry_if_exception(
            lambda error: isinstance(error, BackendUnavailable) and not isinstance(error, NotAgain)
        ),
        sleep=sleep,
        reraise=True,
    )


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, BackendUnavailable) else None
    return None if asked is None or math.isnan(asked) else asked
