"""``geungeo chat``: a dialogue in the terminal."""

from __future__ import annotations

import asyncio
import uuid

import click

from geungeo.rag.errors import InvalidQuestion
from geungeo.rag.events import Ask
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
    prompting = click.get_text_stream("stdin").isatty()
    with open_workspace(ctx, seed=True) as workspace, asyncio.Runner() as runner:
        for question in _questions(prompting=prompting):
            ask = Ask(question=question, conversation_id=conversation_id)
            try:
                result = runner.run(answer(workspace, ask))
            except InvalidQuestion as error:
                click.echo(f"geungeo: {escape(str(error))}", err=True)
                continue
            click.echo(render_answer(result) + "\n")


def _questions(*, prompting: bool) -> list[str] | _Prompt:
    """The lines of a pipe, or what a person types until an empty line."""
    if prompting:
        return _Prompt()
    lines = click.get_text_stream("stdin").read().splitlines()
    return [line for line in lines if line.strip()]


class _Prompt:
    """Iterates over what a person types; an empty line or end of file ends it."""

    def __iter__(self) -> _Prompt:
        return self

    def __next__(self) -> str:
        try:
            line = input("> ")
        except EOFError:
            click.echo()
            raise StopIteration from None
        if not line.strip():
            raise StopIteration
        return line
