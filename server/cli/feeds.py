"""``geungeo feeds``: RSS, Atom and sitemaps as sources of articles."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from geungeo.server.cli.commands import Status, open_workspace
from geungeo.server.cli.output import ingest_reporter, json_text, summary_of
from geungeo.server.escaping import escape_line

if TYPE_CHECKING:
    from geungeo.index.feeds import FeedState
    from geungeo.index.ingest import IngestSummary
    from geungeo.index.pulling import Pulled

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHORTEST = 60.0


class Duration(click.ParamType[float]):
    """A time such as ``10m``, in seconds."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+)([smhd])", str(value))
        if not match:
            self.fail(f"{value!r}: write a number with s, m, h or d, such as 10m", param, ctx)
        seconds = int(match[1]) * _UNITS[match[2]]
        if seconds < _SHORTEST:
            self.fail(f"{value!r}: the shortest time is {_SHORTEST:.0f}s", param, ctx)
        return seconds


@click.group()
def feeds() -> None:
    """Add, list, remove or pull feeds (RSS, Atom) and sitemaps."""


@feeds.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.pass_context
def add(ctx: click.Context, urls: tuple[str, ...]) -> None:
    """Add feeds; pull or watch then reads their articles.

    A host that is not on the public internet is refused; the setting fetch_private_hosts
    allows others.
    """
    with open_workspace(ctx, makes_stores=True) as workspace:
        for url in urls:
            workspace.fetcher.check(url)
            word = "added" if workspace.store.feeds.add(url) else "already there:"
            click.echo(f"{word} {escape_line(url)}")


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_feeds(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click's
    """List the feeds with the outcome of their last pull."""
    with open_workspace(ctx) as workspace:
        states = workspace.store.feeds.all()
    if as_json:
        click.echo(json_text({"feeds": [asdict(state) for state in states]}))
        return
    for state in states:
        click.echo(_line(state))


def _line(state: FeedState) -> str:
    pulled = "never pulled"
    if state.pulled_at is not None:
        pulled = datetime.fromtimestamp(state.pulled_at).astimezone().isoformat(" ", "minutes")
    title = f"  {escape_line(state.title)}" if state.title else ""
    times = "once" if state.failures == 1 else f"{state.failures} times"
    reason = (state.error or "").removeprefix(f"{state.url}: ")
    error = f"  failed {times}: {escape_line(reason)}" if reason else ""
    return f"{escape_line(state.url)}  {pulled}{title}{error}"


@feeds.command()
@click.argument("url", metavar="URL")
@click.pass_context
def remove(ctx: click.Context, url: str) -> None:
    """Remove a feed; its articles stay."""
    with open_workspace(ctx) as workspace:
        workspace.store.feeds.remove(url)
    click.echo(f"removed {escape_line(url)}")


@feeds.command()
@click.argument("urls", nargs=-1, metavar="[URL...]")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.option("--events", is_flag=True, help="Print each step as a line of JSON, the summary last.")
@click.pass_context
def pull(
    ctx: click.Context,
    urls: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click passes options by name
    events: bool,  # noqa: FBT001
) -> None:
    """Read the new articles of these feeds, or of all that are due."""
    with open_workspace(ctx) as workspace, ingest_reporter(events=events) as listener:
        summary, outcomes = workspace.pull(urls, listener=listener)
    _report(summary, outcomes, as_json=as_json, events=events)
    if summary.failed:
        ctx.exit(Status.USAGE)


@feeds.command()
@click.option("--every", type=Duration(), default="10m", help="Time between two pulls of a feed.")
@click.option("--times", type=click.IntRange(min=1), help="Stop after this many rounds.")
@click.option("--events", is_flag=True, help="Print each step as a line of JSON.")
@click.pass_context
def watch(
    ctx: click.Context,
    every: float,
    times: int | None,
    events: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Pull all feeds again and again, until interrupted."""
    rounds = 0
    with open_workspace(ctx) as workspace, ingest_reporter(events=events) as listener:
        while True:
            began = time.monotonic()
            summary, outcomes = workspace.pull(wait=every * 0.9, listener=listener)
            _report(summary, outcomes, events=events)
            rounds += 1
            if times is not None and rounds >= times:
                return
            time.sleep(max(0.0, every - (time.monotonic() - began)))


def _report(
    summary: IngestSummary, outcomes: list[Pulled], *, as_json: bool = False, events: bool = False
) -> None:
    feeds = {"feeds": {outcome.url: outcome.status for outcome in outcomes}}
    if events:
        line = {"event": "done", **summary_of(summary), **feeds}
        click.echo(json.dumps(line, ensure_ascii=False))
    elif as_json:
        click.echo(json_text({**summary_of(summary), **feeds}))
    else:
        _report_in_words(summary, outcomes)
    for failure in summary.failed:
        click.echo(f"geungeo: {escape_line(failure.error)}", err=True)
    for notice in summary.warnings:
        click.echo(
            f"geungeo: warning: {escape_line(f'{notice.source}: {notice.message}')}", err=True
        )


def _report_in_words(summary: IngestSummary, outcomes: list[Pulled]) -> None:
    statuses = [outcome.status for outcome in outcomes]
    counts = ", ".join(
        f"{statuses.count(status)} {status}"
        for status in ("pulled", "unchanged", "waiting", "busy", "failed")
        if status in statuses
    )
    click.echo(
        f"{len(summary.added)} added, {len(summary.updated)} updated, "
        f"{len(summary.unchanged)} unchanged; feeds: {counts or 'none'}"
    )
