"""Every metric, computed by hand and compared with other implementations."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from geungeo.eval.metrics.abstention import operating_curve
from geungeo.eval.metrics.catalogue import (
    METRICS,
    by_kind,
    by_reason,
    by_tag,
    is_metric,
    lower_is_better,
    measure,
    measure_latency,
)
from geungeo.eval.metrics.retrieval import ndcg_at, recall_at, reciprocal_rank_at
from geungeo.eval.rows import Latency, Row, Verdict

MakeRow = Callable[..., Row]
MakeVerdict = Callable[..., Verdict]


def value(rows: list[Row], name: str) -> float:
    return measure(rows, seed=0)[name].value


def test_rank_metrics_by_hand(make_row: MakeRow) -> None:
    rows = [make_row(rank=rank) for rank in (1, 2, 6, 11, None)]
    assert value(rows, "recall@1") == pytest.approx(1 / 5)
    assert value(rows, "recall@5") == pytest.approx(2 / 5)
    assert value(rows, "recall@10") == pytest.approx(3 / 5)
    assert value(rows, "mrr@10") == pytest.approx((1 + 1 / 2 + 1 / 6) / 5, abs=1e-6)
    expected = (1 + 1 / math.log2(3) + 1 / math.log2(7)) / 5
    assert value(rows, "ndcg@10") == pytest.approx(expected, abs=1e-6)


def test_turns_and_rows_without_gold_are_excluded_from_retrieval(make_row: MakeRow) -> None:
    rows = [make_row(rank=1), make_row(rank=None, turn=1, kind="conversation"), make_row()]
    assert measure(rows, seed=0)["recall@1"].n == 1
    assert "recall@1" not in measure([make_row()], seed=0)


def test_rank_metrics_agree_with_ir_measures() -> None:
    ir_measures = pytest.importorskip("ir_measures")
    generator = random.Random(7)  # noqa: S311
    ranks = {f"q{at}": generator.choice([*range(1, 16), None]) for at in range(200)}
    qrels, run = [], []
    for query, rank in ranks.items():
        qrels.append(ir_measures.Qrel(query, "gold", 1))
        for place in range(1, 16):
            name = "gold" if place == rank else f"d{place}"
            run.append(ir_measures.ScoredDoc(query, name, 100.0 - place))
    names = {
        "R@1": lambda rank: recall_at(rank, 1),
        "R@5": lambda rank: recall_at(rank, 5),
        "R@10": lambda rank: recall_at(rank, 10),
        "RR@10": lambda rank: reciprocal_rank_at(rank, 10),
        "nDCG@10": lambda rank: ndcg_at(rank, 10),
    }
    theirs = ir_measures.calc_aggregate(
        [ir_measures.parse_measure(name) for name in names], qrels, run
    )
    for measured, reference in theirs.items():
        ours = sum(names[str(measured)](rank) for rank in ranks.values()) / len(ranks)
        assert ours == pytest.approx(reference, abs=1e-9), str(measured)


def test_answer_metrics_count_every_kind_of_miss(make_row: MakeRow) -> None:
    rows = [
        make_row(
            verdict=Verdict(answer_hit=True, exact_match=1.0, char_f1=1.0, short_answer_f1=0.9),
            short_answer="3월",
        ),
        make_row(verdict=Verdict(answer_hit=True, exact_match=0.0, char_f1=0.5)),
        make_row(
            verdict=Verdict(answer_hit=False, exact_match=0.0, char_f1=0.1, short_answer_f1=0.2),
            short_answer="구미",
        ),
        make_row(status="abstained", reason="weak_evidence"),
        make_row(status=None, error="backend_unavailable: down"),
        make_row(expected="abstain", kind="unanswerable", answers=()),  # no case
        make_row(answers=()),  # nothing to compare with: no case
    ]
    figures = measure(rows, seed=0)
    assert figures["answer_hit"].value == pytest.approx(2 / 5)
    assert figures["answer_hit"].n == 5
    assert figures["exact_match"].value == pytest.approx(1 / 5)
    assert figures["char_f1"].value == pytest.approx(1.6 / 5)
    assert figures["short_answer_f1"].value == pytest.approx(1.1 / 5)
    assert figures["short_answer_right"].value == pytest.approx(1 / 2)
    assert figures["short_answer_right"].n == 2
    assert "turn_answer_hit" not in figures


def test_turns_are_counted_separately(make_row: MakeRow) -> None:
    rows = [
        make_row(turn=1, kind="conversation", verdict=Verdict(answer_hit=True)),
        make_row(turn=2, kind="conversation", verdict=Verdict(answer_hit=False)),
        make_row(turn=3, kind="conversation", expected="abstain", answers=()),
    ]
    figures = measure(rows, seed=0)
    assert (figures["turn_answer_hit"].value, figures["turn_answer_hit"].n) == (0.5, 2)
    assert "answer_hit" not in figures


def test_quote_hit_needs_gold_that_is_in_the_store(make_row: MakeRow) -> None:
    rows = [
        make_row(gold_found=True, verdict=Verdict(quote_hit=True)),
        make_row(gold_found=True, status="abstained", reason="no_evidence"),
        make_row(gold_found=False),
        make_row(gold_found=None),
    ]
    figure = measure(rows, seed=0)["quote_hit"]
    assert (figure.value, figure.n) == (0.5, 2)


def test_citation_metrics_are_means_over_answers(
    make_row: MakeRow, make_verdict: MakeVerdict
) -> None:
    rows = [
        # Two statements, one supported; three citations, one useful.
        make_row(verdict=make_verdict((True, (True, False), True), (False, (False,), True))),
        # A statement without citations: nothing recalled, nothing precise.
        make_row(verdict=make_verdict((False, (), False))),
        make_row(verdict=make_verdict((True, (True,), True))),
        make_row(status="abstained", reason="no_evidence"),
    ]
    figures = measure(rows, seed=0)
    assert figures["citation_recall"].value == pytest.approx((1 / 2 + 0 + 1) / 3, abs=1e-6)
    assert figures["citation_precision"].value == pytest.approx((1 / 3 + 0 + 1) / 3, abs=1e-6)
    assert figures["citation_recall"].n == 3
    assert (figures["unsupported_claims"].value, figures["unsupported_claims"].n) == (1.0, 4)


def test_quote_exact_is_a_share_of_citations(
    make_row: MakeRow, make_citation: Callable[..., object]
) -> None:
    citations = tuple(make_citation(marker, 0, 2, "가나", (0, 1)) for marker in (1, 2, 3))
    rows = [
        make_row(citations=citations, verdict=Verdict(inexact=(2,))),
        make_row(citations=citations[:1]),
        make_row(),
        make_row(status=None, error="invariant_violation: [1] does not quote"),
        make_row(status=None, error="backend_error: down"),
    ]
    figure = measure(rows, seed=0)["quote_exact"]
    assert figure.value == pytest.approx(3 / 5)
    assert figure.n == 5


def abstentions(make_row: MakeRow) -> list[Row]:
    """TP 3, FN 1, FP 2, TN 4."""
    should = {"expected": "abstain", "kind": "unanswerable", "answers": ()}
    did = {"status": "abstained", "reason": "weak_evidence"}
    return [
        *(make_row(**should, **did) for _ in range(3)),
        make_row(**should),
        *(make_row(**did) for _ in range(2)),
        *(make_row() for _ in range(4)),
    ]


def test_abstention_metrics_by_hand(make_row: MakeRow) -> None:
    figures = measure(abstentions(make_row), seed=0)
    assert (figures["abstain_precision"].value, figures["abstain_precision"].n) == (3 / 5, 5)
    assert (figures["abstain_recall"].value, figures["abstain_recall"].n) == (3 / 4, 4)
    assert figures["abstain_f1"].value == pytest.approx(6 / 9, abs=1e-6)
    assert figures["balanced_accuracy"].value == pytest.approx((3 / 4 + 4 / 6) / 2, abs=1e-6)


def test_abstention_metrics_agree_with_scikit_learn(make_row: MakeRow) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = random.Random(3)  # noqa: S311
    should = [generator.random() < 0.4 for _ in range(300)]
    did = [generator.random() < (0.7 if wanted else 0.2) for wanted in should]
    rows = [
        make_row(
            expected="abstain" if wanted else "answer",
            status="abstained" if abstained else "answered",
            reason="no_evidence" if abstained else None,
        )
        for wanted, abstained in zip(should, did, strict=True)
    ]
    figures = measure(rows, seed=0)
    for name, theirs in {
        "abstain_precision": metrics.precision_score,
        "abstain_recall": metrics.recall_score,
        "abstain_f1": metrics.f1_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
    }.items():
        assert figures[name].value == pytest.approx(theirs(should, did), abs=1e-6), name


def test_failed_calls_do_not_count_as_abstentions(
    make_row: MakeRow,
) -> None:
    rows = [
        make_row(expected="abstain", status="abstained", reason="backend_unavailable"),
        make_row(expected="abstain", status=None, error="invariant_violation: bug"),
    ]
    assert all(row.failed for row in rows)
    assert not {name for name in measure(rows, seed=0) if METRICS[name].group == "abstention"}


def test_abstention_metrics_are_absent_without_their_cases(make_row: MakeRow) -> None:
    only_answerable = measure([make_row(), make_row(status="abstained", reason="no_evidence")], 0)
    assert not {name for name in only_answerable if name.startswith(("abstain", "balanced"))}
    never = measure([make_row(), make_row(expected="abstain")], seed=0)
    assert "abstain_precision" not in never  # nothing was abstained from
    assert never["abstain_recall"].value == 0.0
    assert never["abstain_f1"].value == 0.0
    assert never["balanced_accuracy"].value == 0.5


def test_the_operating_curve_by_hand(make_row: MakeRow) -> None:
    rows = [
        make_row(expected="abstain", answerability=0.1),
        make_row(expected="answer", answerability=0.2),
        make_row(expected="abstain", answerability=0.2),
        make_row(expected="answer", answerability=0.9),
    ]
    assert operating_curve(rows) == [
        (0.2, 1.0, 0.5),  # abstains below 0.2: one of two, rightly
        (0.9, pytest.approx(2 / 3), 1.0),
        (1.0, 0.5, 1.0),
    ]
    assert operating_curve(rows[1:2]) == []


def test_latency_percentiles_by_hand() -> None:
    latencies = [
        Latency(key=str(at), stages={"total": 10.0 * at, "retrieve": 1.0}) for at in range(1, 6)
    ]
    figures = measure_latency(latencies, seed=0)
    assert figures["p50_ms"].value == 30.0
    assert figures["p95_ms"].value == 48.0  # linear: 0.95 * 4 = 3.8 steps from 10
    assert figures["p95_ms:retrieve"].value == 1.0
    assert "p50_ms:ground" not in figures


def test_reasons_are_counted_by_right_and_wrong(make_row: MakeRow) -> None:
    counts = by_reason(abstentions(make_row))
    assert counts["weak_evidence"].right == 3
    assert counts["weak_evidence"].wrong == 2
    assert counts["weak_evidence"].by_kind == {"answerable": 2, "unanswerable": 3}


def test_groups_hold_their_own_rows(make_row: MakeRow) -> None:
    rows = [make_row(tags=("why", "chat"), rank=1), make_row(tags=("chat",), rank=None)]
    assert by_tag(rows, seed=0)["why"]["recall@1"].value == 1.0
    assert by_tag(rows, seed=0)["chat"]["recall@1"].value == 0.5
    assert by_kind(rows, seed=0)["answerable"]["recall@1"].n == 2


def test_every_metric_has_a_title() -> None:
    for name, metric in METRICS.items():
        assert metric.title, name
        assert is_metric(name)
    assert lower_is_better("unsupported_claims")
    assert lower_is_better("p95_ms:retrieve")
    assert not lower_is_better("recall@5")
    assert not is_metric("p95_ms:nothing")
