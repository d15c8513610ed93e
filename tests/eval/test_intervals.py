"""Bootstrap intervals and paired differences."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from geungeo.eval.metrics.catalogue import METRICS
from geungeo.eval.metrics.intervals import difference, estimate, percentile_estimate
from geungeo.eval.rows import Row

MakeRow = Callable[..., Row]
RECALL = METRICS["recall@1"]


def test_interval_equals_the_binomial_one(make_row: MakeRow) -> None:
    rows = [make_row(rank=1 if at < 70 else None) for at in range(100)]
    found = estimate(RECALL, rows, seed=1)
    assert found is not None
    assert found.value == 0.7
    half = 1.96 * math.sqrt(0.7 * 0.3 / 100)
    assert found.low == pytest.approx(0.7 - half, abs=0.02)
    assert found.high == pytest.approx(0.7 + half, abs=0.02)


def test_interval_depends_on_the_seed_only(make_row: MakeRow) -> None:
    rows = [make_row(rank=at % 7 + 1) for at in range(40)]
    metric = METRICS["mrr@10"]
    assert estimate(metric, rows, seed=5) == estimate(metric, rows, seed=5)
    assert estimate(metric, rows, seed=5) != estimate(metric, rows, seed=6)


def test_turns_of_a_conversation_are_resampled_together(make_row: MakeRow) -> None:
    metric = METRICS["abstain_recall"]

    def rows(*, together: bool) -> list[Row]:
        return [
            make_row(
                expected="abstain",
                status="abstained" if at < 20 else "answered",
                reason="no_evidence" if at < 20 else None,
                item=f"set/{at // 4 if together else at}",
            )
            for at in range(40)
        ]

    apart, together = (
        estimate(metric, rows(together=False), 0),
        estimate(metric, rows(together=True), 0),
    )
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_metric_without_cases_has_no_estimate(make_row: MakeRow) -> None:
    assert estimate(RECALL, [], seed=0) is None
    assert estimate(RECALL, [make_row()], seed=0) is None
    assert percentile_estimate([], 50, seed=0) is None


def test_equal_runs_do_not_differ(make_row: MakeRow) -> None:
    rows = [make_row(rank=1 if at % 2 else None) for at in range(30)]
    found = difference(RECALL, rows, rows, seed=0)
    assert found is not None
    assert (found.difference, found.low, found.high, found.clear) == (0.0, 0.0, 0.0, False)


def test_pairing_detects_differences_that_separate_intervals_hide(make_row: MakeRow) -> None:
    # 100 hard and easy questions; the new run gains 8 and loses none.
    ranks = [1 if at < 50 else None for at in range(100)]
    old = [make_row(id=str(at), rank=rank) for at, rank in enumerate(ranks)]
    new = [make_row(id=str(at), rank=1 if at < 58 else rank) for at, rank in enumerate(ranks)]
    found = difference(RECALL, old, new, seed=0)
    assert found is not None
    assert found.difference == pytest.approx(0.08)
    assert found.clear
    before, after = estimate(RECALL, old, 0), estimate(RECALL, new, 0)
    assert before is not None
    assert after is not None
    assert before.high > after.low  # unpaired, the two overlap


def test_random_differences_are_not_clear(make_row: MakeRow) -> None:
    generator = random.Random(1)  # noqa: S311
    old = [make_row(id=str(at), rank=generator.choice([1, None])) for at in range(100)]
    new = [make_row(id=str(at), rank=generator.choice([1, None])) for at in range(100)]
    found = difference(RECALL, old, new, seed=0)
    assert found is not None
    assert found.low < 0 < found.high
    assert not found.clear


def test_only_shared_rows_are_compared(make_row: MakeRow) -> None:
    old = [make_row(id="a", rank=1), make_row(id="b", rank=None)]
    new = [make_row(id="b", rank=1), make_row(id="c", rank=1)]
    found = difference(RECALL, old, new, seed=0)
    assert found is not None
    assert (found.old, found.new, found.n) == (0.0, 1.0, 1)
    assert difference(RECALL, old[:1], new[1:], seed=0) is None
