"""``geungeo init``, ``ingest`` and ``articles``: stores, and the articles in them."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geungeo.rag.article import Article, Draft
from geungeo.server.cli.commands import Status, open_workspace, settings_of
from geungeo.server.cli.output import ingest_reporter, json_text, shown_date, summary_of
from geungeo.server.escaping import escape_line, plain_text

if TYPE_CHECKING:
    from geungeo.index.ingest import IngestSummary


# Files that were not read: names for each reason, and reasons.
_NAMES, _REASONS = 3, 8


FIELDS = ("text", "title", "id", "url", "author", "publisher", "published_at", "language")


class ColumnOption(click.ParamType[tuple[str, str]]):
    """An option ``FIELD=COLUMN``."""

    name = "FIELD=COLUMN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return the field and the column."""
        field, separator, column = str(value).partition("=")
        if not separator or not column or field not in FIELDS:
            self.fail(
                f"{value!r}: write FIELD=COLUMN with a field of {', '.join(FIELDS)}", param, ctx
            )
        return field, column


@click.command()
@click.option("--sample", is_flag=True, help="Fill it with the articles of the package.")
@click.pass_context
def init(ctx: click.Context, sample: bool) -> None:  # noqa: FBT001 - click passes by name
    """Make a store and say what to do next; one that exists is not changed.

    The other commands that read a store named by --store refuse a folder without one, since
    its name may be mistyped.
    """
    place = settings_of(ctx).store
    existed = not isinstance(place, Path) or os.path.lexists(place)
    with open_workspace(ctx, makes_stores=True, seed=sample) as workspace:
        if workspace.settings.engine_fallback:
            workspace.store.prepare_fallback()
        count = workspace.store.count()
    noun = "article" if count == 1 else "articles"
    click.echo(
        f"{'there is' if existed else 'made'} a store in {escape_line(str(place))}: {count} {noun}"
    )
    # A URL has a password, and so belongs into the environment.
    named = f" {shlex.join(['--store', str(place)])}" if isinstance(place, Path) else ""
    todo = f'geungeo ask{named} "…"' if count else f"geungeo ingest{named} PATH_OR_URL"
    click.echo(f"next: {escape_line(todo)}")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PATH_OR_URL...")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.option("--events", is_flag=True, help="Print each step as a line of JSON, the summary last.")
@click.option("--dry-run", is_flag=True, help="Show what would be stored; change nothing.")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    type=ColumnOption(),
    help="Column of a field in CSV, spreadsheets and JSON, such as text=본문. Repeatable.",
)
@click.pass_context
def ingest(
    ctx: click.Context,
    sources: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click passes options by name
    events: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    mapped: tuple[tuple[str, str], ...],
) -> None:
    """Add or update articles from files, folders and URLs.

    Files: .txt .md .html .json .jsonl .csv .tsv .xlsx .xml (feeds) .pdf .docx .hwpx .hwp .eml
    .mhtml and others, see docs/add-articles.md.
    Only public hosts are fetched; the setting fetch_private_hosts allows others.
    A source that cannot be read does not stop the others; the exit status is then 2.
    Articles are stored in batches: after an interruption, run the same command again.
    """
    columns = dict(mapped)
    if dry_run and events:
        raise click.UsageError("--dry-run stores nothing and has no --events; use --json")
    if dry_run:
        summary = _dry_run(ctx, sources, columns, as_json=as_json)
    else:
        with (
            open_workspace(ctx, makes_stores=True) as workspace,
            ingest_reporter(events=events) as listener,
        ):
            try:
                summary = workspace.ingest(sources, listener=listener, columns=columns)
            except KeyboardInterrupt:
                click.echo("geungeo: interrupted; run the same command again to go on", err=True)
                ctx.exit(Status.INTERRUPTED)
        if events:
            click.echo(json.dumps({"event": "done", **summary_of(summary)}, ensure_ascii=False))
        else:
            click.echo(json_text(summary_of(summary)) if as_json else _as_text(summary))
    _complain(summary)
    if summary.failed:
        ctx.exit(Status.USAGE)


def _complain(summary: IngestSummary) -> None:
    """Write failures, warnings and files that were not read to stderr, one a line."""
    for failure in summary.failed:
        named = failure.error.startswith(failure.source)
        line = failure.error if named else f"{failure.source}: {failure.error}"
        click.echo(f"geungeo: {escape_line(line)}", err=True)
    for notice in summary.warnings:
        click.echo(
            f"geungeo: warning: {escape_line(f'{notice.source}: {notice.message}')}", err=True
        )
    if summary.ignored:
        files: dict[str, list[str]] = {}
        # Sources can be relative and absolute.
        paths = [Path(notice.source).absolute() for notice in summary.ignored]
        folder = os.path.commonpath([path.parent for path in paths])
        for notice, path in zip(summary.ignored, paths, strict=True):
            name = os.path.relpath(path, folder)
            files.setdefault(notice.message, []).append(name)
        for reason, names in list(files.items())[:_REASONS]:
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            line = f"{', '.join(names[:_NAMES])}{more}: not read ({reason})"
            click.echo(f"geungeo: {escape_line(line)}", err=True)
        if len(files) > _REASONS:
            left = sum(len(names) for names in list(files.values())[_REASONS:])
            click.echo(f"geungeo: {left} files of other types: not read", err=True)


