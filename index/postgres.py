"""PostgreSQL as the database of a store that several servers share; needs ``geungeo[postgres]``.

A process has a pool of connections. A broken one is replaced, so that a restart or a fail-over of
the server costs the requests of its duration, each of which gets a :class:`StoreUnavailable`.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import select
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from geungeo.index.database import Database, Parameters
from geungeo.index.files import ThreadLock
from geungeo.index.schema import SCHEMA_VERSION, postgres_statements
from geungeo.rag.errors import (
    MissingExtra,
    SettingsError,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreUnavailable,
    StoreVersionMismatch,
)
from geungeo.rag.settings import StoreUrl

try:
    import psycopg
    from psycopg import errors
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests
except ImportError as error:
    raise MissingExtra(
        "a store in PostgreSQL needs its client; run: pip install 'geungeo[postgres]'"
    ) from error

log = logging.getLogger(__name__)
# It warns at each attempt to connect; here the cause is logged once, and raised in each request.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

# Parameters of the connection that the URL does not set. A server that no longer answers is noticed
# after some seconds, also in the middle of a statement.
_DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    # After a fail-over the old server may be a standby, which cannot be written.
    "target_session_attrs": "read-write",
    "application_name": "geungeo",
}
# Seconds for one statement, for waiting for another writer, and for work within a transaction;
# "options" of the URL take precedence.
_TIMEOUTS = {
    "statement_timeout": 60,
    "lock_timeout": 30,
    "idle_in_transaction_session_timeout": 300,
}
# Seconds after statement_timeout in which the server must have ended a statement.
_GRACE_SECONDS = 5.0
# Seconds that a request waits for a connection, and after which a failing one is given up.
_POOL_SECONDS = 5.0
_AWAY_SECONDS = 1.0
# A connection that was idle for longer is tested by a query before it is used.
_TRUSTED_SECONDS = 10.0
# Interval in which the difference to the server's clock is measured.
_CLOCK_SECONDS = 60.0
# Interval in which a server that is running looks for a migration by a newer one. Changes of
# articles, and all transactions that follow a lane, look for it each time.
_VERSION_SECONDS = 10.0


class Row(tuple[Any, ...]):
    """A row of a result, like SQLite's: its values in order, each also by its column's name."""

    __slots__ = ()
    positions: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        """Return the value at a position or of a column."""
        return super().__getitem__(self.positions[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self.positions)


@lru_cache(maxsize=512)
def _row_type(names: tuple[str, ...]) -> type[Row]:
    return type("Row", (Row,), {"__slots__": (), "positions": {n: i for i, n in enumerate(names)}})


def _rows(cursor: psycopg.Cursor[Any]) -> Any:
    """Return the function that makes a row of the values of ``cursor``."""
    return _row_type(tuple(column.name for column in cursor.description or ()))


_TOKEN = re.compile(
    r"""--[^\n]* | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<percent>%)
    | \?(?P<number>\d*) | (?<![:\w]):(?P<name>[a-z_]+)""",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def translated(sql: str) -> tuple[str, tuple[int | str, ...]]:
    """Translate SQLite's placeholders (``?``, ``?1``, ``:name``) to psycopg's.

    Return the statement, and the position or name of each of its parameters.
    """
    order: list[int | str] = []

    def replace(match: re.Match[str]) -> str:
        if match["number"] is not None:
            last = order[-1] if order and isinstance(order[-1], int) else -1
            order.append(int(match["number"]) - 1 if match["number"] else last + 1)
        elif match["name"] is not None:
            order.append(match["name"])
        else:
            return match[0].replace("%", "%%")
        return "%s"

    return _TOKEN.sub(replace, sql), tuple(order)


def _value(value: Any) -> Any:
    """Return ``value`` as PostgreSQL can store it: its texts have no NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class _Pooled(psycopg.Connection[Any]):
    """A connection of the pool, which gives up a server that does not answer."""

    used_at = float("-inf")
    patience = float("inf")

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a step of the protocol to its end, for ``patience`` seconds at most."""
        return super().wait(self._limited(gen), *args, **kwargs)

    def _limited(self, gen: Any) -> Any:
        until = time.monotonic() + self.patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    # Its machine confirms what it receives, so that no other timeout notices.
                    self.close()
                    raise psycopg.OperationalError(f"timed out after {self.patience:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


class _Connection:
    """A connection that takes the store's SQL."""

    def __init__(self, raw: _Pooled) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Parameters = (), /) -> psycopg.Cursor[Row]:
        """Execute a statement."""
        query, order = translated(sql)
        values = [_value(parameters[at]) for at in order]  # type: ignore[index]
        # Results as bytes, not as hexadecimal text: half of it for vectors.
        return self.raw.execute(query.encode(), values, binary=True)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> None:
        """Execute a statement for each set of parameters."""
        query, order = translated(sql)
        with self.raw.cursor() as cursor:
            cursor.executemany(
                query.encode(),
                ([_value(one[at]) for at in order] for one in parameters),  # type: ignore[index]
            )

    def stream(self, sql: str) -> Iterator[Row]:
        """Yield the rows of a query, some at a time, inside a transaction."""
        with self.raw.cursor(name="geungeo", binary=True) as cursor:
            cursor.itersize = 1_000
            cursor.execute(translated(sql)[0].encode(), [])
            yield from cursor


