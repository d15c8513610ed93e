"""``geungeo ask``, ``chat`` and ``search``: questions to the store."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geungeo.rag.answer import Answer, Ask, Delta, Done, Filters, PassageHit
from geungeo.rag.errors import InvalidQuestion
from geungeo.server.cli.commands import open_workspace, settings_of
from geungeo.server.cli.output import Ink, colours_wanted, json_text, render_answer, render_rest
from geungeo.server.escaping import escape_line

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

_QUIT_WORDS = {"quit", "exit", ":q", "/quit", "/exit", "종료", "끝"}
_HISTORY = 1_000


@click.command()
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the whole Answer as JSON.")
@click.option("--conversation", metavar="ID", help="Continue (or start) this conversation.")
@click.option("--top-k", type=click.IntRange(1, 50), help="Number of passages to answer from.")
@click.pass_context
def ask(
    ctx: click.Context,
    question: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    conversation: str | None,
    top_k: int | None,
) -> None:
    """Answer QUESTION from the articles in the store, with numbered quotes.

    An abstention is an answer too: the exit status is 0, and --json has its reason. An empty
    store is first filled with the articles of the package. Colours are for terminals only;
    NO_COLOR turns them off. A server that runs on the store with the same settings answers, if
    there is one, which takes less time.
    """
    from geungeo.server.process import local

    asked = Ask(question=question, conversation_id=conversation, top_k=top_k)
    result = local.ask(settings_of(ctx), asked) or _answer_alone(ctx, asked)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
        return
    colours = colours_wanted()
    click.echo(render_answer(result, Ink(colours=colours)), color=colours)


def _answer_alone(ctx: click.Context, asked: Ask) -> Answer:
    from geungeo.server.answering import answer

    with open_workspace(ctx, seed=True) as workspace:
        return asyncio.run(answer(workspace, asked))


@click.command()
@click.option("--conversation", metavar="ID", help="Continue (or start) this conversation.")
@click.pass_context
def chat(ctx: click.Context, conversation: str | None) -> None:
    """Hold a conversation; quit, 종료 or Ctrl-D ends it.

    In a terminal, the arrow keys recall earlier questions. Each sentence is printed as soon as
    it is verified. An empty store is first filled with the articles of the package.
    """
    conversation_id = conversation or uuid.uuid4().hex
    prompting = sys.stdin.isatty()
    colours = colours_wanted()
    with open_workspace(ctx, seed=True) as workspace, asyncio.Runner() as runner:
        if prompting:
            _, count = workspace.store.catalogue.find("", Filters(), limit=1, offset=0)
            noun = "article" if count == 1 else "articles"
            click.echo(
                f"{count} {noun} in {escape_line(str(workspace.settings.store))}. Ask a question; "
                "quit or Ctrl-D ends. (질문을 입력하세요. 끝내려면 종료)"
            )
        for question in _questions(prompting=prompting):
            asked = Ask(question=question, conversation_id=conversation_id)
            try:
                runner.run(_print_answer(workspace, asked, colours=colours))
            except InvalidQuestion as error:
                click.echo(f"geungeo: {escape_line(str(error))}", err=True)


async def _print_answer(workspace: Workspace, asked: Ask, *, colours: bool) -> None:
    """Print an answer sentence by sentence, then its sources."""
    from geungeo.server.answering import stream

    ink = Ink(colours=colours)
    printed = ""
    async with aclosing(stream(workspace, asked)) as events:
        async for event in events:
            if isinstance(event, Delta):
                printed += event.text
                click.echo(ink.said(event.text), nl=False, color=colours)
            elif isinstance(event, Done):
                rest = event.answer.text.removeprefix(printed)
                click.echo(ink.said(rest) + render_rest(event.answer, ink) + "\n", color=colours)


def _questions(*, prompting: bool) -> Iterator[str]:
    """Yield the lines of a pipe, or the typed ones, up to a quit word; blank ones are skipped."""
    for line in _typed() if prompting else sys.stdin:
        question = line.strip()
        if question.casefold() in _QUIT_WORDS:
            return
        if question:
            yield question


def _typed() -> Iterator[str]:
    """Yield the lines typed at a prompt, with line editing and the history of earlier calls."""
    with _history():
        while True:
            try:
                yield input("> ")
            except EOFError:
                click.echo()
                return


@contextmanager
def _history() -> Iterator[None]:
    """Load the history of typed questions, and save it; without readline there is none."""
    try:
        import readline
    except ImportError:
        yield
        return
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    file = state / "geungeo" / "chat_history"
    # A history that cannot be read or written must not end a conversation.
    with suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(_HISTORY)
    try:
        yield
    finally:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            readline.write_history_file(file)


@click.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print the passages as JSON.")
@click.option("-k", "--top-k", type=click.IntRange(1, 50), help="Number of passages.")
@click.pass_context
def search(
    ctx: click.Context,
    query: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    top_k: int | None,
) -> None:
    """Find the passages nearest to QUERY, with their scores by channel.

    An empty store is first filled with the articles of the package.
    """
    with open_workspace(ctx, seed=True) as workspace:
        hits = workspace.pipeline.search(query, top_k or workspace.settings.top_k, Filters())
        titles = {hit.article_id: workspace.store.article(hit.article_id).title for hit in hits}
    if as_json:
        rows = [hit.model_dump(mode="json") for hit in hits]
        click.echo(json_text({"query": query, "passages": rows}))
        return
    for hit in hits:
        click.echo(_render(hit, titles[hit.article_id]))


def _render(hit: PassageHit, title: str) -> str:
    scores = f"fused {hit.score:.4f}  dense {_score(hit.dense_score)}"
    return (
        f"{hit.rank}. {escape_line(title)} [{hit.start}:{hit.end}]\n"
        f"   {scores}  lexical {_score(hit.lexical_score)}\n"
        f"   {escape_line(hit.text)}"
    )


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"
