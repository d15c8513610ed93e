"""A real Milvus server for tests: that of the package ``milvus-lite``.

It has the search and storage core of Milvus in one process; what it lacks is the distribution, and
every level of consistency is the strongest.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from geungeo.rag.settings import EngineUrl
from tests.support.postgres import Unusable, free_port

PASSWORD = "p@ss/wörd %41"
_PATIENCE = 60.0


class MilvusServer:
    """A server on a free port of the loopback address, in a folder of its own."""

    def __init__(self) -> None:
        """Find the program.

        Raises:
            Unusable: the package is missing, or it has no program for this system.
        """
        found = find_spec("milvus_lite")
        if found is None or found.origin is None:
            raise Unusable("milvus-lite is not installed")
        self._libraries = Path(found.origin).parent / "lib"
        if not (self._libraries / "milvus").is_file():
            raise Unusable("this version of milvus-lite has no server; install 2.5.1")
        self._place = Path(tempfile.mkdtemp(prefix="geungeo-milvus-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        with (self._place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._libraries / "milvus"), str(self._place / "data.db"),
                    f"127.0.0.1:{self.port}", "ERROR",
                ],
                stdout=log, stderr=log, cwd=self._place,
                env={**os.environ, "LD_LIBRARY_PATH": str(self._libraries)},
            )  # fmt: skip
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise Unusable(f"Milvus does not start: {self.log()}") from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill the server with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def drop_all(self) -> None:
        """Drop all collections."""
        from pymilvus import MilvusClient

        with contextlib.closing(MilvusClient(uri=f"http://127.0.0.1:{self.port}")) as client:
            for name in client.list_collections(timeout=_PATIENCE):
                client.drop_collection(name, timeout=_PATIENCE)

    @property
    def pid(self) -> int:
        """Id of the running server's process."""
        assert self._process is not None
        return self._process.pid

    def memory(self) -> int:
        """Return the resident memory of the server in bytes."""
        pages = Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def remove(self) -> None:
        """Kill the server and remove its files."""
        self.kill()
        shutil.rmtree(self._place, ignore_errors=True)

    def log(self) -> str:
        """Return the end of the server's log."""
        return (self._place / "log").read_text("utf-8", "replace")[-2_000:]

    def url(self, *, port: int | None = None) -> EngineUrl:
        """Return the URL of the server, with a password, for which it does not ask."""
        return EngineUrl(f"milvus+http://127.0.0.1:{port or self.port}")


@contextlib.contextmanager
def running() -> Iterator[MilvusServer]:
    """Yield a running server, which is removed afterwards.

    Raises:
        Unusable: no server can be run here.
    """
    server = MilvusServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()
