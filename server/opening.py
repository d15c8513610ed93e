"""How every command and the server get at settings and store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from geungeo.rag.settings import Settings, load
from geungeo.server.lazy import Context
from geungeo.server.memory import check_memory_limit, limit_heaps

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace


def settings_of(ctx: click.Context, **flags: Any) -> Settings:
    """The settings, with the flags of this call on top (``None`` means not given)."""
    given: Context = ctx.obj or Context(store=None, config=None)
    return load(given["config"], store=given["store"], **flags)


def open_workspace(
    ctx: click.Context, *, seed: bool = False, check_embedder: bool = True, **flags: Any
) -> Workspace:
    """Open the store that ``ctx`` names; ``seed`` fills an empty one from the shipped articles.

    Imported late: the workspace brings numerical libraries that ``--help`` must not pay for.
    """
    check_memory_limit()
    limit_heaps()
    from geungeo.index.workspace import Workspace

    return Workspace.open(settings_of(ctx, **flags), seed=seed, check_embedder=check_embedder)
