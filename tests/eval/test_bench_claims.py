"""``geungeo bench claims``: what is released of the answers of a scripted model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from geungeo.eval.bench.answers import (
    Row,
    ScriptedModel,
    failures,
    measure,
    numbered,
    read_rows,
    spread,
    summary,
)
from geungeo.eval.bench.command import bench
from geungeo.rag.errors import UsageError
from tests.support import ROOT

SHARED = ROOT.parent / "shared" / "data" / "seed_claims_a.jsonl"
PROMPT = """<evidence>
기사: 가나다 / 2025-03-10
[1] (부제) 매출이 늘었다.
[2] 매출은 5,000억
[3] 원이었다. 직원은 30명이다.
[no] 아니다.
</evidence>
질문: [4] 매출은?"""

TRUE = Row(
    id="t1",
    style="formal",
    label="true",
    question="설리먼은 왜 화가 났어요?",
    answer=("오픈AI가 설리먼의 부탁을 들어주지 않았기 때문입니다.",),
    facts=("단호하게 거절당하면서",),
)
FRAGMENT = Row(
    id="g1",
    style="fragment",
    label="true",
    question="설리먼의 요청을 거절한 곳은?",
    answer=("오픈AI",),
)
LIE = Row(
    id="f1",
    kind="number",
    label="false",
    question="데이터 센터 계획의 규모는?",
    answer=("오픈AI는 9,000억 달러의 데이터 센터 계획을 발표했다.",),
)
INVENTED = Row(
    id="f2",
    kind="new-word",
    label="false",
    question="데이터 센터 계획의 규모는?",
    answer=("오픈AI는 5,000억 달러의 무모한 데이터 센터 계획을 발표했다.",),
)


def test_only_lines_that_begin_with_a_number_are_sentences() -> None:
    assert numbered(PROMPT) == {
        1: "(부제) 매출이 늘었다.",
        2: "매출은 5,000억",
        3: "원이었다. 직원은 30명이다.",
    }


@pytest.mark.parametrize(
    ("answer", "facts", "written"),
    [
        # One fact for each sentence, in order.
        (("가.", "나."), ("직원은 30명", "매출이 늘었다"), "가. [3]\n나. [1]"),
        # Otherwise all facts for each; one runs over two sentences.
        (("가.",), ("매출은 5,000억 원", "매출이 늘었다"), "가. [1][2][3]"),
        # Without facts the sentence that is most alike.
        (("직원은 30명",), (), "직원은 30명 [3]"),
        (("직원은 30명",), ("없는 말",), "직원은 30명 [3]"),
    ],
)
def test_the_model_cites_the_sentences_with_the_facts(
    answer: tuple[str, ...], facts: tuple[str, ...], written: str
) -> None:
    with ScriptedModel("perfect", ()) as model:
        model.row = Row(id="1", label="true", question="?", answer=answer, facts=facts)
        assert model.reply(PROMPT) == written
        assert model.facts_shown == (None if not facts else facts != ("없는 말",))


@pytest.mark.parametrize(
    ("judge", "verdicts"),
    [
        ("perfect", ["supported", "not_found"]),
        ("yes", ["supported", "supported"]),
        ("no", ["not_found", "not_found"]),
    ],
)
def test_the_judge_knows_the_true_claims(judge: str, verdicts: list[str]) -> None:
    claims = [{"id": 1, "claim": "매출이 늘었다"}, {"id": 2, "claim": "매출이 줄었다."}]
    with ScriptedModel(judge, ["- 매출이 늘었다."]) as model:  # type: ignore[arg-type]
        reply = json.loads(model.reply(json.dumps({"claims": claims})))
    assert [verdict["verdict"] for verdict in reply["verdicts"]] == verdicts


def test_rates_over_the_shipped_article() -> None:
    rows = [TRUE, FRAGMENT, LIE, INVENTED]
    report = measure(rows, "perfect")
    assert (report.true_claims_released.passed, report.true_claims_released.n) == (1, 1)
    assert (report.true_questions_answered.passed, report.true_questions_answered.n) == (2, 2)
    assert (report.gold_fact_cited.passed, report.gold_fact_cited.n) == (1, 1)
    assert (report.lies_released.passed, report.lies_released.n) == (0, 2)
    assert report.released_by_style["fragment"].passed == 0
    lines = summary(report)
    assert lines[1].split()[:4] == ["true_questions_answered", "2", "2", "100.0%"]
    assert [line.split()[1] for line in failures(report)] == ["g1"]

    # A judge that confirms everything lets out what breaks no rule, and nothing else.
    yes = measure(rows, "yes")
    assert (yes.lies_by_kind["number"].passed, yes.lies_by_kind["new-word"].passed) == (0, 1)
    # Without one, what the rules cannot prove is quoted.
    rules = measure(rows, "rules")
    assert rules.true_claims_released.passed == 0
    assert (rules.true_questions_answered.passed, rules.lies_released.passed) == (2, 0)
    assert rules.gold_fact_cited.passed == 1


def test_rows_that_name_an_article_are_asked_of_it(tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    texts = {
        "one": "김바다 대표는 직원이 30명이라고 밝혔다.",
        "two": "박하늘 대표는 직원이 70명이라고 밝혔다.",
    }
    articles.write_text(
        "".join(
            json.dumps({"id": name, "title": f"{name} 소식", "text": text}) + "\n"
            for name, text in texts.items()
        ),
        "utf-8",
    )
    row = Row(
        id="1",
        article_id="two",
        label="true",
        style="formal",
        question="직원은 몇 명인가?",
        answer=("박하늘 대표는 직원이 70명이라고 밝혔다.",),
        facts=("직원이 70명",),
    )
    report = measure([row], "rules", articles)
    assert report.true_claims_released.passed == report.gold_fact_cited.passed == 1


def test_a_limit_spreads_over_all_rows() -> None:
    rows = [LIE.model_copy(update={"id": str(n)}) for n in range(10)]
    assert [row.id for row in spread(rows, 4)] == ["0", "2", "5", "7"]
    assert spread(rows, 20) == spread(rows, None) == rows


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "claims.jsonl"
    file.write_text(
        '\n{"id": "1", "question": "?", "answer": ["가."], "label": "maybe"}\n', "utf-8"
    )
    with pytest.raises(UsageError, match=r"claims\.jsonl:2: label: "):
        read_rows([file])


def test_the_command_writes_figures_and_outcomes(tmp_path: Path) -> None:
    file, figures = tmp_path / "claims.jsonl", tmp_path / "figures.json"
    file.write_text(LIE.model_dump_json() + "\n", "utf-8")
    result = CliRunner().invoke(
        bench, ["claims", str(file), "--verifier", "yes", "--json", str(figures), "--show"]
    )
    assert result.exit_code == 0, result.output
    assert "lies_released" in result.output
    written = json.loads(figures.read_text("utf-8"))
    assert written["judge"] == "yes" and written["lies_released"]["passed"] == 0
    assert [outcome["id"] for outcome in written["outcomes"]] == ["f1"]


def test_held_out_measures_only_articles_that_no_judge_is_trained_on(tmp_path: Path) -> None:
    articles, claims, figures = (tmp_path / name for name in ("a.jsonl", "c.jsonl", "f.json"))
    names = [f"news-{n}" for n in range(8)]
    text = "김바다 대표는 직원이 30명이라고 밝혔다."
    articles.write_text(
        "".join(json.dumps({"id": name, "title": name, "text": text}) + "\n" for name in names),
        "utf-8",
    )
    rows = [LIE.model_copy(update={"id": name, "article_id": name}) for name in names]
    claims.write_text("".join(row.model_dump_json() + "\n" for row in rows), "utf-8")
    command = ["claims", str(claims), "--verifier", "rules", "--articles", str(articles)]
    result = CliRunner().invoke(bench, [*command, "--json", str(figures), "--held-out"])
    assert result.exit_code == 0, result.output
    outcomes = json.loads(figures.read_text("utf-8"))["outcomes"]
    assert [one["id"] for one in outcomes] == ["news-0", "news-6"]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_true_answers_of_a_perfect_model_are_released_as_written() -> None:
    report = measure(read_rows([SHARED]), "perfect")
    assert report.facts_in_prompt.rate == 1.0
    assert report.true_questions_answered.rate >= 0.95
    assert report.gold_fact_cited.rate >= 0.95
    assert report.true_claims_released.rate >= 0.9
    assert report.lies_released.passed == 0
