"""Databases of a store: what the store needs of one, and SQLite.

The store's SQL is written once, in the part of the language that SQLite and PostgreSQL share, with
SQLite's placeholders; :mod:`geungeo.index.postgres` translates them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from geungeo.index.files import WriteLock, sync_folder
from geungeo.index.schema import FILE_VERSION, SCHEMA_VERSION, statements
from geungeo.rag.errors import StoreCorrupt, StoreLocked, StoreUnavailable, StoreVersionMismatch
from geungeo.rag.settings import StoreUrl

Parameters = Sequence[Any] | Mapping[str, Any]


class Row(Protocol):
    """A row of a result: its values in order, each also by its column's name."""

    def __getitem__(self, key: int | str, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""
        ...


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """Return the number of rows that were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or ``None``."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection to a database."""

    def execute(self, sql: str, parameters: Parameters = (), /) -> Cursor:
        """Execute a statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Any:
        """Execute a statement for each set of parameters."""
        ...


class Lock(Protocol):
    """Lock of the changes of articles."""

    def hold(self) -> AbstractContextManager[None]:
        """Hold the lock during a block."""
        ...

    def attempt(self) -> AbstractContextManager[bool]:
        """Try to take the lock, without waiting; yield whether it is held."""
        ...


class Database(Protocol):
    """A database with the schema of a store. Thread-safe, and shared by processes."""

    kind: str
    """Name of the database system."""
    folder: Path | None
    """Folder of the database and of the index beside it; ``None`` for one on a server."""
    read_only: bool
    writing: Lock
    like: str
    """Operator that matches a pattern; it ignores the case of ASCII letters."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the name for messages, without a password."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """Yield this thread's connection; errors are translated."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]:
        """Yield a connection whose reads all see the same state."""

    @abstractmethod
    def write(self, lane: str | None = None) -> AbstractContextManager[Connection]:
        """Yield a transaction, which is committed and durable, or rolled back.

        Transactions of the same ``lane`` follow each other, also those of other processes. Reads of
        this thread inside the block see what it wrote.
        """

    @abstractmethod
    def check(self, most: int = 10, *, thorough: bool = False) -> list[str]:
        """Return up to ``most`` problems that the database finds in its own files."""

    @abstractmethod
    def field(self, column: str, name: str) -> str:
        """Return the SQL of the text field ``name`` of the JSON object in ``column``."""

    @abstractmethod
    def stream(self, connection: Connection, sql: str) -> Iterator[Row]:
        """Yield the rows of a query inside a transaction, without loading all of them."""

    @abstractmethod
    def continue_numbers(self, connection: Connection, table: str, column: str) -> None:
        """Let the generated numbers of ``column`` follow those that were written as they are."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the time that all processes of the store share."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""

    def meta(self, key: str) -> str | None:
        """Return a metadata value of the store, or ``None``."""
        with self.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else None


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Write a metadata value of the store, inside a transaction."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def open_database(
    place: Path | StoreUrl, *, index_file: str | None = None, connections: int = 10
) -> Database:
    """Open the database of the store in ``place``, creating it if it does not exist.

    ``index_file`` is the name of a file that proves, if it exists, that the folder had a store.
    ``connections`` is the most that a process opens to a PostgreSQL server.

    Raises:
        StoreUnavailable: it cannot be created or used.
        StoreVersionMismatch: it was written by a newer geungeo.
        StoreCorrupt: it is damaged, or lost.
        MissingExtra: PostgreSQL's client is not installed; the message has the command.
    """
    if isinstance(place, StoreUrl):
        from geungeo.index.postgres import PostgresDatabase

        return PostgresDatabase(place, connections=connections)
    try:
        if not place.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            sync_folder(place.parent)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot use store folder {place}: {error.strerror}; choose another with --store"
        ) from error
    return SqliteDatabase(place, index_file=place / index_file if index_file else None)


FILE = "geungeo.sqlite3"

