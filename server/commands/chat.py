"""``geungeo chat``: a dialogue in the terminal."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Iterator

import click

from geungeo.rag.answer import Ask
from geungeo.rag.errors import InvalidQuestion
from geungeo.server.opening import open_workspace
from geungeo.server.terminal import escape


@click.command()
@click.option("--conversation", metavar="ID", help="Continue (or start) this conversation.")
@click.pass_context
def chat(ctx: click.Context, conversation: str | None) -> None:
    """Ask and follow up; an empty line or Ctrl-D ends.

    An empty store is first filled with the articles that geungeo ships with.
    """
    from geungeo.server.conversation import answer
    from geungeo.server.render import render_answer

    conversation_id = conversation or uuid.uuid4().hex
    prompting = sys.stdin.isatty()
    with open_workspace(ctx, seed=True) as workspace, asyncio.Runner() as runner:
        for question in _questions(prompting=prompting):
            ask = Ask(question=question, conversation_id=conversation_id)
            try:
                result = runner.run(answer(workspace, ask))
            except InvalidQuestion as error:
                click.echo(f"geungeo: {escape(str(error))}", err=True)
                continue
            click.echo(render_answer(result) + "\n")


def _questions(*, prompting: bool) -> Iterator[str]:
    """The lines of a pipe, or what a person types until an empty line."""
    if prompting:
        yield from _typed()
        return
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def _typed() -> Iterator[str]:
    while True:
        try:
            line = input("> ")
        except EOFError:
            click.echo()
            return
        if not line.strip():
            return
        yield line
