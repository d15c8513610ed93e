"""The inference bench: counts by hand, and the real pairs if they are available."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from geungeo.eval.bench.command import bench
from geungeo.eval.bench.nli import Pair, measure, measure_file
from geungeo.rag.errors import UsageError

SOURCE = "시청은 광장을 넓혔다."
PAIRS = [
    Pair(premise=SOURCE, hypothesis="시청은 광장을 넓혔다.", gold_label="entailment"),
    Pair(premise=SOURCE, hypothesis="광장이 예전보다 커졌다.", gold_label="entailment"),
    Pair(premise=SOURCE, hypothesis="시청은 광장을 넓히지 않았다.", gold_label="contradiction"),
    Pair(premise=SOURCE, hypothesis="시청은 도서관을 지었다.", gold_label="neutral"),
]


def test_counts_by_hand() -> None:
    report = measure(PAIRS)
    assert (report.n, report.entailed) == (4, 2)
    supported = next(point for point in report.curve if point.threshold == 0.51)
    assert supported.passed == 1
    assert supported.precision == 1.0
    assert supported.recall == 0.5
    assert supported.accuracy == 0.75
    everything = report.curve[0]
    assert (everything.passed, everything.precision, everything.recall) == (4, 0.5, 1.0)
    assert report.by_label["contradiction"].passed == 0


def test_curve_falls_with_the_threshold() -> None:
    passed = [point.passed for point in measure(PAIRS).curve]
    assert passed == sorted(passed, reverse=True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '[{"premise": "a"}]'])
def test_file_of_another_kind_is_rejected(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"pairs\.json"):
        measure_file(path)


def test_command_prints_the_curve(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(json.dumps([pair.model_dump() for pair in PAIRS]), "utf-8")
    result = CliRunner().invoke(bench, ["nli", "--data", str(path)])
    assert result.exit_code == 0, result.output
    assert "4 pairs, 2 entailed" in result.output


@pytest.mark.slow
def test_klue_pairs_if_available() -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "klue_nli_dev_a.json"
    if not path.exists():
        pytest.skip("KLUE-NLI is not at hand")
    report = measure_file(path)
    supported = next(point for point in report.curve if point.threshold == 0.51)
    # Neither contradictions nor neutral pairs may often pass, at the cost of recall.
    assert supported.precision > 0.8
    assert report.by_label["contradiction"].rate < 0.05
    assert report.by_label["neutral"].rate < 0.05
