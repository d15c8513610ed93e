"""The supervisor: real processes that die, hang, refuse and are asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geungeo.server.process.workers import MAX_DELAY, delay_after

PATIENCE = 60

# What the workers do is told by a test; each writes its process id where the test can find it.
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from geungeo.server.process import workers
folder = Path(sys.argv[1])
workers.STOP_SECONDS = 1.0

def prepare():
    (folder / "prepared").touch()
    return {prepare}

def work(number):
    # Stopping is a clean end, as it is for the server.
    signal.signal(signal.SIGTERM, {on_term})
    (folder / f"{{number}}-{{os.getpid()}}").touch()
    {then}
    while True:
        time.sleep(60)

exited = []
status = workers.Supervisor(2, prepare, work, on_exit=exited.append).run()
(folder / "exited").write_text(" ".join(map(str, exited)))
sys.exit(status)
"""
CLEAN_END = "lambda *_: os._exit(0)"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin(prepare: int = 0, on_term: str = CLEAN_END, then: str = "pass") -> Any:
        code = SCRIPT.format(prepare=prepare, on_term=on_term, then=then)
        command = [sys.executable, "-c", code, str(tmp_path)]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return found


def workers(folder: Path, number: int | str = "*") -> set[int]:
    return {int(file.name.split("-")[1]) for file in folder.glob(f"{number}-*")}


def both(folder: Path) -> set[int]:
    """The two first workers, once they run."""
    wait_for(lambda: len(workers(folder)) == 2)
    return workers(folder)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_reaches_every_worker_and_is_a_clean_end(
    supervise: Callable[..., Any], tmp_path: Path, how: signal.Signals
) -> None:
    supervisor = supervise()
    pids = both(tmp_path)
    supervisor.send_signal(how)
    assert supervisor.wait(PATIENCE) == 0
    assert not any(map(alive, pids))
    assert set(map(int, (tmp_path / "exited").read_text().split())) == pids


def test_a_worker_that_dies_is_started_again_and_the_other_does_not_notice(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    supervisor = supervise()
    both(tmp_path)
    (first,), (second,) = workers(tmp_path, 0), workers(tmp_path, 1)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(workers(tmp_path, 0)) == 2)
    assert workers(tmp_path, 1) == {second}
    assert alive(second)
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0
    assert f"worker {first} died (signal 9)" in supervisor.stderr.read()


def test_the_delay_grows_and_is_bounded() -> None:
    delays = [delay_after(deaths) for deaths in range(1, 40)]
    assert delays[:3] == [1, 2, 4]
    assert delays == sorted(delays)
    assert max(delays) == MAX_DELAY


def test_a_stop_does_not_wait_for_a_worker_that_is_not_there(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    supervisor = supervise(then="os._exit(1)")
    both(tmp_path)
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0


@pytest.mark.parametrize("status", [2, 3])
def test_what_no_restart_can_help_ends_them_all(
    supervise: Callable[..., Any], tmp_path: Path, status: int
) -> None:
    supervisor = supervise(then=f"number == 1 and os._exit({status})")
    assert supervisor.wait(PATIENCE) == status
    assert len(workers(tmp_path)) <= 2
    assert not any(map(alive, workers(tmp_path)))


def test_no_worker_starts_if_the_store_cannot_be_prepared(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    assert supervise(prepare=3).wait(PATIENCE) == 3
    assert (tmp_path / "prepared").exists()
    assert workers(tmp_path) == set()


def test_a_worker_that_will_not_stop_is_killed(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    supervisor = supervise(on_term="signal.SIG_IGN")
    pids = both(tmp_path)
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0
    assert not any(map(alive, pids))


def test_workers_do_not_outlive_their_supervisor(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    supervisor = supervise()
    pids = both(tmp_path)
    supervisor.kill()
    wait_for(lambda: not any(map(_runs, pids)))


def _runs(pid: int) -> bool:
    """Alive and not a zombie that nobody has collected yet."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().partition(")")[2][:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
