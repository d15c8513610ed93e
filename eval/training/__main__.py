"""``python -m geungeo.eval.training --korquad F --nomiracl F [F] --out model.json``.

Train on the shipped questions about the seed article and on the given halves of KorQuAD 1.0 and
NoMIRACL, and print the cross-validated figures of the documentation.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from geungeo.eval.training.collect import collect
from geungeo.eval.training.fit import cross_validate, fit, render


@click.command()
@click.option("--korquad", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--nomiracl", multiple=True, type=click.Path(path_type=Path, exists=True))
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for the stores of the run.")
@click.option("--limit", default=500, show_default=True, help="KorQuAD questions to train on.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the model to this file.")
def main(
    korquad: Path | None, nomiracl: tuple[Path, ...], cache: Path | None, limit: int, out: Path
) -> None:
    """Train, report, and write the model if --out is given."""
    rows = collect(korquad, nomiracl, cache, limit)
    report = cross_validate(rows)
    click.echo(render(report))
    if out:
        model = fit(rows, threshold=report.threshold)
        out.write_text(json.dumps(model, ensure_ascii=False, indent=None) + "\n", "utf-8")
        click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
