"""Crash-safe file writes, the named steps of a change, and the write lock.

A file is written under a temporary name, synced and renamed, and its folder is synced. Fault
tests stop a change at each named step.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from geungeo.rag.errors import StoreLocked, StoreUnavailable

Step = Callable[[str], None]
"""A callback that gets the name of each step once it is done."""

STEPS = (
    "locked",
    "indexed",
    "rows written",
    "committed",
    "vectors written",
    "vectors synced",
    "vectors renamed",
    "vectors durable",
    "manifest written",
    "manifest synced",
    "manifest renamed",
    "manifest durable",
    "old vectors removed",
    "saved",
)
"""The steps of an ingest, an update and a reindex, in order; a removal has no ``indexed``."""


def no_step(name: str) -> None:
    """Ignore a step: the default outside tests."""


ASIDE = ".new-"
"""Prefix of the names of unfinished files and folders."""


def write_atomically(path: Path, data: bytes, *, name: str = "file", step: Step = no_step) -> None:
    """Write ``data`` to ``path`` so that a crash leaves the old file or the new one.

    ``step`` is called after each step, with ``name`` in the step's name.

    Raises:
        OSError: for example when the device is full; the old file then remains.
    """
    # Not mkstemp(): only the owner could read its files, but others may read a store.
    scratch = path.with_name(f"{ASIDE}{secrets.token_hex(4)}-{path.name}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            step(f"{name} written")
            os.fsync(file.fileno())
        step(f"{name} synced")
        scratch.replace(path)
        step(f"{name} renamed")
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    step(f"{name} durable")


def remove_leftovers(folder: Path) -> int:
    """Remove unfinished files of killed writers; the caller must hold the write lock."""
    found = list(folder.glob(f"{ASIDE}*"))
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(found)


def sync_folder(folder: Path) -> None:
    """Sync ``folder``, so that renames and removals survive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


FILE = "write.lock"


class WriteLock:
    """Lock held while articles change. The kernel releases it when its process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock; threads of this process wait for it.

        Raises:
            StoreLocked: another process is writing; its id is named.
            StoreUnavailable: the store is read-only.
        """
        with self._threads, self._file():
            yield

    @contextlib.contextmanager
    def attempt(self) -> Iterator[bool]:
        """Try to take the lock; yield whether it is held, without waiting."""
        if not self._threads.acquire(blocking=False):
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
            self._threads.release()

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
                "move the store to a local disk"
            ) from error
        # Only for the message above: a full disk must not prevent a removal.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)


class ThreadLock:
    """Lock of the threads of one process, for a database that orders the changes of several."""

    def __init__(self) -> None:
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock; other threads wait for it."""
        with self._threads:
            yield

    @contextlib.contextmanager
    def attempt(self) -> Iterator[bool]:
        """Try to take the lock; yield whether it is held, without waiting."""
        held = self._threads.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                self._threads.release()
