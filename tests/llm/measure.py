"""Measures a model as the writer of answers and as the judge of statements.

``make test-llm`` runs it with a small real model; ``--base-url`` measures any other endpoint:

    python -m tests.llm.measure --base-url http://127.0.0.1:11434/v1 --model gemma3:4b
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Delta, Done, check
from geungeo.rag.article import Article
from geungeo.rag.backends.verifier import make_verifier
from geungeo.rag.grounding.ground import Grounder
from geungeo.rag.grounding.support import is_fragment, shared_words
from geungeo.rag.protocols import Claim, Evidence, Inquiry, Judgement, Report, Task
from geungeo.rag.readers import read
from geungeo.rag.segmentation import split_article
from geungeo.rag.settings import Settings
from tests.llm import qwen

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "eval/data"
SEED = next((ROOT / "seeds").glob("*.txt"))
CLAIMS = DATA / "news_claims.jsonl"
CPU: dict[str, Any] = {
    "llm_context_tokens": 6_144,
    "llm_max_tokens": 256,
    "llm_timeout": 600,
    "llm_first_token_timeout": 600,
    "llm_stall_timeout": 120,
    "llm_retries": 0,
    "llm_extractive_fallback": False,
    "verifier_timeout": 600,
}
_SENTENCES_CITED = 2
_BULLET = re.compile(r"^\s*[-*•]\s*")


@dataclass(frozen=True, slots=True)
class Written:
    """One question as it was answered; seconds from the question on."""

    question: str
    status: str
    reason: str | None
    text: str
    as_written: int
    quoted: int
    dropped: int
    first_claim: float | None
    total: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A true or false statement about an article; ``facts`` are places in it."""

    id: str
    kind: str
    true: bool
    text: str
    facts: tuple[str, ...]
    article: Article = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement with the verdict on it; ``asked`` says whether the rules leave it to a judge."""

    id: str
    kind: str
    true: bool
    text: str
    verdict: Judgement
    asked: bool


def questions(count: int, claims: Sequence[Path]) -> list[str]:
    """Return ``count`` questions about the seed article: of its data set, and of ``claims``."""
    lines = (DATA / "seed_article.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    own = [row["question"] for row in rows if row["kind"] == "answerable"]
    own = own[:: max(1, len(own) // count)]
    others = [
        row["question"]
        for file in claims
        for row in _rows(file)
        if row["label"] == "true" and "article_id" not in row
    ]
    others = others[:: max(1, len(others) // count)]
    mixed = [one for pair in zip(others, own, strict=False) for one in pair]
    return list(dict.fromkeys([*mixed, *own]))[:count]


async def write(workspace: Workspace, asked: Sequence[str]) -> list[Written]:
    """Answer the questions one after the other; every answer is checked against the store."""
    rows = []
    for number, question in enumerate(asked, 1):
        rows.append(await _answer(workspace, question))
        _progress(f"question {number}/{len(asked)}: {rows[-1].status} in {rows[-1].total:.0f} s")
    return rows


async def _answer(workspace: Workspace, question: str) -> Written:
    began = time.monotonic()
    first: float | None = None
    answer: Answer | None = None
    async for event in workspace.stream(Ask(question)):
        if isinstance(event, Delta) and first is None:
            first = time.monotonic() - began
        if isinstance(event, Done):
            answer = event.answer
    total = time.monotonic() - began
    assert answer is not None
    check(answer, workspace.store.article)
    claims = {(citation.answer_start, citation.answer_end) for citation in answer.citations}
    instead = sum(claim.instead is not None for claim in answer.trace.dropped)
    return Written(
        question=question,
        status=answer.status,
        reason=answer.reason,
        text=answer.text,
        as_written=len(claims) - instead,
        quoted=instead,
        dropped=len(answer.trace.dropped) - instead,
        first_claim=first,
        total=total,
        why=tuple(claim.why for claim in answer.trace.dropped),
    )


def statements(claims: Sequence[Path]) -> list[Statement]:
    """Return the statements of ``claims``, sentence by sentence.

    Rows without ``article_id`` are about the seed article. Fragments are left out: they are never
    left to a judge.
    """
    seed = read(SEED.read_bytes(), SEED.name).drafts[0].article()
    rows = _rows(DATA / "news_articles.jsonl")
    articles = {article.id: article for article in (Article(**row) for row in rows)}
    found = []
    for row in (row for file in claims for row in _rows(file)):
        article = articles[row["article_id"]] if "article_id" in row else seed
        sentences, facts = row["answer"], row.get("facts", [])
        for at, sentence in enumerate(sentences):
            text = _BULLET.sub("", sentence)
            if is_fragment(text):
                continue
            places = [facts[at]] if len(facts) == len(sentences) else facts
            kind = row.get("kind") or row["style"]
            true = row["label"] == "true"
            found.append(Statement(f"{row['id']}.{at}", kind, true, text, tuple(places), article))
    return found


def sample(pool: Sequence[Statement], count: int, seed: int) -> list[Statement]:
    """Return ``count`` statements, half of them true, with every kind about as often."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    chosen: list[Statement] = []
    for true in (True, False):
        kinds: dict[str, list[Statement]] = {}
        for one in pool:
            if one.true is true:
                kinds.setdefault(one.kind, []).append(one)
        for group in kinds.values():
            chance.shuffle(group)
        turns = [group[at] for at in range(count) for group in kinds.values() if at < len(group)]
        chosen += turns[: count // 2]
    return chosen


class Recorder:
    """A verifier that notes what it is asked and supports nothing."""

    name = "recorder"

    def __init__(self) -> None:
        self.asked: list[Inquiry] = []

    async def judge(
        self,
        inquiries: Sequence[Inquiry],
        report: Report,  # noqa: ARG002
        seconds: float,  # noqa: ARG002
    ) -> list[Judgement]:
        """Note the inquiries."""
        self.asked += inquiries
        return ["not_found"] * len(inquiries)


async def judge(settings: Settings, chosen: Sequence[Statement]) -> list[Judged]:
    """Have every statement judged, one a call, by the evidence that it would be judged by."""
    verifier = make_verifier(settings)
    assert verifier is not None
    rows = []
    for number, one in enumerate(chosen, 1):
        inquiry, asked = await _inquiry(one)
        report = Report(verifier.name)
        [verdict] = await verifier.judge([inquiry], report, settings.verifier_timeout)
        rows.append(Judged(one.id, one.kind, one.true, one.text, verdict, asked))
        notes = "; ".join(report.notes)
        # A verdict that cannot be read is the model's fault and counts; anything else is not.
        if notes and not notes.startswith("verifier: no verdict"):
            raise SystemExit(f"the judge could not be asked: {notes}")
        _progress(f"statement {number}/{len(chosen)}: {one.kind}: {verdict} {notes}")
    return rows


async def _inquiry(one: Statement) -> tuple[Inquiry, bool]:
    """Return what a judge would be asked about a statement, and whether it would be."""
    task = _task(one.article)
    texts = [item.text for item in task.context]
    cited = [at for at, text in enumerate(texts) if any(fact in text for fact in one.facts)]
    if not cited:
        shares = shared_words(one.text, texts)
        cited = sorted(range(len(texts)), key=lambda at: -shares[at])[:_SENTENCES_CITED]
    recorder = Recorder()
    grounder = Grounder(task, recorder)
    grounder.take(Claim(one.text, cites=tuple(sorted(at + 1 for at in cited))))
    await grounder.finish(Report(""), 1)
    if recorder.asked:
        return recorder.asked[0], True
    article = one.article
    head = " / ".join(filter(None, [article.title, article.publisher, article.published_at]))
    return Inquiry(one.text, (head, *(texts[at] for at in sorted(cited)))), False


def _task(article: Article) -> Task:
    context = tuple(
        Evidence(number, article, sentence.span, sentence.kind, 0.5, 1)
        for number, sentence in enumerate(split_article(article), 1)
    )
    return Task("", "ko", context, context=context)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def print_written(rows: Sequence[Written]) -> None:
    """Print the figures of the writer."""
    answered = [row for row in rows if row.status == "answered"]
    firsts = [row.first_claim for row in rows if row.first_claim is not None]
    reasons = Counter(row.reason for row in rows if row.reason)
    _print(f"\nAs writer and judge, {len(rows)} questions")
    _print(f"  answered                 {len(answered)}")
    for reason, count in sorted(reasons.items()):
        _print(f"  abstained: {reason:<14}{count}")
    _print(f"  released as written      {sum(row.as_written for row in rows)}")
    _print(f"  quoted instead           {sum(row.quoted for row in rows)}")
    _print(f"  dropped                  {sum(row.dropped for row in rows)}")
    if firsts:
        _print(f"  first claim, median      {median(firsts):.1f} s (longest {max(firsts):.1f} s)")
    totals = [row.total for row in rows]
    _print(f"  whole answer, median     {median(totals):.1f} s (longest {max(totals):.1f} s)")


def print_judged(rows: Sequence[Judged]) -> None:
    """Print the figures of the judge: supported of all, and of those that the rules leave open."""
    for true, title in ((True, "true statements supported"), (False, "lies supported")):
        mine = [row for row in rows if row.true is true]
        _print(f"\nAs judge: {title} (in brackets: of those that the rules leave to a judge)")
        _print(_shares("all", mine))
        for kind in sorted({row.kind for row in mine}):
            _print(_shares(kind, [row for row in mine if row.kind == kind]))


def _shares(name: str, rows: Sequence[Judged]) -> str:
    asked = [row for row in rows if row.asked]
    return f"  {name:<14}{_share(rows):>9}   ({_share(asked)})"


def _share(rows: Sequence[Judged]) -> str:
    return f"{sum(row.verdict == 'supported' for row in rows)}/{len(rows)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the figures, and write every row to the file of ``--json``."""
    parser = argparse.ArgumentParser(prog="python -m tests.llm.measure", description=__doc__)
    parser.add_argument("--base-url", help="an endpoint that is running; default: serve the model")
    parser.add_argument("--model", default=qwen.NAME)
    parser.add_argument("--server-python", type=Path, help="Python that has llama-cpp-python")
    parser.add_argument("--only", choices=("writer", "judge"))
    parser.add_argument("--questions", type=int, default=28)
    parser.add_argument("--statements", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--claims", type=Path, action="append", help=f"file of statements; default: {CLAIMS.name}"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    if not given.base_url and not given.server_python:
        parser.error("give --base-url of a running endpoint, or --server-python to serve the model")
    claims = given.claims or [CLAIMS]
    result: dict[str, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base_url = judge_url = given.base_url
        if not base_url:
            # One for each task: both find the beginning of their prompts computed already.
            weights = qwen.assemble(qwen.QWEN, qwen.cache())
            tasks = ("judge",) if given.only == "judge" else ("writer", "judge")
            urls = [
                stack.enter_context(
                    qwen.serve(given.server_python, weights, place / f"{task}.log")
                ).base_url
                for task in tasks
            ]
            base_url, judge_url = urls[0], urls[-1]
        settings = Settings(
            store=place / "store",
            backend="openai",
            llm_base_url=base_url,
            llm_model=given.model,
            verifier_base_url=judge_url,
            **CPU,
        )
        if given.only != "judge":
            with Workspace.open(settings, seed=True) as workspace:
                written = asyncio.run(write(workspace, questions(given.questions, claims)))
            print_written(written)
            result["written"] = [asdict(row) for row in written]
            _save(given.json, result)
        if given.only != "writer":
            chosen = sample(statements(claims), given.statements, given.seed)
            judged = asyncio.run(judge(settings, chosen))
            print_judged(judged)
            result["judged"] = [asdict(row) for row in judged]
            _save(given.json, result)


def _save(path: Path | None, result: dict[str, list[dict[str, Any]]]) -> None:
    if path is not None:
        path.write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
