"""``geungeo mcp``: the tools of the Model Context Protocol over stdio."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import click

from geungeo.server.cli.commands import open_workspace


@click.command()
@click.pass_context
def mcp(ctx: click.Context) -> None:
    """Serve one MCP client over standard input and output.

    The client starts this command itself; see docs/clients.md. The same tools are at /mcp of
    geungeo serve. An empty store is first filled with the articles of the package.
    """
    from geungeo.server.channels.mcp import serve_stdio

    with open_workspace(ctx, seed=True) as workspace:
        asyncio.run(serve_stdio(workspace, version("geungeo")))
