"""``python -m tests.campaigns NAME``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from tests.campaigns.hostile import hostile
from tests.support.journal import DEFAULT_FOLDER, Journal

CHECK_FAILED = 1


def _bounds(cases: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that all campaigns share."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--cases", default=cases, show_default=True, help="Cases over all runs."),
            click.option("--seconds", default=600.0, show_default=True, help="Limit of this run."),
            click.option("--seed", default=7, show_default=True),
            click.option(
                "--folder",
                type=click.Path(path_type=Path, file_okay=False),
                default=DEFAULT_FOLDER,
                show_default=True,
                help="Folder of the journals, from which a campaign continues.",
            ),
        ):
            command = option(command)
        return command

    return add


@click.command("kill")
@_bounds(1200)
@click.option("--steps-only", is_flag=True, help="Only kill once at each named step.")
def kill(folder: Path, seed: int, seconds: float, cases: int, *, steps_only: bool) -> None:
    """Kill ingest, update, remove, reindex, repair and restore; then check the store and ask."""
    from tests.campaigns.kill import COUNTED, KillCampaign

    journal = Journal(folder, f"kill-{seed}")
    KillCampaign(journal, seed).run(cases=cases, seconds=seconds, random_moments=not steps_only)
    _report(journal, COUNTED)


@click.command("damage")
@_bounds(20_000)
def damage(folder: Path, seed: int, seconds: float, cases: int) -> None:
    """Truncate files of a store and flip bits; open it, compare and check."""
    from tests.campaigns.damage import COUNTED, DamageCampaign

    journal = Journal(folder, f"damage-{seed}")
    DamageCampaign(journal, seed).run(cases=cases, seconds=seconds)
    _report(journal, COUNTED)


@click.command("shared")
@_bounds(240)
@click.option("--operation", multiple=True, help="Only these changes, such as remove.")
def shared(folder: Path, seed: int, seconds: float, cases: int, operation: tuple[str, ...]) -> None:
    """Kill a server or PostgreSQL, or cut the network, while several servers ingest and answer."""
    from tests.campaigns.shared import COUNTED, SharedCampaign

    journal = Journal(folder, f"shared-{seed}")
    SharedCampaign(journal, seed, only=operation).run(cases=cases, seconds=seconds)
    _report(journal, COUNTED)


@click.command("milvus")
@_bounds(240)
def milvus(folder: Path, seed: int, seconds: float, cases: int) -> None:
    """The same with Milvus as the engine that they share, which is killed instead of PostgreSQL."""
    from tests.campaigns.shared import COUNTED, SharedCampaign

    journal = Journal(folder, f"milvus-{seed}")
    SharedCampaign(journal, seed, milvus=True).run(cases=cases, seconds=seconds)
    _report(journal, COUNTED)


def _report(journal: Journal, counted: Iterable[str]) -> None:
    for line in journal.table(counted):
        click.echo(line)
    failures = journal.failures()
    for failure in failures[:50]:
        click.echo(f"FAILED {failure}", err=True)
    if failures:
        raise click.exceptions.Exit(CHECK_FAILED)


COMMANDS = (kill, damage, shared, milvus, hostile)


if __name__ == "__main__":
    click.Group("campaigns", commands=list(COMMANDS))(prog_name="python -m tests.campaigns")
