"""``geungeo conversations``: list, show, export and delete conversations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from geungeo.rag.answer import Answer
from geungeo.rag.errors import UsageError
from geungeo.server.cli.commands import open_workspace
from geungeo.server.cli.output import json_text, render_answer
from geungeo.server.escaping import escape_line


@click.group()
def conversations() -> None:
    """List, show, export or delete conversations."""


@conversations.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the most recent ones.")
@click.pass_context
def list_conversations(
    ctx: click.Context,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    limit: int | None,
) -> None:
    """List conversations, the most recent first."""
    with open_workspace(ctx) as workspace:
        rows = workspace.store.conversations.list(limit)
    if as_json:
        listed = {"conversations": [asdict(row) for row in rows]}
        click.echo(json_text(listed))
        return
    for row in rows:
        name = escape_line(row.title or row.first_question)[:60]
        turns = "1 turn" if row.turns == 1 else f"{row.turns} turns"
        click.echo(f"{row.id}  {row.updated_at[:16]}  {turns}  {name}")


@conversations.command()
@click.argument("conversation_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the Answers as JSON.")
@click.pass_context
def show(ctx: click.Context, conversation_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Show a conversation's questions and answers."""
    if as_json:
        click.echo(_json(ctx, conversation_id))
        return
    for answer in _answers(ctx, conversation_id):
        click.echo(f"> {escape_line(answer.question)}\n{render_answer(answer)}\n")


@conversations.command()
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--format",
    "style",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of standard output.",
)
@click.pass_context
def export(ctx: click.Context, conversation_id: str, style: str, output: Path | None) -> None:
    """Export a conversation with its citations."""
    from geungeo.server.transcript import to_markdown

    if style == "json":
        text = _json(ctx, conversation_id) + "\n"
    else:
        text = to_markdown(conversation_id, _answers(ctx, conversation_id))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write {output}: {error.strerror}; choose another file: --output"
        ) from error


@conversations.command()
@click.argument("conversation_id", metavar="ID")
@click.pass_context
def delete(ctx: click.Context, conversation_id: str) -> None:
    """Delete a conversation."""
    with open_workspace(ctx) as workspace:
        workspace.store.conversations.delete(conversation_id)
    click.echo(f"deleted {conversation_id}")


def _answers(ctx: click.Context, conversation_id: str) -> list[Answer]:
    with open_workspace(ctx) as workspace:
        return workspace.store.conversations.get(conversation_id)


def _json(ctx: click.Context, conversation_id: str) -> str:
    """Return the same object as ``GET /conversations/{id}``."""
    with open_workspace(ctx) as workspace:
        answers = workspace.store.conversations.get(conversation_id)
        ratings = workspace.store.feedback.ratings(conversation_id)
    dumped = [answer.model_dump(mode="json") for answer in answers]
    body = {"conversation_id": conversation_id, "answers": dumped, "ratings": ratings}
    return json_text(body)
