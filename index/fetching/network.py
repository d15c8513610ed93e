"""The sockets below httpcore: only checked addresses, and one deadline for everything.

The address that was checked is the one that is connected to, so that a name which resolves
otherwise a moment later (DNS rebinding) leads nowhere else. TLS still asks for the name.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

from geungeo.index.fetching.targets import Address, Policy

# One address that swallows packets must not use up the time of the next.
CONNECT_SECONDS = 5.0

Resolver = Callable[[str, int], Sequence[str]]
"""``(host, port) -> addresses``; raises ``OSError`` if there is none."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of ``host``, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """A moment by which everything must be done."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds that are left.

        Raises:
            httpcore.ReadTimeout: none are.
        """
        left = self._until - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if at_most is None else min(left, at_most)


class PinnedBackend(httpcore.NetworkBackend):
    """Resolves, checks and connects; ``policy`` is ``None`` for the way to a proxy."""

    def __init__(
        self,
        policy: Policy | None,
        resolver: Resolver,
        deadline: Deadline,
        sockets: httpcore.NetworkBackend,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._deadline = deadline
        self._sockets = sockets

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the addresses of ``host``, all of which were checked.

        Raises:
            FetchBlocked: one of them is not public.
        """
        answers = self._resolve(host, port)
        if self._policy is not None:
            self._policy.check_answers(host, port, answers)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in answers:
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    port,
                    self._deadline.left(CONNECT_SECONDS if timeout is None else timeout),
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _resolve(self, host: str, port: int) -> list[Address]:
        # getaddrinfo knows no timeout: it is left behind in its thread if it takes too long.
        executor = ThreadPoolExecutor(1, thread_name_prefix="resolve")
        try:
            answers = executor.submit(self._resolver, host, port).result(self._deadline.left())
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
        # A zone, as in fe80::1%eth0, names an interface of ours.
        return [ipaddress.ip_address(answer.partition("%")[0]) for answer in answers]


class _TimedStream(httpcore.NetworkStream):
    """A connection each of whose steps ends by the deadline, however little it moves."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
