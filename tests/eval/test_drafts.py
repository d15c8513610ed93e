"""Marked drafts: reading, scoring and metrics, and the drafts that ship with the project."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from geungeo.eval.data import CHECK_DRAFTS, NEWS_ARTICLES, data_file
from geungeo.eval.datasets import read_dataset
from geungeo.eval.judge import GoldSpan
from geungeo.eval.metrics.catalogue import measure
from geungeo.eval.rows import CheckedGold, Row
from geungeo.eval.score import checked_of, row_of
from geungeo.index.workspace import Workspace
from geungeo.rag.checking import CheckRequest
from geungeo.rag.errors import MalformedSource
from geungeo.rag.text import Span

SOON = "서로가 멀지않아 파트너가 아닌 경쟁자가 될 것이란 점을 피차 알고 있었다."
TEXT = f"{SOON} 왜 그랬을까?"
MARKED = [
    {"start": 0, "end": len(SOON), "verdict": "supported", "quote": SOON, "wording": "near"},
    {"start": len(SOON) + 1, "end": len(TEXT), "verdict": "not_a_claim"},
]


def draft(tmp_path: Path, **changes: Any) -> Path:
    file = tmp_path / "drafts.jsonl"
    record = {"id": "d", "text": TEXT, "claims": MARKED, "style": "blog", **changes}
    file.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    return file


def test_each_marked_claim_is_a_case(tmp_path: Path) -> None:
    dataset = read_dataset(draft(tmp_path, date="2025-03-20", unread=1))
    [item] = dataset.items
    assert (dataset.format, item.text, item.date) == ("drafts", TEXT, "2025-03-20")
    assert [(case.question, case.kind, case.tags) for case in item.cases] == [
        (SOON, "check", ("blog",)),
        ("왜 그랬을까?", "check", ("blog",)),
    ]
    assert dataset.notes == ("field 'unread' is not read",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": []}, "at least one claim"),
        ({"claims": [{"start": 0, "end": 999, "verdict": "supported"}]}, "is not in the text"),
        ({"claims": [{"start": 0, "end": 3, "verdict": "true"}]}, "'verdict' must be one of"),
        ({"claims": ["x"]}, "must be an object"),
        ({"text": "a\r\nb"}, "control characters"),
    ],
)
def test_a_bad_draft_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedSource, match=message):
        read_dataset(draft(tmp_path, **changes))


def test_verdicts_are_scored_against_the_marks(tmp_path: Path, workspace: Workspace) -> None:
    [item] = read_dataset(draft(tmp_path)).items
    result = workspace.check(CheckRequest(TEXT))
    article = workspace.store.articles()[0]
    start = article.text.index(SOON)
    gold = [GoldSpan(article.id, article.version, Span(start, start + len(SOON)))]
    first = checked_of(item.cases[0], result, gold)
    second = checked_of(item.cases[1], result, [])
    assert first == CheckedGold(
        expected="supported", verdict="supported", wording="near", source_shown=True
    )
    assert second == CheckedGold(expected="not_a_claim", verdict="not_a_claim")


def test_metrics_are_shares_of_the_marked_claims(tmp_path: Path) -> None:
    [item] = read_dataset(draft(tmp_path)).items
    found = [
        CheckedGold(expected="contradicted", verdict="contradicted", kind="number", named=True),
        CheckedGold(expected="contradicted", verdict="not_found", kind="date", named=False),
        CheckedGold(expected="contradicted", verdict="supported", kind="name", named=False),
        CheckedGold(expected="not_found", verdict="contradicted"),
        CheckedGold(expected="supported", verdict="supported", wording="near", source_shown=True),
        CheckedGold(expected="supported", verdict="not_found", source_shown=True),
    ]
    rows: list[Row] = [
        row_of("d", "d", item.cases[0], gold_found=None, retrieval=None, asked=False).model_copy(
            update={"key": f"d/{at}", "item": f"d/{at}", "checked": one}
        )
        for at, one in enumerate(found)
    ]
    values = {name: round(one.value, 3) for name, one in measure(rows, 0).items()}
    assert values == {
        "check_precision_supported": 0.5,
        "check_recall_supported": 0.5,
        "check_precision_contradicted": 0.5,
        "check_recall_contradicted": 0.333,
        "check_precision_not_found": 0.0,
        "check_recall_not_found": 0.0,
        "check_lies_not_supported": 0.667,
        "check_named": 1.0,
        "check_wrongly_contradicted": 0.333,
        "check_near": 1.0,
        "check_nearest": 1.0,
    }


def test_our_drafts_quote_their_articles() -> None:
    articles = {}
    for line in data_file(NEWS_ARTICLES).read_text("utf-8").splitlines():
        record = json.loads(line)
        articles[record["id"]] = record["text"]
    drafts = [json.loads(line) for line in data_file(CHECK_DRAFTS).read_text("utf-8").splitlines()]
    assert len(drafts) == 136
    assert sum(one["half"] == "held_out" for one in drafts) == 8
    wrong = [any(c["verdict"] == "contradicted" for c in one["claims"]) for one in drafts]
    assert sum(wrong) == 116
    for one in drafts:
        text = articles[one["article_id"]]
        assert all(claim["quote"] in text for claim in one["claims"] if "quote" in claim)
        assert all(a["end"] <= b["start"] for a, b in pairwise(one["claims"]))
