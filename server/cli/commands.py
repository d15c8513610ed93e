"""Commands that are imported on demand, with their common options, settings and store."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import click

from geungeo.server.process.memory import check_memory_limit, limit_heaps

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import Settings


class Target(NamedTuple):
    """Where a sub-command lives (``module:attribute``) and its one-line help."""

    path: str
    help: str


class Context(TypedDict):
    """What the root hands to every sub-command as ``click.Context.obj``."""

    store: Path | None
    config: Path | None


class LazyGroup(click.Group):
    """Loads sub-commands on demand, so that ``--help`` imports nothing heavy.

    ``--store`` and ``--config`` are accepted before and after the sub-command's name.
    """

    def __init__(self, *args: Any, targets: Mapping[str, Target], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = dict(targets)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """The names in the order in which a new user meets them."""
        return list(self.targets)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        """Import and return the named sub-command."""
        target = self.targets.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.path.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return with_common_options(command)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; a reader that went away, as ``| head`` does, is no error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes stdout once more at exit and would complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        return result

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, target.help) for name, target in self.targets.items()])


def with_common_options(command: click.Command) -> click.Command:
    """Add ``--store`` and ``--config`` to a command and to everything below it, once."""
    taken = {option for parameter in command.params for option in parameter.opts}
    command.params.extend(
        option for option in common_options() if not taken.intersection(option.opts)
    )
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_common_options(child)
    return command


def common_options() -> list[click.Option]:
    """The two options that every command takes; their values land in ``ctx.obj``."""
    return [
        click.Option(
            ["--store"],
            # A folder that may not be read is the store's to explain, wherever it was named.
            type=click.Path(path_type=Path, readable=False),
            metavar="DIR",
            help="Folder that holds the store.",
            expose_value=False,
            callback=_remember,
        ),
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Settings file; default: geungeo.toml if it exists.",
            expose_value=False,
            callback=_remember,
        ),
    ]


def _remember(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if ctx.obj is None:
        ctx.obj = Context(store=None, config=None)
    if value is not None and param.name is not None:
        # A command's own flag is nearer to the user than the group's.
        ctx.obj = {**ctx.obj, param.name: value}
    return value


def settings_of(ctx: click.Context, **flags: Any) -> Settings:
    """The settings, with the flags of this call on top (``None`` means not given)."""
    from geungeo.rag.settings import load

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
