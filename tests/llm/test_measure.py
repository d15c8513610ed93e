"""The measurement of a model counts what it wrote and judged, against a scripted one."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.settings import Settings
from tests.llm.measure import (
    CPU,
    Statement,
    judge,
    print_judged,
    print_written,
    questions,
    sample,
    statements,
    write,
)
from tests.support.model_server import Exchange, Handler, ModelServer, sending, stream

QUESTION = "오픈AI를 통제할 수 있다고 자신한 사람은?"
CLAIMS = (
    {
        "id": "t1",
        "style": "casual",
        "question": "코파일럿은 어떤가요?",
        "answer": [
            "- 비용이 많이 들어 평이 좋지 않았어요.",
            "- 오류를 사람이 일일이 고쳐야 했어요.",
        ],
        "facts": ["별로 호평을 받지 못하는", "수작업을 통해 검토"],
        "label": "true",
    },
    {"id": "t2", "style": "fragment", "question": QUESTION, "answer": ["나델라"], "label": "true"},
    {
        "id": "f1",
        "kind": "name",
        "question": QUESTION,
        "answer": ["제프 베조스가 오픈AI를 통제할 수 있다고 자신했다."],
        "label": "false",
    },
    {
        "id": "f2",
        "kind": "new_word",
        "question": "코파일럿은 어떤가요?",
        "answer": ["코파일럿은 만족도 조사에서 좋은 점수를 받았습니다."],
        "label": "false",
    },
)


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    file = tmp_path / "claims.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in CLAIMS]
    file.write_text("\n".join(lines), "utf-8")
    return file


def settings(server: ModelServer, **given: Any) -> Settings:
    return Settings(backend="openai", llm_base_url=server.url, llm_model="m", **{**CPU, **given})


def judging(verdict: str) -> Handler:
    async def handler(exchange: Exchange) -> None:
        reply = json.dumps({"verdicts": [{"id": 1, "verdict": verdict}]})
        await sending(stream(reply))(exchange)

    return handler


def test_answers_are_split_into_statements_without_fragments(claims: Path) -> None:
    found = statements([claims])
    assert [(one.id, one.kind, one.true) for one in found] == [
        ("t1.0", "casual", True),
        ("t1.1", "casual", True),
        ("f1.0", "name", False),
        ("f2.0", "new_word", False),
    ]
    assert found[1].text == "오류를 사람이 일일이 고쳐야 했어요."
    assert found[1].facts == ("수작업을 통해 검토",)


def test_a_sample_is_half_true_and_holds_every_kind(claims: Path) -> None:
    [true, _, name, word] = statements([claims])
    pool = [*[true] * 50, *[name] * 50, word]
    chosen = sample(pool, 8, seed=1)
    assert [one.true for one in chosen] == [True] * 4 + [False] * 4
    assert sorted(one.kind for one in chosen[4:]) == ["name", "name", "name", "new_word"]


def test_questions_come_from_the_data_set_and_from_true_claims(claims: Path) -> None:
    found = questions(25, [claims])
    assert len(set(found)) == 25
    assert found[0] == "코파일럿은 어떤가요?"
    assert QUESTION in found


def test_the_judge_sees_the_cited_sentences_and_is_counted_by_kind(
    claims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen: list[Statement] = statements([claims])
    with ModelServer(judging("supported")) as server:
        rows = asyncio.run(judge(settings(server), chosen))
        asked = [json.loads(exchange.prompt)["claims"][0] for exchange in server.requests]
    assert [one["claim"] for one in asked] == [one.text for one in chosen]
    assert "2025-03-10" in asked[0]["evidence"][0]
    assert "별로 호평을 받지 못하는" in " ".join(asked[0]["evidence"])
    assert {row.verdict for row in rows} == {"supported"}
    # The rules refute an unknown name by themselves; a free rendering they cannot prove.
    asked_of = {row.id: row.asked for row in rows}
    assert (asked_of["t1.0"], asked_of["f1.0"]) == (True, False)
    print_judged(rows)
    shown = capsys.readouterr().out
    of_judge = sum(row.asked for row in rows if row.true)
    assert re.search(rf"true statements .*\n  all +2/2   \({of_judge}/{of_judge}\)", shown)
    assert re.search(r"lies supported.*\n  all +2/2   .*\n  name +1/1   \(0/0\)", shown)


def test_a_judge_that_cannot_be_asked_ends_the_measurement(claims: Path) -> None:
    async def broken(exchange: Exchange) -> None:
        await exchange.answer(503)

    with ModelServer(broken) as server, pytest.raises(SystemExit, match="answered 503"):
        asyncio.run(judge(settings(server), statements([claims])))


def test_what_was_written_quoted_and_dropped_is_counted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    async def handler(exchange: Exchange) -> None:
        [number] = re.findall(r"^\[(\d+)\].*통제할 수 있을 것이라고 자신", exchange.prompt, re.M)
        true = f"나델라는 오픈AI를 통제할 수 있을 것이라고 자신했다. [{number}] "
        await sending(stream(true + f"제프 베조스는 오픈AI를 사들였다. [{number}]"))(exchange)

    with ModelServer(handler) as server:
        given = settings(server, store=workspace.settings.store, verifier="rules")
        with Workspace.open(given) as writing:
            [row] = asyncio.run(write(writing, [QUESTION]))
    assert row.status == "answered"
    assert (row.as_written, row.quoted + row.dropped) == (1, 1)
    assert "베조스" in " ".join(row.why)
    assert row.first_claim is not None
    assert 0 < row.first_claim <= row.total
    print_written([row])
    assert "released as written      1" in capsys.readouterr().out
