"""uvicorn, with the deadlines and limits that it does not set by itself."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from geungeo.rag.errors import UsageError
from geungeo.server.http.middleware import MAX_HEADER_BYTES
from geungeo.server.http.problems import MEDIA_TYPE, code_of, encode, problem
from geungeo.server.state import AppState

HEADER_SECONDS = 8.0
KEEP_ALIVE_SECONDS = 5
# A client that receives fewer bytes than this within this time is not reading the response.
SEND_SECONDS = 30.0
SEND_MIN_BYTES = 8_192
# How long a searching thread keeps the interpreter lock from the event loop, which needs it for
# each step of each connection; a tenth of Python's default halves the median latency of
# /healthz under load and costs no throughput (docs/load.md).
SWITCH_SECONDS = 0.0005
# Longer than a stream's grace period, shorter than the usual 30 s of process managers.
SHUTDOWN_SECONDS = 20


class PortInUse(UsageError):
    """The server cannot listen on the address."""

    code = "port_in_use"


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 with timeouts for the head of a request and for receiving a response.

    A malformed request gets the status that the parser suggests.
    """

    _head_timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None
    _unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request's head."""
        super().connection_made(transport)
        # Writing pauses as soon as the kernel's buffer is full, which starts the send timer.
        transport.set_write_buffer_limits(high=0)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; the timer covers a head from its first byte to its last."""
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._stop_head_timer()
        self._stop_send_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the timer for a client that does not read."""
        super().pause_writing()
        self._watch_sending()

    def resume_writing(self) -> None:
        """Stop the timer: the client has received everything."""
        self._stop_send_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Respond to a malformed request with the status that the parser suggests."""
        error = sys.exc_info()[1]
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(hint, str(error or msg))

    def _watch_head(self) -> None:
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if not waiting:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._head_too_slow)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_slow(self) -> None:
        self._head_timer = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._refuse(
                HTTPStatus.REQUEST_TIMEOUT,
                "the head of the request did not arrive in time; send it again",
            )

    def _watch_sending(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self._check_sending)

    def _check_sending(self) -> None:
        if self._unsent - self.transport.get_write_buffer_size() < SEND_MIN_BYTES:
            # close() would wait for the client to receive the rest.
            self.transport.abort()
        else:
            self._watch_sending()

    def _stop_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _refuse(self, status: int, detail: str) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # The body of the current request is malformed: end its processing as if the client
            # had disconnected.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = encode(problem(status, code_of(status), detail))
            headers = [
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            reason = HTTPStatus(status).phrase.encode()
            for event in (
                h11.Response(status_code=status, headers=headers, reason=reason),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn server that asks open streams to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, state: AppState) -> None:
        super().__init__(config)
        self._state = state

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the shutdown, then shut down as uvicorn does."""
        self._state.stopping.announce()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free port.

    Raises:
        PortInUse: the address is in use or does not belong to this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise PortInUse(
            f"cannot listen on {host}: {error.strerror}; choose another address: --host"
        ) from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"port {port} on {host} is in use; choose another: --port") from error
        raise PortInUse(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def configure(app: FastAPI, **overrides: Any) -> uvicorn.Config:
    """Return uvicorn's configuration for ``app``; ``overrides`` take precedence."""
    return uvicorn.Config(
        app,
        **{
            "http": GuardedProtocol,
            "ws": "none",
            "lifespan": "on",
            "log_config": None,
            "access_log": False,  # Observe logs instead, without query strings
            "server_header": False,
            "proxy_headers": False,  # a client can send any X-Forwarded-For
            "h11_max_incomplete_event_size": MAX_HEADER_BYTES,
            "timeout_keep_alive": KEEP_ALIVE_SECONDS,
            "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
            **overrides,
        },
    )


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serve ``app`` on ``listener`` until a signal stops it."""
    sys.setswitchinterval(SWITCH_SECONDS)
    Server(configure(app), app.state.geungeo).run(sockets=[listener])
