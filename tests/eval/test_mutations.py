"""Deliberately broken systems: each fault shows in the metric that is made for it.

The intact system over the seed article is measured first; then one part is broken, and the metric
of that part must fall while the others need not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from geungeo.eval.cases import Dataset
from geungeo.eval.datasets import read_dataset
from geungeo.eval.journal import Journal
from geungeo.eval.judge import GoldJudge, GroundingJudge
from geungeo.eval.metrics.catalogue import measure
from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.runner import Options, Progress, plan, run
from geungeo.eval.score import Judges
from geungeo.eval.stores import Answerer, Bench, GoldFinder
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import (
    Answer,
    Ask,
    Citation,
    Composer,
    Filters,
    Ground,
    GroundedClaim,
    PassageHit,
)
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.text import Span

# Every fault is a run over the shipped set; `make eval-gate` measures the intact system.
pytestmark = pytest.mark.slow

Evaluate = Callable[[Answerer], dict[str, Estimate]]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(Path(str(files("geungeo.eval.data") / "seed_article.jsonl")))


@pytest.fixture(scope="module")
def evaluate(
    dataset: Dataset, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Evaluate:
    """Measure a system on a fixed sample of the shipped set."""

    def measured(answerer: Answerer) -> dict[str, Estimate]:
        store = workspace.store
        bench = Bench(dataset, answerer, store, GoldFinder(store))
        judges = Judges(GoldJudge(fallback=GroundingJudge()), GroundingJudge())
        cache = tmp_path_factory.mktemp("cache")
        with Journal(cache, "run", resume=False) as journal:
            progress: Progress = run(
                plan([bench], limit=30, seed=1), judges, Options(), journal, lambda: None
            )
        assert all(row.withheld for row in progress.rows if row.failed)
        return measure(progress.rows, seed=0)

    return measured


@pytest.fixture(scope="module")
def sound(evaluate: Evaluate, workspace: Workspace) -> dict[str, Estimate]:
    """The metrics of the intact system."""
    return evaluate(workspace.pipeline)


@dataclass
class Broken:
    """A pipeline that forwards to the real one; subclasses break one thing."""

    pipeline: Answerer

    async def answer(self, ask: Ask) -> Answer:
        return await self.pipeline.answer(ask)

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        return self.pipeline.search(query, k, filters)


class ShuffledRetriever(Broken):
    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        hits = super().search(query, 480, filters)
        random.Random(query).shuffle(hits)  # noqa: S311
        return hits[:k]


class ShiftedCitations(Broken):
    async def answer(self, ask: Ask) -> Answer:
        answer = await super().answer(ask)
        shifted = tuple(
            citation.model_copy(update={"start": citation.start - 1, "end": citation.end - 1})
            if citation.start
            else citation.model_copy(update={"end": citation.end + 1})
            for citation in answer.citations
        )
        return answer.model_copy(update={"citations": shifted})


class NeverAnswers(Broken):
    async def answer(self, ask: Ask) -> Answer:
        answer = await super().answer(ask)
        return answer.model_copy(
            update={
                "status": "abstained",
                "reason": "weak_evidence",
                "text": "없습니다.",
                "citations": (),
            }
        )


@dataclass
class AlwaysAnswers(Broken):
    """A pipeline that quotes some sentence of the article and never abstains."""

    article: Article

    async def answer(self, ask: Ask) -> Answer:
        answer = await super().answer(ask)
        bodies = [entry for entry in self.article.sections if entry.kind is SectionKind.BODY]
        section = random.Random(ask.question).choice(bodies)  # noqa: S311
        span = Span(section.start, section.end)
        composer = Composer()
        composer.add(
            GroundedClaim(
                span.of(self.article.text).replace("\n", " "), (Ground(self.article, span, 1.0),)
            )
        )
        return answer.model_copy(
            update={
                "status": "answered",
                "reason": None,
                "text": composer.text,
                "citations": tuple(composer.citations),
            }
        )


class Hallucinates(Broken):
    """A pipeline that cites a real span for a sentence that it does not support."""

    async def answer(self, ask: Ask) -> Answer:
        answer = await super().answer(ask)
        lie = "구글은 2031년 7월 애플을 9조 원에 인수했다."
        entries = tuple(
            citation.model_copy(update={"answer_start": 0, "answer_end": len(lie)})
            for citation in answer.citations[:1]
        )
        return answer.model_copy(update={"text": f"{lie} [1]", "citations": entries})


def test_intact_system_has_good_metrics(sound: dict[str, Estimate]) -> None:
    assert sound["quote_exact"].value == 1.0
    assert sound["unsupported_claims"].value == 0
    assert sound["recall@5"].value > 0.7
    assert sound["answer_hit"].value > 0.4


def test_shuffled_retrieval_shows_in_recall(
    sound: dict[str, Estimate], evaluate: Evaluate, workspace: Workspace
) -> None:
    broken = evaluate(ShuffledRetriever(workspace.pipeline))
    for name in ("recall@1", "recall@5", "mrr@10", "ndcg@10"):
        assert broken[name].value < sound[name].value - 0.2, name
    assert broken["recall@1"].high < sound["recall@1"].low
    assert broken["answer_hit"] == sound["answer_hit"]


def test_citations_off_by_one_show_in_quote_exact(
    sound: dict[str, Estimate], evaluate: Evaluate, workspace: Workspace
) -> None:
    broken = evaluate(ShiftedCitations(workspace.pipeline))
    assert broken["quote_exact"].value == 0.0
    # No other metric detects this.
    assert broken["answer_hit"] == sound["answer_hit"]
    assert broken["recall@5"] == sound["recall@5"]


def test_citations_off_by_one_inside_the_pipeline_show_as_well(
    sound: dict[str, Estimate],
    evaluate: Evaluate,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pipeline withholds such answers; withheld ones must not vanish from the figures."""
    genuine = Composer._cite

    def shifted(marker: int, ground: Ground, start: int, end: int) -> Citation:
        citation = genuine(marker, ground, start, end)
        return citation.model_copy(update={"start": citation.start + 1})

    monkeypatch.setattr(Composer, "_cite", staticmethod(shifted))
    broken = evaluate(workspace.pipeline)
    assert broken["quote_exact"].value == 0.0
    assert broken["quote_exact"].n > 10
    assert broken["answer_hit"].value == 0.0
    assert broken["recall@5"] == sound["recall@5"]


