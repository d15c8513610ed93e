"""The root of the command ``geungeo``; each sub-command is imported when it is called."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence

import click

from geungeo.rag.errors import (
    BackendError,
    GeungeoError,
    InvariantViolation,
    OutOfMemory,
    SourceError,
    StoreError,
    StoreVersionMismatch,
    UsageError,
)
from geungeo.server.cli.commands import LazyGroup, Status, Target, common_options
from geungeo.server.escaping import escape_line
from geungeo.server.telemetry.logs import show_log_on_stderr

TARGETS = {
    "init": Target("geungeo.server.cli.articles:init", "Make a store, empty or with a sample."),
    "ask": Target("geungeo.server.cli.ask:ask", "Answer one question, with citations."),
    "chat": Target("geungeo.server.cli.ask:chat", "Hold a conversation in the terminal."),
    "search": Target("geungeo.server.cli.ask:search", "Find passages without answering."),
    "check": Target("geungeo.server.cli.check:check", "Check a text against the articles."),
    "serve": Target("geungeo.server.cli.serve:serve", "Serve the API and the web page."),
    "mcp": Target("geungeo.server.cli.mcp:mcp", "Serve an MCP client over stdin and stdout."),
    "ingest": Target("geungeo.server.cli.articles:ingest", "Add or update articles."),
    "articles": Target(
        "geungeo.server.cli.articles:articles", "List, show, correct or remove articles."
    ),
    "feeds": Target(
        "geungeo.server.cli.feeds:feeds", "Add, list, remove or pull RSS, Atom and sitemaps."
    ),
    "conversations": Target(
        "geungeo.server.cli.conversations:conversations",
        "List, show, export or delete conversations.",
    ),
    "keys": Target("geungeo.server.cli.keys:keys", "Create, list or revoke API keys."),
    "doctor": Target(
        "geungeo.server.cli.maintenance:doctor", "Check the store; --repair rebuilds derived data."
    ),
    "reindex": Target(
        "geungeo.server.cli.maintenance:reindex", "Rebuild the index with the current settings."
    ),
    "backup": Target(
        "geungeo.server.cli.maintenance:backup",
        "Copy the store to one file, even in use.",
    ),
    "restore": Target(
        "geungeo.server.cli.maintenance:restore", "Replace the store's content with a backup."
    ),
    "store": Target("geungeo.server.cli.maintenance:store", "Copy a store to another place."),
    "eval": Target("geungeo.eval.command:command", "Measure answers against data sets."),
    "bench": Target(
        "geungeo.eval.bench.command:bench", "Reproduce the measurements in the documentation."
    ),
    "export-embedder": Target(
        "geungeo.server.cli.maintenance:export_embedder",
        "Export the built-in model for sentence-transformers.",
    ),
}

_STATUS: tuple[tuple[type[GeungeoError], int], ...] = (
    (UsageError, Status.USAGE),
    (SourceError, Status.USAGE),
    # The store itself is intact: the wrong folder or the wrong version of geungeo.
    (StoreVersionMismatch, Status.USAGE),
    (StoreError, Status.UNAVAILABLE),
    (BackendError, Status.UNAVAILABLE),
    (OutOfMemory, Status.UNAVAILABLE),
    (InvariantViolation, Status.FAILED),
)


@click.group(
    cls=LazyGroup,
    targets=TARGETS,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings also come from geungeo.toml and from GEUNGEO_* variables.",
)
@click.version_option(package_name="geungeo", prog_name="geungeo")
def cli() -> None:
    """Ask questions about news articles; every citation in the answer is verified."""


def exit_status(error: GeungeoError) -> int:
    """Return the exit status for ``error``."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), Status.USAGE)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors become one line on stderr and an exit status."""
    show_log_on_stderr(logging.WARNING)
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return guarded(lambda: cli.main(args, prog_name="geungeo", standalone_mode=False))


def guarded(task: Callable[[], object]) -> int:
    """Run ``task``; an error becomes one line on stderr and an exit status."""
    try:
        status = task()
    except GeungeoError as error:
        return _fail(str(error), exit_status(error))
    except click.exceptions.NoArgsIsHelpError as error:
        # Its message is the whole help text, which must keep its lines.
        error.show()
        return Status.USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "geungeo"
        return _fail(f"{error.format_message()} (see: {command} --help)", Status.USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), Status.USAGE)
    except MemoryError:
        return _fail("out of memory; free some or raise the limit", exit_status(OutOfMemory()))
    except (KeyboardInterrupt, click.Abort):
        return Status.INTERRUPTED
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int) -> int:
    click.echo(f"geungeo: {escape_line(message)}", err=True)
    return status
