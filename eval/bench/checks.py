"""``geungeo bench check``: measure the verdicts of checked texts on claims about our own articles.

Three sets: whole drafts with hand-marked verdicts, the sentences of the claims file (paraphrases
and lies as a strong LLM writes them), and the claims of the grounding bench (near the wording).
Each has a half on which the rules were tuned and one that was not looked at.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from pydantic import BaseModel, ConfigDict

from geungeo.eval.bench.answers import FRAGMENT, Row, read_rows, spread
from geungeo.eval.bench.claims import BenchArticle, lies, load
from geungeo.eval.bench.grounding import Rate, wilson
from geungeo.eval.cases import CheckVerdict
from geungeo.eval.data import NEWS_ARTICLES, NEWS_CLAIMS, data_file
from geungeo.eval.score import gravest, is_named
from geungeo.rag.checking import CheckRequest
from geungeo.rag.text import fold

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace

Half = Literal["tuned", "unseen"]

# What differs in each kind of lie; a kind that is not listed adds what no source says, which is
# not found and contradicts nothing.
_DIFFERS = {
    "number": "number",
    "date": "date",
    "name": "name",
    "subject": "role",
    "negation": "negation",
    "certainty": "certainty",
    "quotation": "quotation",
    "invented_number": "number",
    "changed_unit": "number",
    "number_swap": "number",
    "shifted_date": "date",
    "unseen_name": "name",
    "swapped_roles": "role",
    "other_actor": "role",
    "antonym": "negation",
    "negated": "negation",
    "certainty_raised": "certainty",
    "quote_altered": "quotation",
    "wrong_speaker": "quotation",
}
# They differ in more than one way: not counted for naming.
_ANYHOW = frozenset({"recombined", "same-words", "word_salad"})
# These answer a question about one sentence, or are no statements.
_LEFT_OUT = frozenset({FRAGMENT, "wrong_id", "injected_answer", "marker_only", "markup"})
_FACT_START = 12
_BENCH = "bench-"
_DAY = "2025-03-10"


class ClaimOutcome(BaseModel):
    """Verdict about one sentence; ``near`` if it is near its source's wording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    half: Half
    near: bool
    true: bool
    kind: str
    text: str
    verdict: CheckVerdict
    found: tuple[str, ...]
    fact_shown: bool | None


