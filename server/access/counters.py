"""Counters for rate limits: a fixed table that all workers of one server share.

However many addresses come, the table has the size that it began with: an identity counts in
the slot that its keyed hash names, and two that fall into one slot share its allowance.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from limits.storage import Storage

SLOTS = 65_536
_SLOT = struct.Struct("=dq")  # end of the window in seconds since the epoch; requests in it


class SharedCounters(Storage):
    """Fixed windows of ``limits`` in shared memory: made before a fork, seen by every child."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time, slots: int = SLOTS) -> None:
        super().__init__()
        self._clock = clock
        self._slots = slots
        # The file has no name: its descriptor is what a fork hands on.
        self._file, path = tempfile.mkstemp()
        Path(path).unlink()
        weakref.finalize(self, os.close, self._file)
        os.ftruncate(self._file, slots * _SLOT.size)
        self._table = mmap.mmap(self._file, slots * _SLOT.size)
        # Nobody outside can tell which identities share a slot.
        self._salt = secrets.token_bytes(16)
        self._threads = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` more in ``key``'s window of ``expiry`` seconds; the count so far."""
        offset = self._offset(key)
        with self._alone():
            end, count = _SLOT.unpack_from(self._table, offset)
            if end <= self._clock():
                end, count = self._clock() + expiry, 0
            _SLOT.pack_into(self._table, offset, end, count + amount)
        return int(count + amount)

    def get(self, key: str) -> int:
        """The count in ``key``'s present window."""
        end, count = self._read(key)
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When ``key``'s window ends, in seconds since the epoch."""
        return max(self._read(key)[0], self._clock())

    def clear(self, key: str) -> None:
        """Forget ``key``'s window."""
        with self._alone():
            _SLOT.pack_into(self._table, self._offset(key), 0.0, 0)

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Forget every window."""
        with self._alone():
            self._table[:] = bytes(len(self._table))
        return None

    def _read(self, key: str) -> tuple[float, int]:
        with self._alone():
            end, count = _SLOT.unpack_from(self._table, self._offset(key))
        return float(end), int(count)

    def _offset(self, key: str) -> int:
        digest = hashlib.blake2b(key.encode(), key=self._salt, digest_size=8).digest()
        return int.from_bytes(digest, "big") % self._slots * _SLOT.size

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads:
            # A record lock: the kernel takes it from a worker that dies with it.
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
