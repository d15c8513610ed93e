"""``geungeo ask``: one question, one verified answer."""

from __future__ import annotations

import asyncio

import click

from geungeo.rag.answer import Ask
from geungeo.server.opening import open_workspace


@click.command()
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the whole Answer as JSON.")
@click.option("--conversation", metavar="ID", help="Continue (or start) this conversation.")
@click.option("--top-k", type=click.IntRange(1, 50), help="Passages that the answer rests on.")
@click.pass_context
def ask(
    ctx: click.Context,
    question: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    conversation: str | None,
    top_k: int | None,
) -> None:
    """Answer QUESTION from the articles in the store, with numbered quotes.

    An empty store is first filled with the articles that geungeo ships with.
    """
    from geungeo.server.conversation import answer
    from geungeo.server.render import render_answer

    with open_workspace(ctx, seed=True) as workspace:
        result = asyncio.run(
            answer(workspace, Ask(question=question, conversation_id=conversation, top_k=top_k))
        )
    click.echo(result.model_dump_json(indent=2) if as_json else render_answer(result))
