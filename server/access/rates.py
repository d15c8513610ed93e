"""Rate limits by address and by key, shared by all workers of a server."""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import math
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from geungeo.index.counters import Counters
from geungeo.rag.errors import StoreError
from geungeo.rag.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# A household or a machine has a /64 (RFC 6177), whose addresses count as one client.
_IPV6_CLIENT_BITS = 64


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """Return the address that a limit counts: IPv4, or the /64 of an IPv6 address.

    ``X-Forwarded-For`` is read from its end, which the nearest proxy wrote, and only as long as
    each address that names the previous one is ``trusted``.
    """
    peer = _parse(scope["client"][0]) if scope.get("client") else None
    if peer is None:
        return "unknown"  # for example a Unix socket, whose clients count as one
    forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while forwarded and any(peer in network for network in trusted):
        before = _parse(forwarded.pop().strip())
        if before is None:
            break
        peer = before
    return _client_of(peer)


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _client_of(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _IPV6_CLIENT_BITS), strict=False))


SLOTS = 65_536
_SLOT = struct.Struct("=dq")  # end of the window in seconds since the epoch; requests in it


class SharedCounters(Storage):
    """Counters for fixed windows of ``limits``, in memory shared across forks.

    The table has a fixed size, however many clients there are: a client counts in the slot that
    its keyed hash selects, and two clients in one slot share its allowance.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time, slots: int = SLOTS) -> None:
        super().__init__()
        self._clock = clock
        self._slots = slots
        # The file has no name: children inherit its descriptor.
        self._file, path = tempfile.mkstemp()
        Path(path).unlink()
        weakref.finalize(self, os.close, self._file)
        os.ftruncate(self._file, slots * _SLOT.size)
        self._table = mmap.mmap(self._file, slots * _SLOT.size)
        # Clients cannot find out which identities share a slot.
        self._salt = secrets.token_bytes(16)
        self._threads = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the exceptions of this storage."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to ``key``'s window of ``expiry`` seconds; return the new count."""
        offset = self._offset(key)
        with self._locked():
            end, count = _SLOT.unpack_from(self._table, offset)
            if end <= self._clock():
                end, count = self._clock() + expiry, 0
            _SLOT.pack_into(self._table, offset, end, count + amount)
        return int(count + amount)

    def get(self, key: str) -> int:
        """Return the count in ``key``'s current window."""
        end, count = self._read(key)
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Return the end of ``key``'s window, in seconds since the epoch."""
        return max(self._read(key)[0], self._clock())

    def clear(self, key: str) -> None:
        """Reset ``key``'s window."""
        with self._locked():
            _SLOT.pack_into(self._table, self._offset(key), 0.0, 0)

    def check(self) -> bool:
        """Return True: shared memory is always available."""
        return True

    def reset(self) -> int | None:
        """Reset every window."""
        with self._locked():
            self._table[:] = bytes(len(self._table))
        return None

    def _read(self, key: str) -> tuple[float, int]:
        with self._locked():
            end, count = _SLOT.unpack_from(self._table, self._offset(key))
        return float(end), int(count)

    def _offset(self, key: str) -> int:
        digest = hashlib.blake2b(key.encode(), key=self._salt, digest_size=8).digest()
        return int.from_bytes(digest, "big") % self._slots * _SLOT.size

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._threads:
            # A record lock: the kernel releases it when a worker dies.
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


class StoreCounters(Storage):
    """Counters for fixed windows of ``limits``, in a database that several servers share."""

    STORAGE_SCHEME = None

    def __init__(self, counters: Counters) -> None:
        super().__init__()
        self._counters = counters

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the exceptions of this storage."""
        return StoreError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to ``key``'s window of ``expiry`` seconds; return the new count."""
        return self._counters.add(key, expiry, amount).hits

    def get(self, key: str) -> int:
        """Return the count in ``key``'s current window."""
        return self._counters.get(key).hits

    def get_expiry(self, key: str) -> float:
        """Return the end of ``key``'s window, in seconds since the epoch."""
        return self._counters.get(key).ends

    def clear(self, key: str) -> None:
        """Reset ``key``'s window."""
        self._counters.reset(key)

    def check(self) -> bool:
        """Return True: a database that is unavailable raises at the request itself."""
        return True

    def reset(self) -> int | None:
        """Reset every window."""
        return self._counters.reset()


DEFAULT_PER_ADDRESS = "600/minute"


class Rates:
    """The rate limits of one server; create it before a fork to share it with all workers.

    With ``counters`` they are those of all servers of a store; then counting asks its database.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        counters: Counters | None = None,
    ) -> None:
        self.blocks = counters is not None
        self._clock = clock if counters is None else counters.now
        storage = SharedCounters(clock) if counters is None else StoreCounters(counters)
        self._limiter = FixedWindowRateLimiter(storage)
        self._guarded = _item(settings.rate_limit_address or DEFAULT_PER_ADDRESS)
        self._unguarded = _item(settings.rate_limit_address or "off")
        self._per_key = _item(settings.rate_limit_key)

    def address(self, address: str, *, guarded: bool) -> int | None:
        """Count a request from ``address``; return the seconds to wait if the limit is exceeded.

        ``guarded`` applies the default limit: clients of other machines are expected.
        """
        return self._hit(self._guarded if guarded else self._unguarded, f"address:{address}")

    def key(self, key_id: str) -> int | None:
        """Count a request with a key; return the seconds to wait if the limit is exceeded."""
        return self._hit(self._per_key, f"key:{key_id}")

    def _hit(self, item: RateLimitItem | None, identity: str) -> int | None:
        if item is None or self._limiter.hit(item, identity):
            return None
        reset = self._limiter.get_window_stats(item, identity).reset_time
        return max(1, math.ceil(reset - self._clock()))


def _item(limit: str) -> RateLimitItem | None:
    return None if limit == "off" else parse(limit)
