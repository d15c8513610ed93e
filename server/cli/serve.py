"""``geungeo serve``: the API and the web page, in one process or in several."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
from typing import TYPE_CHECKING, Any, Self

import click

from geungeo.server.cli.commands import open_workspace, settings_of
from geungeo.server.telemetry.logs import EscapingFormatter, show_log_on_stderr

if TYPE_CHECKING:
    from geungeo.rag.settings import Settings


STOP_WARMING_SECONDS = 5.0
LOG_STYLE = "%(asctime)s %(levelname)s %(name)s %(message)s"


@click.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Default 8000; 0 picks a free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Number of processes; default 1.")
@click.option(
    "--insecure-bind",
    is_flag=True,
    default=None,
    help="Allow listening on non-loopback addresses without API keys.",
)
@click.pass_context
def serve(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    workers: int | None,
    insecure_bind: bool | None,  # noqa: FBT001 - click passes options by name
) -> None:
    """Serve the API and the web page until interrupted.

    An empty store is first filled with the articles of the package.
    """
    from geungeo.server.access.hosts import check_bind

    flags = {"host": host, "port": port, "workers": workers, "insecure_bind": insecure_bind}
    settings = settings_of(ctx, **flags)
    _show_log(settings)
    check_bind(settings)
    if settings.workers == 1:
        with _Server(ctx, flags, settings) as server:
            server.run()
    else:
        ctx.exit(_run_workers(ctx, flags, settings))


class _Server:
    """A listening socket and the work of each process that serves it."""

    def __init__(self, ctx: click.Context, flags: dict[str, Any], settings: Settings) -> None:
        from geungeo.server.access.rates import Rates
        from geungeo.server.process.listener import listen

        self._ctx = ctx
        self._flags = flags
        self._settings = settings
        # Before the store, since filling one takes minutes and the port may be in use.
        self._listener = listen(settings.host, settings.port)
        self._rates = Rates(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def prepare(self) -> None:
        """Open the store once, which fills an empty one."""
        open_workspace(self._ctx, seed=True, **self._flags).close()

    def run(self, *, announced: bool = True) -> None:
        """Serve with a workspace of this process until a signal."""
        from geungeo.server.app import create_app
        from geungeo.server.process.listener import run
        from geungeo.server.process.memory import release_free_memory
        from geungeo.server.telemetry.tracing import make_provider

        provider = make_provider() if self._settings.tracing else None
        with open_workspace(self._ctx, seed=True, **self._flags) as workspace:
            # In the background, so that the server answers /healthz; a first question waits.
            warming = workspace.start_warming(release_free_memory)
            # A stop by either signal exits with 0: both before uvicorn handles signals, and
            # after it, when it raises the signal again.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                if announced:
                    self._announce()
                run(create_app(workspace, self._rates, provider), self._listener)
            warming.join(STOP_WARMING_SECONDS)
        if provider is not None:
            provider.shutdown()

    def _announce(self) -> None:
        host = self._settings.host
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"geungeo: serving on http://{shown}:{self._listener.getsockname()[1]}/")


def _run_workers(ctx: click.Context, flags: dict[str, Any], settings: Settings) -> int:
    """Serve with several processes; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="geungeo-metrics-") as shared:
        # The processes share their metrics there; prometheus_client reads it when imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        from prometheus_client.multiprocess import mark_process_dead

        from geungeo.server.cli import guarded
        from geungeo.server.process.workers import Supervisor

        with _Server(ctx, flags, settings) as server:
            supervisor = Supervisor(
                settings.workers,
                prepare=lambda: guarded(server.prepare),
                work=lambda number: guarded(lambda: server.run(announced=number == 0)),
                on_exit=mark_process_dead,
            )
            return supervisor.run()


def _show_log(settings: Settings) -> None:
    from geungeo.server.telemetry.logs import JsonFormatter

    as_json = settings.log_format == "json"
    show_log_on_stderr(logging.INFO, JsonFormatter() if as_json else EscapingFormatter(LOG_STYLE))
