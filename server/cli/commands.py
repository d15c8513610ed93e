"""Commands that are imported on demand; their common options, settings and store."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypedDict

import click

from geungeo.server.escaping import escape_line
from geungeo.server.process.memory import check_memory_limit, limit_heaps

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import Settings, StoreUrl


class Status(IntEnum):
    """Exit statuses, as docs/cli.md lists them."""

    FAILED = 1  # a check found something: a store is damaged, a statement contradicted
    USAGE = 2  # bad usage, settings or input; some of several sources failed
    UNAVAILABLE = 3  # store, model or endpoint
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class Target(NamedTuple):
    """The import path (``module:attribute``) of a sub-command and its one-line help."""

    path: str
    help: str


class Context(TypedDict):
    """The common options, passed to every sub-command as ``click.Context.obj``."""

    store: Path | StoreUrl | None
    config: Path | None


class StorePlace(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A folder, or the URL of a database."""

    name = "place"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | StoreUrl:
        """Return the place that is given as a text."""
        if isinstance(value, str) and "://" in value:
            # Only then: the settings take a while to import, which --help does not need.
            from geungeo.rag.settings import StoreUrl

            place = StoreUrl.of(value)
            if isinstance(place, StoreUrl):
                return place
        # The store itself reports a folder that cannot be read.
        return Path(click.Path(path_type=Path, readable=False).convert(value, param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the names of folders."""
        return click.Path().shell_complete(ctx, param, incomplete)


class LazyGroup(click.Group):
    """A click group that imports a sub-command only when it is called.

    ``--store`` and ``--config`` are accepted before and after the sub-command's name.
    """

    def __init__(self, *args: Any, targets: Mapping[str, Target], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = dict(targets)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names in the order of the help text."""
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
        """Run the sub-command; a closed pipe, as of ``| head``, is not an error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes stdout again at exit, which would fail.
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
    """Add the common options to a command and its sub-commands, if they are missing."""
    taken = {option for parameter in command.params for option in parameter.opts}
    command.params.extend(
        option for option in common_options() if not taken.intersection(option.opts)
    )
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_common_options(child)
    return command


def common_options() -> list[click.Option]:
    """Return the options of every command, whose values go to ``ctx.obj``."""
    return [
        click.Option(
            ["--store"],
            type=StorePlace(),
            metavar="DIR",
            help="Folder of the store, or postgresql:// URL.",
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


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if ctx.obj is None:
        ctx.obj = Context(store=None, config=None)
    if value is not None and param.name is not None:
        # An option of the command takes precedence over one of the group.
        ctx.obj = {**ctx.obj, param.name: value}
    return value


def settings_of(ctx: click.Context, **flags: Any) -> Settings:
    """Return the settings; ``flags`` take precedence unless they are ``None``."""
    from geungeo.rag.settings import load

    given: Context = ctx.obj or Context(store=None, config=None)
    return load(given["config"], store=given["store"], **flags)


def open_workspace(
    ctx: click.Context,
    *,
    seed: bool = False,
    check_embedder: bool = True,
    makes_stores: bool = False,
    **flags: Any,
) -> Workspace:
    """Open the store of ``ctx``; ``seed`` fills an empty one with the articles of the package.

    A folder without a store that was named by ``--store`` may be mistyped. Commands that make
    stores (``makes_stores``) say so if another store has a similar name. Those that fill an empty
    store make one there unless another has a similar name; all others refuse.

    The workspace is imported here because it imports numerical libraries, which ``--help`` does
    not need.

    Raises:
        InvalidRequest: there is no store in the folder; the message has the ways out.
    """
    check_memory_limit()
    limit_heaps()
    settings = settings_of(ctx, **flags)
    given: Context | None = ctx.obj
    named = given is not None and given["store"] is not None
    folder = settings.store if isinstance(settings.store, Path) else None
    is_new = named and folder is not None and not os.path.lexists(folder)
    similar = _similar_store(folder) if is_new and folder else None
    if is_new and folder and not makes_stores and (similar or not seed):
        _refuse_new_store(folder, similar)
    from geungeo.index.workspace import Workspace

    workspace = Workspace.open(settings, seed=seed, check_embedder=check_embedder)
    if is_new and (similar or not makes_stores):
        hint = f"; did you mean {escape_line(str(similar))}?" if similar else ""
        place = escape_line(str(settings.store))
        click.echo(f"geungeo: there was no store in {place}; made a new one{hint}", err=True)
    return workspace


def _refuse_new_store(folder: Path, similar: Path | None) -> NoReturn:
    from geungeo.rag.errors import InvalidRequest

    hint = f"did you mean {similar}? " if similar else ""
    raise InvalidRequest(
        f"there is no store in {folder}; {hint}to make one, run: geungeo init --store {folder}"
    )


def _similar_store(folder: Path) -> Path | None:
    """Return a store beside ``folder`` with a similar name, which may have been meant."""
    from geungeo.index.database import FILE

    try:
        others = [one.parent.name for one in folder.absolute().parent.glob(f"*/{FILE}")]
    except OSError:
        return None
    close = difflib.get_close_matches(folder.name, set(others) - {folder.name}, 1)
    return folder.with_name(close[0]) if close else None
