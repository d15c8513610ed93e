"""Network backend of httpcore: connects to checked addresses only, with one deadline.

The connection goes to the address that was checked, so that DNS rebinding (a name that
resolves to another address a moment later) has no effect. TLS still verifies the name.
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

# One address that drops packets must not use up the time of the next.
CONNECT_SECONDS = 5.0

Resolver = Callable[[str, int], Sequence[str]]
"""A function ``(host, port) -> addresses``; raises ``OSError`` if there are none."""


def resolve(host: str, port: int) -> list[str]:
    """Return all addresses of ``host`` from the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """A deadline for the whole fetch."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Return the remaining seconds, at most ``at_most``.

        Raises:
            httpcore.ReadTimeout: the deadline has passed.
        """
        left = self._until - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if at_most is None else min(left, at_most)


class PinnedBackend(httpcore.NetworkBackend):
    """Backend that resolves, checks and connects; ``policy`` is ``None`` if a proxy is used."""

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
        """Connect to one of the addresses of ``host``, after checking all of them.

        Raises:
            FetchBlocked: at least one of them is not public.
        """
        answers = self.resolved(host, port)
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

    def resolved(self, host: str, port: int) -> list[Address]:
        """Return all addresses of ``host``.

        Raises:
            httpcore.ConnectError: it cannot be resolved.
            httpcore.ConnectTimeout: that takes too long.
        """
        # getaddrinfo has no timeout: if it takes too long, its thread is abandoned.
        executor = ThreadPoolExecutor(1, thread_name_prefix="resolve")
        try:
            answers = executor.submit(self._resolver, host, port).result(self._deadline.left())
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
        # A zone, as in fe80::1%eth0, names a local interface.
        return [ipaddress.ip_address(answer.partition("%")[0]) for answer in answers]


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends by the deadline, even if data keeps trickling in."""

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
