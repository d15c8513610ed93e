"""Stores of the campaigns: their initial state, their changes, and the check afterwards."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from geungeo.index.backup import back_up, restore
from geungeo.index.database import FILE, open_database
from geungeo.index.store import Outcome, Store
from geungeo.index.vectors import MANIFEST
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask
from geungeo.rag.language.terms import bags
from geungeo.rag.protocols import Embedder, Filters
from geungeo.rag.settings import EngineUrl, Settings, StoreUrl
from tests.support.news import COUNT, report

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
    """Calls in order; the store is in ``states[k]`` once ``k`` of them are acknowledged."""

    name: str
    calls: Sequence[Call]
    states: Sequence[State]
    damage: Callable[[Path], None] | None = None


def make_base(folder: Path, embedder: Embedder) -> None:
    """Make the store that every case begins with, and a backup of another beside it."""
    for state, place in ((_KEPT, folder.with_name("other")), (BASE, folder)):
        store = Store.open(place, embedder)
        store.ingest_many(report(number, edition).draft for number, edition in state.items())
        store.close()
    back_up(folder.with_name("other"), folder.with_name(BACKUP))


def _ingest(*editions: tuple[int, int]) -> Call:
    def call(store: Store, acknowledge: Acknowledge) -> None:
        reported: list[str] = []

        def each(outcome: Outcome) -> None:
            # Acknowledged with the first article: all are one batch.
            if not reported:
                acknowledge()
            reported.append(outcome.article.id)

        store.ingest_many([report(*edition).draft for edition in editions], each=each)

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
    """Overwrite a vector in SQLite and truncate the manifest."""
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


_EDITIONS = range(1, 6)
ALL = 1_000_000
"""More passages than a store of a campaign has."""

_PROBE = (COUNT - 1, 5)


class _Repairs(logging.Handler):
    """A handler that counts the repairs that the store logs."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.getMessage().startswith("repaired:")


def verify(
    place: Path | StoreUrl,
    embedder: Embedder,
    allowed: Sequence[State],
    questions: Sequence[int],
    *,
    repairable: bool,
    engine: EngineUrl | Literal["local"] = "local",
) -> dict[str, Any]:
    """Open the store, check it, compare it with the ``allowed`` states, ask, and write to it.

    With ``repairable``, damage to derived data is expected and repaired first.
    """
    repairs = _Repairs()
    logging.getLogger("geungeo.index").addHandler(repairs)
    failures: list[str] = []
    with closing(Store.open(place, embedder, engine=engine)) as store:
        found = store.examine()
        failures += [
            f"damaged: {finding}"
            for finding in found
            if finding.repair is None or (finding.repair == "derive" and not repairable)
        ]
        if any(finding.repair == "derive" for finding in found):
            store.repair()
        store.size()
        failures += [f"not repaired: {finding}" for finding in store.examine()]
        state = state_of(store, allowed, failures)
        failures += indexes(place, store, embedder)
        asked, answered = 0, 0
        workspace = Workspace(Settings(store=place), store, embedder)
        for number in questions:
            if number in state:
                asked += 1
                answered += ask(workspace, number, state, failures)
        probe = report(*_PROBE).draft
        if store.ingest(probe).status == "unchanged" or store.examine():
            failures.append("not usable: an article could not be added")
    return {
        "mended": repairs.count,
        "questions": asked,
        "answered": answered,
        "failures": failures,
    }


def state_of(store: Store, allowed: Sequence[State], failures: list[str]) -> State:
    """Return the allowed state that the store is in."""
    texts = {article.id: article.text for article in store.articles()}
    for state in allowed:
        if texts == {f"news-{n}": _text(n, edition) for n, edition in state.items()}:
            break
    else:
        failures.append(f"lost or mixed: {sorted(texts)} is none of {list(allowed)}")
        state = {}
    for article_id in texts:
        number = int(article_id.removeprefix("news-"))
        written = {_text(number, edition) for edition in _EDITIONS}
        failures += [
            f"{article_id} v{version} has a text that was never written"
            for version in store.versions(article_id)
            if store.article(article_id, version).text not in written
        ]
    return state


def _text(number: int, edition: int) -> str:
    return report(number, edition).draft.article().text


def indexes(place: Path | StoreUrl, store: Store, embedder: Embedder) -> list[str]:
    """Check that both indexes hold exactly the stored passages."""
    with closing(open_database(place)) as database, database.read() as connection:
        keys = {int(row[0]) for row in connection.execute("SELECT key FROM passages")}
    vector = embedder.embed(["공장"], query=True)[0]
    dense = set(store.dense(vector, ALL, Filters()))
    return [] if dense == keys == _lexical(store) else ["an index differs from the stored passages"]


def _lexical(store: Store) -> set[int]:
    terms = bags("bigrams", ["공장 공사 모의"])[0].terms
    return set(store.lexical("bigrams", terms, ALL, Filters()))


def ask(workspace: Workspace, number: int, state: State, failures: list[str]) -> bool:
    asked = report(number, state[number])
    answer = asyncio.run(workspace.pipeline.answer(Ask(asked.question)))
    failures += wrong_citations(answer, workspace.store, state)
    right = any(asked.fact in citation.quote for citation in answer.citations)
    if not right:
        failures.append(f"not answered: {asked.question}")
    return right


def wrong_citations(answer: Answer, store: Store, state: State) -> list[str]:
    """Return citations that differ from the newest edition in the state."""
    failures: list[str] = []
    for citation in answer.citations:
        number = int(citation.article_id.removeprefix("news-"))
        text = _text(number, state[number]) if number in state else ""
        if text[citation.start : citation.end] != citation.quote or not citation.quote:
            failures.append(f"wrong citation: {citation.article_id} {citation.quote!r}")
        if store.article(citation.article_id, citation.version).text != text:
            failures.append(f"wrong version: {citation.article_id} v{citation.version}")
    return failures
