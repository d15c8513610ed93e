"""``geungeo bench claims``: measure what is released of the answers that an LLM writes.

A file holds answers to questions about an article, true and false ones, sentence by sentence. A
scripted endpoint writes each of them, with the numbers of the prompt's sentences that hold its
facts, through the backend ``openai`` and over HTTP; a second script judges the claims. So the
figures show what the pipeline lets through, not what a certain model knows.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import click
from pydantic import BaseModel, ConfigDict, ValidationError

from geungeo.eval.bench.grounding import Rate, wilson
from geungeo.eval.data import NEWS_ARTICLES, data_file
from geungeo.rag.answer import MARKER, Answer, Ask, Filters
from geungeo.rag.backends.claims import ClaimParser
from geungeo.rag.errors import UsageError
from geungeo.rag.text import fold

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

T = TypeVar("T")
Judge = Literal["perfect", "yes", "no", "rules", "bundled"]
FRAGMENT = "fragment"
# One article in six is held out.
HELD_OUT = 6


class Row(BaseModel):
    """An answer to a question; ``facts`` are spans of the article that support a true one.

    A true answer has a ``style``, a false one a ``kind``. Without ``article_id`` it is about the
    shipped article.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    question: str
    answer: tuple[str, ...]
    label: Literal["true", "false"]
    article_id: str | None = None
    style: str = ""
    kind: str = ""
    facts: tuple[str, ...] = ()


class Outcome(BaseModel):
    """Result of the pipeline for one row; ``released`` has it for each sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: Literal["true", "false"]
    kind: str
    question: str
    answer: tuple[str, ...]
    released: tuple[bool, ...]
    answered: bool
    cites_fact: bool | None
    facts_shown: bool | None
    status: str
    text: str
    why: tuple[str, ...]
    notes: tuple[str, ...]


class ClaimsReport(BaseModel):
    """Rates over all rows. Sentences of fragments are counted by style only.

    A fragment (a mere name or number) is not an answer: it is replaced by the sentence that
    says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: Judge
    true_claims_released: Rate
    true_questions_answered: Rate
    gold_fact_cited: Rate
    facts_in_prompt: Rate
    lies_released: Rate
    released_by_style: dict[str, Rate]
    lies_by_kind: dict[str, Rate]
    milliseconds_per_answer: float
    outcomes: tuple[Outcome, ...]


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """Return the rows of all files.

    Raises:
        UsageError: a line is no such row; names file and line.
    """
    rows: list[Row] = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                rows.append(Row.model_validate_json(line))
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                place = ".".join(map(str, first["loc"])) or "the line"
                raise UsageError(f"{path}:{number}: {place}: {first['msg']}") from error
    return rows


def articles_held_out(rows: Sequence[Row]) -> list[str]:
    """Return the articles of a file of claims that no judge is trained on: every sixth."""
    return sorted({row.article_id or "" for row in rows})[::HELD_OUT]


def rows_held_out(paths: Iterable[Path]) -> list[Row]:
    """Return the rows of each file whose articles are held out of training.

    Raises:
        UsageError: a line is no such row; names file and line.
    """
    kept: list[Row] = []
    for path in paths:
        rows = read_rows([path])
        unseen = set(articles_held_out(rows))
        kept += [row for row in rows if row.article_id in unseen]
    return kept


