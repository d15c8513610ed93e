"""Backup and restore: complete, verified, also while the store is in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from geungeo.index.backup import back_up, restore
from geungeo.index.database import FILE
from geungeo.index.files import WriteLock
from geungeo.index.store import Store
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import InvalidRequest, StoreCorrupt, StoreLocked, StoreUnavailable
from geungeo.rag.language.terms import bags
from geungeo.rag.protocols import Embedder


def draft(number: int, subject: str) -> Draft:
    body = f"{subject} 공장이 {number}월에 문을 열었다. 일자리는 {number}00개다."
    return Draft(f"제목 {number}", ((SectionKind.BODY, body),), f"{number}.txt", id=f"a{number}")


def found(store: Store, query: str) -> set[str]:
    terms = bags("morphemes", [query])[0].terms
    lexical = store.passages(list(store.lexical("morphemes", terms, 5, Filters())))
    return {passage.article.id for passage in lexical if query in passage.text}


@pytest.fixture
def store(tmp_path: Path, embedder: Embedder) -> Iterator[Store]:
    opened = Store.open(tmp_path / "store", embedder)
    opened.ingest_many([draft(1, "반도체"), draft(2, "배터리")])
    opened.keys.create("운영", frozenset({"admin"}))
    yield opened
    opened.close()


def test_a_restored_store_has_all_versions_and_keys(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    store.ingest(draft(1, "조선소"))
    contents = back_up(store.folder, tmp_path / "kept")
    assert (contents.articles, contents.conversations) == (2, 0)
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    restore(tmp_path / "new", tmp_path / "kept")
    again = Store.open(tmp_path / "new", embedder)
    assert again.versions("a1") == [1, 2]
    assert again.article("a1", 1) == store.article("a1", 1)
    assert found(again, "조선소") == {"a1"}
    assert [key.name for key in again.keys.list()] == ["운영"]
    assert again.examine() == []
    again.close()


def test_an_open_store_continues_with_the_restored_data(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    other = Store.open(tmp_path / "store", embedder)
    back_up(store.folder, tmp_path / "kept")
    before = store.generation
    # The same number of changes, so that generation and keys alone do not differ.
    store.ingest(draft(2, "자동차"))
    assert found(other, "자동차") == {"a2"}
    assert other.article("a2").version == 2
    restore(store.folder, tmp_path / "kept", overwrite=True)
    assert store.generation > before + 1
    assert found(other, "자동차") == set()
    assert found(other, "배터리") == {"a2"}
    assert other.article("a2").version == 1
    other.ingest(draft(2, "철강"))
    assert found(store, "철강") == {"a2"}
    assert store.article("a2", 2).text == draft(2, "철강").article().text
    assert store.examine() == []
    other.close()


def test_a_store_with_data_is_replaced_only_with_overwrite(store: Store, tmp_path: Path) -> None:
    back_up(store.folder, tmp_path / "kept")
    with pytest.raises(InvalidRequest, match="--overwrite"):
        restore(store.folder, tmp_path / "kept")
    with pytest.raises(InvalidRequest, match="kept exists"):
        back_up(store.folder, tmp_path / "kept")
    with WriteLock(store.folder).hold(), pytest.raises(StoreLocked):
        restore(store.folder, tmp_path / "kept", overwrite=True)
    with pytest.raises(StoreUnavailable, match="nothing"):
        restore(store.folder, tmp_path / "nothing")
    with pytest.raises(StoreUnavailable, match="nowhere"):
        back_up(tmp_path / "nowhere", tmp_path / "other")
    with pytest.raises(StoreUnavailable, match="nowhere"):
        back_up(store.folder, tmp_path / "nowhere" / "other")


@pytest.mark.parametrize("damage", ["text", "vector", "cut", "junk"])
def test_a_damaged_backup_is_rejected_and_the_store_unchanged(
    damage: str, store: Store, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    back_up(store.folder, kept)
    if damage == "cut":
        kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    elif damage == "junk":
        kept.write_bytes(b"no backup" * 1000)
    else:
        change = {
            "text": "UPDATE articles SET text = replace(text, '공장', '농장') WHERE id = 'a1'",
            "vector": "UPDATE passages SET vector = zeroblob(1536) WHERE article_id = 'a1'",
        }[damage]
        with sqlite3.connect(kept) as connection:
            connection.execute(change)
    with pytest.raises(StoreCorrupt, match="a1" if damage in {"text", "vector"} else "kept"):
        restore(store.folder, kept, overwrite=True)
    assert found(store, "배터리") == {"a2"}
    assert store.examine() == []
    assert not list(store.folder.glob(".*"))


def test_a_damaged_store_is_not_backed_up(store: Store, tmp_path: Path) -> None:
    with sqlite3.connect(store.folder / FILE) as connection:
        connection.execute("UPDATE articles SET title = '다른 제목' WHERE id = 'a2'")
    with pytest.raises(StoreCorrupt, match="a2 v1"):
        back_up(store.folder, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_backup_replaces_a_damaged_store_and_keeps_its_files(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    back_up(store.folder, tmp_path / "kept")
    store.close()
    (store.folder / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreCorrupt, match="--overwrite"):
        restore(store.folder, tmp_path / "kept")
    restore(store.folder, tmp_path / "kept", overwrite=True)
    again = Store.open(store.folder, embedder)
    assert found(again, "배터리") == {"a2"}
    again.close()
    (aside,) = store.folder.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"no database")
