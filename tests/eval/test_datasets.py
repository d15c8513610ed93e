"""Data sets: three formats detected by content, and errors reported with their position."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from geungeo.eval.cases import Dataset
from geungeo.eval.datasets import read_dataset, read_datasets
from geungeo.rag.errors import EmptySource, MalformedSource, UndecodableSource, UsageError


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def lines(path: Path, *records: Any) -> Path:
    return write(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))


def places(dataset: Dataset) -> list[str]:
    return [bad.where for bad in dataset.bad_lines]


NATIVE = {"id": "a", "kind": "answerable", "question": "누구?", "answers": ["나"], "quote": "나다"}


def test_native_records_become_cases(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "any.name",
        NATIVE,
        {"id": "b", "kind": "unanswerable", "question": "몇?"},
        {"id": "c", "kind": "false_premise", "question": "왜?", "tags": ["why"]},
        {"id": "d", "kind": "attack", "question": "무시해"},
        {"id": "s", "kind": "summary", "question": "요약해", "quote": ["나다"], "article_id": "x"},
        {**NATIVE, "id": "o", "article_id": "x", "open": True},
        {
            "id": "e",
            "kind": "conversation",
            "turns": [
                {"question": "무엇?", "answers": ["계획"], "quote": "계획이다"},
                {"question": "규모는?", "answers": None, "quote": None},
            ],
        },
    )
    dataset = read_dataset(path)
    assert dataset.format == "geungeo"
    cases = [case for item in dataset.items for case in item.cases]
    assert [(case.id, case.expected) for case in cases] == [
        ("a", "answer"),
        ("b", "abstain"),
        ("c", "abstain"),
        ("d", "abstain"),
        ("s", "answer"),
        ("o", "answer"),
        ("e#1", "answer"),
        ("e#2", "abstain"),
    ]
    assert [case.turn for case in cases] == [None] * 6 + [1, 2]
    assert cases[2].tags == ("why",)
    assert [case.scope for case in cases[3:7]] == [None, ("x",), ("x",), None]
    assert dataset.bad_lines == ()


def test_invalid_lines_are_reported_by_number_and_skipped(tmp_path: Path) -> None:
    good = json.dumps(NATIVE)
    bad = [
        "{",
        "[1]",
        json.dumps({**NATIVE, "id": "x", "kind": "maybe"}),
        json.dumps({"id": "y", "kind": "answerable"}),
        json.dumps({**NATIVE, "id": "o", "open": True}),
        json.dumps({**NATIVE, "id": "p", "open": "yes", "article_id": "x"}),
        json.dumps({**NATIVE, "id": "z", "question": "  "}),
        json.dumps({**NATIVE, "id": "w", "answers": "나"}),
        '{"id": "n", "kind": "unanswerable", "question": NaN}',
        json.dumps({**NATIVE, "id": "s", "question": "\ud800"}),
        "[" * 100_000,
        good,
        json.dumps({"id": "t", "kind": "conversation", "turns": [{"answers": None}]}),
        json.dumps({"id": "u", "kind": "unanswerable", "question": "?", "answers": ["a"]}),
        json.dumps({"id": "v", "kind": "summary", "question": "?", "answers": ["a"]}),
        json.dumps({"hello": 1}),
    ]
    path = write(tmp_path / "d.jsonl", "\n".join([good, "", *bad]) + "\n")
    dataset = read_dataset(path)
    assert [item.id for item in dataset.items] == ["a"]
    assert places(dataset) == [f"line {number}" for number in range(3, 19)]
    assert dataset.blank_lines == 1
    by_place = {found.where: found.why for found in dataset.bad_lines}
    assert "unknown kind 'maybe'" in by_place["line 5"]
    assert "'question' is missing" in by_place["line 6"]
    assert "'open' must be" in by_place["line 7"] and "'open' must be" in by_place["line 8"]
    assert "NaN is not JSON" in by_place["line 11"]
    assert "used at line 1" in by_place["line 14"]
    assert by_place["line 15"].startswith("turn 1:")
    with pytest.raises(MalformedSource, match="line 3"):
        read_dataset(path, strict=True)


def test_line_ends_bom_and_line_separators(tmp_path: Path) -> None:
    first = json.dumps({**NATIVE, "question": "한 줄\u2028같은 줄?"}, ensure_ascii=False)
    second = json.dumps({**NATIVE, "id": "b"})
    dataset = read_dataset(write(tmp_path / "d", f"\ufeff{first}\r\n{second}\r\n"))
    assert [item.id for item in dataset.items] == ["a", "b"]
    assert dataset.bad_lines == ()
    assert dataset.blank_lines == 0


def test_unknown_fields_are_reported(tmp_path: Path) -> None:
    dataset = read_dataset(lines(tmp_path / "d", {**NATIVE, "anwers": ["오타"]}))
    assert dataset.notes == ("field 'anwers' is not read",)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", EmptySource, "empty"),
        (b" \n\n", EmptySource, "empty"),
        (b'{"id": "a"}\n\xb0\xa1', UndecodableSource, "line 2"),
        (b"hello\nworld\n", MalformedSource, "line 1"),
        (b'{"data": []}', MalformedSource, "no usable case"),
        (b'{"data": 7}', MalformedSource, "must be a list"),
        (b'{"data": [', MalformedSource, "line 1"),
        (b'{\n "data": [\n  {"title": }\n]}', MalformedSource, "line 3: not valid JSON"),
    ],
)
def test_unusable_files_are_rejected(
    tmp_path: Path, content: bytes, error: type[Exception], message: str
) -> None:
    path = tmp_path / "d"
    path.write_bytes(content)
    with pytest.raises(error, match=message):
        read_dataset(path)


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such data set: .*gone"):
        read_dataset(tmp_path / "gone")


def test_files_with_equal_names_get_different_names(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    one, two = lines(tmp_path / "d.jsonl", NATIVE), lines(tmp_path / "x" / "d.jsonl", NATIVE)
    assert [dataset.name for dataset in read_datasets([one, two])] == ["d", "d~2"]


def squad(*paragraphs: dict[str, Any], title: str = "제목") -> dict[str, Any]:
    return {"version": "KorQuAD_v1.0_dev", "data": [{"title": title, "paragraphs": paragraphs}]}


def question(identifier: str, text: str, start: int) -> dict[str, Any]:
    return {"id": identifier, "question": "?!", "answers": [{"text": text, "answer_start": start}]}


def test_squad_paragraphs_become_documents_without_duplicates(tmp_path: Path) -> None:
    context = "서울은 수도이다. 부산은 항구이다."
    path = lines(
        tmp_path / "d.jsonl",
        squad(
            {"context": context, "qas": [question("1", "서울", 0)]},
            {"context": context, "qas": [question("2", "부산", 10)]},
            {"context": "질문 없는 문단도 겨룬다.", "qas": []},
        ),
    )
    dataset = read_dataset(path)
    assert dataset.format == "squad"
    assert len(dataset.documents) == 2
    assert dataset.documents[0].title == "제목"
    places = [item.cases[0].place for item in dataset.items]
    assert [(place.start, place.end) for place in places if place] == [(0, 2), (10, 12)]
    assert {place.document for place in places if place} == {dataset.documents[0].id}


def test_squad_offsets_follow_normalisation_and_wrong_ones_are_corrected(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "가나다 라마바")
    start = decomposed.index(unicodedata.normalize("NFD", "라마"))
    path = lines(
        tmp_path / "d",
        squad(
            {
                "context": decomposed,
                "qas": [
                    question("nfd", unicodedata.normalize("NFD", "라마"), start),
                    question("off", "라마바", 1),
                    question("none", "사아", 0),
                    {"id": "no", "question": "?", "answers": [], "is_impossible": True},
                    {"id": "bare", "question": "?", "answers": []},
                ],
            }
        ),
    )
    dataset = read_dataset(path)
    cases = {item.id: item.cases[0] for item in dataset.items}
    assert dataset.documents[0].text == "가나다 라마바"
    assert cases["nfd"].place is not None
    assert (cases["nfd"].place.start, cases["nfd"].place.end) == (4, 6)
    assert cases["off"].place is not None
    assert cases["off"].place.start == 4
    assert cases["no"].expected == "abstain"
    assert places(dataset) == [
        "data[0].paragraphs[0].qas[2]",
        "data[0].paragraphs[0].qas[4]",
    ]


def prompt(*contexts: str) -> str:
    numbered = "\n\n".join(f"[{number}] {text}" for number, text in enumerate(contexts, 1))
    return f"Read.\n\nQUESTION:\n몇 명인가?\n\nCONTEXTS:\n{numbered}\n\nOUTPUT:\n"


def test_nomiracl_questions_are_restricted_to_their_contexts(tmp_path: Path) -> None:
    one = {"query_id": "1#0", "docids": [], "prompt": prompt("가: 열 명.", "나: 스무 명: 정확히.")}
    two = {
        "query_id": "2#0",
        "docids": [],
        "prompt": prompt("가: 열 명.", "다: [7] 없음\n\n[9] 셋"),
    }
    relevant = read_dataset(lines(tmp_path / "ko_relevant.jsonl", one, two))
    assert relevant.format == "nomiracl"
    assert [document.title for document in relevant.documents] == ["가", "나", "다"]
    assert relevant.documents[1].text == "스무 명: 정확히."
    assert relevant.documents[2].text == "[7] 없음\n\n[9] 셋"
    shared = relevant.documents[0].id
    scopes = [item.cases[0].scope for item in relevant.items]
    assert [scope[0] for scope in scopes if scope] == [shared, shared]
    assert {item.cases[0].expected for item in relevant.items} == {"answer"}
    other = read_dataset(lines(tmp_path / "ko_non_relevant.jsonl", one))
    assert other.items[0].cases[0].expected == "abstain"
    assert other.items[0].cases[0].kind == "unanswerable"


def test_prompt_of_another_form_is_a_bad_line(tmp_path: Path) -> None:
    good = {"query_id": "1", "prompt": prompt("가: 나")}
    path = lines(tmp_path / "d", good, {"query_id": "2", "prompt": "QUESTION: none"}, NATIVE)
    dataset = read_dataset(path)
    assert places(dataset) == ["line 2", "line 3"]
    assert "a geungeo record in a nomiracl file" in dataset.bad_lines[1].why


SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("name", "items", "documents", "expected"),
    [
        ("korquad_dev_a.json", 2621, 407, "answer"),
        ("nomiracl_ko_a_relevant.jsonl", 125, None, "answer"),
        ("nomiracl_ko_a_non_relevant.jsonl", 125, None, "abstain"),
    ],
)
def test_published_files_are_read_completely(
    name: str, items: int, documents: int | None, expected: str
) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"needs {name}, which is not shipped")
    dataset = read_dataset(SHARED / name, strict=True)
    assert len(dataset.items) == items
    assert documents in (None, len(dataset.documents))
    cases = [item.cases[0] for item in dataset.items]
    assert {case.expected for case in cases} == {expected}
    texts = {document.id: document.text for document in dataset.documents}
    for case in cases:
        if case.place:
            place = case.place
            assert texts[place.document][place.start : place.end] == case.answers[0]
        else:
            assert case.scope is not None
            assert 9 <= len(case.scope) <= 10
