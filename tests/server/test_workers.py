"""The supervisor, with real processes that die, hang, fail and are stopped."""

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

# The test inserts the workers' code; each worker writes its process id to a file.
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
    # A stop exits with status 0, like the server.
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
        assert time.monotonic() < until, "timeout"
        time.sleep(0.02)
    return found


def workers(folder: Path, number: int | str = "*") -> set[int]:
    return {int(file.name.split("-")[1]) for file in folder.glob(f"{number}-*")}


def both(folder: Path) -> set[int]:
    """Wait for the first two workers and return their ids."""
    wait_for(lambda: len(workers(folder)) == 2)
    return workers(folder)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stop_ends_every_worker_with_status_0(
    supervise: Callable[..., Any], tmp_path: Path, how: signal.Signals
) -> None:
    supervisor = supervise()
    pids = both(tmp_path)
    supervisor.send_signal(how)
    assert supervisor.wait(PATIENCE) == 0
    assert not any(map(alive, pids))
    assert set(map(int, (tmp_path / "exited").read_text().split())) == pids


def test_dead_worker_is_restarted_without_affecting_the_other(
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


def test_restart_delay_grows_up_to_a_limit() -> None:
    delays = [delay_after(deaths) for deaths in range(1, 40)]
    assert delays[:3] == [1, 2, 4]
    assert delays == sorted(delays)
    assert max(delays) == MAX_DELAY


def test_stop_does_not_wait_for_a_pending_restart(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    supervisor = supervise(then="os._exit(1)")
    both(tmp_path)
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0


@pytest.mark.parametrize("status", [2, 3])
def test_permanent_failure_stops_all_workers(
    supervise: Callable[..., Any], tmp_path: Path, status: int
) -> None:
    supervisor = supervise(then=f"number == 1 and os._exit({status})")
    assert supervisor.wait(PATIENCE) == status
    assert len(workers(tmp_path)) <= 2
    assert not any(map(alive, workers(tmp_path)))


def test_no_worker_starts_if_preparation_fails(
    supervise: Callable[..., Any], tmp_path: Path
) -> None:
    assert supervise(prepare=3).wait(PATIENCE) == 3
    assert (tmp_path / "prepared").exists()
    assert workers(tmp_path) == set()


def test_worker_that_ignores_a_stop_is_killed(
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
    """Whether the process runs and is not a zombie."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().partition(")")[2][:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
