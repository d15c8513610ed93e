"""``python -m geungeo.eval.campaigns NAME``."""

import click

from geungeo.eval.campaigns.command import COMMANDS

if __name__ == "__main__":
    click.Group("campaigns", commands=list(COMMANDS))(prog_name="python -m geungeo.eval.campaigns")
