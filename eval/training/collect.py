"""Training rows: questions with the features of their candidate sentences."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geungeo.eval.cases import Case, Dataset
from geungeo.eval.data import (
    EVERYDAY_ARTICLES,
    EVERYDAY_LESSONS,
    NEWS_ARTICLES,
    NEWS_QUESTIONS,
    OPEN_QUESTIONS,
    SEED_QUESTIONS,
    data_file,
)
from geungeo.eval.datasets import read_dataset
from geungeo.eval.judge import GoldSpan
from geungeo.eval.stores import Bench, GoldFinder, default_cache, open_benches
from geungeo.eval.training.lessons import held_out
from geungeo.index.store import Store
from geungeo.rag.answer import Filters
from geungeo.rag.evidence.features import Measured, candidates, measure
from geungeo.rag.protocols import Embedder
from geungeo.rag.question import Question, read
from geungeo.rag.retrieval.channels import Retrieved, retrieve
from geungeo.rag.settings import Settings

PASSAGES = Settings.model_fields["evidence_pool"].default


@dataclass(frozen=True, slots=True)
class Row:
    """One question: its candidates' features, which of them hold the gold, and the expectation.

    ``group`` keeps related rows (an article's questions) on one side of a split.
    """

    source: str
    group: str
    question: Question
    passages: list[Retrieved]
    measured: Measured
    gold: np.ndarray | None
    answerable: bool


def collect(
    korquad: Path | None, nomiracl: tuple[Path, ...], cache: Path | None, limit: int
) -> list[Row]:
    """Collect rows of all sources that the cross-encoder was not trained on.

    ``limit`` caps the KorQuAD questions (each is used twice).
    """
    rows: list[Row] = []
    rows.extend(_news_rows(data_file(NEWS_ARTICLES), (NEWS_QUESTIONS, OPEN_QUESTIONS)))
    rows.extend(_news_rows(data_file(EVERYDAY_ARTICLES), (EVERYDAY_LESSONS,), chosen=True))
    paths = [data_file(SEED_QUESTIONS), *([korquad] if korquad else []), *nomiracl]
    sets = [read_dataset(path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(store=Path(folder))
        with open_benches(sets, settings, cache or default_cache()) as benches:
            for dataset, bench in zip(sets, benches, strict=True):
                rows.extend(_rows(dataset, bench, limit))
    return rows


_SOURCES = {NEWS_QUESTIONS: "news", OPEN_QUESTIONS: "open", EVERYDAY_LESSONS: "everyday"}


def _news_rows(articles: Path, names: Sequence[str], *, chosen: bool = False) -> Iterator[Row]:
    """Yield questions about invented news, all articles in one store; a group is an article.

    Only those about articles that the cross-encoder was not trained on; it was trained on no
    article of the open questions. With ``chosen``, each question is asked with its article open.
    """
    from geungeo.index.workspace import Workspace

    with (
        tempfile.TemporaryDirectory() as folder,
        Workspace.open(Settings(store=Path(folder))) as workspace,
    ):
        workspace.ingest([str(articles)])
        gold = GoldFinder(workspace.store)
        for name in names:
            dataset = read_dataset(data_file(name))
            maker = _Maker(dataset, workspace.store, workspace.embedder)
            for item in dataset.items:
                case = item.cases[0]
                home = case.article_id or ""
                if name != OPEN_QUESTIONS and not held_out(home):
                    continue
                yield maker.row(
                    case,
                    home,
                    Filters(article_ids=frozenset({home})) if chosen else Filters(),
                    gold.find(case, dataset),
                    answerable=case.expected == "answer",
                    source=_SOURCES[name],
                )


def _rows(dataset: Dataset, bench: Bench, limit: int) -> Iterator[Row]:
    from geungeo.rag.embedding import make_embedder

    if not isinstance(bench.library, Store):
        raise TypeError("training needs a real store")
    maker = _Maker(dataset, bench.library, make_embedder(Settings()))
    # Later turns of a conversation depend on a rewrite; only first turns are used.
    cases = [case for item in dataset.items if (case := item.cases[0]).kind != "summary"]
    if dataset.format == "squad":
        random.Random(1).shuffle(cases)  # noqa: S311  # a reproducible draw, no secret
        titles = {document.id: document.title for document in dataset.documents}
        everything = frozenset(document.id for document in dataset.documents)
        home_of = {case.id: case.place.document if case.place else "" for case in cases}
        cases = [case for case in cases if held_out(titles[home_of[case.id]])]
        for case in cases[:limit]:
            home = home_of[case.id]
            gold = bench.gold.find(case, dataset)
            yield maker.row(case, titles[home], Filters(), gold, answerable=True)
            # Without its paragraph the question has no answer but many near misses.
            without = Filters(article_ids=everything - {home})
            missed = maker.row(case, titles[home], without, (), answerable=False)
            if not any(
                answer in candidate.text
                for answer in case.answers
                for candidate in missed.measured.candidates
            ):
                yield missed
        return
    for case in cases:
        scope = Filters(article_ids=frozenset(case.scope)) if case.scope else Filters()
        gold = bench.gold.find(case, dataset)
        answerable = case.expected == "answer"
        yield maker.row(case, case.question, scope, gold, answerable=answerable)


@dataclass(frozen=True, slots=True)
class _Maker:
    dataset: Dataset
    store: Store
    embedder: Embedder

    def row(
        self,
        case: Case,
        group: str,
        filters: Filters,
        gold: tuple[GoldSpan, ...],
        *,
        answerable: bool,
        source: str | None = None,
    ) -> Row:
        question = read(case.question, self.store, self.embedder)
        passages = retrieve(self.store, question, PASSAGES, filters)
        measured = measure(self.store, question, candidates(passages))
        holds = np.array(
            [
                any(
                    place.article_id == candidate.article.id and place.span.overlaps(candidate.span)
                    for place in gold
                )
                for candidate in measured.candidates
            ]
        )
        marked = holds if holds.any() else None
        return Row(
            source or self.dataset.format,
            group,
            question,
            passages,
            measured,
            marked,
            answerable,
        )