def test_always_answering_shows_in_abstain_recall_and_citations(
    sound: dict[str, Estimate], evaluate: Evaluate, workspace: Workspace
) -> None:
    article = workspace.store.articles()[0]
    broken = evaluate(AlwaysAnswers(workspace.pipeline, article))
    assert broken["abstain_recall"].value == 0.0
    assert broken["abstain_f1"].value == 0.0
    assert broken["balanced_accuracy"].value == 0.5
    assert "abstain_precision" not in broken
    assert broken["quote_hit"].high < sound["quote_hit"].low
    assert broken["citation_precision"].value < sound["citation_precision"].value


def test_never_answering_shows_in_answer_hit_and_abstain_precision(
    sound: dict[str, Estimate], evaluate: Evaluate, workspace: Workspace
) -> None:
    broken = evaluate(NeverAnswers(workspace.pipeline))
    assert broken["abstain_recall"].value == 1.0
    assert broken["balanced_accuracy"].value == 0.5
    assert broken["answer_hit"].value == 0.0
    assert broken["quote_hit"].value == 0.0
    share = broken["abstain_recall"].n / broken["abstain_f1"].n
    assert broken["abstain_precision"].value == pytest.approx(share, abs=1e-6)
    assert not {"citation_precision", "citation_recall", "quote_exact"} & set(broken)


def test_hallucination_shows_in_unsupported_claims(
    sound: dict[str, Estimate], evaluate: Evaluate, workspace: Workspace
) -> None:
    broken = evaluate(Hallucinates(workspace.pipeline))
    assert broken["unsupported_claims"].value == broken["unsupported_claims"].n > 0
    assert broken["quote_exact"].value == 1.0