def spread(rows: Sequence[T], limit: int | None) -> list[T]:
    """Return ``limit`` of ``rows``, evenly spread; all of them without a limit."""
    if limit is None or limit >= len(rows):
        return list(rows)
    return [rows[at * len(rows) // limit] for at in range(limit)]


class ScriptedModel:
    """An OpenAI-compatible server that writes the answer of ``row`` and judges claims.

    It answers chat completions whose last message is a JSON object with ``claims`` as a judge,
    all others as the writer. Enter it with ``with``.
    """

    def __init__(self, judge: Judge, true_sentences: Iterable[str]) -> None:
        self.row: Row | None = None
        self.facts_shown: bool | None = None
        self._judge = judge
        self._true = {_key(text) for sentence in true_sentences for text in _claims(sentence)}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base URL for ``llm_base_url``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, prompt: str) -> str:
        """Return what the model says to ``prompt``."""
        try:
            asked = json.loads(prompt)
        except ValueError:
            return self._write(prompt)
        return self._verdicts(asked["claims"])

    def _write(self, prompt: str) -> str:
        row = self.row
        if row is None:
            return "NO_ANSWER"
        lines = numbered(prompt)
        holders = [_holding(fact, lines) for fact in row.facts]
        self.facts_shown = all(holders) if row.facts else None
        written = []
        for at, sentence in enumerate(row.answer):
            # Facts and sentences that are equally many belong together one by one.
            aligned = len(row.facts) == len(row.answer)
            mine = [holders[at]] if aligned else holders
            cites = sorted({number for found in mine for number in found})
            cites = cites or _nearest(f"{row.question} {sentence}", lines)
            written.append(f"{sentence} {''.join(f'[{number}]' for number in cites)}")
        return "\n".join(written)

    def _verdicts(self, claims: Sequence[dict[str, Any]]) -> str:
        verdicts = [
            {"id": claim["id"], "verdict": "supported" if self._agrees(claim) else "not_found"}
            for claim in claims
        ]
        return json.dumps({"verdicts": verdicts})

    def _agrees(self, claim: dict[str, Any]) -> bool:
        if self._judge == "perfect":
            return _key(str(claim["claim"])) in self._true
        return self._judge == "yes"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                text = model.reply(json.loads(body)["messages"][-1]["content"])
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                usage = {"prompt_tokens": 1, "completion_tokens": 1}
                reply = json.dumps({"choices": [choice], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *args: object) -> None:
                del args

        return Handler


def numbered(prompt: str) -> dict[int, str]:
    """Return the numbered sentences of a prompt: lines that begin with ``[n] ``."""
    lines: dict[int, str] = {}
    for line in prompt.splitlines():
        head, bracket, text = line.partition("] ")
        if bracket and head.startswith("[") and head[1:].isdecimal():
            lines[int(head[1:])] = text
    return lines


def _holding(fact: str, lines: dict[int, str]) -> list[int]:
    """Return the number of the first sentence that holds ``fact``, as a list; empty if none does.

    A fact may run over two sentences.
    """
    wanted = _key(fact)
    keys = {number: _key(text) for number, text in lines.items()}
    alone = [number for number, key in keys.items() if wanted in key][:1]
    if alone:
        return alone
    numbers = sorted(keys)
    for one, other in pairwise(numbers):
        if wanted in keys[one] + keys[other]:
            return [one, other]
    return []


def _nearest(text: str, lines: dict[int, str]) -> list[int]:
    """Return the number of the sentence that shares most pairs of characters with ``text``."""
    wanted = _pairs(text)
    ranked = sorted(lines, key=lambda number: -len(wanted & _pairs(lines[number])))
    return ranked[:1]


def _pairs(text: str) -> set[str]:
    key = _key(text)
    return {key[at : at + 2] for at in range(len(key) - 1)}


def _key(text: str) -> str:
    """Return the letters and digits of ``text``: two texts with one key differ in nothing else."""
    return "".join(char for char in fold(text) if char.isalnum())


def _claims(sentence: str) -> list[str]:
    """Return the claims that a sentence is split into."""
    parser = ClaimParser(())
    return [claim.text for claim in [*parser.feed(sentence), *parser.finish()]]


def measure(rows: Sequence[Row], judge: Judge, articles: Path | None = None) -> ClaimsReport:
    """Ask all questions of ``rows`` of stores made for the run.

    ``articles`` is the file with the articles of the rows that name one.
    """
    true_sentences = [s for row in rows if row.label == "true" for s in row.answer]
    outcomes: list[Outcome] = []
    began = time.perf_counter()
    with ScriptedModel(judge, true_sentences) as model:
        for path, group in _by_store(rows, articles):
            with _workspace(model, judge, path) as workspace:
                workspace.warm_up()
                outcomes += asyncio.run(_ask_all(workspace, model, group))
    spent = time.perf_counter() - began
    return _report(outcomes, judge, 1000 * spent / max(1, len(rows)))


def _by_store(
    rows: Sequence[Row], articles: Path | None
) -> Iterator[tuple[Path | None, list[Row]]]:
    seed = [row for row in rows if row.article_id is None]
    if seed:
        yield None, seed
    if len(seed) < len(rows):
        path = articles or data_file(NEWS_ARTICLES)
        yield path, [row for row in rows if row.article_id is not None]


@contextmanager
def _workspace(model: ScriptedModel, judge: Judge, articles: Path | None) -> Iterator[Workspace]:
    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import load

    with tempfile.TemporaryDirectory(prefix="geungeo-claims-") as folder:
        settings = load(
            None,
            store=Path(folder),
            backend="openai",
            llm_base_url=model.url,
            llm_model=f"scripted-{judge}",
            verifier=judge if judge in {"rules", "bundled"} else "llm",
        )
        with Workspace.open(settings, seed=articles is None) as workspace:
            if articles is not None:
                failed = workspace.ingest([str(articles)]).failed
                if failed:
                    raise UsageError(f"{failed[0].source}: {failed[0].error}")
            yield workspace


async def _ask_all(
    workspace: Workspace, model: ScriptedModel, rows: Sequence[Row]
) -> list[Outcome]:
    outcomes = []
    for row in rows:
        model.row, model.facts_shown = row, None
        filters = Filters(article_ids=frozenset({row.article_id}) if row.article_id else None)
        answer = await workspace.pipeline.answer(Ask(row.question, filters=filters))
        outcomes.append(_outcome(row, answer, facts_shown=model.facts_shown))
    return outcomes


def _outcome(row: Row, answer: Answer, *, facts_shown: bool | None) -> Outcome:
    answered = answer.status == "answered"
    claims = {_key(answer.text[c.answer_start : c.answer_end]) for c in answer.citations}
    quotes = [_key(citation.quote) for citation in answer.citations]
    facts = [_key(fact) for fact in row.facts]
    return Outcome(
        id=row.id,
        label=row.label,
        kind=row.style or row.kind,
        question=row.question,
        answer=row.answer,
        released=tuple(
            all(_key(text) in claims for text in _claims(sentence)) for sentence in row.answer
        ),
        answered=answered,
        # A fact that runs over two sentences is cited if its first words are.
        cites_fact=any(fact in q or fact[:12] in q for fact in facts for q in quotes)
        if facts
        else None,
        facts_shown=facts_shown,
        status=answer.reason or answer.status,
        text=MARKER.sub("", answer.text) if answered else "",
        why=tuple(f"{dropped.text}: {dropped.why}" for dropped in answer.trace.dropped),
        notes=answer.trace.notes,
    )


def _report(outcomes: Sequence[Outcome], judge: Judge, milliseconds: float) -> ClaimsReport:
    true = [outcome for outcome in outcomes if outcome.label == "true"]
    false = [outcome for outcome in outcomes if outcome.label == "false"]
    by_style: dict[str, list[bool]] = defaultdict(list)
    for outcome in true:
        by_style[outcome.kind] += outcome.released
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for outcome in false:
        by_kind[outcome.kind].append(any(outcome.released))
    whole = [made for style, found in by_style.items() if style != FRAGMENT for made in found]
    return ClaimsReport(
        judge=judge,
        true_claims_released=_rate(whole),
        true_questions_answered=_rate([outcome.answered for outcome in true]),
        gold_fact_cited=_rate([o.cites_fact for o in true if o.cites_fact is not None]),
        facts_in_prompt=_rate([o.facts_shown for o in true if o.facts_shown is not None]),
        lies_released=_rate([lie for found in by_kind.values() for lie in found]),
        released_by_style={style: _rate(found) for style, found in sorted(by_style.items())},
        lies_by_kind={kind: _rate(found) for kind, found in sorted(by_kind.items())},
        milliseconds_per_answer=round(milliseconds, 1),
        outcomes=tuple(outcomes),
    )


def _rate(found: Sequence[bool]) -> Rate:
    return wilson(sum(found), len(found))


@click.command("claims")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option(
    "--verifier",
    "judge",
    type=click.Choice(get_args(Judge)),
    default="perfect",
    show_default=True,
    help="Verdicts of the scripted verifier: supported for the true claims of FILES, for all, or "
    "for none; rules: no verifier; bundled: the bundled model.",
)
@click.option(
    "--articles",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON Lines file with the articles of rows that have an article_id; default: the "
    "repository's news articles.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write figures and all outcomes to this file.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Measure this many rows, evenly spread over FILES."
)
@click.option(
    "--held-out", is_flag=True, help="Only rows about articles that no judge is trained on."
)
@click.option("--show", is_flag=True, help="List withheld true claims and released lies.")
def claims(
    files: tuple[Path, ...],
    judge: Judge,
    articles: Path | None,
    json_file: Path | None,
    limit: int | None,
    *,
    held_out: bool,
    show: bool,
) -> None:
    """Measure which answers of a scripted LLM are released, from FILES of true and false ones."""
    rows = rows_held_out(files) if held_out else read_rows(files)
    report = measure(spread(rows, limit), judge, articles)
    if json_file:
        json_file.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    for line in summary(report):
        click.echo(line)
    if show:
        for line in failures(report):
            click.echo(line)


def summary(report: ClaimsReport) -> list[str]:
    """Return the figures of ``report`` as lines of text."""
    lines = [f"{'verifier: ' + report.judge:30}{'n':>5}  {'count':>6}  {'rate':>6}  95 % (Wilson)"]
    shown = (
        "true_questions_answered",
        "gold_fact_cited",
        "facts_in_prompt",
        "true_claims_released",
    )
    lines += [_line(name, getattr(report, name)) for name in shown]
    lines += [_line(f"  {style}", rate) for style, rate in report.released_by_style.items()]
    lines.append(_line("lies_released", report.lies_released))
    lines += [_line(f"  {kind}", rate) for kind, rate in report.lies_by_kind.items()]
    lines.append(f"{report.milliseconds_per_answer} ms an answer")
    return lines


def failures(report: ClaimsReport) -> list[str]:
    """Return the true claims that were withheld and the lies that were released."""
    lines = []
    for outcome in report.outcomes:
        reasons = "; ".join([*outcome.why, *outcome.notes])
        for sentence, released in zip(outcome.answer, outcome.released, strict=True):
            if outcome.label == "true" and not released:
                lines.append(f"withheld {outcome.id} [{outcome.status}] {sentence} ({reasons})")
            elif outcome.label == "false" and released:
                lines.append(f"released {outcome.id} {outcome.kind}: {sentence}")
    return lines


def _line(name: str, rate: Rate) -> str:
    return (
        f"{name:30}{rate.n:>5}  {rate.passed:>6}  {rate.rate:>6.1%}  "
        f"{rate.low:.1%} to {rate.high:.1%}"
    )