# SQLite's primary result codes, see https://www.sqlite.org/rescode.html.
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class SqliteDatabase(Database):
    """An SQLite file in WAL mode, with a connection per thread and one writer at a time.

    A file that cannot be written is opened ``read_only``.
    """

    kind = "SQLite"
    like = "LIKE"

    def __init__(self, folder: Path, *, index_file: Path | None = None) -> None:
        """Open the database in ``folder``, or create it unless ``index_file`` exists.

        Raises:
            StoreUnavailable: the path cannot be used.
            StoreVersionMismatch: it was written by a newer geungeo.
            StoreCorrupt: it is not a database, or damaged, or lost while its index exists.
        """
        self.folder = folder
        self.path = folder / FILE
        self.writing = WriteLock(folder)
        with self.translate():
            exists = self.path.exists()
            if index_file and index_file.exists() and not (exists and self.path.stat().st_size):
                raise StoreCorrupt(
                    f"store {self.path} is lost, only its index exists: restore a backup with: "
                    "geungeo restore; or start a new store in another folder with --store"
                )
        self._local = threading.local()
        self._transactions = threading.RLock()
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
                f"store {self.path} has format {found}, but this geungeo supports "
                f"{SCHEMA_VERSION}: upgrade geungeo, or choose another folder with --store"
            )
        if found < FILE_VERSION and self.read_only:
            raise StoreUnavailable(
                f"store {self.path} has the old format {found} and is read-only: open it once "
                "where it is writable, to migrate it"
            )
        if found < FILE_VERSION:
            with self.write() as connection:
                # Another process may have migrated it before this one got the lock.
                found = int(connection.execute("PRAGMA user_version").fetchone()[0])
                for statement in statements(since=found):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {max(found, FILE_VERSION)}")

    @property
    def name(self) -> str:
        """Return the path of the file."""
        return str(self.path)

    @property
    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, opening it on first use."""
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
        """Record this thread's connection; close those of threads that have ended."""
        with self._opening:
            for thread in [one for one in self._connections if not one.is_alive()]:
                self._connections.pop(thread).close()
            self._connections[threading.current_thread()] = connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection; SQLite's errors are translated."""
        with self.translate():
            yield self.connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose reads all see the same state."""
        with self.read() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def write(self, lane: str | None = None) -> Iterator[sqlite3.Connection]:
        """Yield a transaction, which is committed and synced, or rolled back.

        SQLite has one writer at a time: all transactions follow each other, whatever their lane.
        """
        del lane
        with self._transactions, self.translate():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                # COMMIT may fail, too, on a full disk.
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def translate(self) -> Iterator[None]:
        """Translate SQLite's errors to store errors that name the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _BUSY:
                raise StoreLocked(
                    f"store {self.path} is busy: another process is writing; try again later"
                ) from error
            if code == sqlite3.SQLITE_FULL:
                raise StoreUnavailable(
                    f"store {self.path}: the disk is full and the change was not made; free some "
                    "space and try again"
                ) from error
            if code in _DAMAGED or not isinstance(error, sqlite3.OperationalError):
                raise StoreCorrupt(
                    f"store {self.path} is damaged ({error}); list the damage with: geungeo "
                    "doctor; or restore a backup with: geungeo restore"
                ) from error
            hint = self._why_not_opened() if code == sqlite3.SQLITE_CANTOPEN else ""
            raise StoreUnavailable(f"store {self.path}: {error}{hint}") from error
        except PermissionError as error:
            raise StoreUnavailable(f"store {self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            # The sqlite3 module decodes SQLite's messages, which may quote damaged names.
            raise StoreCorrupt(f"store {self.path} is damaged; run: geungeo doctor") from error

    def _why_not_opened(self) -> str:
        """Return the reason why SQLite cannot open the file, which its error leaves out."""
        if not self.read_only:
            return "" if os.access(self.path.parent, os.W_OK) else "; its folder is not writable"
        if not os.access(self.path, os.R_OK):
            return "; it is not readable"
        return "; it has a log to replay: open it once where it is writable"

    def check(self, most: int = 10, *, thorough: bool = False) -> list[str]:
        """Return up to ``most`` problems found by SQLite's own check of the file.

        A ``thorough`` one compares the indexes and the references of the tables, too.
        """
        with self.read() as connection:
            if thorough:
                rows = connection.execute(f"PRAGMA integrity_check({most:d})").fetchall()
                strays = connection.execute("PRAGMA foreign_key_check").fetchall()
                lines = [str(row[0]) for row in rows if row[0] != "ok"]
                return lines + [f"a row of {one[0]} has no parent row" for one in strays[:most]]
            # Drop cached pages, which would hide recent corruption of the file.
            connection.execute("PRAGMA shrink_memory")
            rows = connection.execute(f"PRAGMA quick_check({most:d})").fetchall()
        lines = [line for row in rows for line in str(row[0]).splitlines()]
        return [line for line in lines if line != "ok"][:most]

    def field(self, column: str, name: str) -> str:
        """Return the SQL of a field of a JSON object, by SQLite's operator."""
        return f"{column} ->> '$.{name}'"

    def stream(self, connection: Connection, sql: str) -> Iterator[Row]:
        """Yield the rows of a query; SQLite reads them one by one."""
        yield from connection.execute(sql)

    def continue_numbers(self, connection: Connection, table: str, column: str) -> None:
        """Do nothing: SQLite counts on from the largest number."""
        del connection, table, column

    def now(self) -> datetime:
        """Return the machine's time: all processes run on it."""
        return datetime.now(UTC)

    def close(self) -> None:
        """Close every thread's connection."""
        with self._opening:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        self._local = threading.local()


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection in autocommit mode with named columns, usable from any thread."""
    mode = "rwc"
    if read_only:
        # Without a log no process is writing. "immutable" saves SQLite from creating lock files,
        # which it cannot do in a read-only folder.
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
