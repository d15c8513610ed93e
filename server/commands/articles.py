"""``geungeo articles``: what is in the store."""

from __future__ import annotations

import json

import click

from geungeo.rag.article import Article
from geungeo.server.opening import open_workspace
from geungeo.server.terminal import escape, plain


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
        click.echo(json.dumps({"articles": listed}, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{escape(row.id)}  v{row.version}  {row.published_at or '-'}  {_title(row)}")


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
    click.echo(f"{escape(article.id)} v{article.version}")
    click.echo(" · ".join(escape(fact) for fact in facts if fact))
    click.echo("\n" + plain(article.text))


@articles.command()
@click.argument("article_id", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, article_id: str) -> None:
    """Remove an article with all its versions."""
    with open_workspace(ctx) as workspace:
        workspace.store.remove(article_id)
    click.echo(f"removed {escape(article_id)}")


def _title(article: Article) -> str:
    return escape(article.title) + (f" ({escape(article.publisher)})" if article.publisher else "")
