"""The changes of a store that a campaign breaks off, and the states they may leave."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from geungeo.eval.campaigns.news import report
from geungeo.index.backup import back_up, restore
from geungeo.index.database import FILE
from geungeo.index.store import Store
from geungeo.index.vectors import MANIFEST
from geungeo.rag.protocols import Embedder

BACKUP = "kept"
"""The backup that ``restore`` puts in place; beside the store's folder."""

State = dict[int, int]
"""Number of each article in the store, with its edition."""

Acknowledge = Callable[[], None]
Call = Callable[[Store, Acknowledge], None]

BASE: State = dict.fromkeys(range(6), 1)
_KEPT: State = dict.fromkeys(range(3), 4)


@dataclass(frozen=True, slots=True)
class Operation:
    """Calls in order; ``states[k]`` holds once ``k`` of them are acknowledged."""

    name: str
    calls: Sequence[Call]
    states: Sequence[State]
    damage: Callable[[Path], None] | None = None


def make_base(folder: Path, embedder: Embedder) -> None:
    """The store that every case begins with, and a backup of another beside it."""
    for state, place in ((_KEPT, folder.with_name("other")), (BASE, folder)):
        store = Store.open(place, embedder)
        store.ingest_many(report(number, edition).draft for number, edition in state.items())
        store.close()
    back_up(folder.with_name("other"), folder.with_name(BACKUP))


def _ingest(*editions: tuple[int, int]) -> Call:
    def call(store: Store, acknowledge: Acknowledge) -> None:
        told: list[str] = []

        def progress(article_id: str) -> None:
            # Acknowledged as soon as the first article is reported: they are one batch.
            if not told:
                acknowledge()
            told.append(article_id)

        store.ingest_many([report(*edition).draft for edition in editions], progress)

    return call


def _remove(number: int) -> Call:
    def call(store: Store, acknowledge: Acknowledge) -> None:
        store.remove(f"news-{number}")
        acknowledge()

    return call


def _reindex(store: Store, acknowledge: Acknowledge) -> None:
    store.reindex()
    acknowledge()


def _repair(store: Store, acknowledge: Acknowledge) -> None:
    store.repair()
    acknowledge()


def _restore(store: Store, acknowledge: Acknowledge) -> None:
    restore(store.folder, store.folder.with_name(BACKUP), overwrite=True)
    acknowledge()


def _damage(folder: Path) -> None:
    """A vector in SQLite that is not what was written, and half a manifest."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute(
            "UPDATE passages SET vector = zeroblob(length(vector)) WHERE article_id = 'news-1'"
        )
        connection.commit()
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:100])


OPERATIONS = (
    Operation(
        "ingest",
        (_ingest((6, 1), (7, 1)), _ingest((8, 1)), _ingest((9, 1), (10, 1))),
        (
            BASE,
            BASE | {6: 1, 7: 1},
            BASE | {6: 1, 7: 1, 8: 1},
            BASE | {6: 1, 7: 1, 8: 1, 9: 1, 10: 1},
        ),
    ),
    Operation(
        "update",
        (_ingest((0, 2), (1, 2)), _ingest((2, 2)), _ingest((0, 3))),
        (BASE, BASE | {0: 2, 1: 2}, BASE | {0: 2, 1: 2, 2: 2}, BASE | {0: 3, 1: 2, 2: 2}),
    ),
    Operation(
        "remove",
        (_remove(0), _remove(3), _ingest((0, 2))),
        (
            BASE,
            {1: 1, 2: 1, 3: 1, 4: 1, 5: 1},
            {1: 1, 2: 1, 4: 1, 5: 1},
            {0: 2, 1: 1, 2: 1, 4: 1, 5: 1},
        ),
    ),
    Operation("reindex", (_reindex,), (BASE, BASE)),
    Operation("repair", (_repair,), (BASE, BASE), _damage),
    Operation("restore", (_restore,), (BASE, _KEPT)),
)
