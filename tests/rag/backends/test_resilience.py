"""Breaker, gate and Retry-After, with an injected clock."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.backends.endpoint import MAX_HOLD, Breaker, Endpoint, Limits, parse_retry_after
from geungeo.rag.errors import BackendOverloaded, SettingsError
from geungeo.rag.gate import Gate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_breaker_opens_allows_one_trial_and_closes() -> None:
    clock = Clock()
    breaker = Breaker(3, 30, clock=clock)
    for _ in range(2):
        breaker.failed()
    assert breaker.wait() == 0
    breaker.failed()
    assert breaker.wait() == 30 and breaker.is_open
    clock.now += 29
    assert breaker.wait() == pytest.approx(1)
    clock.now += 1
    assert breaker.wait() == 0  # the one trial
    assert breaker.wait() == 30  # no second call during the trial
    breaker.failed()
    assert breaker.wait() == 30
    clock.now += 30
    assert breaker.wait() == 0
    breaker.succeeded()
    assert breaker.wait() == 0 and breaker.wait() == 0


def test_successes_between_failures_keep_breaker_closed() -> None:
    breaker = Breaker(2, 30, clock=Clock())
    for _ in range(10):
        breaker.failed()
        breaker.succeeded()
    assert breaker.wait() == 0


def test_trial_without_result_expires() -> None:
    clock = Clock()
    breaker = Breaker(1, 30, clock=clock)
    breaker.failed()
    clock.now += 30
    assert breaker.wait() == 0
    clock.now += 30
    assert breaker.wait() == 0


def test_hold_is_limited() -> None:
    breaker = Breaker(clock=Clock())
    breaker.hold(10**9)
    assert breaker.wait() == MAX_HOLD


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 17 ", 17),
        ("1.5", 1.5),
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0),
        ("Wednesday, 21-Oct-15 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2015 16:28:10 +0900", 10),
        (None, None),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("inf", None),
        ("soon", None),
        ("٣", None),
        ("1" * 65, None),
        ("Wed, 99 Oct 2015 07:28:10 GMT", None),
    ],
)
def test_retry_after_is_parsed(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=lambda: 1445412480.0) == seconds


@given(st.text())
def test_retry_after_is_never_negative_or_unlimited(value: str) -> None:
    seconds = parse_retry_after(value, now=lambda: 1445412480.0)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def test_gate_limits_running_and_waiting_jobs() -> None:
    running = most = 0

    async def job(gate: Gate) -> bool:
        nonlocal running, most
        try:
            async with gate.slot(5):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.01)
                running -= 1
        except BackendOverloaded:
            return False
        return True

    async def main() -> list[bool]:
        gate = Gate(2, 3)
        return await asyncio.gather(*(job(gate) for _ in range(9)))

    assert sum(asyncio.run(main())) == 5
    assert most == 2


def test_queue_timeout_gives_retry_delay() -> None:
    clock = Clock()

    async def main() -> float:
        gate = Gate(1, 5, clock=clock)
        async with gate.slot(1):
            with pytest.raises(BackendOverloaded) as caught:
                async with gate.slot(0.01):
                    pass
            clock.now += 1000
        # Answers take long: the retry delay grows with the measured time, up to a limit.
        async with gate.slot(1):
            with pytest.raises(BackendOverloaded) as later:
                async with gate.slot(0.01):
                    pass
        assert later.value.retry_after == 60
        async with gate.slot(1):
            pass
        return caught.value.retry_after

    assert asyncio.run(main()) == 5


def test_gate_counts_running_and_waiting_jobs() -> None:
    async def main() -> None:
        gate = Gate(1, 5)

        async def pass_through() -> None:
            async with gate.slot(5):
                pass

        assert (gate.running, gate.waiting) == (0, 0)
        async with gate.slot(1):
            behind = [asyncio.create_task(pass_through()) for _ in range(3)]
            await asyncio.sleep(0)
            assert (gate.running, gate.waiting) == (1, 3)
        await asyncio.gather(*behind)
        assert (gate.running, gate.waiting) == (0, 0)

    asyncio.run(main())


def test_cancelled_waiter_frees_its_place() -> None:
    async def main() -> None:
        gate = Gate(1, 1)

        async def wait() -> None:
            async with gate.slot(5):
                pass

        for _ in range(20):
            async with gate.slot(1):
                waiting = asyncio.create_task(wait())
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
        async with gate.slot(1):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
        await waiting

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", None),
        ("localhost:8000/v1", None),
        ("ftp://host/v1", None),
        ("http://", None),
        ("http://user:secret@host/v1", None),
        ("http://host:99999999/v1", None),
        ("http://host/v1", "a\r\nX-Evil: 1"),
        ("http://host/v1", "열쇠"),
        ("http://host/v1", "a b"),
    ],
)
def test_invalid_address_or_key_is_rejected_without_being_shown(url: str, key: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        Endpoint(url, "m", key, Limits(1, 1, 1, 0), context_tokens=4096)
    assert "secret" not in str(caught.value)
    assert key is None or key not in str(caught.value)
