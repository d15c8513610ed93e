"""The named steps of a change, so that a test can break off at each of them."""

from __future__ import annotations

from collections.abc import Callable

Step = Callable[[str], None]
"""Told the name of each step once it is done."""

STEPS = (
    "locked",
    "indexed",
    "rows written",
    "committed",
    "vectors written",
    "vectors synced",
    "vectors renamed",
    "vectors durable",
    "manifest written",
    "manifest synced",
    "manifest renamed",
    "manifest durable",
    "old vectors removed",
    "saved",
)
"""The steps of an ingest, an update and a reindex, in order; a removal indexes nothing."""


def no_step(name: str) -> None:
    """What a service does at a step: nothing."""
