"""``geungeo check``: what the articles say about each statement of a text."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geungeo.rag.errors import InvalidRequest, UnsupportedSource
from geungeo.server.cli.commands import Status, open_workspace

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace
    from geungeo.rag.checking import Check, CheckRequest

_REPORTS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--date", "written", metavar="DAY", help="Date of the text, such as 2025-07-01.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole Check as JSON.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report to this file, .html or .md; may be repeated.",
)
@click.pass_context
def check(
    ctx: click.Context,
    file: str,
    written: str | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    reports: tuple[Path, ...],
) -> None:
    """Check the text of FILE (- for standard input) against the articles in the store.

    Each statement is supported, contradicted, not found, or not a claim, with the sentences of
    the articles that say so. FILE may have any format that `ingest` reads. The exit status is 1
    if a statement is contradicted. An empty store is first filled with the articles of the
    package.
    """
    for path in reports:
        if path.suffix.lower() not in _REPORTS:
            raise InvalidRequest(f"{path}: a report is written as .html or .md")
    from geungeo.rag.checking import CheckRequest
    from geungeo.server.check_report import html_report, markdown_report, text_report

    with open_workspace(ctx, seed=True) as workspace:
        text, found = _text_of(file, workspace)
        result = asyncio.run(_checked(workspace, CheckRequest(text, written or found)))
        base_url = workspace.settings.public_url or ""
    for path in reports:
        write = html_report if _REPORTS[path.suffix.lower()] == "html" else markdown_report
        try:
            path.write_text(write(result, base_url), "utf-8")
        except OSError as error:
            raise InvalidRequest(f"{path}: {error.strerror or error}") from error
    click.echo(result.model_dump_json(indent=2) if as_json else text_report(result))
    if result.counts.contradicted:
        raise click.exceptions.Exit(Status.FAILED)


def _text_of(file: str, workspace: Workspace) -> tuple[str, str | None]:
    """Return the text of a file, and its date if the format names one.

    Raises:
        SourceError: it cannot be read, or contains several articles.
    """
    from geungeo.rag.readers import read
    from geungeo.rag.readers.encoding import decode

    limit = workspace.settings.max_source_bytes
    path = Path(file)
    if file == "-":
        data = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            with path.open("rb") as opened:
                data = opened.read(limit + 1)
        except OSError as error:
            raise UnsupportedSource(f"{path}: {error.strerror or error}") from error
    if len(data) > limit:
        raise UnsupportedSource(
            f"{file}: over the limit of {limit:,} bytes; raise max_source_bytes"
        )
    if file == "-" or path.suffix.lower() in {"", ".txt"}:
        # Every line counts: the reader of articles would take the first one for a title.
        return decode(data, file), None
    drafts = read(data, str(path)).drafts
    if len(drafts) != 1:
        raise UnsupportedSource(f"{file}: contains {len(drafts)} articles; check one at a time")
    article = drafts[0].article()
    return article.text, article.published_at


async def _checked(workspace: Workspace, request: CheckRequest) -> Check:
    """Return the Check, with its progress on a terminal's stderr."""
    from geungeo.rag.checking import CheckFinished, CheckStarted, ClaimChecked
    from geungeo.server.answering import check_stream

    with _progress() as (begin, advance):
        async for event in check_stream(workspace, request):
            match event:
                case CheckStarted(total):
                    begin(total)
                case ClaimChecked(_, done):
                    advance(done)
                case CheckFinished(result):
                    return result
    raise AssertionError("a stream ends with CheckFinished")


@contextmanager
def _progress() -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None, lambda _: None
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("statements"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield (
            lambda total: progress.update(task, total=total),
            lambda done: progress.update(task, completed=done),
        )