def _dry_run(
    ctx: click.Context, sources: tuple[str, ...], columns: dict[str, str], *, as_json: bool
) -> IngestSummary:
    from geungeo.index.ingest import IngestSummary, fetcher_of, read_sources

    settings = settings_of(ctx)
    summary = IngestSummary()
    readings = read_sources(
        sources, settings.max_source_bytes, fetcher_of(settings), summary, columns=columns
    )
    drafts = [draft for reading in readings for draft in reading.drafts]
    if as_json:
        seen = summary_of(summary)
        problems = {name: seen[name] for name in ("failed", "skipped", "warnings", "ignored")}
        click.echo(json_text({"articles": [_described(draft) for draft in drafts], **problems}))
        return summary
    for draft in drafts:
        click.echo(_shown(draft))
    click.echo(f"{len(drafts)} would be read, {len(summary.failed)} failed; nothing was stored")
    return summary


def _described(draft: Draft) -> dict[str, Any]:
    article = draft.article()
    return {
        **article.model_dump(mode="json", exclude={"version", "text"}),
        "source": draft.source,
        "sections": [
            {"kind": one.kind, "text": one.span.of(article.text)} for one in article.sections
        ],
        "left_out": list(draft.left_out),
        "warnings": list(draft.warnings),
    }


def _shown(draft: Draft) -> str:
    article = draft.article()
    counts = Counter(section.kind.value for section in article.sections)
    lines = [escape_line(article.title)]
    names = ("author", "publisher", "published_at", "url")
    lines += [f"  {name:<13}{escape_line(getattr(article, name) or '-')}" for name in names]
    parts = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    lines.append(f"  {'sections':<13}{parts}")
    place = draft.source if "://" in draft.source else Path(draft.source).name
    lines.append(f"  {'source':<13}{escape_line(place)}")
    if draft.left_out:
        count = "1 line" if len(draft.left_out) == 1 else f"{len(draft.left_out)} lines"
        lines.append(f"  {'left out':<13}{count}: {_cut(draft.left_out[0])}")
    return "\n".join(lines)


def _cut(text: str) -> str:
    line = escape_line(text)
    return line if len(line) <= 60 else f"{line[:59]}…"


def _as_text(summary: IngestSummary) -> str:
    return (
        f"{len(summary.added)} added, {len(summary.updated)} updated, "
        f"{len(summary.unchanged)} unchanged, {len(summary.failed)} failed"
    )


@click.group()
def articles() -> None:
    """List, show, correct or remove articles."""


@articles.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_articles(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001
    """List the newest version of every article."""
    with open_workspace(ctx) as workspace:
        rows = workspace.store.articles()
    if as_json:
        listed = [row.model_dump(mode="json", exclude={"text", "sections"}) for row in rows]
        click.echo(json_text({"articles": listed}))
        return
    for row in rows:
        date = shown_date(row.published_at) or "-"
        click.echo(f"{escape_line(row.id)}  v{row.version}  {date}  {_title(row)}")


@articles.command()
@click.argument("article_id", metavar="ID")
@click.option("--version", "number", type=click.IntRange(min=1), help="Default: the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with sections and spans.")
@click.option("--sections", is_flag=True, help="Name the kind of each section, and its page.")
@click.pass_context
def show(
    ctx: click.Context,
    article_id: str,
    number: int | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    sections: bool,  # noqa: FBT001
) -> None:
    """Show one article."""
    with open_workspace(ctx) as workspace:
        article = workspace.store.article(article_id, number)
    if as_json:
        click.echo(article.model_dump_json(indent=2))
        return
    date = shown_date(article.published_at)
    facts = [article.publisher, article.author, date, article.url]
    click.echo(f"{escape_line(article.id)} v{article.version}")
    click.echo(" · ".join(escape_line(fact) for fact in facts if fact))
    if article.title not in article.text:  # corrected
        click.echo(f"title: {escape_line(article.title)}")
    if not sections:
        click.echo("\n" + plain_text(article.text))
        return
    click.echo("")
    for section in article.sections:
        page = f" p. {section.page}" if section.page else ""
        text = escape_line(section.span.of(article.text))
        click.echo(f"[{section.kind.value}{page}] {text}")


@articles.command()
@click.argument("article_id", metavar="ID")
@click.option("--title", help="Title.")
@click.option("--author", help="Author; several are separated by commas.")
@click.option("--publisher", help="Publisher.")
@click.option("--date", "published_at", help="Date of publication, such as 2025-07-02 09:10.")
@click.option("--url", help="The article's own address.")
@click.option("--language", help="Language: ko, en or another code of ISO 639-1.")
@click.pass_context
def edit(ctx: click.Context, /, article_id: str, **given: str | None) -> None:
    """Correct the data of an article as a new version.

    An empty value removes it. The text is not changed. Ingesting the same document again
    keeps the corrections.
    """
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError("nothing to change; give --title, --author, --publisher, --date, …")
    with open_workspace(ctx) as workspace:
        outcome = workspace.store.edit(article_id, changes)
    click.echo(f"{escape_line(article_id)} v{outcome.article.version} {outcome.status}")


@articles.command()
@click.argument("article_id", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, article_id: str) -> None:
    """Remove an article with all its versions."""
    with open_workspace(ctx) as workspace:
        workspace.store.remove(article_id)
    click.echo(f"removed {escape_line(article_id)}")


def _title(article: Article) -> str:
    return escape_line(article.title) + (
        f" ({escape_line(article.publisher)})" if article.publisher else ""
    )
