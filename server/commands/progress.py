"""Progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from geungeo.server.terminal import escape


@contextmanager
def progress_reporter(noun: str) -> Iterator[Callable[[str], None] | None]:
    """A progress bar on a terminal, nothing elsewhere; yields what is told each item.

    ``noun`` follows the count, as in ``12 read``.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} " + noun),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        # How many articles a folder or a .jsonl holds is known only at its end.
        task = progress.add_task("", total=None)

        def report(source: str) -> None:
            progress.update(task, advance=1, description=escape(source)[-60:])

        yield report
