"""SQLite: connections, transactions, schema. Nothing here knows what an article means."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from geungeo.index.schema import SCHEMA_VERSION, statements
from geungeo.rag.errors import StoreCorrupt, StoreLocked, StoreUnavailable, StoreVersionMismatch

FILE = "geungeo.sqlite3"

# SQLite's primary result codes (https://www.sqlite.org/rescode.html) that say what to do.
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Database:
    """One SQLite file in WAL mode; a connection per thread, writers one at a time.

    A file that may not be written to is read as it is: ``read_only``.
    """

    def __init__(self, folder: Path, *, beside: Path | None = None) -> None:
        """Open or create the database in ``folder``; it must exist if the file ``beside`` does.

        Raises:
            StoreUnavailable: the path cannot be used.
            StoreVersionMismatch: written by a newer geungeo.
            StoreCorrupt: not a database, or a damaged one.
        """
        self.path = folder / FILE
        with self.translate():
            exists = self.path.exists()
            if beside and beside.exists() and not (exists and self.path.stat().st_size):
                raise StoreCorrupt(
                    f"store {self.path} is lost, only its index is there: go back to a backup "
                    "with: geungeo restore; or begin anew in another folder with --store"
                )
        self._local = threading.local()
        self._writing = threading.RLock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._opening = threading.Lock()
        self.read_only = exists and not (
            os.access(folder, os.W_OK) and os.access(self.path, os.W_OK)
        )
        with self.translate():
            self._prepare()

    def _prepare(self) -> None:
        found = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            raise StoreVersionMismatch(
                f"store {self.path} has format {found}, this geungeo knows {SCHEMA_VERSION}: "
                "upgrade geungeo, or choose another folder with --store"
            )
        if found < SCHEMA_VERSION and self.read_only:
            raise StoreUnavailable(
                f"store {self.path} has format {found} and cannot be written to: open it once "
                "where it can, so that it is brought up to date"
            )
        if found < SCHEMA_VERSION:
            with self.write() as connection:
                # Another process may have been first between our look and our lock.
                found = int(connection.execute("PRAGMA user_version").fetchone()[0])
                for statement in statements(since=found):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {max(found, SCHEMA_VERSION)}")

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path, read_only=self.read_only)
            try:
                if not self.read_only:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA trusted_schema = OFF")
            except BaseException:
                connection.close()
                raise
            self._local.connection = connection
            self._keep(connection)
        return connection

    def _keep(self, connection: sqlite3.Connection) -> None:
        """Note this thread's connection; close those of threads that have ended.

        A server's threads come and go with the load on it.
        """
        with self._opening:
            for thread in [one for one in self._connections if not one.is_alive()]:
                self._connections.pop(thread).close()
            self._connections[threading.current_thread()] = connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, foreign errors translated."""
        with self.translate():
            yield self.connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one and the same state, whatever is committed meanwhile."""
        with self.read() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is committed and synced, or nothing."""
        with self._writing, self.translate():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                # A full disk is met here, too: what is not committed never was.
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def translate(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, naming the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _BUSY:
                raise StoreLocked(f"store {self.path} is busy: another process writes") from error
            if code == sqlite3.SQLITE_FULL:
                raise StoreUnavailable(
                    f"store {self.path}: the disk is full; this change was not made"
                ) from error
            if code in _DAMAGED or not isinstance(error, sqlite3.OperationalError):
                raise StoreCorrupt(
                    f"store {self.path} is damaged ({error}); see what is lost with: geungeo "
                    "doctor; or go back to a backup with: geungeo restore"
                ) from error
            hint = self._why_not_opened() if code == sqlite3.SQLITE_CANTOPEN else ""
            raise StoreUnavailable(f"store {self.path}: {error}{hint}") from error
        except PermissionError as error:
            raise StoreUnavailable(f"store {self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            # The sqlite3 module decodes SQLite's messages, which quote damaged names.
            raise StoreCorrupt(f"store {self.path} is damaged; see: geungeo doctor") from error

    def _why_not_opened(self) -> str:
        """What SQLite leaves out when it cannot open the file."""
        if not self.read_only:
            return "" if os.access(self.path.parent, os.W_OK) else "; its folder is not writable"
        if not os.access(self.path, os.R_OK):
            return "; it may not be read"
        return "; it has a log to be replayed: open it once where it can be written to"

    def meta(self, key: str) -> str | None:
        """A value that describes the store."""
        with self.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else None

    def quick_check(self, most: int = 10) -> list[str]:
        """What SQLite's own check finds wrong with the file as it is now, ``most`` lines."""
        with self.read() as connection:
            # Pages remembered from before would hide what has befallen the file since.
            connection.execute("PRAGMA shrink_memory")
            rows = connection.execute(f"PRAGMA quick_check({most:d})").fetchall()
        lines = [line for row in rows for line in str(row[0]).splitlines()]
        return [line for line in lines if line != "ok"][:most]

    def close(self) -> None:
        """Close every thread's connection."""
        with self._opening:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        self._local = threading.local()


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode with named columns; threads are the caller's business."""
    mode = "rwc"
    if read_only:
        # Without a log beside it nobody changes the file, and SQLite need not make files for
        # its locks, which it could not.
        log = path.with_name(f"{path.name}-wal")
        mode = "ro" if log.exists() and log.stat().st_size else "ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=10,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    return connection


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Write a value that describes the store, inside a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))
