"""What a server process holds, read from ``/proc`` and from its own metrics."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from geungeo.eval.load.client import Client, Reply

PROBE_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


@dataclass(frozen=True, slots=True)
class Held:
    """Resident bytes, and what could be left behind: sockets, files, threads, tasks, slots."""

    rss: int
    sockets: int
    files: int
    threads: int
    tasks: int
    slots: int

    def leaked(self, before: Held, model_open: int) -> list[str]:
        """What is held beyond ``before``, and connections that the model still has."""
        more = {name: getattr(self, name) - getattr(before, name) for name in ("sockets", "tasks")}
        left = [f"{count} {name} more than before" for name, count in more.items() if count > 0]
        if self.slots:
            left.append(f"{self.slots} slots")
        if model_open:
            left.append(f"{model_open} connections to the model")
        return left


def resident(pid: int) -> int:
    """Bytes of memory that the process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def _files(pid: int) -> Iterator[str]:
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we look
            yield str(path.readlink())


async def held(client: Client, pid: int) -> Held:
    """What the process holds; the socket and the task of the question itself included."""
    metrics = await client.metrics()
    files = list(_files(pid))
    states = [
        f'{name}{{state="{state}"}}'
        for name in ("geungeo_backend_answers", "geungeo_searches")
        for state in ("running", "waiting")
    ]
    return Held(
        rss=resident(pid),
        sockets=sum(name.startswith("socket:") for name in files),
        files=len(files),
        threads=len(list(Path(f"/proc/{pid}/task").iterdir())),
        tasks=int(metrics["geungeo_tasks"]),
        slots=int(sum(metrics[name] for name in states)),
    )


@dataclass(slots=True)
class Probe:
    """Replies of ``/healthz`` and resident bytes, as they were while something else went on."""

    replies: list[Reply] = field(default_factory=list)
    resident: list[tuple[float, int]] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Seconds."""
        return percentile([one.seconds for one in self.replies], 0.99)

    @property
    def failed(self) -> int:
        """How many were not a 200."""
        return sum(one.status != 200 for one in self.replies)


@asynccontextmanager
async def probing(client: Client, pid: int) -> AsyncGenerator[Probe]:
    """Ask for ``/healthz`` ten times a second and look at the memory, meanwhile."""
    probe = Probe()

    async def look() -> None:
        while True:
            probe.replies.append(await client.get("/healthz"))
            probe.resident.append((time.monotonic(), resident(pid)))
            await asyncio.sleep(PROBE_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield probe
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
