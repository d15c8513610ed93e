"""``geungeo ingest``: upsert articles from files, folders and URLs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from geungeo.server.commands.progress import progress_reporter
from geungeo.server.opening import open_workspace
from geungeo.server.terminal import escape

if TYPE_CHECKING:
    from geungeo.index.workspace import IngestSummary

EXIT_SOME_FAILED = 2


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PATH_OR_URL...")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.pass_context
def ingest(ctx: click.Context, sources: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Add or update articles from .txt, .md, .html and .jsonl files, folders and URLs.

    Only public addresses are fetched; the setting fetch_private_hosts names others.
    A source that cannot be read does not stop the others; the exit status is then 2.
    """
    with open_workspace(ctx) as workspace, progress_reporter("read") as report:
        summary = workspace.ingest(sources, report)
    click.echo(_as_json(summary) if as_json else _as_text(summary))
    for failure in summary.failed:
        named = failure.error.startswith(failure.source)
        line = failure.error if named else f"{failure.source}: {failure.error}"
        click.echo(f"geungeo: {escape(line)}", err=True)
    if summary.failed:
        ctx.exit(EXIT_SOME_FAILED)


def _as_json(summary: IngestSummary) -> str:
    failed = [{"source": one.source, "error": one.error} for one in summary.failed]
    return json.dumps(
        {
            "added": list(summary.added),
            "updated": list(summary.updated),
            "unchanged": list(summary.unchanged),
            "failed": failed,
        },
        ensure_ascii=False,
        indent=2,
    )


def _as_text(summary: IngestSummary) -> str:
    return (
        f"{len(summary.added)} added, {len(summary.updated)} updated, "
        f"{len(summary.unchanged)} unchanged, {len(summary.failed)} failed"
    )
