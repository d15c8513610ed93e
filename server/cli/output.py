"""Output of the commands: answers, JSON and progress."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from geungeo.rag.answer import MARKER, Answer, Citation, nearest_heading, support_label
from geungeo.rag.language.dates.times import seoul_time
from geungeo.server.escaping import escape_line, plain_text

if TYPE_CHECKING:
    from geungeo.index.ingest import IngestEvent, IngestSummary

_LABELS = {
    "ko": {"sources": "근거", "abstained": "답하지 않음"},
    "en": {"sources": "Sources", "abstained": "No answer"},
}


def colours_wanted() -> bool:
    """Whether stdout is a terminal that shows colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


class Ink:
    """Styles of a terminal; without ``colours`` texts stay as they are."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def said(self, text: str) -> str:
        """Return a piece of an answer with its markers set off."""
        return MARKER.sub(lambda match: self.marker(match[0]), plain_text(text))

    def short(self, text: str) -> str:
        """Return the words that answer."""
        return self._style(text, bold=True)

    def marker(self, text: str) -> str:
        """Return a marker, such as ``[1]``."""
        return self._style(text, fg="cyan", bold=True)

    def heading(self, text: str) -> str:
        """Return the line above sources or nearest sentences."""
        return self._style(text, bold=True)

    def aside(self, text: str) -> str:
        """Return where a quote is from."""
        return self._style(text, dim=True)

    def warning(self, text: str) -> str:
        """Return the reason of an abstention."""
        return self._style(text, fg="yellow")

    def _style(self, text: str, **styles: Any) -> str:
        return click.style(text, **styles) if self._colours else text


PLAIN = Ink(colours=False)


def render_answer(answer: Answer, ink: Ink = PLAIN) -> str:
    """Return the short answer, the answer and its numbered sources as text.

    A quote that is a sentence of the answer is not printed a second time.
    """
    short = answer.short_answer
    first = f"{ink.short(escape_line(short.text))}\n\n" if short else ""
    return first + ink.said(answer.text) + render_rest(answer, ink)


def render_rest(answer: Answer, ink: Ink = PLAIN) -> str:
    """Return what follows the text of an answer: reason, nearest sentences, sources."""
    labels = _LABELS[answer.language]
    lines = [""]
    if answer.reason and answer.reason != "not_a_question":
        lines.append(ink.warning(f"({labels['abstained']}: {answer.reason})"))
    if answer.nearest:
        lines += ["", ink.heading(f"{nearest_heading(answer)}:")]
    for one in answer.nearest:
        origin = ", ".join(escape_line(part) for part in one.origin)
        lines += [
            f"  “{escape_line(one.quote)}”",
            ink.aside(f"      {origin} [{one.start}:{one.end}]"),
        ]
    sources = {citation.marker: citation for citation in answer.citations}
    if sources:
        lines += ["", ink.heading(f"{labels['sources']}:")]
    for marker, citation in sorted(sources.items()):
        label = support_label(answer, marker)
        quote = f"“{escape_line(citation.quote)}”" + (f" ({label})" if label else "")
        number, origin = ink.marker(f"[{marker}]"), _origin(citation)
        if _is_said(answer, citation):
            lines.append(f"  {number} {ink.aside(origin)}")
        else:
            lines += [f"  {number} {quote}", ink.aside(f"      {origin}")]
        if citation.note:
            lines.append(ink.aside(f"      ({escape_line(citation.note)})"))
    return "\n".join(lines)


def _is_said(answer: Answer, citation: Citation) -> bool:
    """Whether the claim that ``citation`` belongs to is its quote, word for word."""
    return answer.text[citation.answer_start : citation.answer_end] == citation.quote


def json_text(value: Any) -> str:
    """Return ``value`` as printed with ``--json``."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def shown_date(published_at: str | None) -> str | None:
    """Return a date as printed: a time is that in Seoul, also in stores that have another zone."""
    return seoul_time(published_at) if published_at else None


def _origin(citation: Citation) -> str:
    date = shown_date(citation.published_at)
    parts = [citation.title, citation.publisher, date]
    described = ", ".join(escape_line(part) for part in parts if part)
    return f"{described} [{citation.start}:{citation.end}]"


@contextmanager
def progress_reporter(noun: str) -> Iterator[Callable[[str], None] | None]:
    """Show progress if stderr is a terminal; yield a function to call for each item, or ``None``.

    ``noun`` follows the count, as in ``12 read``.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} " + noun),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        # The number of articles in a folder or .jsonl file is known only at its end.
        task = progress.add_task("", total=None)

        def report(source: str) -> None:
            progress.update(task, advance=1, description=escape_line(source)[-60:])

        yield report


def summary_of(summary: IngestSummary) -> dict[str, Any]:
    """Return the summary of an ingest as printed with ``--json`` and at the end of ``--events``."""
    return {
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "failed": [{"source": one.source, "error": one.error} for one in summary.failed],
        "skipped": summary.skipped,
        "warnings": [asdict(one) for one in summary.warnings],
        "ignored": [asdict(one) for one in summary.ignored],
    }


@contextmanager
def ingest_reporter(*, events: bool) -> Iterator[Callable[[IngestEvent], None] | None]:
    """Yield a listener of an ingest: JSON lines on stdout, or progress on a terminal's stderr.

    The progress counts articles, with their rate and the time left; its total grows with the
    documents that are read.
    """
    if events:
        yield _print_event
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TextColumn("articles, {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=0, rate="-")

        def listen(event: IngestEvent) -> None:
            known = progress.tasks[task]
            if event.kind == "read":
                progress.update(task, total=(known.total or 0) + (event.count or 0))
            elif event.kind == "stored":
                speed = f"{known.speed:.1f}/s" if known.speed else "-"
                progress.update(task, advance=1, rate=speed)
            progress.update(task, description=escape_line(event.title or event.source)[-50:])

        yield listen


def _print_event(event: IngestEvent) -> None:
    fields = {name: value for name, value in asdict(event).items() if value is not None}
    line = {"event": fields.pop("kind"), **fields}
    print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201 - the output
