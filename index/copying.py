"""Copy a store from one database to another: a folder to PostgreSQL, back, or to another server."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from geungeo.index.database import FILE, Connection, Database, Row, open_database
from geungeo.index.vectors import Generation, VectorIndex
from geungeo.rag.errors import InvalidRequest, StoreCorrupt, StoreUnavailable
from geungeo.rag.settings import StoreUrl

log = logging.getLogger(__name__)

# Every table with its primary key; those that are referred to come first.
TABLES = {
    "meta": "key",
    "articles": "id, version",
    "sentences": "article_id, version, ordinal",
    "passages": "key",
    "seals": "article_id, version",
    "names": "initials, name, article_id",
    "retired": "article_id",
    "conversations": "id",
    "turns": "conversation_id, ordinal",
    "shares": "token",
    "feedback": "id",
    "api_keys": "id",
    "deliveries": "id",
    "delivery_keys": "key",
    "threads": "conversation_id",
    "replies": "key",
    "feeds": "url",
    "feed_items": "feed, item",
}
_NUMBERED = {"passages": "key", "feedback": "id", "deliveries": "id"}
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Copied:
    """Contents of a copy; an article counts once, whatever its versions."""

    articles: int
    conversations: int
    rows: int


def copy_store(source: Path | StoreUrl, target: Path | StoreUrl) -> Copied:
    """Copy everything in the store ``source`` to the empty store ``target``, and compare.

    It is one transaction: after a failure the target is empty. Changes that are made to the source
    meanwhile are not copied.

    Raises:
        InvalidRequest: the target has contents, or is the source.
        StoreUnavailable: a store cannot be read or written, or there is none to copy.
        StoreCorrupt: what was written differs from what was read.
    """
    if source == target:
        raise InvalidRequest(f"{source} cannot be copied to itself")
    if isinstance(source, Path) and not (source / FILE).is_file():
        raise StoreUnavailable(f"there is no store in {source}")
    with (
        closing(open_database(source)) as old,
        closing(open_database(target)) as new,
        new.writing.hold(),
    ):
        with old.snapshot() as reading, new.write("articles") as writing:
            copied = _copy_all(old, reading, new, writing)
        _write_index(new)
        return copied


def _copy_all(old: Database, reading: Connection, new: Database, writing: Connection) -> Copied:
    if table := next((one for one in TABLES if _count(writing, one)), None):
        raise InvalidRequest(f"store {new.name} is not empty (table {table}); copy to a new one")
    rows = 0
    for table in TABLES:
        read, written = _copy(old, reading, writing, table), _state(new, writing, table)
        if read != written:
            raise StoreCorrupt(
                f"table {table} of {new.name} differs from what was copied; nothing was kept"
            )
        rows += read.rows
    for table, column in _NUMBERED.items():
        new.continue_numbers(writing, table, column)
    return Copied(
        _count(writing, "articles", "WHERE is_current"), _count(writing, "conversations"), rows
    )


def _write_index(new: Database) -> None:
    """Write the file of the vectors, which a start would otherwise make, if it is a folder."""
    maker, dimension = new.meta("embedder"), new.meta("dimension")
    if new.folder is None or maker is None or dimension is None:
        return
    generation = Generation(int(new.meta("generation") or 0), new.meta("commit"))
    vectors = VectorIndex(int(dimension))
    with new.snapshot() as connection:
        rows = new.stream(connection, "SELECT key, vector FROM passages ORDER BY key")
        while batch := list(islice(rows, _BATCH)):
            found = [np.frombuffer(row["vector"], dtype="<f4") for row in batch]
            vectors.add([row["key"] for row in batch], np.stack(found))
    try:
        vectors.save(new.folder, maker=maker, generation=generation)
    except OSError as error:
        log.warning("the FAISS index in %s could not be written: %s", new.folder, error.strerror)


@dataclass(slots=True)
class _State:
    """The number of rows of a table, and a digest of their values in order."""

    rows: int
    digest: bytes


class _Digest:
    def __init__(self) -> None:
        self._rows = 0
        self._hash = hashlib.sha256()

    def add(self, row: Row) -> None:
        self._rows += 1
        for value in row:
            data = value if isinstance(value, bytes) else json.dumps(_plain(value)).encode()
            self._hash.update(len(data).to_bytes(8, "little") + data)

    def state(self) -> _State:
        return _State(self._rows, self._hash.digest())


def _plain(value: Any) -> Any:
    """Return a value as both databases have it: no truth values, and no NUL in texts."""
    if isinstance(value, bool):
        return int(value)
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _all_of(table: str) -> str:
    return f"SELECT * FROM {table} ORDER BY {TABLES[table]}"  # noqa: S608 - fixed


def _copy(old: Database, reading: Connection, writing: Connection, table: str) -> _State:
    digest = _Digest()
    rows = old.stream(reading, _all_of(table))
    while batch := list(islice(rows, _BATCH)):
        columns = list(batch[0].keys())
        names = ", ".join(f'"{name}"' for name in columns)
        writing.executemany(
            f"INSERT INTO {table} ({names})"  # noqa: S608 - the names of the schema
            f" VALUES ({', '.join('?' * len(columns))})",
            _stored(batch, columns, digest),
        )
    return digest.state()


def _stored(batch: list[Row], columns: list[str], digest: _Digest) -> Iterator[list[Any]]:
    for row in batch:
        digest.add(row)
        yield [
            bool(value) if name == "is_current" else value
            for name, value in zip(columns, row, strict=True)
        ]


def _state(new: Database, writing: Connection, table: str) -> _State:
    digest = _Digest()
    for row in new.stream(writing, _all_of(table)):
        digest.add(row)
    return digest.state()


def _count(connection: Connection, table: str, which: str = "") -> int:
    row = connection.execute(f"SELECT COUNT(*) FROM {table} {which}").fetchone()  # noqa: S608
    return int(row[0])