@contextlib.contextmanager
def _unlimited(connection: _Connection) -> Iterator[None]:
    """Let statements of a block take any time, and wait for locks."""
    raw, names = connection.raw, ("statement_timeout", "lock_timeout")
    patience = raw.patience
    set_timeout = "SELECT set_config(?, ?, false)"
    limits = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    raw.patience = float("inf")
    try:
        for name in names:
            connection.execute(set_timeout, (name, "0"))
        yield
    finally:
        raw.patience = patience
        # After a failure the transaction restores them.
        with contextlib.suppress(psycopg.Error):
            for name, limit in zip(names, limits, strict=True):
                connection.execute(set_timeout, (name, limit[0] if limit else "0"))


class PostgresDatabase(Database):
    """A database on a PostgreSQL server."""

    kind = "PostgreSQL"
    # The columns have the collation "C", in which only ASCII letters have a case.
    like = "ILIKE"

    def __init__(self, url: StoreUrl, *, connections: int = 10) -> None:
        """Connect to the server, and make or migrate the schema.

        Raises:
            SettingsError: the URL is malformed.
            StoreUnavailable: the server cannot be reached, or refuses what is needed.
            StoreVersionMismatch: the store was written by a newer geungeo.
        """
        self._url = url
        self._secrets, parameters = _parsed(url)
        if "system" in {parameters.get("sslrootcert"), os.environ.get("PGSSLROOTCERT")}:
            _find_system_certificates()
        self.folder = None
        self.read_only = False
        self.writing = ThreadLock()
        self._local = threading.local()
        self._cause = ""
        self._options = str(parameters.get("options", ""))
        self._offset = timedelta()
        self._measured = float("-inf")
        self._checked = float("inf")  # not before the schema is there
        self._measuring = threading.Lock()
        connection_class = self._connection_class()
        address = make_conninfo("", **{**_DEFAULTS, **parameters})
        how: dict[str, Any] = {"autocommit": True, "row_factory": _rows, "prepare_threshold": None}
        # The pool would try again for some seconds, even with a wrong password.
        with self._translate():
            connection_class.connect(address, **how).close()
        self._pool = ConnectionPool(
            address,
            connection_class=connection_class,
            kwargs=how,
            min_size=1,
            max_size=connections,
            timeout=_POOL_SECONDS,
            # Attempts become rarer with time. After these few, the next request starts again, so
            # that it need not wait for more than them once the server is back.
            reconnect_timeout=_AWAY_SECONDS / 2,
            num_workers=2,
            configure=self._configure,
            check=self._check_connection,
            open=False,
            name="geungeo",
        )
        self._pool.open()
        try:
            self._prepare()
        except BaseException:
            self._pool.close()
            raise

    @property
    def name(self) -> str:
        """Return the address without user and password."""
        return str(self._url)

    # Connections

    def _connection_class(self) -> type[_Pooled]:
        """Return a class of connections that remembers why connecting failed."""
        database = self

        class Remembering(_Pooled):
            @classmethod
            def connect(cls, *args: Any, **kwargs: Any) -> Any:
                try:
                    return super().connect(*args, **kwargs)
                except psycopg.Error as error:
                    database._note(error)
                    raise

        return Remembering

    def _note(self, error: psycopg.Error) -> None:
        """Remember and log why no connection could be made."""
        cause = _cause(error)
        if cause != self._cause:
            log.warning("%s: %s", self.name, self._redacted(str(error)))
        self._cause = cause

    def _redacted(self, text: str) -> str:
        """Return ``text`` as one line without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def _configure(self, raw: _Pooled) -> None:
        """Set the timeouts of a new connection; an acknowledged change must be on disk."""
        for name, seconds in _TIMEOUTS.items():
            if name not in self._options:
                raw.execute("SELECT set_config(%s, %s, false)", (name, f"{seconds}s"))
        raw.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        row = raw.execute(
            "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'"
        ).fetchone()
        if row is not None and row[0]:
            raw.patience = row[0] / 1_000 + _GRACE_SECONDS
        self._cause = ""

    def _check_connection(self, raw: _Pooled) -> None:
        """Test a connection of the pool that was not used of late, or that the server closed."""
        idle = time.monotonic() - raw.used_at
        if idle > _TRUSTED_SECONDS or _has_input(raw.fileno()):
            ConnectionPool.check_connection(raw)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[tuple[_Connection, bool]]:
        """Yield a connection, and whether it is that of a block around this one."""
        current: _Connection | None = getattr(self._local, "connection", None)
        if current is not None:
            yield current, True
            return
        # While the server is away, requests need not wait as long as for a busy one.
        seconds = _AWAY_SECONDS if self._cause else _POOL_SECONDS
        with self._translate(), self._pool.connection(seconds) as raw:
            self._local.connection = _Connection(raw)
            try:
                if time.monotonic() - self._checked > _VERSION_SECONDS:
                    self._require_version(self._local.connection)
                yield self._local.connection, False
            except errors.ReadOnlySqlTransaction:
                raw.close()  # the server became a standby: connect to another
                raise
            finally:
                self._local.connection = None
                raw.used_at = time.monotonic()

    # Reading and writing

    @contextlib.contextmanager
    def read(self) -> Iterator[_Connection]:
        """Yield this thread's connection; errors are translated."""
        with self._connection() as (connection, _):
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[_Connection]:
        """Yield a connection whose reads all see the same state."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") as connection:
            yield connection

    @contextlib.contextmanager
    def write(self, lane: str | None = None) -> Iterator[_Connection]:
        """Yield a transaction, which is committed and durable, or rolled back.

        Transactions of the same ``lane`` follow each other, by an advisory lock.
        """
        with self._transaction("BEGIN") as connection:
            if lane is not None:
                connection.execute("SELECT pg_advisory_xact_lock(?)", (lock_number(lane),))
                self._require_version(connection)
            yield connection

    @contextlib.contextmanager
    def building(self) -> Iterator[_Connection]:
        """Yield a connection without a transaction and without limits of time, for an index."""
        with self._connection() as (connection, _), _unlimited(connection):
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[_Connection]:
        with self._connection() as (connection, nested):
            if nested:
                raise RuntimeError("a transaction was begun within another block of its thread")
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A connection that is lost has nothing to roll back.
                with contextlib.suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise

    # The schema

    def _prepare(self) -> None:
        with self.read() as connection:
            encoding = connection.execute("SHOW server_encoding").fetchone()
            found = _version(connection)
        if encoding is None or encoding[0] != "UTF8":
            raise StoreUnavailable(
                f"store {self.name}: the database has the encoding {encoding and encoding[0]}; "
                "make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )
        if found < SCHEMA_VERSION:
            found = self._migrate()
        self._require(found)
        self._checked = float("-inf")

    def _require(self, found: int) -> None:
        if found > SCHEMA_VERSION:
            raise StoreVersionMismatch(
                f"store {self.name} has format {found}, but this geungeo supports "
                f"{SCHEMA_VERSION}: upgrade geungeo, or choose another store with --store"
            )
        if found < SCHEMA_VERSION:
            raise StoreVersionMismatch(
                f"store {self.name} was replaced by one of format {found}: stop the servers, and "
                "run: geungeo init"
            )

    def _require_version(self, connection: _Connection) -> None:
        """Raise ``StoreVersionMismatch`` if another geungeo has migrated the store meanwhile."""
        row = connection.execute("SELECT version FROM geungeo_schema").fetchone()
        self._require(int(row[0]) if row else 0)
        self._checked = time.monotonic()

    def _migrate(self) -> int:
        """Make or migrate the schema, and return its version.

        No article changes meanwhile; it waits for one that is under way. What an older server
        begins afterwards, it refuses.
        """
        try:
            with self._transaction("BEGIN") as connection, _unlimited(connection):
                for lane in ("schema", "articles"):
                    connection.execute("SELECT pg_advisory_xact_lock(?)", (lock_number(lane),))
                # Another server may have migrated it before this one got the lock.
                found = _version(connection)
                for statement in postgres_statements(since=found):
                    connection.execute(statement)
                connection.execute(
                    "UPDATE geungeo_schema SET version = ?", (max(found, SCHEMA_VERSION),)
                )
                return max(found, SCHEMA_VERSION)
        except StoreError as error:
            if isinstance(error.__cause__, errors.InsufficientPrivilege):
                raise StoreUnavailable(
                    f"store {self.name}: its tables must be made or migrated, which this role may "
                    "not; run once with a role that may: geungeo init"
                ) from error
            if isinstance(error.__cause__, errors.DuplicateTable):
                raise StoreUnavailable(
                    f"store {self.name}: the schema has tables of another program; use a database "
                    "or a schema of its own (?options=-csearch_path%3DSCHEMA)"
                ) from error
            raise

    def check(self, most: int = 10, *, thorough: bool = False) -> list[str]:
        """Return no problems if the server answers: it checks its files itself."""
        del most, thorough
        with self.read() as connection:
            connection.execute("SELECT 1 FROM meta LIMIT 1")
        return []

    def field(self, column: str, name: str) -> str:
        """Return the SQL of a field of a JSON object, by a function of the schema."""
        return f"geungeo_field({column}, '{name}')"

    def stream(self, connection: Any, sql: str) -> Iterator[Row]:
        """Yield the rows of a query, fetching some at a time."""
        yield from connection.stream(sql)

    def continue_numbers(self, connection: Any, table: str, column: str) -> None:
        """Let the sequence of ``column`` follow the largest number."""
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(?, ?), MAX(" + column + "))"  # noqa: S608
            f" FROM {table} HAVING MAX({column}) IS NOT NULL",
            (table, column),
        )

    def now(self) -> datetime:
        """Return the time of the server's clock, whose offset is measured from time to time."""
        if time.monotonic() - self._measured > _CLOCK_SECONDS and self._measuring.acquire(
            blocking=False
        ):
            try:
                self._measure()
            except StoreError as error:
                log.info("the server's clock could not be read: %s", error)
            finally:
                self._measuring.release()
        return datetime.now(UTC) + self._offset

    def _measure(self) -> None:
        before = datetime.now(UTC)
        with self.read() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        if row is not None:
            self._offset = row[0].astimezone(UTC) - (before + (datetime.now(UTC) - before) / 2)
            self._measured = time.monotonic()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    # Errors

    @contextlib.contextmanager
    def _translate(self) -> Iterator[None]:
        """Translate the client's errors to store errors that name store and cause."""
        try:
            yield
        except (PoolTimeout, TooManyRequests) as error:
            cause = self._cause or f"all connections were in use for {_POOL_SECONDS:.0f} s"
            raise StoreUnavailable(f"store {self.name}: {cause}; try again later") from error
        except PoolClosed as error:
            raise StoreUnavailable(f"store {self.name} is closed") from error
        except psycopg.Error as error:
            raise self._store_error(error) from error

    def _store_error(self, error: psycopg.Error) -> StoreError:
        text = self._redacted(str(error))
        if isinstance(error, _CONTENDED):
            return StoreLocked(
                f"store {self.name} is busy: another process is writing; try again later"
            )
        cause = _cause(error)
        if cause != self._cause:  # otherwise it was logged when connecting failed
            log.warning("%s: %s", self.name, text)
        if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
            return self._migrated() or StoreCorrupt(
                f"store {self.name}: tables are missing ({text}); restore a dump with pg_restore"
            )
        hint = "" if _is_permanent(error) or cause == _REFUSED else "; try again later"
        return StoreUnavailable(f"store {self.name}: {cause}{hint}")

    def _migrated(self) -> StoreVersionMismatch | None:
        """Return the error if another geungeo has migrated the store since this one opened it."""
        if self._checked == float("inf"):
            return None
        try:
            with self._pool.connection(_AWAY_SECONDS) as raw:
                if found := _version(_Connection(raw)):
                    self._require(found)
        except StoreVersionMismatch as error:
            return error
        except psycopg.Error as error:
            log.info("the format of the store could not be read: %s", self._redacted(str(error)))
        return None


