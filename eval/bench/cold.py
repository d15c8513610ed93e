"""``geungeo bench cold``: measure what one ``geungeo ask`` costs, alone and through a server.

The commands run as processes of their own, in turn, and the least processor time of each is shown:
other work on the machine only adds to it. ``--against`` names the Python of another installation
of geungeo, such as an earlier version, for a comparison in the same run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from geungeo.rag.errors import BackendUnavailable

_QUESTION = "데이터 센터 계획의 규모는?"
_SOCKET = "ask.sock"
_START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor and wall-clock seconds of a process, and its largest memory in MB."""

    processor: float
    wall: float
    memory: float


def spent_by(command: Sequence[str]) -> Spent:
    """Run ``command`` to its end.

    Raises:
        BackendUnavailable: it fails.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BackendUnavailable(f"{' '.join(command)} exited with {process.returncode}")
    # In kB on Linux, in bytes on macOS.
    unit = 1 << (20 if sys.platform == "darwin" else 10)
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / unit)


def least(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Spent]:
    """Return the least of each figure of each command, run in turn."""
    runs: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(spent_by(command))
    return {
        name: Spent(
            min(one.processor for one in found),
            min(one.wall for one in found),
            min(one.memory for one in found),
        )
        for name, found in runs.items()
    }


def table(found: Mapping[str, Spent]) -> str:
    """Return the figures as Markdown; the ratio is to the processor time of the first row."""
    first = next(iter(found.values()))
    lines = ["| geungeo ask | processor s | ratio | wall s | MB |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {one.processor:.2f} | {one.processor / first.processor:.2f} "
        f"| {one.wall:.2f} | {one.memory:.0f} |"
        for name, one in found.items()
    ]
    return "\n".join(lines)


@contextmanager
def _server(store: Path) -> Iterator[None]:
    """Serve ``store`` with this installation; return once it answers commands."""
    command = _command(sys.executable, store, "serve", "--port", "0")
    with subprocess.Popen(  # noqa: S603  # our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not (store / _SOCKET).exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise BackendUnavailable(f"{' '.join(command)} does not start")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def _command(python: str | Path, store: Path, *args: str) -> list[str]:
    return [str(python), "-m", "geungeo.server.cli", "--store", str(store), *args]


@click.command("cold")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Python of another installation, to compare with.",
)
def cold(rounds: int, against: tuple[Path, ...]) -> None:
    """Measure the processor time and memory of one geungeo ask."""
    with tempfile.TemporaryDirectory() as scratch:
        alone, served = Path(scratch) / "alone", Path(scratch) / "served"
        for store in (alone, served):
            spent_by(_command(sys.executable, store, "init", "--sample"))
        ask = ("ask", _QUESTION)
        commands = {}
        for number, python in enumerate(against):
            # Another version may not read this one's stores.
            own = Path(scratch) / f"earlier-{number}"
            spent_by(_command(python, own, "init", "--sample"))
            commands[f"of {python}"] = _command(python, own, *ask)
        commands["alone"] = _command(sys.executable, alone, *ask)
        commands["through a server"] = _command(sys.executable, served, *ask)
        with _server(served):
            spent_by(commands["through a server"])  # waits until the models are loaded
            click.echo(table(least(commands, rounds)))
