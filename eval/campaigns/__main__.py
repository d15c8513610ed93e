"""``python -m geungeo.eval.campaigns NAME``."""

import click

from geungeo.eval.campaigns.command import COMMANDS

click.Group("campaigns", commands=list(COMMANDS))()
