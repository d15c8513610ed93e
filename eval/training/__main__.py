"""``python -m geungeo.eval.training --korquad F --nomiracl F [F] --out model.json``.

Train on the shipped questions about the seed article and on the given halves of KorQuAD 1.0 and
NoMIRACL, and print the cross-validated figures of the documentation.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import click
import numpy as np

from geungeo.eval.training.collect import collect
from geungeo.eval.training.fit import cross_validate, fit, render
from geungeo.rag.evidence.models import Linear


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--nomiracl", multiple=True, type=click.Path(path_type=Path, exists=True))
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for the stores of the run.")
@click.option("--limit", default=500, show_default=True, help="KorQuAD questions to train on.")
@click.option("--keep-ranker", is_flag=True, help="Train only the decision to answer.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the model to this file.")
def main(
    korquad: Path | None,
    nomiracl: tuple[Path, ...],
    cache: Path | None,
    limit: int,
    out: Path | None,
    *,
    keep_ranker: bool,
) -> None:
    """Train, report, and write the model if --out is given."""
    rows = collect(korquad, nomiracl, cache, limit)
    kept = _shipped_ranker() if keep_ranker else None
    report = cross_validate(rows, kept)
    click.echo(render(report))
    if out:
        model = fit(rows, threshold=report.threshold, ranker=kept)
        out.write_text(json.dumps(model, ensure_ascii=False, indent=None) + "\n", "utf-8")
        click.echo(f"wrote {out}")


def _shipped_ranker() -> Linear:
    """Return the ranker of the package, whatever features the decision was trained on."""
    data = json.loads(files("geungeo.rag.evidence").joinpath("model.json").read_text("utf-8"))
    line = data["ranker"]
    return Linear(np.array(line["weights"], dtype=np.float32), float(line["bias"]))


if __name__ == "__main__":
    main()