_CONTENDED = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,
)

# Why a connection or a statement failed: SQLSTATE classes and codes, then libpq's own messages.
_BY_STATE = {
    "08": "the connection was lost",
    "28": "the server refused user or password",
    "3D": "the server has no such database",
    "42501": "the role has not the rights that are needed (docs/scale.md)",
    "25006": "the server is read-only",
    "25P03": "a transaction was ended because it was idle for too long",
    "53100": "the disk of the server is full and the change was not made",
    "53200": "the server is out of memory",
    "53300": "the server has too many connections",
    "57014": "a statement took longer than statement_timeout",
    "57P": "the server was stopped or is starting",
}
_BY_TEXT = (
    ("password authentication failed|no password supplied|role .* does not exist", "28"),
    ("no pg_hba.conf entry", "28"),
    ("database .* does not exist", "3D"),
    ("too many clients|remaining connection slots|too many connections", "53300"),
    ("starting up|shutting down|in recovery|terminating connection", "57P"),
    ("read-only|session is not read-write", "25006"),
)
_REFUSED = "the encrypted connection was refused (sslmode, certificates)"
_OTHER_TEXTS = (
    ("timeout expired|timed out", "the server does not answer"),
    ("Connection refused", "the server refuses connections"),
    ("resolve|not known|Name or service", "the server's name cannot be resolved"),
    ("SSL|TLS|certificate", _REFUSED),
    ("closed|lost|EOF|reset by peer|Broken pipe", "the connection was lost"),
)


