"""Backup and restore of a store in use: one file with all data that cannot be rebuilt.

A backup contains articles with all versions, conversations, feedback and API keys, but not the
FAISS file, which is rebuilt at the next start. SQLite's backup interface copies a consistent
state during reads and writes (https://www.sqlite.org/backup.html).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geungeo.index.database import FILE, Connection, SqliteDatabase, connect, set_meta
from geungeo.index.examine import examine
from geungeo.index.files import ASIDE, WriteLock, sync_folder
from geungeo.rag.errors import InvalidRequest, StoreCorrupt, StoreUnavailable

# Tables whose rows must not be overwritten without --overwrite.
_HOLDINGS = ("articles", "conversations", "api_keys")


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a backup; an article counts once, whatever its versions."""

    articles: int
    conversations: int
    bytes: int


def back_up(folder: Path, target: Path, *, overwrite: bool = False) -> Contents:
    """Copy the store in ``folder`` to the file ``target``, and verify the copy.

    Raises:
        InvalidRequest: ``target`` exists, and ``overwrite`` is not set.
        StoreUnavailable: there is no store, or the file cannot be written.
        StoreCorrupt: the store is damaged; the first finding is named, and no file is left.
    """
    if target.exists() and not overwrite:
        raise InvalidRequest(f"{target} exists; choose another file, or add --overwrite")
    _require(folder / FILE, "there is no store in this folder")
    with _scratch(target.parent, ".geungeo-") as scratch:
        with contextlib.closing(SqliteDatabase(folder)) as database, database.translate():
            _copy(database.connection, scratch)
        contents = _verified(scratch, f"the store in {folder}")
        with contextlib.closing(connect(scratch)) as copy:
            # A single file: no log beside it to read.
            copy.execute("PRAGMA journal_mode = DELETE")
        # It contains users' questions.
        scratch.chmod(0o600)
        _move(scratch, target)
    return contents


def restore(folder: Path, source: Path, *, overwrite: bool = False) -> Contents:
    """Replace the contents of the store in ``folder`` by the backup ``source``.

    The backup is verified first and written in one transaction: a crash leaves the old state or
    the new one, and servers that have the store open continue with the new one.

    Raises:
        InvalidRequest: the store is not empty, and ``overwrite`` is not set.
        StoreLocked: another process is writing.
        StoreUnavailable: a file cannot be read or written.
        StoreVersionMismatch: the backup was made by a newer geungeo.
        StoreCorrupt: the backup is damaged; the store is untouched.
    """
    _require(source, "there is no such backup")
    _make(folder)
    with WriteLock(folder).hold(), _scratch(folder, ASIDE) as scratch:
        with _reading(source) as backup:
            _copy(backup, scratch)
        contents = _verified(scratch, str(source))
        try:
            database = SqliteDatabase(folder)
            held = _held(database)
        except StoreCorrupt as error:
            if not overwrite:
                raise StoreCorrupt(
                    f"the store in {folder} is damaged; to replace it by the backup add "
                    f"--overwrite, which keeps the damaged files under other names ({error})"
                ) from error
            _set_aside(folder)
            database = SqliteDatabase(folder)
            held = 0
        with contextlib.closing(database):
            if held and not overwrite:
                raise InvalidRequest(
                    f"the store in {folder} is not empty; to replace all of it add --overwrite"
                )
            _continue(scratch, database)
            with database.translate(), contextlib.closing(connect(scratch)) as prepared:
                prepared.backup(database.connection)
    return contents


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with contextlib.closing(connect(target)) as copy:
        source.backup(copy)


def _continue(scratch: Path, database: SqliteDatabase) -> None:
    """Renumber the backup's generation and passages so that they follow the store's own.

    Processes that have the store open compare these numbers with their memory, so none may repeat.
    """
    used = _last_key(database.connection)
    generation = int(database.meta("generation") or 0)
    with contextlib.closing(SqliteDatabase(scratch.parent)) as copy, copy.write() as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        generation = max(generation, int(row["value"]) if row else 0) + 1
        set_meta(connection, "generation", str(generation))
        set_meta(connection, "commit", secrets.token_hex(8))
        # Above the backup's own keys, too, so that no two collide during the update.
        offset = max(used, _last_key(connection))
        connection.execute("UPDATE passages SET key = key + ?", (offset,))
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'passages'")
        connection.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", (2 * offset,))


def _last_key(connection: Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    return int(row["seq"]) if row else 0


def _verified(path: Path, name: str) -> Contents:
    """Migrate and verify the copy ``path`` of ``name``; return its contents.

    Raises:
        StoreCorrupt: the copy is damaged.
    """
    size = path.stat().st_size
    try:
        database = SqliteDatabase(path.parent)
    except StoreCorrupt as error:
        raise StoreCorrupt(f"{name} is damaged: {error.__cause__}") from error
    with contextlib.closing(database):
        findings = examine(database)
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            subject = findings[0].subject
            raise StoreCorrupt(f"{name} is damaged: {subject}{findings[0].problem}{more}")
        with database.read() as connection:
            articles = connection.execute("SELECT COUNT(DISTINCT id) FROM articles").fetchone()[0]
            conversations = connection.execute("SELECT COUNT(*) FROM conversations").fetchone()[0]
    return Contents(int(articles), int(conversations), size)


def _held(database: SqliteDatabase) -> int:
    with database.read() as connection:
        return sum(
            int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in _HOLDINGS
        )


def _set_aside(folder: Path) -> None:
    """Rename a damaged database, since parts of it may be recoverable."""
    mark = f".damaged-{secrets.token_hex(4)}"
    for path in sorted(folder.glob(f"{FILE}*")):
        if ".damaged-" not in path.name:
            path.rename(path.with_name(path.name + mark))
    sync_folder(folder)


@contextlib.contextmanager
def _reading(source: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(connect(source, read_only=True)) as connection:
            connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreCorrupt(
            f"{source} is not a backup, or is damaged; use another file: {error}"
        ) from error


@contextlib.contextmanager
def _scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """Yield a file name in a temporary folder, which is removed afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as place:
            yield Path(place) / FILE
    except OSError as error:
        raise StoreUnavailable(f"cannot write to {folder}: {error.strerror or error}") from error


def _require(path: Path, problem: str) -> None:
    if not path.is_file():
        raise StoreUnavailable(f"{path}: {problem}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"cannot use store folder {folder}: {error.strerror}") from error


def _move(scratch: Path, target: Path) -> None:
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    scratch.replace(target)
    sync_folder(target.parent)
