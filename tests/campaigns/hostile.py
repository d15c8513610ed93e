"""Tens of thousands of hostile inputs against every entry point.

Inputs are tried in batches, each in a child process with limited memory and time, so that a crash
is a finding and does not end the campaign.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import click

from geungeo.rag.errors import MissingExtra
from tests.campaigns.children import Send, run_child
from tests.support.journal import DEFAULT_FOLDER, Journal, Row

if TYPE_CHECKING:
    from tests.campaigns.hostile_targets import Target


CHECK_FAILED = 1
COUNTED = ("inputs", "crashed")
FULL = 120_000
GROUPS = ("documents", "answers", "engine", "questions", "http")
_MEMORY = 6 << 30
# Seconds, far more than a batch takes, so that only an endless one counts as hung.
_PATIENCE = 900.0


class HostileCampaign:
    """A campaign that prepares once what the children inherit, then tries batch after batch."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self._journal = journal
        self._seed = seed

    def run(self, targets: Sequence[Target], *, cases: int, seconds: float) -> None:
        """Run the remaining batches, for ``cases`` inputs in all or for ``seconds``."""
        end = time.monotonic() + seconds
        plan = dict(_plan(targets, cases))
        for name in self._journal.untried(plan):
            if time.monotonic() >= end:
                return
            target, size = plan[name]
            self._journal.add(self._try(name, target, size))

    def _try(self, name: str, target: Target, size: int) -> Row:
        seed = crc32(f"{self._seed}/{name}".encode())
        ended = run_child(
            lambda send: attack(target, size, seed, send), memory=_MEMORY, patience=_PATIENCE
        )
        failures = [str(error) for error in ended.of("error") + ended.of("failure")]
        if ended.hung:
            failures.append("it did not end in time")
        elif ended.signal:
            failures.append(f"it died of signal {ended.signal}")
        counted = (ended.of("counted") or [{}])[-1]
        return {
            "case": name,
            "kind": target.name,
            "failures": failures,
            "crashed": int(ended.signal != 0),
            **counted,
        }


def attack(target: Target, size: int, seed: int, send: Send) -> None:
    """Pass ``size`` inputs of ``target`` to its check; report counts and the smallest failure."""
    import hypothesis

    counted = {"inputs": 0, "slowest_cpu_ms": 0}
    failing: list[str] = []

    def check(given: Any) -> None:
        counted["inputs"] += 1
        began = time.process_time()
        try:
            target.check(given)
        except Exception:
            # hypothesis tries the smallest failing input last.
            failing[:] = [repr(given)[:400]]
            raise
        spent = round(1_000 * (time.process_time() - began))
        counted["slowest_cpu_ms"] = max(counted["slowest_cpu_ms"], spent)

    settings = hypothesis.settings(
        max_examples=size,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            hypothesis.seed(seed)(settings(hypothesis.given(target.attack)(check)))()
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            send({"failure": f"{type(error).__name__}: {str(error)[:1_000]} {failing}"})
    send({"counted": counted})


def _plan(targets: Sequence[Target], cases: int) -> Iterator[tuple[str, tuple[Target, int]]]:
    """Yield batches, a round of all targets at a time, so that a short run covers all targets."""
    whole = sum(target.share for target in targets)
    left = {target.name: max(1, cases * target.share // whole) for target in targets}
    number = 0
    while any(left.values()):
        for target in targets:
            size = min(target.batch, left[target.name])
            if size:
                left[target.name] -= size
                yield f"{target.name}/{number}/{size}", (target, size)
        number += 1


def _targets(stack: ExitStack, groups: Sequence[str]) -> list[Target]:
    """Return the targets of ``groups`` with their models, store and server."""
    from geungeo.index.ingest import ingest_seeds
    from geungeo.index.store import Store
    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import Settings
    from tests.campaigns.children import load_models
    from tests.campaigns.hostile_http import http_targets, serving_victim
    from tests.campaigns.hostile_targets import (
        answer_targets,
        document_targets,
        engine_targets,
        question_targets,
    )

    found: list[Target] = []
    # The engine's targets load it in their children.
    embedder = load_models() if set(groups) & {"documents", "answers", "questions"} else None
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="geungeo-hostile-")))
    if "documents" in groups:
        found += document_targets()
    if "answers" in groups:
        found += answer_targets()
    if "engine" in groups:
        found += engine_targets()
    if "questions" in groups and embedder is not None:
        store = Store.open(place / "asked", embedder)
        stack.callback(store.close)
        ingest_seeds(store)
        found += question_targets(Workspace(Settings(store=place / "asked"), store, embedder))
    if "http" in groups:
        found += http_targets(stack.enter_context(serving_victim(place / "served")))
    return found


@click.command()
@click.option("--cases", default=FULL, show_default=True, help="Inputs over all runs.")
@click.option("--seconds", default=600.0, show_default=True, help="Limit of this run.")
@click.option("--only", "groups", type=click.Choice(GROUPS), multiple=True, help="Default: all.")
@click.option("--target", "names", multiple=True, help="Only targets whose name begins with this.")
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Folder of the journal, from which the campaign continues.",
)
def hostile(
    cases: int,
    seconds: float,
    groups: tuple[str, ...],
    names: tuple[str, ...],
    seed: int,
    folder: Path,
) -> None:
    """Attack readers, parsers, the embedding engine, questions, hooks and the API."""
    try:
        import hypothesis  # noqa: F401
        import schemathesis  # noqa: F401
    except ImportError as error:
        raise MissingExtra(f"{error.name} is missing: pip install 'geungeo[test]'") from error
    journal = Journal(folder, f"hostile-{seed}")
    with ExitStack() as stack:
        targets = _targets(stack, groups or GROUPS)
        targets = [target for target in targets if target.name.startswith(names or "")]
        HostileCampaign(journal, seed).run(targets, cases=cases, seconds=seconds)
    for line in journal.table(COUNTED):
        click.echo(line)
    slowest = max((int(row.get("slowest_cpu_ms", 0)) for row in journal.rows), default=0)
    click.echo(f"slowest input: {slowest} ms of CPU")
    failures = journal.failures()
    for failure in failures[:50]:
        click.echo(f"FAILED {failure}", err=True)
    if failures:
        raise click.exceptions.Exit(CHECK_FAILED)
