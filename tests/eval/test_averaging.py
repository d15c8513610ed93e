"""Averaging of the cross-encoder's runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from geungeo.eval.training.averaging import averaged, main


def test_average_is_weighted() -> None:
    runs = [{"a": np.array([0.0, 3.0], np.float32)}, {"a": np.array([3.0, 0.0], np.float32)}]
    np.testing.assert_allclose(averaged(runs, [1.0, 2.0])["a"], [2.0, 1.0])


def test_average_of_equal_runs_is_the_run(tmp_path: Path) -> None:
    path, out = tmp_path / "run.npz", tmp_path / "mean.npz"
    np.savez(path, up=np.array([[0.5, -2.0]], np.float16))
    done = CliRunner().invoke(main, [str(path), str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with np.load(out, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["up"], np.array([[0.5, -2.0]], np.float16))
        assert stored["up"].dtype == np.float16


@pytest.mark.parametrize("weights", [["--weight", "1"], ["--weight", "1"] * 3])
def test_number_of_weights_must_equal_number_of_files(tmp_path: Path, weights: list[str]) -> None:
    path = tmp_path / "run.npz"
    np.savez(path, up=np.zeros(1, np.float16))
    done = CliRunner().invoke(main, [str(path), str(path), *weights, "--out", str(path)])
    assert done.exit_code == 2
    assert "2 files" in done.output
