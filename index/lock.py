"""One writer at a time: the second is told at once instead of waiting."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from geungeo.rag.errors import StoreLocked, StoreUnavailable

FILE = "write.lock"


class WriteLock:
    """Held while articles change. The kernel drops it when its holder dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._mine = threading.Lock()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Threads of this process queue; another process is refused.

        Raises:
            StoreLocked: another process is writing; names it.
            StoreUnavailable: the store is read-only.
        """
        with self._mine, self._file():
            yield

    @contextlib.contextmanager
    def attempt(self) -> Iterator[bool]:
        """Whether nobody else writes, neither a thread nor a process; held meanwhile if so."""
        if not self._mine.acquire(blocking=False):
            yield False
            return
        try:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(self._file())
                except (StoreLocked, StoreUnavailable):
                    held = False
                else:
                    held = True
                yield held
        finally:
            self._mine.release()

    @contextlib.contextmanager
    def _file(self) -> Iterator[None]:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreUnavailable(
                f"cannot write to store {self._path.parent}: {error.strerror}"
            ) from error
        try:
            self._acquire(handle)
            yield
        finally:
            os.close(handle)

    def _acquire(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreLocked(
                f"store {self._path.parent} is being written by process {holder}; try again later"
            ) from error
        except OSError as error:
            raise StoreUnavailable(
                f"store {self._path.parent} cannot be locked ({error.strerror}); "
                "a store belongs on a local disk"
            ) from error
        # Only for the message above: a full disk must not stand in the way of a removal.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
