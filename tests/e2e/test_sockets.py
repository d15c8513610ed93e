"""Behaviour on a real socket: limits, deadlines, a port in use, and a stop during a stream."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.processes import geungeo

# The limit is ten seconds; a busy machine needs more.
DEADLINE = 30


def talk(served: Any, data: bytes) -> bytes:
    """Send ``data`` and read until the server closes."""
    with socket.create_connection(served.address, timeout=60) as connection:
        connection.sendall(data)
        return drain(connection)


def drain(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while piece := connection.recv(65_536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert found, answer[:200]
    return int(found[1])


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 10**6 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: a\r\n" * 3_000 + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n", 400),
        (
            b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400),
        (
            b"POST /chat HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            400,
        ),
        (b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n", 413),
    ],
)
def test_invalid_request_is_rejected(served: Any, request_bytes: bytes, status: int) -> None:
    answer = talk(served, request_bytes)
    assert status_of(answer) == status
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["status"] == status
    assert httpx.get(f"{served.url}/healthz", timeout=120).status_code == 200


def test_rejected_chunked_body_gives_the_reason(served: Any) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    head = (
        b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    answer = talk(served, head + chunk * 160 + b"0\r\n\r\n")
    assert status_of(answer) == 413


def test_slow_heads_and_bodies_and_silent_sockets_are_closed(served: Any) -> None:
    head = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    opened = {
        "head": head,
        "body": head + b"Content-Length: 50000\r\n\r\n{",
        "chunk": head + b"Transfer-Encoding: chunked\r\n\r\n",
        "silence": b"",
    }
    drips = {"head": b"X-A: b\r\n", "body": b" ", "chunk": b"1\r\n \r\n", "silence": b""}
    took: dict[str, float] = {}
    answers: dict[str, bytes] = {}

    def drip(kind: str) -> None:
        began = time.monotonic()
        with socket.create_connection(served.address, timeout=DEADLINE) as connection:
            connection.sendall(opened[kind])
            connection.settimeout(0.5)
            answers[kind] = b""
            while time.monotonic() - began < DEADLINE:
                try:
                    piece = connection.recv(4096)
                except TimeoutError:
                    try:
                        connection.sendall(drips[kind])
                    except OSError:
                        break
                    continue
                except OSError:
                    break
                if not piece:
                    break
                answers[kind] += piece
        took[kind] = time.monotonic() - began

    threads = [threading.Thread(target=drip, args=(kind,)) for kind in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took.values()) < DEADLINE, took
    assert all(seconds > 4 for seconds in took.values()), took  # slow clients may finish
    assert {status_of(answers[kind]) for kind in ("head", "body", "chunk")} == {408}


@pytest.mark.slow
def test_requests_on_one_connection_have_separate_deadlines(served: Any) -> None:
    with httpx.Client(base_url=served.url, timeout=120) as http:
        for _ in range(4):
            assert http.get("/healthz").status_code == 200
            time.sleep(3)  # together longer than the limit for one head


def test_port_in_use_gives_one_line(served: Any, tmp_path: Path) -> None:
    port = str(served.address[1])
    done = geungeo("serve", "--port", port, "--store", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == f"geungeo: port {port} on 127.0.0.1 is in use; choose another: --port\n"


def test_query_string_is_never_logged(served: Any) -> None:
    httpx.get(f"{served.url}/healthz?api_key=sesame-open", timeout=120)
    httpx.get(f"{served.url}/articles?api_key=sesame-open", timeout=120)
    httpx.get(f"{served.url}/articles%0d%0aforged%1b[31m", timeout=120)
    time.sleep(1)
    log = served.log
    assert "GET /articles 200" in log
    assert "sesame" not in log
    assert "\x1b" not in log
    assert "\nforged" not in log


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_signal_stops_the_server_cleanly(
    serve_again: Callable[..., Any], tmp_path: Path, how: signal.Signals
) -> None:
    running = serve_again(tmp_path / "store")
    with httpx.Client(base_url=running.url, timeout=120) as http:
        assert http.get("/healthz").status_code == 200
        running.process.send_signal(how)
        assert running.process.wait(timeout=60) == 0
    assert "Traceback" not in running.log
