"""The shipped data set agrees with the article that it is about."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from geungeo.eval.cases import Case, Dataset
from geungeo.eval.datasets import read_dataset
from geungeo.eval.matching import contains_answer
from geungeo.index.workspace import Workspace
from geungeo.rag.text import nfc


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    path = Path(str(files("geungeo.eval.data") / "seed_article.jsonl"))
    return read_dataset(path, strict=True)


@pytest.fixture(scope="module")
def cases(dataset: Dataset) -> list[Case]:
    return [case for item in dataset.items for case in item.cases]


def seed_text() -> str:
    folder = files("geungeo.seeds")
    sources = [entry for entry in folder.iterdir() if entry.name.endswith(".txt")]
    return nfc("\n".join(source.read_text("utf-8") for source in sources))


def test_every_kind_has_enough_questions(dataset: Dataset, cases: list[Case]) -> None:
    kinds = Counter(item.cases[0].kind for item in dataset.items)
    assert len(dataset.items) >= 120
    assert kinds["unanswerable"] >= 35
    assert kinds["false_premise"] >= 15
    assert kinds["conversation"] >= 12
    assert kinds["attack"] >= 10
    tags = Counter(tag for case in cases for tag in case.tags)
    for tag in (
        "fact",
        "why",
        "quote",
        "who",
        "number",
        "date",
        "paraphrase",
        "english",
        "typo",
        "spacing",
        "chat",
    ):
        assert tags[tag] >= 3, tag
    lengths = {len(item.cases) for item in dataset.items if item.cases[0].kind == "conversation"}
    assert lengths <= {2, 3, 4}
    assert dataset.notes == ()


def test_questions_are_distinct(dataset: Dataset) -> None:
    asked = [item.cases[0].question for item in dataset.items if len(item.cases) == 1]
    assert len(asked) == len(set(asked))


def test_every_quote_is_in_the_seed_article_and_contains_an_answer(cases: list[Case]) -> None:
    text = seed_text()
    quoted = [(case, quote) for case in cases for quote in case.quotes]
    assert len(quoted) >= 70
    for case, quote in quoted:
        assert quote in text, case.id
        assert case.kind == "summary" or contains_answer(quote, case.answers), case.id


def test_only_answerable_cases_have_gold(cases: list[Case]) -> None:
    for case in cases:
        gold = case.quotes if case.kind == "summary" else case.answers and case.quotes
        assert bool(gold) == (case.expected == "answer"), case.id


def test_every_quote_is_found_in_the_seeded_store(
    cases: list[Case], dataset: Dataset, workspace: Workspace
) -> None:
    from geungeo.eval.stores import GoldFinder

    finder = GoldFinder(workspace.store)
    for case in cases:
        found = finder.find(case, dataset)
        assert bool(found) == bool(case.quotes), case.id
        for gold in found:
            text = workspace.store.article(gold.article_id, gold.version).text
            quotes = {"".join(quote.split()) for quote in case.quotes}
            assert "".join(gold.span.of(text).split()) in quotes
