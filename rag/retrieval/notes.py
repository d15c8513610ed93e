"""Notes for the trace of an answer from what finds its passages, such as an engine that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_notes: ContextVar[list[str] | None] = ContextVar("notes", default=None)


@contextmanager
def noting() -> Iterator[list[str]]:
    """Collect the notes that are made in the block, in this thread."""
    notes: list[str] = []
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def note(text: str) -> None:
    """Add a note, once; without :func:`noting` around it has no effect."""
    notes = _notes.get()
    if notes is not None and text not in notes:
        notes.append(text)
