"""Servers under load: real processes over stores made for them, and their resources."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from geungeo.rag.errors import StoreUnavailable
from tests.load.client import Client, Reply
from tests.load.first_claim import QUESTIONS
from tests.support.model_server import SlowModel
from tests.support.news import COUNT, report
from tests.support.processes import serving


@dataclass(slots=True)
class Target:
    """A running server, the model behind it if there is one, and a random generator."""

    client: Client
    pid: int
    chance: random.Random
    model: SlowModel | None = None

    def question(self) -> str:
        """Return a question that the store can answer."""
        return self.chance.choice(_ASKED)

    @contextmanager
    def fast_model(self) -> Iterator[None]:
        """Let the model answer at once while the block runs."""
        if self.model is None:
            yield
            return
        seconds, self.model.answer_seconds = self.model.answer_seconds, 0.0
        try:
            yield
        finally:
            self.model.answer_seconds = seconds

    @property
    def model_open(self) -> int:
        """Open connections to the model."""
        return self.model.open if self.model else 0


_ASKED = (*QUESTIONS, *(report(number).question for number in range(COUNT)))


def news(edition: int) -> dict[str, str]:
    """Return the body that ingests one of the invented articles in that edition."""
    draft = report(edition % COUNT, edition).draft
    text = "\n\n".join(text for _, text in draft.blocks)
    return {
        "text": f"{draft.title}\n\n2025-03-10     모의 기자\n\n{text}\n",
        "name": f"{edition % COUNT}.txt",
    }


@asynccontextmanager
async def target(
    seed: int, settings: Mapping[str, str], model: SlowModel | None = None
) -> AsyncGenerator[Target]:
    """Start a server with the seed article and the invented news, and warm it up."""
    if model is not None:
        settings = {
            "GEUNGEO_BACKEND": "openai",
            "GEUNGEO_LLM_BASE_URL": model.url,
            "GEUNGEO_LLM_MODEL": "scripted",
            "GEUNGEO_LLM_EXTRACTIVE_FALLBACK": "false",
            **settings,
        }
    with tempfile.TemporaryDirectory(prefix="geungeo-load-") as folder:
        store = Path(folder) / "store"
        with serving(store, settings) as served:
            chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
            made = Target(Client(served.url), served.process.pid, chance, model)
            await _prepare(made)
            yield made


async def _prepare(made: Target) -> None:
    for edition in range(COUNT):
        reply = await made.client.post("/articles", news(edition))
        if reply.status not in (200, 201):
            raise StoreUnavailable(f"the server under load rejects an article: {reply}")
    with made.fast_model():
        for question in _ASKED:
            await made.client.ask(question)


PROBE_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that ``share`` of ``values`` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


@dataclass(frozen=True, slots=True)
class Held:
    """Resident bytes, and resources that could leak: sockets, files, threads, tasks, slots."""

    rss: int
    sockets: int
    files: int
    threads: int
    tasks: int
    slots: int

    def leaked(self, before: Held, model_open: int) -> list[str]:
        """Return what is held beyond ``before``, and connections to the model."""
        more = {name: getattr(self, name) - getattr(before, name) for name in ("sockets", "tasks")}
        left = [f"{count} {name} more than before" for name, count in more.items() if count > 0]
        if self.slots:
            left.append(f"{self.slots} slots")
        if model_open:
            left.append(f"{model_open} connections to the model")
        return left


def resident(pid: int) -> int:
    """Return the resident bytes of the process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def processor_seconds(pids: Iterable[int]) -> float:
    """Return the processor time that the processes have used, with that of their ended children."""
    spent = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):  # ended in the meantime
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += sum(map(int, fields[11:15]))
    return spent / os.sysconf("SC_CLK_TCK")


def _files(pid: int) -> Iterator[str]:
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            yield str(path.readlink())


async def held(client: Client, pid: int) -> Held:
    """Return what the process holds, including the socket and the task of this request."""
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
    """Replies of ``/healthz`` and resident bytes, recorded during a scenario."""

    replies: list[Reply] = field(default_factory=list)
    resident: list[tuple[float, int]] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Seconds of the 99th percentile."""
        return percentile([one.seconds for one in self.replies], 0.99)

    @property
    def failed(self) -> int:
        """Number of replies without status 200."""
        return sum(one.status != 200 for one in self.replies)


@asynccontextmanager
async def probing(client: Client, pid: int) -> AsyncGenerator[Probe]:
    """Request ``/healthz`` ten times a second and record the memory during the block."""
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
