"""SQLite: connections, transactions, schema. Nothing here knows what an article means."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from geungeo.index.schema import SCHEMA_VERSION, statements
from geungeo.rag.errors import StoreCorrupt, StoreLocked, StoreUnavailable, StoreVersionMismatch

FILE = "geungeo.sqlite3"


class Database:
    """One SQLite file in WAL mode; a connection per thread, writers one at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or create the database in ``folder``.

        Raises:
            StoreUnavailable: the path cannot be used.
            StoreVersionMismatch: written by a newer geungeo.
            StoreCorrupt: not a database, or a damaged one.
        """
        self.path = folder / FILE
        self._local = threading.local()
        self._writing = threading.RLock()
        self._connections: list[sqlite3.Connection] = []
        with self.translate():
            self._prepare()

    def _prepare(self) -> None:
        found = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            raise StoreVersionMismatch(
                f"store {self.path} has format {found}, this geungeo knows {SCHEMA_VERSION}: "
                "upgrade geungeo, or choose another folder with --store"
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
            # Only close() uses a connection outside its own thread.
            connection = sqlite3.connect(
                self.path, timeout=10, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, foreign errors translated."""
        with self.translate():
            yield self.connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is committed and synced, or nothing."""
        with self._writing, self.translate():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
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
        except sqlite3.OperationalError as error:
            message = str(error)
            if "locked" in message or "busy" in message:
                raise StoreLocked(f"store {self.path} is busy: another process writes") from error
            raise StoreUnavailable(f"store {self.path}: {message}") from error
        except sqlite3.DatabaseError as error:
            raise StoreCorrupt(
                f"store {self.path} is damaged ({error}); run: geungeo doctor"
            ) from error

    def meta(self, key: str) -> str | None:
        """A value that describes the store."""
        with self.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else None

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Write a value that describes the store, inside a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))
