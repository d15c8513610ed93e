"""Kills of a server, of PostgreSQL and of Milvus while several servers share a store.

One server, a child, changes articles or answers; another one, in this process, answers meanwhile.
The child, the whole database or Milvus is killed at each named step and at random moments, or the
network between the child and the database or Milvus is cut, or becomes slow, at a random moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from geungeo.index.copying import copy_store
from geungeo.index.database import Database, open_database
from geungeo.index.files import Step, no_step
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Filters
from geungeo.rag.errors import ArticleNotFound, StoreError
from geungeo.rag.settings import EngineUrl, Settings, StoreUrl
from tests.campaigns.children import PATIENCE, Child, Send, load_models
from tests.campaigns.stores import (
    ALL,
    BASE,
    OPERATIONS,
    Acknowledge,
    Operation,
    make_base,
    verify,
)
from tests.support.journal import Journal, Row
from tests.support.milvus import MilvusServer
from tests.support.news import report
from tests.support.postgres import Network, PostgresServer, running

COUNTED = ("killed", "acked", "compared", "meanwhile", "refused", "questions", "answered")
Fault = Literal["server", "database", "milvus", "cut", "slow"]

_KINDS: dict[Fault, str] = {
    "server": "server killed",
    "database": "database killed",
    "milvus": "milvus killed",
    "cut": "network cut",
    "slow": "network slow",
}

_OF_THE_NETWORK: frozenset[Fault] = frozenset({"cut", "slow"})

_CONVERSATION = "c"
_TURNS = 3
# The longest pause, in seconds, before a killed database or Milvus is started again.
_LONGEST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    operation: Operation
    fault: Fault
    step: int | None
    """Which step it happens at, counted over the whole operation; none is any moment."""


@dataclass
class _Meanwhile:
    """Questions that the surviving server was asked during a case."""

    answered: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


class SharedCampaign:
    """A campaign that prepares once, then runs case after case against one PostgreSQL server.

    It has all operations, or ``only`` some. With ``milvus`` that is the engine of all servers, and
    killed instead of PostgreSQL.
    """

    def __init__(
        self, journal: Journal, seed: int, *, milvus: bool = False, only: Sequence[str] = ()
    ) -> None:
        self._journal = journal
        self._only = only
        self._seed = seed
        self._milvus = MilvusServer() if milvus else None
        self._engine: EngineUrl | Literal["local"] = "local"
        dying: Fault = "milvus" if milvus else "database"
        self._faults: tuple[Fault, ...] = ("server", dying, "cut", "slow")

    def run(self, *, cases: int, seconds: float) -> None:
        """Run the remaining cases, up to ``cases`` in the journal or for ``seconds``."""
        end = time.monotonic() + seconds
        self._embedder = load_models()
        with (
            tempfile.TemporaryDirectory(prefix="geungeo-shared-") as place,
            running(durable=True) as server,
            contextlib.ExitStack() as cleaning,
        ):
            self._place, self._server = Path(place), server
            if self._milvus is not None:
                cleaning.callback(self._milvus.remove)
                self._milvus.start()
                self._engine = self._milvus.url()
            make_base(self._place / "base", self._embedder)
            operations = [one for one in OPERATIONS if not one.damage and one.name != "restore"]
            operations.append(Operation("answer", [self._turn] * _TURNS, [BASE] * (_TURNS + 1)))
            operations = [one for one in operations if not self._only or one.name in self._only]
            dry = {operation.name: self._dry_run(operation) for operation in operations}
            known = {
                case.name: case for case in islice(_plan(operations, self._faults, dry), cases)
            }
            for name in self._journal.untried(known):
                if time.monotonic() >= end:
                    return
                self._journal.add(self._try(known[name], dry[known[name].operation.name][1]))

    def _turn(self, store: Store, acknowledge: Acknowledge) -> None:
        """Answer a question as the next turn of a conversation."""
        workspace = Workspace(Settings(), store, self._embedder)
        number = len(store.conversations.history(_CONVERSATION))
        asked = Ask(report(number).question, conversation_id=_CONVERSATION)
        asyncio.run(workspace.answer(asked))
        acknowledge()

    def _dry_run(self, operation: Operation) -> tuple[int, float]:
        """Return the number of steps of the operation and its seconds, after a first run."""
        for _ in range(2):
            url, began, steps = self._fresh(), time.monotonic(), count()
            self._operate(operation, url, lambda _: None, lambda _, steps=steps: next(steps))
            spent = time.monotonic() - began
        done = len(operation.calls)
        if failures := self._check(operation, url, done, range(6))["failures"]:
            raise RuntimeError(f"{operation.name} fails without any kill: {failures}")
        return next(steps), spent

    def _fresh(self) -> StoreUrl:
        """Return the place of a store in its initial state."""
        url = self._server.url(self._server.schema())
        copy_store(self._place / "base", url)
        return url

    def _open(self, url: StoreUrl, step: Step = no_step, network: Network | None = None) -> Store:
        engine = self._engine
        if network is not None and self._milvus is not None:
            engine = self._milvus.url(port=network.port)
        elif network is not None:
            direct, distant = (f"127.0.0.1:{port}" for port in (self._server.port, network.port))
            url = StoreUrl(url.reveal().replace(direct, distant))
        return Store.open(url, self._embedder, engine=engine, step=step)

    def _operate(
        self,
        operation: Operation,
        url: StoreUrl,
        send: Send,
        step: Any,
        network: Network | None = None,
    ) -> None:
        with contextlib.closing(self._open(url, step, network)) as store:
            send({"go": True})
            for call in operation.calls:
                call(store, lambda: send({"acked": True}))

    def _try(self, case: _Case, seconds: float) -> Row:
        chance = random.Random(f"{self._seed}/{case.name}")  # noqa: S311 - reproducible, not secret
        url = self._fresh()
        gate, killed = (self._place / f"{name}-{chance.random()}" for name in ("gate", "killed"))
        seen = count()

        def step(name: str) -> None:
            send_step = self._send
            send_step({"step": name})
            if next(seen) != case.step:
                return
            if case.fault == "server":
                os.kill(os.getpid(), signal.SIGKILL)
            send_step({"at": name})
            _wait_for(killed)

        def work(send: Send) -> None:
            self._send = send
            _wait_for(gate)
            try:
                self._operate(case.operation, url, send, step, network)
            except StoreError as error:
                send({"refused": str(error)})

        target = self._server if self._milvus is None else self._milvus
        network = Network(target.port) if case.fault in _OF_THE_NETWORK else None
        _wait_for_ended_threads()
        child = Child(work)
        moment = chance.uniform(0, 1.1 * seconds) if case.step is None else None
        with (
            contextlib.closing(self._open(url)) as store,
            contextlib.closing(open_database(url)) as truth,
            contextlib.closing(network) if network else contextlib.nullcontext(),
        ):
            asking = _Asking(Workspace(Settings(store=url), store, self._embedder), chance)
            comparing = _Comparing(store, truth)
            with asking:
                gate.touch()
                fault = _fault(case.fault, child, target, network, chance, killed)
                self._follow(child, fault, moment, comparing)
            row = self._judge(case, child, url, store, chance.sample(range(6), 2))
        if self._milvus is not None:
            self._milvus.drop_all()
        meanwhile = asking.found
        return {
            **row,
            "meanwhile": meanwhile.answered,
            "refused": meanwhile.refused,
            "compared": comparing.count,
            "failures": row["failures"] + meanwhile.failures + comparing.failures,
        }

    def _follow(
        self,
        child: Child,
        fault: Callable[[], None],
        moment: float | None,
        comparing: _Comparing,
    ) -> None:
        """Let the fault happen when it is time, and wait for the child."""
        end = time.monotonic() + PATIENCE
        happens_at = float("inf")
        while child.is_running:
            for message in child.poll():
                if "go" in message and moment is not None:
                    happens_at = time.monotonic() + moment
                if "at" in message:
                    happens_at = 0.0
                if "acked" in message:
                    comparing.compare()
            if time.monotonic() >= happens_at:
                happens_at = float("inf")
                fault()
            if time.monotonic() >= end:
                child.ended.hung = True
                child.kill()
            time.sleep(0.005)

    def _judge(
        self, case: _Case, child: Child, url: StoreUrl, survivor: Store, questions: list[int]
    ) -> dict[str, Any]:
        _wait_until_it_answers(survivor)
        ended = child.ended
        acked = len(ended.of("acked"))
        failures: list[str] = ended.of("error")
        if ended.hung:
            failures.append("the server hung")
        if case.step is not None and case.fault == "server" and ended.signal != signal.SIGKILL:
            failures.append(
                f"the server was not killed, but ended by signal {ended.signal}: "
                f"{ended.of('refused')}"
            )
        found = self._check(case.operation, url, acked, questions)
        failures += found["failures"] + self._disagreements(url, survivor)
        return {
            "case": case.name,
            "kind": f"{case.operation.name}, {_KINDS[case.fault]}",
            "killed": int(case.fault not in _OF_THE_NETWORK),
            "acked": acked,
            "at": (ended.of("step") or ["before the first step"])[-1],
            "questions": found["questions"],
            "answered": found["answered"],
            "refusals": ended.of("refused"),
            "failures": failures,
        }

    def _check(
        self, operation: Operation, url: StoreUrl, acked: int, questions: Any
    ) -> dict[str, Any]:
        states = operation.states[acked : acked + 2]
        found = verify(
            url, self._embedder, states, questions, repairable=False, engine=self._engine
        )
        if operation.name == "answer":
            with contextlib.closing(self._open(url)) as store:
                found["failures"] += _turns(store, acked)
        return found

    def _disagreements(self, url: StoreUrl, survivor: Store) -> list[str]:
        """Compare the surviving server with one that starts now; it may not need any time."""
        with contextlib.closing(self._open(url)) as fresh:
            vector = self._embedder.embed(["공장 투자액"], query=True)[0]
            same = (
                survivor.fingerprint() == fresh.fingerprint()
                and survivor.generation == fresh.generation
                and survivor.dense(vector, 50, Filters()) == fresh.dense(vector, 50, Filters())
            )
        return [] if same else ["the servers disagree"]


def _fault(
    fault: Fault,
    child: Child,
    target: PostgresServer | MilvusServer,
    network: Network | None,
    chance: random.Random,
    happened: Path,
) -> Callable[[], None]:
    """Return what kills a process, or harms the network; it touches ``happened``."""

    def kill_and_start() -> None:
        target.kill()
        time.sleep(chance.uniform(0, _LONGEST_PAUSE))
        happened.touch()
        time.sleep(chance.uniform(0, _LONGEST_PAUSE))
        target.start()

    def cut() -> None:
        assert network is not None
        network.cut()
        happened.touch()
        time.sleep(chance.uniform(0, 2 * _LONGEST_PAUSE))
        network.mode = "whole"

    def slow() -> None:
        assert network is not None
        network.mode = "slow"
        happened.touch()

    if fault == "server":
        return child.kill
    return {"cut": cut, "slow": slow}.get(fault, kill_and_start)


class _Comparing:
    """Comparisons of what a server finds with the passages in the database.

    Passages that were there before a search and are there afterwards must be found, and none that
    was there at neither time: there is no moment at which two servers may disagree.
    """

    def __init__(self, store: Store, truth: Database) -> None:
        self.count = 0
        self.failures: list[str] = []
        self._store, self._truth = store, truth
        self._vector = np.full(384, 384**-0.5, dtype=np.float32)

    def compare(self) -> None:
        """Compare once, unless the server refuses to answer."""
        with contextlib.suppress(StoreError):
            before = self._keys()
            found = {*self._store.dense(self._vector, ALL, Filters())}
            after = self._keys()
            self.count += 1
            if missing := (before & after) - found:
                self.failures.append(f"{len(missing)} passages are not found after a change")
            if strays := found - (before | after):
                self.failures.append(f"{len(strays)} removed passages are found after a change")

    def _keys(self) -> set[int]:
        with self._truth.read() as connection:
            return {int(row[0]) for row in connection.execute("SELECT key FROM passages")}


class _Asking:
    """A thread that asks a server again and again; its citations must be right each time."""

    def __init__(self, workspace: Workspace, chance: random.Random) -> None:
        self.found = _Meanwhile()
        self._workspace = workspace
        self._chance = random.Random(chance.random())  # noqa: S311 - reproducible, not secret
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._stopped.is_set():
            question = report(self._chance.randrange(6)).question
            try:
                answer = asyncio.run(self._workspace.pipeline.answer(Ask(question)))
                self.found.failures += _misquotes(answer, self._workspace.store)
                self.found.answered += 1
            except StoreError:
                self.found.refused += 1
            except ArticleNotFound:
                continue  # removed while it was read
            except Exception as error:  # noqa: BLE001 - reported in the journal
                self.found.failures.append(f"a question met {type(error).__name__}: {error}")


def _wait_until_it_answers(store: Store) -> None:
    """Wait for the connections of a server that has met the failure."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(StoreError):
            store.size()
            return
        time.sleep(0.05)


