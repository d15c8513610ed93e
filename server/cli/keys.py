"""``geungeo keys``: create, list and revoke API keys."""

from __future__ import annotations

from typing import Any

import click

from geungeo.index.keys import SCOPES, ApiKey, Scope, open_keys
from geungeo.server.cli.commands import settings_of
from geungeo.server.cli.output import json_text
from geungeo.server.escaping import escape_line


@click.group()
def keys() -> None:
    """Create, list or revoke API keys.

    Once a key exists, the server requires one; running servers need no restart.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("ask",),
    show_default=True,
    help="Scope of the key; repeat the option for several scopes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def create(
    ctx: click.Context,
    name: str,
    scopes: tuple[Scope, ...],
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Create a key and print it; it is never shown again. NAME is only for your own use."""
    with open_keys(settings_of(ctx).store) as opened:
        key, text = opened.create(name, frozenset(scopes))
    if as_json:
        click.echo(json_text({**_row(key), "key": text}))
        return
    click.echo(text)
    click.echo(
        f"geungeo: created key {key.id} with scope {_scopes(key)}; save it, it is not shown again",
        err=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001
    """List all keys, also revoked ones, without their secrets."""
    with open_keys(settings_of(ctx).store) as opened:
        found = opened.list()
    if as_json:
        rows = {"keys": [_row(key) for key in found]}
        click.echo(json_text(rows))
        return
    for key in found:
        state = f"revoked {key.revoked_at[:16]}" if key.revoked_at else "valid"
        click.echo(
            f"{key.id}  {key.created_at[:16]}  {state}  {_scopes(key)}  {escape_line(key.name)}"
        )


@keys.command()
@click.argument("key_id", metavar="ID")
@click.pass_context
def revoke(ctx: click.Context, key_id: str) -> None:
    """Revoke a key, with immediate effect."""
    with open_keys(settings_of(ctx).store) as opened:
        key = opened.revoke(key_id)
    click.echo(f"revoked {key.id} {escape_line(key.name)}")


def _scopes(key: ApiKey) -> str:
    return ",".join(sorted(key.scopes))


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
