"""Load scenarios, one function each; a row of the journal is the outcome of one.

``failures`` of a row are broken promises. Times are figures, not promises: they depend on the
machine.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.load.client import Leave, Reply
from tests.load.target import Held, Probe, Target, held, news, percentile, probing

Figures = dict[str, Any]

LEVELS = (1, 2, 4, 8, 16)
# A level with fewer answers than this share of the best is below saturation.
_SATURATED = 0.95
INGEST_SECONDS = 5.0
# Seconds after which resources must be released and the server must have recovered.
SETTLED = 30.0
# Maximum seconds before a rejected client retries.
_MAX_RETRY = 10.0
MAX_GROWTH = 0.05
_ENDS = frozenset({"answered", "abstained", "ok", "left"})


async def saturation(target: Target, seconds: float, levels: Sequence[int] = LEVELS) -> Figures:
    """Run a closed loop with more and more clients, each level for ``seconds``."""
    idle = await _idle(target, seconds)
    rows: list[Figures] = []
    for level in levels:
        async with probing(target.client, target.pid) as probe:
            began = time.perf_counter()
            replies = await _closed_loop(target, level, seconds)
            took = time.perf_counter() - began
        rows.append({"askers": level, **_summary(replies, took), "healthz_p99": probe.p99})
    best = max(row["answers_per_second"] for row in rows)
    point = next(row for row in rows if row["answers_per_second"] >= _SATURATED * best)
    return {
        "healthz_p99_idle": idle.p99,
        "answers_per_second": best,
        "saturated_at_askers": point["askers"],
        "levels": rows,
        "failures": _errors([reply for row in rows for reply in row.pop("replies")]),
    }


async def arrivals(target: Target, rate: float, seconds: float) -> Figures:
    """Run an open loop: ``rate`` questions a second arrive at random, answered or not."""
    idle = await _idle(target, min(seconds, 10.0))
    async with probing(target.client, target.pid) as probe:
        began = time.perf_counter()
        replies = await _open_loop(target, rate, seconds)
        took = time.perf_counter() - began
    summary = _summary(replies, took)
    failures = _errors(summary.pop("replies")) + _unwell(probe)
    return {
        "asked_per_second": rate,
        "asked": len(replies),
        **summary,
        "healthz_p99_idle": idle.p99,
        "healthz_p99": probe.p99,
        "failures": failures,
    }


async def overload(target: Target, rate: float, seconds: float) -> Figures:
    """Run an open loop beyond the capacity, and measure the recovery."""
    # The best of five, to exclude other work on this machine.
    before = min([(await target.client.ask(target.question())).seconds for _ in range(5)])
    held_before = await held(target.client, target.pid)
    figures = await arrivals(target, rate, seconds)
    began = time.perf_counter()
    last = before
    while (waited := time.perf_counter() - began) < SETTLED:
        reply = await target.client.ask(target.question())
        last = reply.seconds
        if reply.outcome in ("answered", "abstained") and last < 2 * before:
            break
    failures = figures["failures"] + await _left(target, held_before)
    if not figures["shed"]:
        failures.append("no request was rejected")
    reply = await target.client.ask(target.question())
    if reply.outcome not in ("answered", "abstained"):
        failures.append(f"no answer afterwards: {reply.outcome}")
    recovery = {"answer_before": before, "answer_after": last, "recovered_after": waited}
    return figures | recovery | {"failures": failures}


async def conversations(target: Target, count: int, seconds: float) -> Figures:
    """Run ``count`` continuing conversations while articles are ingested."""
    idle = await _idle(target, 5.0)
    before = await held(target.client, target.pid)
    replies: list[Reply] = []
    ingested: list[Reply] = []
    end = time.monotonic() + seconds

    async def converse(number: int) -> None:
        # Clients start at different moments.
        await asyncio.sleep(target.chance.uniform(0, seconds / 5))
        while time.monotonic() < end:
            name = f"load-{number}"
            reply = await target.client.ask(target.question(), conversation_id=name)
            replies.append(reply)
            if reply.shed:
                # Longer than requested, so that clients do not all retry at the same moment.
                wait = min(reply.retry_after or _MAX_RETRY, _MAX_RETRY)
                await asyncio.sleep(wait * target.chance.uniform(1, 2))

    async def ingest() -> None:
        edition = 12
        while time.monotonic() < end:
            ingested.append(await target.client.post("/articles", news(edition)))
            edition += 1
            await asyncio.sleep(INGEST_SECONDS)

    async with probing(target.client, target.pid) as probe:
        began = time.monotonic()
        most: list[int] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(ingest())
            for number in range(count):
                group.create_task(converse(number))
            while time.monotonic() < end:
                most.append(target.model_open)
                await asyncio.sleep(0.5)
        took = time.monotonic() - began
    warm, last, growth = _growth(probe, began, seconds)
    summary = _summary(replies, took)
    failures = _errors(summary.pop("replies")) + _errors(ingested) + _unwell(probe)
    if growth > MAX_GROWTH:
        failures.append(f"memory grew by {growth:.1%}")
    return {
        "askers": count,
        "seconds": took,
        "streaming_at_once": max(most, default=0),
        **summary,
        "ingested": len(ingested),
        "healthz_p99_idle": idle.p99,
        "healthz_p99": probe.p99,
        "rss_warm_mb": warm / 1e6,
        "rss_end_mb": last / 1e6,
        "rss_growth": growth,
        "failures": failures + await _left(target, before),
    }


async def disconnects(target: Target, count: int, parallel: int) -> Figures:
    """Run ``count`` clients, ``parallel`` at a time, that disconnect during their answers."""
    before = await held(target.client, target.pid)
    moments: tuple[Leave, ...] = ("searching", "passages", "delta")
    # Mostly during the stream, sometimes before the first event.
    left = iter(target.chance.choices(moments, weights=(1, 6, 3), k=count))
    replies: list[Reply] = []

    async def ask() -> None:
        for moment in left:
            reply = await target.client.ask(target.question(), leave=moment, top_k=3)
            replies.append(reply)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(ask())
    took = time.perf_counter() - began
    failures = _errors(replies) + await _left(target, before)
    if target.model is not None:
        with target.fast_model():
            reply = await target.client.ask(target.question())
        if reply.outcome != "answered":
            failures.append(f"no answer afterwards: {reply.outcome}")
    after = await held(target.client, target.pid)
    return {
        "disconnects": sum(reply.outcome == "left" for reply in replies),
        "seconds": took,
        "shed": sum(reply.shed for reply in replies),
        "rss_before_mb": before.rss / 1e6,
        "rss_after_mb": after.rss / 1e6,
        "files_before": before.files,
        "files_after": after.files,
        "failures": failures,
    }


async def drips(target: Target, count: int, seconds: float) -> Figures:
    """Open ``count`` sockets that send one byte a second, while one client asks."""
    before = await held(target.client, target.pid)
    calm = await _closed_loop(target, 1, seconds)
    lives: list[float] = []
    end = time.monotonic() + seconds

    async def drip(number: int) -> None:
        await asyncio.sleep(target.chance.uniform(0, 2))
        while time.monotonic() < end:
            lives.append(await _drip(target, number))

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(drip(number))
        async with probing(target.client, target.pid) as probe:
            dripped_on = await _closed_loop(target, 1, seconds)
    calm_p99, p99 = (
        percentile([one.seconds for one in replies], 0.99) for replies in (calm, dripped_on)
    )
    failures = _errors(calm) + _errors(dripped_on) + _unwell(probe)
    return {
        "sockets": count,
        "closed": len(lives),
        "longest_life": max(lives),
        "answers_calm": len(calm),
        "answers": len(dripped_on),
        "p99_calm": calm_p99,
        "p99": p99,
        "p99_ratio": p99 / calm_p99,
        "healthz_p99": probe.p99,
        "failures": failures + await _left(target, before),
    }


async def _drip(target: Target, number: int) -> float:
    """Return the seconds until the server closes a socket that sends almost nothing."""
    head = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    first, drop = ((head, b"X"), (head + b"Content-Length: 5000\r\n\r\n{", b" "))[number % 2]
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(*target.client.address)
    try:
        writer.write(first)
        while True:
            try:
                async with asyncio.timeout(1.0):
                    if not await reader.read(4096):
                        break
            except TimeoutError:
                writer.write(drop)
    except OSError:
        pass
    finally:
        writer.transport.abort()
    return time.monotonic() - began


async def _closed_loop(target: Target, askers: int, seconds: float) -> list[Reply]:
    replies: list[Reply] = []
    end = time.monotonic() + seconds

    async def ask() -> None:
        while time.monotonic() < end:
            reply = await target.client.ask(target.question())
            replies.append(reply)
            if reply.shed:
                await asyncio.sleep(min(reply.retry_after or 1.0, _MAX_RETRY))

    async with asyncio.TaskGroup() as group:
        for _ in range(askers):
            group.create_task(ask())
    return replies


async def _open_loop(target: Target, rate: float, seconds: float) -> list[Reply]:
    """Ask at Poisson arrivals; rejected clients do not retry."""
    async with _tasks() as tasks:
        due = began = time.monotonic()
        while (due := due + target.chance.expovariate(rate)) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(target.client.ask(target.question())))
    return [task.result() for task in tasks]


@asynccontextmanager
async def _tasks() -> AsyncIterator[list[asyncio.Task[Reply]]]:
    tasks: list[asyncio.Task[Reply]] = []
    yield tasks
    await asyncio.gather(*tasks)


async def _idle(target: Target, seconds: float) -> Probe:
    async with probing(target.client, target.pid) as probe:
        await asyncio.sleep(seconds)
    return probe


async def _left(target: Target, before: Held) -> list[str]:
    """Return what is still held that was not ``before``, after some time to release it."""
    until = time.monotonic() + SETTLED
    while True:
        after = await held(target.client, target.pid)
        leaked = after.leaked(before, target.model_open)
        if not leaked or time.monotonic() >= until:
            return leaked
        await asyncio.sleep(0.5)


def _summary(replies: list[Reply], seconds: float) -> Figures:
    served = [one.seconds for one in replies if one.outcome in _ENDS]
    return {
        "answers": len(served),
        "answers_per_second": len(served) / seconds,
        "p50": statistics.median(served) if served else None,
        "p99": percentile(served, 0.99) if served else None,
        "shed": sum(one.shed for one in replies),
        "replies": replies,
    }


def _errors(replies: list[Reply]) -> list[str]:
    """Count the unexpected outcomes."""
    wrong = Counter(
        f"{one.status} {one.outcome}"
        for one in replies
        if one.outcome not in _ENDS and not one.shed
    )
    return [f"{number} times {what}" for what, number in wrong.items()]


def _unwell(probe: Probe) -> list[str]:
    return [f"/healthz failed {probe.failed} times"] if probe.failed else []


def _growth(probe: Probe, began: float, seconds: float) -> tuple[float, float, float]:
    """Return the median resident bytes in the third and the last fifth, and the growth.

    Clients begin in the first fifth; many clients need the second to be admitted.
    """
    fifth = seconds / 5
    in_fifth = [
        [rss for at, rss in probe.resident if number <= (at - began) / fifth < number + 1]
        for number in range(5)
    ]
    warm, last = statistics.median(in_fifth[2]), statistics.median(in_fifth[4])
    return warm, last, last / warm - 1
