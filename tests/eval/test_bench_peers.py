"""``geungeo bench peers``: its sample, its turns and its table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.eval.bench.peers import (
    Cost,
    Geungeo,
    Measured,
    Tool,
    measure,
    missing,
    quantile,
    sampled,
    table,
    tools_in,
)
from geungeo.eval.cases import Document
from geungeo.rag.errors import InvalidRequest

FACTS = (
    (
        "한빛전자",
        "한빛전자는 울산에 배터리 공장을 짓는다고 밝혔다.",
        "배터리 공장은 어디인가?",
    ),
    (
        "누리조선",
        "누리조선은 광주에서 친환경 선박을 만든다고 밝혔다.",
        "선박은 누가 만드는가?",
    ),
    ("도서관", "시립 도서관은 월요일마다 문을 닫기로 했다.", "도서관은 언제 문을 닫는가?"),
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    articles = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": text,
                    "qas": [
                        {
                            "id": title,
                            "question": question,
                            "answers": [{"text": text[:4], "answer_start": 0}],
                        }
                    ],
                }
            ],
        }
        for title, text, question in FACTS
    ]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"version": "1.0", "data": articles}, ensure_ascii=False), "utf-8")
    return path


def test_questions_are_about_the_sampled_paragraphs(dataset: Path) -> None:
    documents, questions = sampled(dataset, 2, 10, seed=3)
    assert len(documents) == len(questions) == 2
    assert {gold for _, gold in questions} == {document.id for document in documents}
    assert sampled(dataset, 2, 10, seed=3) == (documents, questions)


def test_file_without_paragraphs_is_rejected(tmp_path: Path) -> None:
    line = {"id": "1", "kind": "answerable", "question": "누가 말했나?", "answers": ["한빛전자"]}
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(line, ensure_ascii=False), "utf-8")
    with pytest.raises(InvalidRequest, match="needs a KorQuAD/SQuAD file"):
        sampled(path, None, 10, seed=0)


def _check(tools: dict[str, Tool], dataset: Path) -> dict[str, Measured]:
    documents, questions = sampled(dataset, None, 10, seed=0)
    progress: list[str] = []
    found = measure(tools, documents, questions, progress.append)
    assert progress == ["3 of 3 paragraphs"]
    for one in found.values():
        assert one.ranks == [1, 1, 1]
        assert (len(one.ingest.wall), len(one.queries.wall)) == (2, 3)
        assert all(seconds > 0 for seconds in one.queries.wall)
    return found


def test_geungeo_is_measured_on_a_real_store(dataset: Path, tmp_path: Path) -> None:
    own = Geungeo(tmp_path / "store")
    found = _check({"geungeo": own}, dataset)
    own.close()
    assert table(found, 3).splitlines()[2].startswith("| geungeo | 1.0000 | 1.0000 |")


@pytest.mark.skipif(bool(missing()), reason=f"not installed (make bench-peers): {missing()}")
def test_every_tool_finds_every_paragraph(dataset: Path, tmp_path: Path) -> None:
    own, tools = tools_in(tmp_path, ("words", "bigrams"), ("sentence-transformers", "geungeo's"))
    _check(tools, dataset)
    own.close()
    assert len(tools) == 13


class Alphabetical:
    """A tool that lists documents by their ids, and its calls."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name = name
        self._calls = calls
        self._ids: list[str] = []

    def add(self, documents: Sequence[Document]) -> None:
        self._calls.append(f"{self._name} adds {len(documents)}")
        self._ids += [document.id for document in documents]

    def finish(self) -> None:
        self._ids.sort()

    def find(self, question: str) -> list[str]:
        self._calls.append(f"{self._name} {question}")
        return self._ids


def test_tools_take_turns_in_changing_order() -> None:
    calls: list[str] = []
    tools: dict[str, Tool] = {name: Alphabetical(name, calls) for name in "xy"}
    documents = [Document(id=f"{at:03}", title="제목", text="본문") for at in range(70)]
    found = measure(tools, documents, [("q0", "000"), ("q1", "002"), ("q2", "z")], calls.append)
    assert calls == [
        *("x adds 64", "y adds 64", "64 of 70 paragraphs"),
        *("y adds 6", "x adds 6", "70 of 70 paragraphs"),
        *("x q0", "y q0"),  # not measured
        *("x q0", "y q0", "y q1", "x q1", "x q2", "y q2"),
    ]
    assert found["x"].ranks == [1, 3, None]
    assert found["x"].ndcg() == pytest.approx((1 + 0.5 + 0) / 3)


def test_table_has_ratios_to_the_first_tool() -> None:
    ours = Measured(Cost([3.0, 1.0], [4.0, 2.0]), Cost([0.01, 0.02], [0.03, 0.03]), [1, None])
    other = Measured(Cost([1.0, 1.0], [1.0, 1.0]), Cost([0.03, 0.04], [0.04, 0.06]), [1, 3])
    lines = table({"ours": ours, "other": other}, documents=8).splitlines()
    assert lines[2:] == [
        "| ours | 0.5000 | 0.5000 | 10.0 | 20.0 | 30.0 | 2.00 | 750 | 1.00 | 1.00 |",
        "| other | 0.7500 | 0.5000 | 30.0 | 40.0 | 50.0 | 4.00 | 250 | 3.00 | 0.50 |",
    ]
    assert len({line.count("|") for line in lines}) == 1


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0.01, 1))
def test_quantile_is_the_least_value_that_enough_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)
