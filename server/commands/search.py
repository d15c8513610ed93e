"""``geungeo search``: retrieval alone, to see what an answer would rest on."""

from __future__ import annotations

import json

import click

from geungeo.rag.answer import Filters, PassageHit
from geungeo.server.opening import open_workspace
from geungeo.server.terminal import escape


@click.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print the passages as JSON.")
@click.option("-k", "--top-k", type=click.IntRange(1, 50), help="How many passages.")
@click.pass_context
def search(
    ctx: click.Context,
    query: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    top_k: int | None,
) -> None:
    """Find the passages nearest to QUERY, with their scores by channel.

    An empty store is first filled with the articles that geungeo ships with.
    """
    with open_workspace(ctx, seed=True) as workspace:
        hits = workspace.pipeline.search(query, top_k or workspace.settings.top_k, Filters())
        titles = {hit.article_id: workspace.store.article(hit.article_id).title for hit in hits}
    if as_json:
        rows = [hit.model_dump(mode="json") for hit in hits]
        click.echo(json.dumps({"query": query, "passages": rows}, ensure_ascii=False, indent=2))
        return
    for hit in hits:
        click.echo(_render(hit, titles[hit.article_id]))


def _render(hit: PassageHit, title: str) -> str:
    scores = f"fused {hit.score:.4f}  dense {_score(hit.dense_score)}"
    return (
        f"{hit.rank}. {escape(title)} [{hit.start}:{hit.end}]\n"
        f"   {scores}  lexical {_score(hit.lexical_score)}\n"
        f"   {escape(hit.text)}"
    )


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"