def _misquotes(answer: Answer, store: Store) -> list[str]:
    """Return the citations that are not in the version that they name."""
    wrong = []
    for one in answer.citations:
        with contextlib.suppress(ArticleNotFound):  # removed since
            text = store.article(one.article_id, one.version).text
            if not one.quote or text[one.start : one.end] != one.quote:
                wrong.append(f"wrong citation: {one.article_id} {one.quote!r}")
    return wrong


def _turns(store: Store, acked: int) -> list[str]:
    """Return what is wrong with the turns of the conversation, of which ``acked`` must be there."""
    answers = store.conversations.get(_CONVERSATION) if store.conversations.list() else []
    if len(answers) not in {acked, acked + 1}:
        return [f"{acked} turns were acknowledged, but {len(answers)} are stored"]
    asked = [one.question for one in answers]
    if asked != [report(number).question for number in range(len(asked))]:
        return [f"turns are missing or mixed: {asked}"]
    return [problem for one in answers for problem in _misquotes(one, store)]


def _plan(
    operations: list[Operation], faults: tuple[Fault, ...], dry: dict[str, tuple[int, float]]
) -> Iterator[_Case]:
    for number in count():
        for operation in operations:
            for fault in faults:
                if fault not in _OF_THE_NETWORK and number < dry[operation.name][0]:
                    name = f"step/{operation.name}/{fault}/{number}"
                    yield _Case(name, operation, fault, number)
                name = f"moment/{operation.name}/{fault}/{number}"
                yield _Case(name, operation, fault, None)


def _wait_for_ended_threads() -> None:
    """Wait until threads that were joined have left the process, before it is forked.

    At its end a thread of a pool cleans up in OpenSSL. A fork at that moment inherits a lock that
    is never released, on which the child would wait when it connects.
    """
    tasks, end = Path("/proc/self/task"), time.monotonic() + 1.0
    while time.monotonic() < end:
        before = {one.name for one in tasks.iterdir()}
        time.sleep(0.05)
        if before == {one.name for one in tasks.iterdir()}:
            return


def _wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.002)
