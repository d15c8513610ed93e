"""What must hold of a store after anything befell it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from geungeo.eval.campaigns.news import COUNT, report
from geungeo.eval.campaigns.operations import State
from geungeo.index.database import FILE
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Filters
from geungeo.rag.language.terms import bags
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings

_EDITIONS = range(1, 6)
_ALL = 1_000_000
_PROBE = (COUNT - 1, 5)


class _Mendings(logging.Handler):
    """Counts what the store says it mended."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.getMessage().startswith("repaired:")


def verify(
    folder: Path,
    embedder: Embedder,
    allowed: Sequence[State],
    questions: Sequence[int],
    *,
    repairable: bool,
) -> dict[str, Any]:
    """Open the store, examine it, compare with the ``allowed`` states, ask, and write to it.

    With ``repairable`` damage of what is derived is expected, and mended first.
    """
    mendings = _Mendings()
    logging.getLogger("geungeo.index").addHandler(mendings)
    failures: list[str] = []
    with closing(Store.open(folder, embedder)) as store:
        found = store.examine()
        failures += [
            f"damaged: {finding}"
            for finding in found
            if finding.repair is None or (finding.repair == "derive" and not repairable)
        ]
        if any(finding.repair == "derive" for finding in found):
            store.repair()
        store.size()
        failures += [f"not mended: {finding}" for finding in store.examine()]
        state = _state(store, allowed, failures)
        failures += _indexes(store, embedder)
        asked, answered = 0, 0
        workspace = Workspace(Settings(store=folder), store, embedder)
        for number in questions:
            if number in state:
                asked += 1
                answered += _ask(workspace, number, state, failures)
        probe = report(*_PROBE).draft
        if store.ingest(probe).status == "unchanged" or store.examine():
            failures.append("not usable: an article could not be added")
    return {
        "mended": mendings.count,
        "questions": asked,
        "answered": answered,
        "failures": failures,
    }


def _state(store: Store, allowed: Sequence[State], failures: list[str]) -> State:
    """Which allowed state the store is in, all of it."""
    texts = {article.id: article.text for article in store.articles()}
    for state in allowed:
        if texts == {f"news-{n}": _text(n, edition) for n, edition in state.items()}:
            break
    else:
        failures.append(f"lost or mixed: {sorted(texts)} is none of {list(allowed)}")
        state = {}
    for article_id in texts:
        number = int(article_id.removeprefix("news-"))
        told = {_text(number, edition) for edition in _EDITIONS}
        failures += [
            f"{article_id} v{version} has a text that nobody wrote"
            for version in store.versions(article_id)
            if store.article(article_id, version).text not in told
        ]
    return state


def _text(number: int, edition: int) -> str:
    return report(number, edition).draft.article().text


def _indexes(store: Store, embedder: Embedder) -> list[str]:
    """Whether both kinds of index hold the stored passages, no more and no less."""
    with closing(sqlite3.connect(store.folder / FILE)) as connection:
        keys = {int(row[0]) for row in connection.execute("SELECT key FROM passages")}
    vector = embedder.embed(["공장"], query=True)[0]
    dense = set(store.dense(vector, _ALL, Filters()))
    return [] if dense == keys == _lexical(store) else ["an index differs from what is stored"]


def _lexical(store: Store) -> set[int]:
    terms = bags("bigrams", ["공장 공사 모의"])[0].terms
    return set(store.lexical("bigrams", terms, _ALL, Filters()))


def _ask(workspace: Workspace, number: int, state: State, failures: list[str]) -> bool:
    asked = report(number, state[number])
    answer = asyncio.run(workspace.pipeline.answer(Ask(asked.question)))
    failures += wrong_citations(answer, workspace.store, state)
    right = any(asked.fact in citation.quote for citation in answer.citations)
    if not right:
        failures.append(f"not answered: {asked.question}")
    return right


def wrong_citations(answer: Answer, store: Store, state: State) -> list[str]:
    """Citations that are not, to the character, in the newest edition that the state holds."""
    failures: list[str] = []
    for citation in answer.citations:
        number = int(citation.article_id.removeprefix("news-"))
        text = _text(number, state[number]) if number in state else ""
        if text[citation.start : citation.end] != citation.quote or not citation.quote:
            failures.append(f"wrong citation: {citation.article_id} {citation.quote!r}")
        if store.article(citation.article_id, citation.version).text != text:
            failures.append(f"wrong version: {citation.article_id} v{citation.version}")
    return failures
