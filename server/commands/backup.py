"""``geungeo backup`` and ``geungeo restore``: the whole store as one file."""

from __future__ import annotations

from pathlib import Path

import click

from geungeo.server.opening import settings_of
from geungeo.server.terminal import escape

_overwrite = click.option("--overwrite", is_flag=True, help="Replace what is there.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@_overwrite
@click.pass_context
def backup(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """Copy articles, conversations, feedback and keys to FILE, and verify the copy.

    The store may be in use meanwhile.
    """
    from geungeo.index.backup import back_up

    contents = back_up(settings_of(ctx).store, file, overwrite=overwrite)
    click.echo(
        f"{contents.articles} articles and {contents.conversations} conversations in "
        f"{escape(str(file))} ({contents.bytes:,} bytes)"
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@_overwrite
@click.pass_context
def restore(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """Put the backup FILE in place of what the store holds, once it is verified.

    Servers that have the store open go on with what is restored.
    """
    from geungeo.index.backup import restore as put_back

    folder = settings_of(ctx).store
    contents = put_back(folder, file, overwrite=overwrite)
    click.echo(
        f"{contents.articles} articles and {contents.conversations} conversations are in "
        f"{escape(str(folder))}"
    )
