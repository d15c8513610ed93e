"""``geungeo serve``: the API and the web page."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from typing import Any

import click

from geungeo.server.opening import open_workspace, settings_of
from geungeo.server.terminal import show_log_on_stderr

LOG_STYLE = "%(asctime)s %(levelname)s %(name)s %(message)s"


@click.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Default 8000; 0 picks a free one.")
@click.option(
    "--insecure-bind",
    is_flag=True,
    default=None,
    help="Listen beyond this machine although there are no API keys.",
)
@click.pass_context
def serve(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    insecure_bind: bool | None,  # noqa: FBT001 - click passes options by name
) -> None:
    """Serve the API and the web page until interrupted.

    An empty store is first filled with the articles that geungeo ships with.
    """
    from geungeo.server.access.binding import check_bind
    from geungeo.server.app import create_app
    from geungeo.server.listener import listen, run

    show_log_on_stderr(logging.INFO, LOG_STYLE)
    flags: dict[str, Any] = {"host": host, "port": port, "insecure_bind": insecure_bind}
    settings = settings_of(ctx, **flags)
    check_bind(settings)
    # The port is taken first: filling a store only to find the port in use wastes minutes.
    with (
        listen(settings.host, settings.port) as listener,
        open_workspace(ctx, seed=True, **flags) as workspace,
    ):
        # Beside the server, which answers /healthz meanwhile; a first question waits its turn.
        warming = threading.Thread(target=workspace.warm_up, name="warm-up")
        warming.start()
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"geungeo: serving on http://{shown}:{listener.getsockname()[1]}/")
        # uvicorn raises the signal that stopped it once more, for its parents' sake; for us
        # to be stopped is a clean end.
        signal.signal(signal.SIGTERM, lambda *_: None)
        with contextlib.suppress(KeyboardInterrupt):
            run(create_app(workspace), listener)
        warming.join()
