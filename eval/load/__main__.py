"""``python -m geungeo.eval.load NAME``."""

import click

from geungeo.eval.bench.first_claim import first_claim
from geungeo.eval.bench.slack_ack import slack_ack
from geungeo.eval.load.command import load

if __name__ == "__main__":
    commands: list[click.Command] = [load, slack_ack, first_claim]
    click.Group("load", commands=commands)(prog_name="python -m geungeo.eval.load")
