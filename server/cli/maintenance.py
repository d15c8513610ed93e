"""``geungeo doctor``, ``reindex``, ``backup``, ``restore``, ``store`` and ``export-embedder``."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geungeo.server.cli.commands import Status, StorePlace, open_workspace, settings_of
from geungeo.server.cli.output import json_text, progress_reporter
from geungeo.server.escaping import escape_line

if TYPE_CHECKING:
    from geungeo.rag.settings import StoreUrl


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild corrupt derived data.")
@click.option("--llm", is_flag=True, help="Check the LLM endpoints instead of the store.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, repair: bool, llm: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check store and index, article by article; exit status 1 if problems remain.

    With --llm, ask the configured LLM endpoints test questions instead: exit status 1 if a check
    fails, 3 if an endpoint cannot be reached.
    """
    if llm:
        if repair:
            raise click.UsageError("--repair is for the store; it does not go with --llm")
        ctx.exit(_diagnose(ctx, as_json=as_json))
    with open_workspace(ctx) as workspace:
        store = workspace.store
        found = [str(finding) for finding in store.examine()]
        if found and repair:
            store.repair()
        left = [str(finding) for finding in store.examine()] if found and repair else found
    repaired = [problem for problem in found if problem not in left]
    if as_json:
        row = {"ok": not left, "problems": left, "repaired": repaired}
        click.echo(json_text(row))
    else:
        for line in repaired:
            click.echo(f"repaired: {escape_line(line)}")
        for line in left:
            click.echo(f"problem: {escape_line(line)}")
        if not left:
            click.echo("no problems found")
    if left:
        ctx.exit(Status.FAILED)


def _diagnose(ctx: click.Context, *, as_json: bool) -> int:
    """Check the LLM endpoints, print what was found, and return the exit status."""
    from geungeo.rag.backends.diagnosis import diagnose

    found = asyncio.run(diagnose(settings_of(ctx)))
    ok = all(one.ok for one in found)
    if as_json:
        row = {"ok": ok, "endpoints": [{"ok": one.ok, **asdict(one)} for one in found]}
        click.echo(json_text(row))
    else:
        for one in found:
            click.echo(escape_line(one.endpoint))
            for check in one.checks:
                click.echo(f"  {'ok' if check.ok else 'problem'}: {escape_line(check.message)}")
        if ok:
            click.echo("no problems found")
    if all(one.reachable for one in found):
        return 0 if ok else Status.FAILED
    return Status.UNAVAILABLE


@click.command()
@click.pass_context
def reindex(ctx: click.Context) -> None:
    """Split and embed every article again with the current settings."""
    with (
        open_workspace(ctx, check_embedder=False) as workspace,
        progress_reporter("articles") as report,
    ):
        count = workspace.store.reindex(report)
    click.echo(f"{count} articles indexed with {escape_line(workspace.embedder.identity)}")


@click.command("export-embedder")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
def export_embedder(directory: Path) -> None:
    """Export the built-in embedder to DIR as a sentence-transformers model.

    Use it with GEUNGEO_EMBEDDER=sentence-transformers:DIR.
    """
    from geungeo.rag.embedding.export import export

    export(directory)
    click.echo(f"wrote {escape_line(str(directory))}")


_overwrite = click.option("--overwrite", is_flag=True, help="Replace existing content.")


def _folder(ctx: click.Context, tool: str) -> Path:
    """Return the folder of the store; a database has ``tool`` instead of these commands."""
    from geungeo.rag.errors import InvalidRequest

    place = settings_of(ctx).store
    if isinstance(place, Path):
        return place
    raise InvalidRequest(
        f"store {place} is in PostgreSQL: use {tool} (docs/scale.md), or copy it to a folder with: "
        "geungeo store copy"
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@_overwrite
@click.pass_context
def backup(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """Copy articles, conversations, feedback and keys to FILE, and verify the copy.

    The store may be in use.
    """
    from geungeo.index.backup import back_up

    contents = back_up(_folder(ctx, "pg_dump"), file, overwrite=overwrite)
    click.echo(
        f"{contents.articles} articles and {contents.conversations} conversations in "
        f"{escape_line(str(file))} ({contents.bytes:,} bytes)"
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@_overwrite
@click.pass_context
def restore(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """Verify the backup FILE and replace the store's content with it.

    Running servers continue with the restored content.
    """
    from geungeo.index.backup import restore as restore_backup

    folder = _folder(ctx, "pg_restore")
    contents = restore_backup(folder, file, overwrite=overwrite)
    click.echo(
        f"{contents.articles} articles and {contents.conversations} conversations are in "
        f"{escape_line(str(folder))}"
    )


@click.group()
def store() -> None:
    """Copy a store to another place."""


@store.command("copy")
@click.argument("source", type=StorePlace(), metavar="FROM")
@click.argument("target", type=StorePlace(), metavar="TO")
def copy_command(source: Path | StoreUrl, target: Path | StoreUrl) -> None:
    """Copy everything in the store FROM to the empty store TO, and compare.

    FROM and TO are folders or postgresql:// URLs. Stop the servers first: what changes during the
    copy is not in it. Set passwords by PGPASSWORD or a password file, as others see the arguments.
    """
    from geungeo.index.copying import copy_store

    copied = copy_store(source, target)
    click.echo(
        f"{copied.articles} articles and {copied.conversations} conversations are in "
        f"{escape_line(str(target))} ({copied.rows:,} rows, compared)"
    )
