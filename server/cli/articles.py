"""``geungeo ingest`` and ``articles``: add, list, show and remove articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geungeo.rag.article import Article
from geungeo.server.cli.commands import open_workspace
from geungeo.server.cli.output import json_text, progress_reporter
from geungeo.server.escaping import escape_line, plain_text

if TYPE_CHECKING:
    from geungeo.index.workspace import IngestSummary


EXIT_SOME_FAILED = 2


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PATH_OR_URL...")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.pass_context
def ingest(ctx: click.Context, sources: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Add or update articles from .txt, .md, .html and .jsonl files, folders and URLs.

    Only public hosts are fetched; the setting fetch_private_hosts allows others.
    A source that cannot be read does not stop the others; the exit status is then 2.
    """
    with open_workspace(ctx) as workspace, progress_reporter("read") as report:
        summary = workspace.ingest(sources, report)
    click.echo(_as_json(summary) if as_json else _as_text(summary))
    for failure in summary.failed:
        named = failure.error.startswith(failure.source)
        line = failure.error if named else f"{failure.source}: {failure.error}"
        click.echo(f"geungeo: {escape_line(line)}", err=True)
    if summary.failed:
        ctx.exit(EXIT_SOME_FAILED)


def _as_json(summary: IngestSummary) -> str:
    failed = [{"source": one.source, "error": one.error} for one in summary.failed]
    return json_text(
        {
            "added": list(summary.added),
            "updated": list(summary.updated),
            "unchanged": list(summary.unchanged),
            "failed": failed,
        }
    )


def _as_text(summary: IngestSummary) -> str:
    return (
        f"{len(summary.added)} added, {len(summary.updated)} updated, "
        f"{len(summary.unchanged)} unchanged, {len(summary.failed)} failed"
    )


@click.group()
def articles() -> None:
    """List, show or remove articles."""


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
        click.echo(
            f"{escape_line(row.id)}  v{row.version}  {row.published_at or '-'}  {_title(row)}"
        )


@articles.command()
@click.argument("article_id", metavar="ID")
@click.option("--version", "number", type=click.IntRange(min=1), help="Default: the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with sections and spans.")
@click.pass_context
def show(
    ctx: click.Context,
    article_id: str,
    number: int | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Show one article."""
    with open_workspace(ctx) as workspace:
        article = workspace.store.article(article_id, number)
    if as_json:
        click.echo(article.model_dump_json(indent=2))
        return
    facts = [article.publisher, article.author, article.published_at, article.url]
    click.echo(f"{escape_line(article.id)} v{article.version}")
    click.echo(" · ".join(escape_line(fact) for fact in facts if fact))
    click.echo("\n" + plain_text(article.text))


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
