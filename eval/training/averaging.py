"""``python -m geungeo.eval.training.averaging A.npz B.npz --weight 1 --weight 2 --out C.npz``.

Average runs that started from the same weights (``--seed``). This costs nothing at inference and
generalises better than each run alone (model soups, Wortsman et al., 2022, arXiv:2203.05482).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from geungeo.rag.protocols import FloatArray


def averaged(
    runs: Sequence[dict[str, FloatArray]], weights: Sequence[float]
) -> dict[str, FloatArray]:
    """Return the weighted mean of arrays by name; all ``runs`` have equal names and shapes."""
    return {
        name: np.average([run[name] for run in runs], axis=0, weights=weights) for name in runs[0]
    }


@click.command()
@click.argument("paths", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
@click.option(
    "--weight", "weights", type=float, multiple=True, help="One per file; default: equal."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz file.")
def main(paths: tuple[Path, ...], weights: tuple[float, ...], out: Path) -> None:
    """Average runs of the cross-encoder."""
    if weights and len(weights) != len(paths):
        raise click.UsageError(f"{len(paths)} files, but {len(weights)} weights")
    runs = []
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            runs.append({name: stored[name].astype(np.float32) for name in stored.files})
    found = averaged(runs, weights or [1.0] * len(paths))
    arrays: dict[str, Any] = {name: value.astype(np.float16) for name, value in found.items()}
    np.savez(out, **arrays)


if __name__ == "__main__":
    main()
