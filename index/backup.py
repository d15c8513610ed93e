"""Backup and restore of a store that is in use: one file holds all that is not derived anew.

Articles with all versions, conversations, feedback and API keys travel; the FAISS file does
not, a start makes it again. SQLite's backup interface copies a consistent state while others
read and write (https://www.sqlite.org/backup.html).
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

from geungeo.index.database import FILE, Database, connect, set_meta
from geungeo.index.examine import examine
from geungeo.index.files import ASIDE, WriteLock, sync_folder
from geungeo.rag.errors import InvalidRequest, StoreCorrupt, StoreUnavailable

# What makes a store worth a question before it is replaced.
_HOLDINGS = ("articles", "conversations", "api_keys")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds; articles are counted once, whatever their versions."""

    articles: int
    conversations: int
    bytes: int


def back_up(folder: Path, target: Path, *, overwrite: bool = False) -> Contents:
    """Copy the store in ``folder`` into the file ``target``, and verify the copy.

    Raises:
        InvalidRequest: ``target`` exists, and is not to be overwritten.
        StoreUnavailable: there is no store, or the file cannot be written.
        StoreCorrupt: the store is damaged; names the first finding. No file is left.
    """
    if target.exists() and not overwrite:
        raise InvalidRequest(f"{target} exists; choose another file, or add --overwrite")
    _require(folder / FILE, "there is no store in its folder")
    with _scratch(target.parent, ".geungeo-") as scratch:
        with contextlib.closing(Database(folder)) as database, database.translate():
            _copy(database.connection, scratch)
        contents = _verified(scratch, f"the store in {folder}")
        with contextlib.closing(connect(scratch)) as copy:
            # A single file, that is never looked for a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        # Questions people asked are in it.
        scratch.chmod(0o600)
        _move(scratch, target)
    return contents


def restore(folder: Path, source: Path, *, overwrite: bool = False) -> Contents:
    """Put the backup ``source`` in place of what the store in ``folder`` holds.

    It is verified first, and takes effect in one transaction: a crash leaves the old state or
    the new one, and servers that have the store open go on with the new one.

    Raises:
        InvalidRequest: the store holds something, and is not to be overwritten.
        StoreLocked: another process writes.
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
            database = Database(folder)
            held = _held(database)
        except StoreCorrupt as error:
            if not overwrite:
                raise StoreCorrupt(
                    f"the store in {folder} is damaged; to put the backup in its place add "
                    f"--overwrite, its files are kept aside ({error})"
                ) from error
            _set_aside(folder)
            database = Database(folder)
            held = 0
        with contextlib.closing(database):
            if held and not overwrite:
                raise InvalidRequest(
                    f"the store in {folder} is not empty; to replace all that it holds add "
                    "--overwrite"
                )
            _continue(scratch, database)
            with database.translate(), contextlib.closing(connect(scratch)) as prepared:
                prepared.backup(database.connection)
    return contents


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with contextlib.closing(connect(target)) as copy:
        source.backup(copy)


def _continue(scratch: Path, database: Database) -> None:
    """Number the backup's generation and passages on from the store's own.

    Who has the store open compares those numbers with what is in memory: none may come twice.
    """
    used = _last_key(database.connection)
    generation = int(database.meta("generation") or 0)
    with contextlib.closing(Database(scratch.parent)) as copy, copy.write() as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        generation = max(generation, int(row["value"]) if row else 0) + 1
        set_meta(connection, "generation", str(generation))
        set_meta(connection, "commit", secrets.token_hex(8))
        # Beyond its own keys, too, so that none meets another on its way.
        offset = max(used, _last_key(connection))
        connection.execute("UPDATE passages SET key = key + ?", (offset,))
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'passages'")
        connection.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", (2 * offset,))


def _last_key(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    return int(row["seq"]) if row else 0


def _verified(path: Path, name: str) -> Contents:
    """What the copy ``path`` of ``name`` holds, brought to the present format, if it is sound."""
    size = path.stat().st_size
    try:
        database = Database(path.parent)
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
            talks = connection.execute("SELECT COUNT(*) FROM conversations").fetchone()[0]
    return Contents(int(articles), int(talks), size)


def _held(database: Database) -> int:
    with database.read() as connection:
        return sum(
            int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in _HOLDINGS
        )


def _set_aside(folder: Path) -> None:
    """Keep a damaged database under another name: something may be saved from it."""
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
        raise StoreCorrupt(f"{source} is not a backup, or is damaged: {error}") from error


@contextlib.contextmanager
def _scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A file name in a folder of its own, which goes away with whatever is beside it."""
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
