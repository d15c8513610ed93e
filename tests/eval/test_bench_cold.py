"""``geungeo bench cold``: processes are measured, and the table has ratios to the first."""

from __future__ import annotations

import sys

import pytest

from geungeo.eval.bench.cold import Spent, least, spent_by, table
from geungeo.rag.errors import BackendUnavailable

WORK = "sum(range({}))"


def test_process_with_more_work_has_spent_more_processor_time() -> None:
    little, much = ([sys.executable, "-S", "-c", WORK.format(count)] for count in (1, 10_000_000))
    found = least({"little": little, "much": much}, rounds=2)
    assert found["much"].processor > 2 * found["little"].processor
    # Until it executes, the process counts the memory of this one.
    assert all(one.memory > 1 and one.wall > 0 for one in found.values())


def test_sleeping_costs_no_processor_time() -> None:
    spent = spent_by([sys.executable, "-S", "-c", "import time; time.sleep(0.5)"])
    assert spent.wall > 0.5
    assert spent.processor < spent.wall


def test_command_that_fails_is_named() -> None:
    with pytest.raises(BackendUnavailable, match=r"SystemExit\(3\) exited with 3"):
        spent_by([sys.executable, "-S", "-c", "raise SystemExit(3)"])


def test_table_has_ratios_to_the_first_command() -> None:
    found = {"earlier": Spent(4.0, 5.0, 900.4), "alone": Spent(1.0, 2.0, 600.6)}
    assert table(found).splitlines()[2:] == [
        "| earlier | 4.00 | 1.00 | 5.00 | 900 |",
        "| alone | 1.00 | 0.25 | 2.00 | 601 |",
    ]