class CheckReport(BaseModel):
    """Rates by measure; each is over the half that its name ends with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rates: dict[str, Rate]
    lies_by_kind: dict[str, dict[str, Rate]]
    milliseconds_per_sentence: float
    outcomes: tuple[ClaimOutcome, ...]


class _Sentence(BaseModel):
    id: str
    half: Half
    near: bool
    true: bool
    kind: str
    text: str
    facts: tuple[str, ...] = ()


def measure(files: Sequence[Path] = (), *, seed: int = 7, limit: int | None = None) -> CheckReport:
    """Check every sentence by itself, over a store of all articles made for the run.

    ``files`` are further claims about the shipped article; all of them are unseen.
    """
    rows = read_rows([data_file(NEWS_CLAIMS)])
    benched = load()
    sentences = [*_of_rows(rows, halves=True), *_of_rows(read_rows(files), halves=False)]
    sentences += _of_bench(benched, seed)
    with _workspace(benched) as workspace:
        began = time.perf_counter()
        kept = spread(sentences, limit)
        outcomes = asyncio.run(_check_all(workspace, kept))
        spent = time.perf_counter() - began
    return _report(outcomes, 1000 * spent / max(1, len(kept)))


def _of_rows(rows: Sequence[Row], *, halves: bool) -> Iterator[_Sentence]:
    """Yield the sentences of the rows; every other article was not looked at while tuning."""
    articles = sorted({row.article_id or "" for row in rows})
    for row in rows:
        kind = row.style or row.kind
        if kind in _LEFT_OUT:
            continue
        tuned = halves and articles.index(row.article_id or "") % 2 == 0
        for number, text in enumerate(row.answer):
            yield _Sentence(
                id=f"{row.id}#{number}",
                half="tuned" if tuned else "unseen",
                near=False,
                true=row.label == "true",
                kind=kind,
                text=text,
                facts=row.facts,
            )


def _of_bench(articles: Sequence[BenchArticle], seed: int) -> Iterator[_Sentence]:
    halves: dict[str, Half] = {
        one.id: "tuned" if one.half == "tuned" else "unseen" for one in articles
    }
    for article in articles:
        for number, claim in enumerate(article.claims):
            yield _Sentence(
                id=f"{article.id}-t{number}",
                half=halves[article.id],
                near=True,
                true=True,
                kind=claim.how,
                text=claim.text,
                facts=tuple(article.sentences[at] for at in claim.source),
            )
    for number, lie in enumerate(lies(articles, seed)):
        if lie.kind not in _LEFT_OUT:
            yield _Sentence(
                id=f"{lie.article.id}-f{number}",
                half=halves[lie.article.id],
                near=True,
                true=False,
                kind=lie.kind,
                text=lie.text,
            )


@contextmanager
def _workspace(benched: Sequence[BenchArticle]) -> Iterator[Workspace]:
    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import load as load_settings

    with tempfile.TemporaryDirectory(prefix="geungeo-check-") as folder:
        file = Path(folder) / "bench.jsonl"
        file.write_text(
            "\n".join(
                json.dumps(
                    {
                        "id": f"{_BENCH}{one.id}",
                        "title": one.id,
                        "published_at": _DAY,
                        "text": " ".join(one.sentences),
                    },
                    ensure_ascii=False,
                )
                for one in benched
            ),
            "utf-8",
        )
        settings = load_settings(None, store=Path(folder) / "store")
        with Workspace.open(settings, seed=True) as workspace:
            workspace.ingest([str(data_file(NEWS_ARTICLES)), str(file)])
            yield workspace


async def _check_all(workspace: Workspace, sentences: Sequence[_Sentence]) -> list[ClaimOutcome]:
    return [await _check(workspace, sentence) for sentence in sentences]


async def _check(workspace: Workspace, sentence: _Sentence) -> ClaimOutcome:
    claims = (await workspace.checker.check(CheckRequest(sentence.text))).claims
    quotes = [s.quote for claim in claims for s in claim.sources]
    quotes += [s.quote for claim in claims for s in claim.nearest]
    facts = [_key(fact)[:_FACT_START] for fact in sentence.facts]
    return ClaimOutcome(
        **sentence.model_dump(exclude={"facts"}),
        verdict=gravest({claim.verdict for claim in claims}),
        found=tuple(dict.fromkeys(d.kind for claim in claims for d in claim.differences)),
        fact_shown=any(fact in _key(quote) for fact in facts for quote in quotes)
        if facts
        else None,
    )


def _key(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _report(outcomes: Sequence[ClaimOutcome], milliseconds: float) -> CheckReport:
    rates: dict[str, Rate] = {}
    halves: tuple[Half, ...] = ("tuned", "unseen")
    for half in halves:
        mine = [one for one in outcomes if one.half == half]
        for wording, near in (("near", True), ("paraphrased", False)):
            rates |= _rates(f"{wording}, {half}", [one for one in mine if one.near == near])
        called = [one for one in mine if one.verdict == "contradicted"]
        wrong = [one.true or not _is_contradicting(one) for one in called]
        rates[f"contradicted that is not, {half}"] = _rate(wrong)
    by_kind: dict[str, dict[str, Rate]] = {}
    lying = [one for one in outcomes if not one.true and one.half == "unseen"]
    groups: dict[str, list[ClaimOutcome]] = defaultdict(list)
    for one in lying:
        groups[_DIFFERS.get(one.kind, one.kind)].append(one)
    for kind, found in sorted(groups.items()):
        by_kind[kind] = {
            "contradicted": _rate([one.verdict == "contradicted" for one in found]),
            "not supported": _rate([one.verdict != "supported" for one in found]),
        }
    return CheckReport(
        rates=rates,
        lies_by_kind=by_kind,
        milliseconds_per_sentence=round(milliseconds, 1),
        outcomes=tuple(outcomes),
    )


def _rates(name: str, outcomes: Sequence[ClaimOutcome]) -> dict[str, Rate]:
    true = [one for one in outcomes if one.true]
    false = [one for one in outcomes if not one.true]
    missed = [one for one in true if one.verdict == "not_found" and one.fact_shown is not None]
    named = [
        is_named(_DIFFERS[one.kind], one.found)
        for one in false
        if one.verdict == "contradicted" and one.kind in _DIFFERS
    ]
    return {
        f"true supported, {name}": _rate([one.verdict == "supported" for one in true]),
        f"true not found, source shown, {name}": _rate([bool(one.fact_shown) for one in missed]),
        f"true called contradicted, {name}": _rate([one.verdict == "contradicted" for one in true]),
        f"lies not supported, {name}": _rate([one.verdict != "supported" for one in false]),
        f"lies contradicted, {name}": _rate(
            [one.verdict == "contradicted" for one in false if _is_contradicting(one)]
        ),
        f"contradictions named rightly, {name}": _rate(named),
    }


def _is_contradicting(outcome: ClaimOutcome) -> bool:
    """Whether the lie says otherwise than its source, and not only more."""
    return outcome.kind in _DIFFERS or outcome.kind in _ANYHOW


def _rate(found: Sequence[bool]) -> Rate:
    return wilson(sum(found), len(found))


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write figures and all outcomes to this file.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Check this many sentences, evenly spread."
)
@click.option("--show", is_flag=True, help="List the wrong verdicts of the tuned half.")
def check(
    files: tuple[Path, ...], json_file: Path | None, limit: int | None, *, show: bool
) -> None:
    """Measure the verdicts about true claims and lies, of our own articles and of FILES.

    FILES are claims about the shipped article, as for `bench claims`. Drafts are measured with
    `geungeo eval`.
    """
    report = measure(files, limit=limit)
    if json_file:
        json_file.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    click.echo(f"{'':58}{'n':>5}  {'count':>6}  {'rate':>6}  95 % (Wilson)")
    for name, rate in report.rates.items():
        if rate.n:
            click.echo(_line(name, rate))
    click.echo("lies of the unseen half, by what differs")
    for kind, rates in report.lies_by_kind.items():
        for measure_name, rate in rates.items():
            click.echo(_line(f"  {kind}, {measure_name}", rate))
    click.echo(f"{report.milliseconds_per_sentence} ms a sentence")
    if show:
        for one in report.outcomes:
            wrong = one.verdict == ("contradicted" if one.true else "supported")
            if wrong and one.half == "tuned":
                click.echo(f"{one.verdict} {one.id} {one.kind}: {one.text}")


def _line(name: str, rate: Rate) -> str:
    return (
        f"{name:58}{rate.n:>5}  {rate.passed:>6}  {rate.rate:>6.1%}  "
        f"{rate.low:.1%} to {rate.high:.1%}"
    )


@click.command("check-speed")
@click.option("--articles", "count", type=click.IntRange(min=10), default=1_000, show_default=True)
@click.option("--sentences", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--sample", type=click.IntRange(min=1), default=30, show_default=True)
def check_speed(count: int, sentences: int, sample: int) -> None:
    """Print the time of checking a text as a ratio to that of embedding the articles.

    The articles are sentences of our own ones, recombined; the vectors of passages are those of
    their sentences, because embedding them all takes long. The time of embedding is that of
    adding SAMPLE articles with real vectors, times as many as there are.
    """
    embedding, checking = speed(count, sentences, sample)
    click.echo(f"{embedding:.1f} s to embed {count} articles (from {sample})")
    click.echo(f"{checking:.1f} s to check {sentences} sentences")
    click.echo(f"ratio {checking / embedding:.3f}")


def speed(count: int, sentences: int, sample: int) -> tuple[float, float]:
    """Return the seconds of embedding ``count`` articles and of checking ``sentences`` of them."""
    from geungeo.eval.bench.scale import Recombining, articles
    from geungeo.index.store import Store
    from geungeo.index.workspace import Workspace
    from geungeo.rag.embedding import make_embedder
    from geungeo.rag.segmentation import split_lines
    from geungeo.rag.settings import load as load_settings

    texts = [json.loads(line)["text"] for line in data_file(NEWS_ARTICLES).open(encoding="utf-8")]
    lines = [text.split("\n") for text in texts]
    paragraphs = [
        [span.of(line) for line in one for span in split_lines([line])[0]] for one in lines
    ]
    with tempfile.TemporaryDirectory(prefix="geungeo-speed-") as folder:
        settings = load_settings(None, store=Path(folder))
        real = make_embedder(settings)
        embedder = Recombining(real)
        embedder.learn(sorted({text for one in paragraphs for text in one if text}))
        paragraphs = [[text for text in one if text] for one in paragraphs]
        drafts = list(articles(paragraphs, count, 7))
        with tempfile.TemporaryDirectory(prefix="geungeo-speed-") as other:
            embedded = Store.open(Path(other), real)
            began = time.perf_counter()
            embedded.ingest_many(drafts[:sample])
            embedding = (time.perf_counter() - began) * count / min(sample, count)
            embedded.close()
        store = Store.open(Path(folder), embedder)
        store.ingest_many(drafts)
        with Workspace(settings, store, embedder) as workspace:
            workspace.warm_up()
            known = dict.fromkeys(text for draft in drafts for _, text in draft.blocks)
            text = "\n".join(list(known)[:sentences])
            began = time.perf_counter()
            workspace.check(CheckRequest(text))
            return embedding, time.perf_counter() - began
