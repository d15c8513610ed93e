"""``geungeo doctor``, ``reindex`` and ``export-embedder``: care of store and model."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geungeo.server.opening import settings_of
from geungeo.server.terminal import escape

EXIT_CHECK_FAILED = 1


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild what is derived and damaged.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool) -> None:  # noqa: FBT001
    """Verify store and index; the exit status is 1 while something is wrong."""
    from geungeo.index.workspace import Workspace

    report = Workspace.examine(settings_of(ctx), repair=repair)
    if as_json:
        row = {"ok": not report.problems, "problems": report.problems, "mended": report.mended}
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        for mended in report.mended:
            click.echo(f"mended: {escape(mended)}")
        for problem in report.problems:
            click.echo(f"problem: {escape(problem)}")
        if not report.problems:
            click.echo("everything is in order")
    if report.problems:
        ctx.exit(EXIT_CHECK_FAILED)


@click.command()
@click.pass_context
def reindex(ctx: click.Context) -> None:
    """Cut and embed every article again with the embedder and sizes that are set now."""
    from geungeo.index.workspace import Workspace

    count = Workspace.reindex(settings_of(ctx))
    click.echo(f"reindexed {count} articles")


@click.command("export-embedder")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
def export_embedder(directory: Path) -> None:
    """Write the weights of the built-in embedder to DIR as a sentence-transformers model.

    Use it with GEUNGEO_EMBEDDER=sentence-transformers:DIR.
    """
    from geungeo.rag.embedding.export import export

    export(directory)
    click.echo(f"wrote {escape(str(directory))}")
