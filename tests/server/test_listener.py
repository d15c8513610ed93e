"""The server over a real socket, with a scripted pipeline."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from geungeo.rag.answer import Delta, PassagesFound
from geungeo.server.process.listener import PortInUse, Server, configure, listen

PATIENCE = 60


@pytest.fixture
def running(scripted: Any) -> Iterator[tuple[Any, Server, str]]:
    """A server in a thread, with its script and URL."""
    scripted.state.stopping.grace = 0.5
    with listen("127.0.0.1", 0) as listener:
        server = Server(configure(scripted.app), scripted.state)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        host, port = listener.getsockname()
        yield scripted, server, f"http://{host}:{port}"
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_for(condition: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "timeout"
        time.sleep(0.02)


def test_shutdown_ends_a_stream_with_a_final_event(running: Any) -> None:
    scripted, server, url = running
    scripted.pipeline.script = [PassagesFound(()), 600.0]
    body = {"question": "왜?", "stream": True}
    with httpx.stream("POST", f"{url}/chat", json=body, timeout=PATIENCE) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: passages"
        server.should_exit = True
        rest = list(lines)
    assert "event: error" in rest
    last = json.loads(rest[-2].removeprefix("data: "))
    assert last["code"] == "server_stopping"
    wait_for(scripted.pipeline.closed.is_set)


def test_closed_socket_cancels_the_pipeline(running: Any) -> None:
    scripted, _, url = running
    scripted.pipeline.script = [PassagesFound(()), 600.0]
    body = {"question": "왜?", "stream": True}
    with httpx.stream("POST", f"{url}/chat", json=body, timeout=PATIENCE) as response:
        lines = response.iter_lines()  # httpx closes the response with its iterator
        assert next(lines) == "event: passages"
        assert not scripted.pipeline.closed.is_set()
    wait_for(scripted.pipeline.closed.is_set)


def test_garbage_after_a_started_response_closes_the_connection(running: Any) -> None:
    scripted, _, url = running
    scripted.pipeline.script = [PassagesFound(()), 600.0]
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"question": "왜?", "stream": True}).encode()
    head = (
        b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head + b"%x\r\n%s\r\n" % (len(body), body) + b"not a chunk\r\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert httpx.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200


@pytest.fixture
def streaming(running: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, socket.socket]]:
    """Connect and request a response of 60 MB without reading it."""
    monkeypatch.setattr("geungeo.server.process.listener.SEND_SECONDS", 0.5)
    scripted, _, url = running
    scripted.pipeline.script = [PassagesFound(()), *[Delta("x" * 1_000_000)] * 60]
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"question": "왜?", "stream": True}).encode()
    head = (
        b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head + body)
        yield scripted, connection


def test_connection_of_a_client_that_does_not_read_is_aborted(streaming: Any) -> None:
    scripted, connection = streaming
    wait_for(scripted.pipeline.closed.is_set)
    received = 0
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            received += len(piece)
    assert received < 60_000_000


def test_slow_reader_gets_the_whole_response(streaming: Any) -> None:
    _, connection = streaming
    received, tail = 0, b""
    # The end of a chunked body.
    while not tail.endswith(b"\r\n0\r\n\r\n"):
        piece = connection.recv(500_000)
        assert piece
        received, tail = received + len(piece), (tail + piece)[-100:]
        time.sleep(0.005)
    assert received > 60_000_000


def test_port_in_use_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["256.1.1.1", "203.0.113.1"])
def test_foreign_address_is_named(host: str) -> None:
    with pytest.raises(PortInUse, match=host):
        listen(host, 0)
