"""The command ``geungeo bench``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geungeo.eval.bench.answers import claims
from geungeo.eval.bench.checks import check, check_speed
from geungeo.eval.bench.cold import cold
from geungeo.eval.bench.engines import engines
from geungeo.eval.bench.own import own
from geungeo.eval.bench.passages import passages
from geungeo.eval.bench.peers import peers
from geungeo.eval.bench.retrieval import retrieval
from geungeo.eval.bench.scale import scale
from geungeo.eval.bench.summary import summary

if TYPE_CHECKING:
    from pydantic import BaseModel

    from geungeo.eval.bench.grounding import GroundingReport, Rate
    from geungeo.eval.bench.nli import Judge

CHECK_FAILED = 1
MAX_LIES_PASSED = 0.03
MIN_TRUE_PASSED = 0.90

_json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write figures and all outcomes to this file.",
)


@click.group("bench")
def bench() -> None:
    """Measure the figures of the documentation again."""


bench.add_command(check)
bench.add_command(check_speed)
bench.add_command(claims)
bench.add_command(cold)
bench.add_command(engines)
bench.add_command(own)
bench.add_command(passages)
bench.add_command(peers)
bench.add_command(retrieval)
bench.add_command(scale)
bench.add_command(summary)


@bench.command("grounding")
@_json_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Seed of the generated lies.",
)
@click.option("--show", is_flag=True, help="List the failures of the tuned half.")
def grounding(json_file: Path | None, seed: int, *, show: bool) -> None:
    """Measure released lies and withheld true claims; exit 1 above 3 % or below 90 %."""
    from geungeo.eval.bench.claims import load
    from geungeo.eval.bench.grounding import measure

    report = measure(load(), seed)
    _write(report, json_file)
    _print_rates(report)
    if show:
        _print_failures(report)
    if not (
        report.lies["all"].rate <= MAX_LIES_PASSED
        and report.true_claims["all"].rate >= MIN_TRUE_PASSED
    ):
        raise click.exceptions.Exit(CHECK_FAILED)


@bench.command("nli")
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="KLUE-NLI JSON: premises are sources, hypotheses are claims.",
)
@click.option(
    "--verifier",
    "judge",
    type=click.Choice(["rules", "bundled"]),
    default="rules",
    show_default=True,
    help="What judges the pairs, alone.",
)
@_json_option
def nli(data: Path, judge: Judge, json_file: Path | None) -> None:
    """Print the operating curve of a verifier on inference pairs (KLUE-NLI)."""
    from geungeo.eval.bench.nli import measure_file

    report = measure_file(data, judge)
    _write(report, json_file)
    click.echo(f"{report.n} pairs, {report.entailed} entailed, area under ROC {report.area:.3f}")
    click.echo(
        f"{'score from':>10}  {'passed':>6}  {'precision':>9}  {'recall':>6}  {'accuracy':>8}"
    )
    for point in report.curve:
        click.echo(
            f"{point.threshold:>10.2f}  {point.passed:>6}  {point.precision:>9.3f}  "
            f"{point.recall:>6.3f}  {point.accuracy:>8.3f}"
        )
    for label, rate in report.by_label.items():
        click.echo(_line(f"passed: {label}", rate))


def _write(report: BaseModel, json_file: Path | None) -> None:
    if json_file:
        json_file.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")


def _print_rates(report: GroundingReport) -> None:
    click.echo(f"{'':28}{'n':>5}  {'passed':>6}  {'rate':>6}  95 % (Wilson)")
    click.echo("lies")
    for kind, rate in report.by_kind.items():
        click.echo(_line(f"  {kind}", rate))
    for half, rate in report.lies.items():
        click.echo(_line(f"  = {half}", rate))
    click.echo("true claims")
    for how, rate in report.by_paraphrase.items():
        click.echo(_line(f"  {how}", rate))
    for half, rate in report.true_claims.items():
        click.echo(_line(f"  = {half}", rate))
    for half, rate in report.written_claims.items():
        click.echo(_line(f"  = {half}, not verbatim", rate))
    click.echo(f"{report.milliseconds_per_claim} ms a claim")


def _line(name: str, rate: Rate) -> str:
    return (
        f"{name:28}{rate.n:>5}  {rate.passed:>6}  {rate.rate:>6.1%}  "
        f"{rate.low:.1%} to {rate.high:.1%}"
    )


def _print_failures(report: GroundingReport) -> None:
    for outcome in report.outcomes:
        # The held-out half must not be seen while the rules are tuned.
        if outcome.lie == outcome.passed and outcome.half == "tuned":
            what = "released" if outcome.lie else "withheld"
            click.echo(f"{what} [{outcome.half}] {outcome.kind}: {outcome.text} {outcome.why}")
