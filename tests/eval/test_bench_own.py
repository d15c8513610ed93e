"""The bench on the shipped questions: recall of each channel by kind of question."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from geungeo.eval.bench.own import Proposed, found, propose_all, table
from geungeo.index.workspace import Workspace

CHANNELS = {"dense": {1: 0.9, 2: 0.8}, "morphemes": {2: 9.0}, "bigrams": {3: 4.0}}
WEIGHTS = {"dense": 0.5, "morphemes": 0.3, "bigrams": 0.2}


def proposed(tag: str, gold: int) -> Proposed:
    return Proposed(frozenset({tag}), CHANNELS, frozenset({gold}), WEIGHTS)


def test_question_is_found_if_a_gold_passage_is_among_the_best() -> None:
    assert found(proposed("fact", 2), {1: 0.9, 2: 0.8}, 2)
    assert not found(proposed("fact", 2), {1: 0.9, 2: 0.8}, 1)


def test_table_separates_paraphrases_from_other_questions() -> None:
    rows = table([proposed("paraphrase", 1), proposed("fact", 3)]).splitlines()
    # paraphrase, chat, both, all, all at 1
    assert "| dense | 1.000 | 0.000 | 1.000 | 0.500 | 0.500 |" in rows
    assert "| morphemes | 0.000 | 0.000 | 0.000 | 0.000 | 0.000 |" in rows
    assert "| without dense | 0.000 | 0.000 | 0.000 | 0.500 | 0.000 |" in rows
    assert "| shipped | 1.000 | 0.000 | 1.000 | 1.000 | 0.500 |" in rows


def test_shipped_questions_find_their_gold_in_the_seed_article(workspace: Workspace) -> None:
    path = Path(str(files("geungeo.eval.data").joinpath("seed_article.jsonl")))
    questions = list(propose_all(workspace, path))
    assert len(questions) > 90
    assert sum(not q.gold for q in questions) < len(questions) / 10
    assert any("paraphrase" in question.tags for question in questions)
