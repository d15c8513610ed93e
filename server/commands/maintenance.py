"""``geungeo doctor``, ``reindex`` and ``export-embedder``: care of store and model."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geungeo.server.commands.progress import progress_reporter
from geungeo.server.opening import open_workspace
from geungeo.server.terminal import escape

EXIT_CHECK_FAILED = 1


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild what is derived and damaged.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool) -> None:  # noqa: FBT001
    """Verify store and index, article by article; exit status 1 while something is wrong."""
    with open_workspace(ctx) as workspace:
        store = workspace.store
        found = [str(finding) for finding in store.examine()]
        if found and repair:
            store.repair()
        left = [str(finding) for finding in store.examine()] if found and repair else found
    mended = [problem for problem in found if problem not in left]
    if as_json:
        row = {"ok": not left, "problems": left, "mended": mended}
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        for line in mended:
            click.echo(f"mended: {escape(line)}")
        for line in left:
            click.echo(f"problem: {escape(line)}")
        if not left:
            click.echo("everything is in order")
    if left:
        ctx.exit(EXIT_CHECK_FAILED)


@click.command()
@click.pass_context
def reindex(ctx: click.Context) -> None:
    """Cut and embed every article again with the embedder and sizes that are set now."""
    with (
        open_workspace(ctx, check_embedder=False) as workspace,
        progress_reporter("articles") as report,
    ):
        count = workspace.store.reindex(report)
    click.echo(f"{count} articles indexed with {escape(workspace.embedder.identity)}")


@click.command("export-embedder")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
def export_embedder(directory: Path) -> None:
    """Write the weights of the built-in embedder to DIR as a sentence-transformers model.

    Use it with GEUNGEO_EMBEDDER=sentence-transformers:DIR.
    """
    from geungeo.rag.embedding.export import export

    export(directory)
    click.echo(f"wrote {escape(str(directory))}")
