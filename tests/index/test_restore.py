"""Backups of a store in PostgreSQL: a dump, the log archive, and Milvus after each."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from geungeo.index.store import Store
from geungeo.rag.errors import StoreUnavailable
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import StoreUrl
from geungeo.server.cli import run
from tests.index.test_milvus import client, collection_of
from tests.index.test_postgres import answer, draft, found, set_up, texts
from tests.support import ROOT
from tests.support.milvus import MilvusServer
from tests.support.postgres import PASSWORD, USER, PostgresServer, Unusable, running

pytest.importorskip("pymilvus")
pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    try:
        with running(durable=True) as server:
            yield server
    except Unusable as error:
        pytest.skip(f"no PostgreSQL server: {error}")


def blocks(heading: str, language: str) -> list[str]:
    """Return the blocks of a section of docs/scale.md."""
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.+?)^```$", section, re.DOTALL | re.MULTILINE)


def test_a_dump_is_restored_beside_the_store_and_milvus_is_built_again(
    server: PostgresServer,
    milvus: MilvusServer,
    embedder: Embedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, limited = set_up(server, monkeypatch)
    dump, *restore = (
        blocks("Back up and restore", "sh")[0]
        .replace("db.example", f"127.0.0.1:{server.port}")
        .splitlines()
    )
    environment = os.environ | {
        "PATH": f"{server.programs}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
        "GEUNGEO_STORE": owner.reveal(),
    }

    def shell(*lines: str) -> None:
        for line in lines:
            done = subprocess.run(
                ["bash", "-ec", line], cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert (done.returncode, done.stderr) == (0, ""), line

    with ExitStack() as stack:

        def open_store(place: StoreUrl) -> Store:
            return stack.enter_context(closing(Store.open(place, embedder, engine=milvus.url())))

        store = open_store(limited)
        store.ingest_many([draft(number) for number in range(1, 5)])
        store.ingest(draft(2, "고친 판이다. 바나나가 열렸다."))
        store.remove("a4")
        store.conversations.append("c", answer("왜?"))
        key, secret = store.keys.create("desk", frozenset({"ask"}))
        shell(dump)
        dumped = texts(store)
        store.remove("a1")
        store.ingest_many([draft(5), draft(6)])
        shell(*restore)
        restored = StoreUrl(limited.reveal().replace("/news", "/restored"))
        copy = open_store(restored)
        assert texts(copy) == dumped
        assert found(copy, "반도체 공장") == {"a1", "a3"}
        assert found(copy, "바나나") == {"a2"}
        assert [one.question for one in copy.conversations.get("c")] == ["왜?"]
        assert copy.keys.verify(secret) == key
        assert copy.ingest(draft(9)).status == "added"
        copy.remove("a3")
        # The store that it was copied from is not concerned.
        assert found(store, "반도체 공장") == {"a3", "a5", "a6"}
        assert store.examine() == copy.examine() == []
        assert store.ingest(draft(4)).article.version == 2, "a number is never given again"
        # A copy that has the identity of its original, as one from the log, forgets the collection.
        built = collection_of(copy)
        [forget] = blocks("Back up and restore", "sql")
        with psycopg.connect(restored.reveal(), autocommit=True) as connection:
            connection.execute(forget.encode())
        again = open_store(restored)
        assert collection_of(again) not in {built, collection_of(store)}
        assert found(again, "반도체 공장") == {"a1", "a9"}
        assert client(milvus).has_collection(built)
        monkeypatch.setenv("GEUNGEO_STORE", restored.reveal())
        monkeypatch.setenv("GEUNGEO_ENGINE", milvus.url().reveal())
        assert run(["doctor"]) == 0


def test_a_moment_of_the_past_is_restored_from_the_archived_log(
    milvus: MilvusServer, embedder: Embedder
) -> None:
    with ExitStack() as stack:
        try:
            server = PostgresServer(durable=True)
        except Unusable as error:
            pytest.skip(f"no PostgreSQL server: {error}")
        stack.callback(server.remove)
        archive = server.data.parent / "archive"
        archive.mkdir()
        archive.chmod(0o777)  # PostgreSQL is another user
        server.start("-c", "archive_mode=on", "-c", f"archive_command=cp %p {archive}/%f")
        place = server.url(server.schema())
        with closing(Store.open(place, embedder, engine=milvus.url())) as store:
            store.ingest_many([draft(1), draft(2)])
            backup = PostgresServer(durable=True, standby_of=server)
            stack.callback(backup.remove)
            store.ingest(draft(3))
            expected = texts(store)
            with psycopg.connect(server.url().reveal(), autocommit=True) as connection:
                [[moment]] = connection.execute("SELECT clock_timestamp()").fetchall()
                store.remove("a1")
                store.ingest(draft(4))
                [[last]] = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()
            wait_for(lambda: (archive / last).exists())
        server.kill()
        (backup.data / "standby.signal").rename(backup.data / "recovery.signal")
        backup.start(
            "-c", f"restore_command=cp {archive}/%f %p", "-c", f"recovery_target_time={moment}",
            "-c", "recovery_target_action=promote",
        )  # fmt: skip
        with psycopg.connect(backup.url().reveal(), autocommit=True) as connection:
            state = "SELECT pg_is_in_recovery()"
            wait_for(lambda: connection.execute(state).fetchone() == (False,))
        back = StoreUrl(place.reveal().replace(f":{server.port}/", f":{backup.port}/"))
        with closing(Store.open(back, embedder, engine=milvus.url())) as store:
            assert texts(store) == expected
            # Milvus had later changes; what was not flushed yet, it was given again.
            assert [str(one) for one in store.examine()] == [
                "Milvus: 1 passages in the collection do not exist; run: geungeo doctor --repair",
            ]
            store.repair()
            assert store.examine() == []
            assert found(store, "반도체 공장") == {"a1", "a2", "a3"}
            assert store.ingest(draft(4)).status == "added"


def test_a_copy_of_the_files_beside_the_store_is_found_before_it_does_harm(
    milvus: MilvusServer, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        try:
            server = PostgresServer(durable=True)
        except Unusable as error:
            pytest.skip(f"no PostgreSQL server: {error}")
        stack.callback(server.remove)
        server.start()
        place = server.url(server.schema())
        store = stack.enter_context(closing(Store.open(place, embedder, engine=milvus.url())))
        store.ingest_many([draft(1), draft(2), draft(3)])
        twin = PostgresServer(durable=True, standby_of=server)
        stack.callback(twin.remove)
        (twin.data / "standby.signal").unlink()
        twin.start()
        beside = StoreUrl(place.reveal().replace(f":{server.port}/", f":{twin.port}/"))
        copy = stack.enter_context(closing(Store.open(beside, embedder, engine=milvus.url())))
        copy.remove("a1")
        original = collection_of(store)
        monkeypatch.setattr("geungeo.index.milvus._CONFIRM_SECONDS", 0.0)
        for one in (store, copy):
            with pytest.raises(StoreUnavailable, match="one is a copy of the other"):
                found(one, "반도체")
        copy.repair()
        assert client(milvus).has_collection(original)
        store.repair()
        assert found(store, "반도체 공장") == {"a1", "a2", "a3"}
        assert found(copy, "반도체 공장") == {"a2", "a3"}
        assert store.examine() == copy.examine() == []
        assert len({original, collection_of(store), collection_of(copy)}) == 3


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