def _cause(error: psycopg.Error) -> str:
    """Return why ``error`` happened, without addresses and names."""
    text, state = str(error), error.sqlstate or ""
    if not state:
        state = next((code for words, code in _BY_TEXT if re.search(words, text)), "")
    for code, cause in _BY_STATE.items():
        if state.startswith(code):
            return cause
    if state:
        return f"the server reported an error ({state}); see the log"
    return next(
        (cause for words, cause in _OTHER_TEXTS if re.search(words, text)),
        "the connection failed; see the log",
    )


def _has_input(socket: int) -> bool:
    """Whether the server has sent something to an idle connection: mostly that it is closed."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _is_permanent(error: psycopg.Error) -> bool:
    """Whether trying again cannot help."""
    return not isinstance(error, psycopg.OperationalError)


def _parsed(url: StoreUrl) -> tuple[list[str], dict[str, Any]]:
    """Return the secrets and the parameters of a URL; raise ``SettingsError`` without them."""
    try:
        parameters = conninfo_to_dict(url.reveal())
    except psycopg.Error:
        # The client's own message quotes the URL.
        raise SettingsError(
            f"setting 'store': {url} is not a URL of PostgreSQL; write it as "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with the special characters of a "
            "password as %XX"
        ) from None
    secrets = [str(parameters[name]) for name in ("password", "sslpassword") if name in parameters]
    return [*filter(None, secrets), url.reveal()], parameters


def _find_system_certificates() -> None:
    """Let libpq find the certificates of the system: its OpenSSL may look for them elsewhere.

    That in the wheels of psycopg does.
    """
    found = ssl.get_default_verify_paths()
    for variable, place in (
        (found.openssl_cafile_env, found.cafile),
        (found.openssl_capath_env, found.capath),
    ):
        if place:
            os.environ.setdefault(variable, place)


def _version(connection: _Connection) -> int:
    """Return the version of the schema; 0 if there is none."""
    row = connection.execute("SELECT to_regclass('geungeo_schema') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    row = connection.execute("SELECT version FROM geungeo_schema").fetchone()
    return int(row[0]) if row else 0


def lock_number(lane: str) -> int:
    """Return the number of the advisory lock of a lane of transactions."""
    digest = hashlib.blake2b(f"geungeo {lane}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
