"""Kills during every change of a store, at each named step and at random moments.

With ``torn``, the log's tail is also lost, as by a power failure: everything in SQLite's log after
the last commit is cut off or overwritten, and the shared memory beside it is removed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from geungeo.index.database import FILE
from geungeo.index.store import Store
from tests.campaigns.children import Ended, Send, load_models, run_child
from tests.campaigns.stores import OPERATIONS, Operation, make_base, verify
from tests.support.journal import Journal, Row
from tests.support.news import COUNT

COUNTED = ("killed", "torn", "acked", "mended", "questions", "answered")
_SECTOR = 512
# Of this many random kills, the log's tail is torn in one.
_TORN_EVERY = 3


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    operation: Operation
    step: int | None
    """Which step to die at, counted over the whole operation; none is any moment."""
    torn: bool = False


class KillCampaign:
    """A campaign that prepares once, then runs case after case in children."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self._journal = journal
        self._seed = seed

    def run(self, *, cases: int, seconds: float, random_moments: bool = True) -> None:
        """Run the remaining cases, up to ``cases`` in the journal or for ``seconds``."""
        end = time.monotonic() + seconds
        embedder = load_models()
        with tempfile.TemporaryDirectory(prefix="geungeo-kill-") as place:
            self._place = Path(place)
            self._base = self._place / "base"
            self._embedder = embedder
            make_base(self._base, embedder)
            dry = {operation.name: self._dry_run(operation) for operation in OPERATIONS}
            plan = self._plan({name: steps for name, (steps, _) in dry.items()})
            wanted = islice(plan, cases) if random_moments else self._named(plan)
            known = {case.name: case for case in wanted}
            for name in self._journal.untried(known):
                if time.monotonic() >= end:
                    return
                case = known[name]
                self._journal.add(self._try(case, dry[case.operation.name][1]))

    def _named(self, plan: Iterator[_Case]) -> Iterator[_Case]:
        for case in plan:
            if case.step is None:
                return
            yield case

    def _plan(self, steps: dict[str, int]) -> Iterator[_Case]:
        for operation in OPERATIONS:
            for step in range(steps[operation.name]):
                yield _Case(f"step/{operation.name}/{step}", operation, step)
        for number in count():
            for operation in OPERATIONS:
                name = f"moment/{operation.name}/{number}"
                yield _Case(name, operation, None, torn=number % _TORN_EVERY == 0)

    def _dry_run(self, operation: Operation) -> tuple[int, float]:
        """Return the number of steps of the operation and its seconds.

        The first run is in this process, so that every text is embedded and cached before the
        forks.
        """
        folder = self._fresh(operation)
        self._operate(operation, folder, lambda _: None, None)
        done = len(operation.calls)
        if failures := self._check(operation, folder, done, range(COUNT))["failures"]:
            raise RuntimeError(f"{operation.name} fails without any kill: {failures}")
        folder = self._fresh(operation)
        began = time.monotonic()
        ended = run_child(lambda send: self._operate(operation, folder, send, None))
        spent = time.monotonic() - began
        if len(ended.of("acked")) != len(operation.calls):
            raise RuntimeError(f"{operation.name} does not work in a fork: {ended.messages}")
        return len(ended.of("step")), spent

    def _fresh(self, operation: Operation) -> Path:
        """Return the folder of a store in its initial state."""
        folder = self._place / "store"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._base, folder)
        if operation.damage:
            operation.damage(folder)
        return folder

    def _operate(self, operation: Operation, folder: Path, send: Send, die_at: int | None) -> None:
        seen = count()
        log = folder / f"{FILE}-wal"

        def step(name: str) -> None:
            send({"step": name, "durable": log.stat().st_size if name == "committed" else None})
            if next(seen) == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        store = Store.open(folder, self._embedder, step=step)
        send({"go": True})
        for call in operation.calls:
            call(store, lambda: send({"acked": True, "durable": log.stat().st_size}))
        store.close()

    def _try(self, case: _Case, seconds: float) -> Row:
        chance = random.Random(f"{self._seed}/{case.name}")  # noqa: S311 - reproducible, not secret
        folder = self._fresh(case.operation)

        def work(send: Send) -> None:
            self._operate(case.operation, folder, send, case.step)
            signal.pause()  # a kill after the success was reported

        moment = chance.uniform(0, 1.05 * seconds) if case.step is None else None
        ended = run_child(work, kill_after=moment)
        torn = case.torn and _tear(folder, ended, chance)
        acked = len(ended.of("acked"))
        questions = chance.sample(range(11), 4)
        checked = run_child(
            lambda send: send({"row": self._check(case.operation, folder, acked, questions)})
        )
        row: dict[str, Any] = {
            "case": case.name,
            "kind": f"{case.operation.name}, {'any moment' if case.step is None else 'each step'}",
            "killed": int(ended.signal == signal.SIGKILL and not ended.hung),
            "torn": int(torn),
            "acked": acked,
            "at": (ended.of("step") or ["before the first step"])[-1],
        }
        troubles = ended.of("error") + checked.of("error")
        if checked.hung or checked.signal or not checked.of("row"):
            troubles.append(f"the check was ended by signal {checked.signal}")
            return {**row, "failures": troubles}
        found = checked.of("row")[0]
        return {**row, **found, "failures": found["failures"] + troubles}

    def _check(
        self, operation: Operation, folder: Path, acked: int, questions: Sequence[int]
    ) -> dict[str, Any]:
        states = operation.states[acked : acked + 2]
        repairable = operation.damage is not None
        return verify(folder, self._embedder, states, questions, repairable=repairable)


def _tear(folder: Path, ended: Ended, chance: random.Random) -> bool:
    """Lose data that no sync has made durable; return whether there was any."""
    (folder / f"{FILE}-shm").unlink(missing_ok=True)
    log = folder / f"{FILE}-wal"
    durable = max((size for size in ended.of("durable") if size), default=0)
    size = log.stat().st_size if log.exists() else 0
    if size <= durable:
        return False
    if chance.random() < 0.5:
        os.truncate(log, chance.randint(durable, size - 1))
        return True
    with log.open("r+b") as file:
        for _ in range(chance.randint(1, 3)):
            file.seek(chance.randrange(durable, size) // _SECTOR * _SECTOR + durable % _SECTOR)
            at = max(file.tell(), durable)
            file.seek(at)
            length = min(_SECTOR, size - at)
            file.write(bytes(length) if chance.random() < 0.5 else chance.randbytes(length))
    return True
