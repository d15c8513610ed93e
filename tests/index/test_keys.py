"""API keys in the store: storage, verification, revocation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geungeo.index.database import FILE, SqliteDatabase
from geungeo.index.keys import ApiKeys, Scope, open_keys
from geungeo.index.schema import statements
from geungeo.rag.errors import InvalidRequest, KeyNotFound
from geungeo.rag.settings import StoreUrl

ASK: frozenset[Scope] = frozenset({"ask"})


@pytest.fixture
def keys(place: Path | StoreUrl) -> Iterator[ApiKeys]:
    with open_keys(place) as opened:
        yield opened


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_key_is_returned_once_and_not_stored_in_any_file(keys: ApiKeys, tmp_path: Path) -> None:
    key, text = keys.create("뉴스룸", frozenset({"ask", "ingest"}))
    assert keys.verify(text) == key
    assert key.scopes == {"ask", "ingest"}
    secret = text.rpartition(f"geungeo_{key.id}_")[2]
    assert len(secret) == 43
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file


def test_two_keys_may_have_the_same_name(keys: ApiKeys) -> None:
    one, two = keys.create("same", ASK), keys.create("same", ASK)
    assert one[0].id != two[0].id
    assert one[1] != two[1]
    assert [key.id for key in keys.list()] == [one[0].id, two[0].id]


def test_only_the_complete_key_is_valid(keys: ApiKeys) -> None:
    key, text = keys.create("a", ASK)
    other = keys.create("b", ASK)[1]
    swapped = f"geungeo_{key.id}_{other[-43:]}"
    flipped = text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]
    wide = text.replace("geungeo", "ｇeungeo")
    tries = ["", text[:-1], text + "=", text + "\n", text.upper(), swapped, flipped, wide]
    tries += [f"geungeo_{key.id}_", "geungeo_00000000_" + text[-43:], "x" * 5_000, "\ud800"]
    assert [one for one in tries if keys.verify(one)] == []
    assert keys.verify(text) == key


def test_a_revoked_key_is_invalid_at_once_in_every_process(
    keys: ApiKeys, place: Path | StoreUrl
) -> None:
    key, text = keys.create("a", ASK)
    with open_keys(place) as elsewhere:
        revoked = elsewhere.revoke(key.id)
        assert elsewhere.revoke(key.id).revoked_at == revoked.revoked_at
    assert keys.verify(text) is None
    assert keys.list() == [revoked]


def test_revoking_the_last_key_does_not_open_access(keys: ApiKeys) -> None:
    assert not keys.any_made()
    key, _ = keys.create("a", ASK)
    keys.revoke(key.id)
    assert keys.any_made()


def test_invalid_names_scopes_and_ids_are_rejected(keys: ApiKeys) -> None:
    cases = [("", ASK), ("a\nb", ASK), ("a" * 101, ASK), ("a", frozenset[Scope]())]
    for name, scopes in cases:
        with pytest.raises(InvalidRequest):
            keys.create(name, scopes)
    with pytest.raises(KeyNotFound, match="geungeo keys list"):
        keys.revoke("nope")


def test_a_store_of_the_first_format_gets_the_table_of_keys(tmp_path: Path) -> None:
    first = list(statements(since=0))[: -len(list(statements(since=1)))]
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        for statement in first:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.execute("INSERT INTO conversations VALUES ('old', '2025', '2025')")
        connection.commit()
    database = SqliteDatabase(tmp_path)
    assert not ApiKeys(database).any_made()
    with database.read() as connection:
        row = connection.execute("SELECT owner FROM conversations WHERE id = 'old'").fetchone()
    assert row["owner"] is None
    database.close()
