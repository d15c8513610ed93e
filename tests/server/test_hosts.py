"""Hosts and origins: a page that rebinds its name must not reach a server without keys."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.types import Message

from geungeo.index.workspace import Workspace
from geungeo.rag.errors import SettingsError
from geungeo.rag.settings import load
from geungeo.server.access.hosts import Authority, requested_authority
from geungeo.server.app import create_app
from geungeo.server.process.listener import Server, configure, listen

pytestmark = pytest.mark.anyio

PATIENCE = 60
EVERYWHERE = "0.0.0.0"  # noqa: S104
QUESTION = {"question": "고래 몇 마리가 돌아왔나?"}
COMPLETION = {"model": "geungeo", "messages": [{"role": "user", "content": QUESTION["question"]}]}
REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/", None),
    ("GET", "/articles", None),
    ("GET", "/articles/whales", None),
    ("GET", "/conversations", None),
    ("GET", "/static/app.js", None),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("POST", "/chat", QUESTION),
    ("POST", "/search", {"query": "고래"}),
    ("GET", "/v1/models", None),
    ("POST", "/v1/chat/completions", COMPLETION),
    ("POST", "/v1/responses", {"model": "geungeo", "input": QUESTION["question"]}),
    ("POST", "/v1/embeddings", {"model": "geungeo", "input": "고래"}),
)
MakeWorkspace = Callable[..., Workspace]


async def send(
    workspace: Workspace, method: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(workspace))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, json=body, headers=sent)


async def status(workspace: Workspace, host: str, path: str = "/articles") -> int:
    return (await send(workspace, "GET", path, host=host)).status_code


def code(response: httpx.Response) -> str:
    body = response.json()
    return str(body["error"]["code"] if "error" in body else body["code"])


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
async def test_foreign_host_is_rejected_on_every_path(
    workspace_of: MakeWorkspace, method: str, path: str, body: Any
) -> None:
    workspace = workspace_of()
    refused = await send(workspace, method, path, body, host="evil.example:8000")
    assert refused.status_code == 421
    assert code(refused) == "foreign_host"
    assert "GEUNGEO_ALLOWED_HOSTS" in refused.text
    assert "geungeo keys create" in refused.text
    assert "evil.example" not in refused.text
    assert (await send(workspace, method, path, body)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST:8000",
        "localhost.",
        "LocalHost.:80",
        "127.0.0.1",
        "127.0.0.1:65535",
        "127.8.9.10:8000",
        "[::1]",
        "[::1]:8000",
        "[0:0:0:0:0:0:0:1]:8000",
        "[::ffff:127.0.0.1]:8000",
        "localhost:",
    ],
)
async def test_loopback_names_are_served_on_any_port(
    workspace_of: MakeWorkspace, host: str
) -> None:
    assert await status(workspace_of(), host) == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("evil.example", 421),
        ("EVIL.example.:8000", 421),
        ("localhost.evil.example", 421),
        ("evil.localhost", 421),
        ("notlocalhost", 421),
        ("localhost..", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.1", 421),
        ("2130706433", 421),
        ("0x7f000001", 421),
        ("0.0.0.0:8000", 421),
        ("192.168.0.5:8000", 421),
        ("[2001:db8::1]:8000", 421),
        ("", 400),
        ("::1", 400),
        ("[::1", 400),
        ("[:::1]", 400),
        ("[1.2]", 400),
        ("localhost:8000:9000", 400),
        ("localhost:http", 400),
        ("user@localhost", 400),
        ("localhost/evil.example", 400),
        ("localhost, evil.example", 400),
        ("evil.example#localhost", 400),
    ],
)
async def test_other_hosts_are_rejected(
    workspace_of: MakeWorkspace, host: str, expected: int
) -> None:
    refused = await send(workspace_of(), "GET", "/articles", host=host)
    assert refused.status_code == expected
    assert code(refused) == ("foreign_host" if expected == 421 else "bad_host")


async def raw_status(workspace: Workspace, path: str, *hosts: bytes) -> int:
    """Return the status of a GET with exactly these Host headers."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def respond(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "scheme": "http", "client": ("127.0.0.1", 1), "state": {},
        "server": ("127.0.0.1", 8000), "headers": [(b"host", host) for host in hosts],
    }  # fmt: skip
    await create_app(workspace)(scope, receive, respond)
    return statuses[0]


async def test_missing_and_duplicate_hosts_are_400_without_keys(
    workspace_of: MakeWorkspace,
) -> None:
    open_server, keyed = workspace_of(), workspace_of(require_key=True)
    assert await raw_status(open_server, "/articles") == 400
    assert await raw_status(open_server, "/articles", b"localhost", b"evil.example") == 400
    assert await raw_status(open_server, "/articles", b"localhost") == 200
    assert await raw_status(keyed, "/healthz") == 200


@pytest.mark.parametrize(
    ("path", "host", "authority"),
    [
        ("/articles", b"News.Example:80", Authority("news.example", 80)),
        ("/http://evil.example/", b"localhost", Authority("localhost", None)),
        ("http://evil.example/articles", b"localhost", Authority("evil.example", None)),
        ("HTTPS://[::1]:8000/articles", b"evil.example", Authority("::1", 8000)),
        ("http://localhost@evil.example/", b"localhost", None),
        ("http:///articles", b"localhost", None),
    ],
)
async def test_absolute_target_takes_precedence_over_host(
    path: str, host: bytes, authority: Authority | None
) -> None:
    scope = {"type": "http", "path": path, "headers": [(b"host", host)]}
    assert requested_authority(scope) == authority


# Public binds and allowed_hosts


async def test_public_url_and_allowed_hosts_are_served(workspace_of: MakeWorkspace) -> None:
    public = workspace_of(public_url="https://News.Example:8443/answers")
    assert await status(public, "news.example") == 200
    assert await status(public, "news.example:8443") == 200
    assert await status(public, "localhost") == 200
    assert await status(public, "evil.example") == 421
    named = workspace_of(allowed_hosts="Intranet.Example,[2001:DB8:0::1]")
    assert await status(named, "intranet.example.:8000") == 200
    assert await status(named, "[2001:db8::1]") == 200
    assert await status(named, "sub.intranet.example") == 421


async def test_listening_address_is_served(workspace_of: MakeWorkspace) -> None:
    workspace = workspace_of(host="192.0.2.7", insecure_bind=True, allowed_hosts="a.example")
    assert await status(workspace, "192.0.2.7:8000") == 200
    assert await status(workspace, "192.0.2.8:8000") == 421


async def test_insecure_server_serves_addresses_but_not_foreign_names(
    workspace_of: MakeWorkspace,
) -> None:
    workspace = workspace_of(host=EVERYWHERE, insecure_bind=True)
    assert await status(workspace, "192.168.0.5:8000") == 200
    assert await status(workspace, "[2001:db8::1]:8000") == 200
    assert await status(workspace, "evil.example:8000") == 421
    assert await status(workspace, "evil.example:8000", "/healthz") == 200


async def test_with_keys_any_host_is_served_unless_allowed_hosts_is_set(
    workspace_of: MakeWorkspace,
) -> None:
    keyed = workspace_of(require_key=True)
    assert await status(keyed, "news.example", "/") == 200
    assert await status(keyed, "news.example") == 401
    named = workspace_of(host=EVERYWHERE, require_key=True, allowed_hosts="news.example")
    assert await status(named, "news.example") == 401
    assert await status(named, "other.example") == 421
    assert await status(named, "other.example", "/") == 421
    assert await status(named, "10.0.0.3:8000") == 421


async def test_probes_by_address_are_served_on_public_binds(
    workspace_of: MakeWorkspace,
) -> None:
    named = workspace_of(host=EVERYWHERE, require_key=True, allowed_hosts="news.example")
    local = workspace_of(require_key=True, allowed_hosts="news.example")
    for path in ("/healthz", "/readyz"):
        assert await status(named, "10.0.0.3:8000", path) == 200
        assert await status(local, "10.0.0.3:8000", path) == 421


async def test_first_key_disables_the_check_of_a_running_server(
    workspace_of: MakeWorkspace,
) -> None:
    workspace = workspace_of()
    assert await status(workspace, "news.example") == 421
    _, key = workspace.store.keys.create("test", frozenset({"ask"}))
    assert await status(workspace, "news.example") == 401
    served = await send(
        workspace, "GET", "/articles", host="news.example", authorization=f"Bearer {key}"
    )
    assert served.status_code == 200


@pytest.mark.parametrize(
    "path", ["/slack/events", "/slack/commands", "/hooks/generic", "/hooks/mattermost"]
)
async def test_signed_deliveries_are_accepted_under_any_name(
    workspace_of: MakeWorkspace, path: str
) -> None:
    secrets = {
        "slack_signing_secret": "s" * 32,
        "hook_secret": "h" * 32,
        "mattermost_token": "m" * 32,
    }
    tunnel = {"host": "abc.tunnel.example", "origin": "https://chat.example"}
    refused = await send(workspace_of(**secrets), "POST", path, {}, **tunnel)
    assert refused.status_code == 401
    named = workspace_of(**secrets, allowed_hosts="news.example")
    assert (await send(named, "POST", path, {}, **tunnel)).status_code == 421
    assert (await send(named, "POST", path, {}, host="news.example")).status_code == 401


# Origins


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example:8000",
        "null",
        "",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:8000",
        "http://localhost:8000.evil.example",
        "http://user@localhost:8000",
        "ftp://localhost:8000",
        "file://",
        "localhost:8000",
        "chrome-extension://abcdefgh",
    ],
)
async def test_foreign_origin_is_rejected_for_changes(
    workspace_of: MakeWorkspace, origin: str
) -> None:
    workspace = workspace_of()
    headers = {"host": "localhost:8000", "origin": origin}
    refused = await send(workspace, "POST", "/chat", QUESTION, **headers)
    assert refused.status_code == 403
    assert code(refused) == "foreign_origin"
    assert "GEUNGEO_CORS_ORIGINS" in refused.text
    assert (await send(workspace, "DELETE", "/articles/whales", **headers)).status_code == 403
    assert (await send(workspace, "POST", "/v1/chat/completions", COMPLETION, **headers)).json()[
        "error"
    ]["code"] == "foreign_origin"
    assert (await send(workspace, "GET", "/articles/whales", **headers)).status_code == 200
    assert workspace.store.conversations.list() == []


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("localhost:8000", "HTTP://LOCALHOST:8000"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost", "https://localhost"),
    ],
)
async def test_own_origin_is_accepted_for_changes(
    workspace_of: MakeWorkspace, host: str, origin: str
) -> None:
    answered = await send(workspace_of(), "POST", "/chat", QUESTION, host=host, origin=origin)
    assert answered.status_code == 200


@pytest.mark.parametrize(
    ("settings", "origin", "expected"),
    [
        ({"public_url": "https://news.example"}, "https://news.example", 200),
        ({"public_url": "https://news.example"}, "https://news.example:444", 403),
        ({"allowed_hosts": "news.example"}, "https://news.example:8443", 200),
        ({"allowed_hosts": "news.example"}, "https://evil.example", 403),
        ({"cors_origins": "http://localhost:3000"}, "http://localhost:3000", 200),
        ({"cors_origins": "http://localhost:3000"}, "http://localhost:3001", 403),
        ({"cors_origins": "*"}, "https://news.example", 200),
        ({"cors_origins": "*"}, "null", 403),
    ],
)
async def test_configured_origins_are_accepted_behind_a_proxy(
    workspace_of: MakeWorkspace, settings: Mapping[str, str], origin: str, expected: int
) -> None:
    # The proxy requests 127.0.0.1:8000, and the browser's Origin is the public one.
    headers = {"host": "127.0.0.1:8000", "origin": origin}
    answered = await send(workspace_of(**settings), "POST", "/search", {"query": "고래"}, **headers)
    assert answered.status_code == expected


async def test_with_keys_the_origin_does_not_matter(workspace_of: MakeWorkspace) -> None:
    workspace = workspace_of()
    _, key = workspace.store.keys.create("test", frozenset({"ask"}))
    headers = {"origin": "https://evil.example", "authorization": f"Bearer {key}"}
    assert (await send(workspace, "POST", "/chat", QUESTION, **headers)).status_code == 200
    assert (
        await send(workspace, "POST", "/chat", QUESTION, origin="https://evil.example")
    ).status_code == 401


async def test_preflight_of_a_rebound_name_is_rejected(workspace_of: MakeWorkspace) -> None:
    workspace = workspace_of(cors_origins="https://news.example")
    asking = {"origin": "https://news.example", "Access_Control_Request_Method": "POST"}
    assert (await send(workspace, "OPTIONS", "/chat", **asking)).status_code == 200
    refused = await send(workspace, "OPTIONS", "/chat", host="evil.example", **asking)
    assert refused.status_code == 421


# On a socket


@contextmanager
def running(workspace: Workspace) -> Iterator[tuple[str, int]]:
    app = create_app(workspace)
    with listen("127.0.0.1", 0) as listener:
        server = Server(configure(app), app.state.geungeo)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("request_head", "expected"),
    [
        (b"GET /articles HTTP/1.1\r\nHost: localhost\r\n", b"200"),
        (b"GET /articles HTTP/1.1\r\nHost: evil.example\r\n", b"421"),
        (b"GET /articles HTTP/1.1\r\n", b"400"),
        (b"GET /articles HTTP/1.0\r\n", b"400"),
        (b"GET /articles HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", b"400"),
        (b"GET http://evil.example/articles HTTP/1.1\r\nHost: localhost\r\n", b"421"),
        (b"GET http://evil.example/articles HTTP/1.1\r\nHost: evil.example\r\n", b"421"),
        (b"GET http://localhost/articles HTTP/1.1\r\nHost: localhost\r\n", b"404"),
    ],
)
async def test_raw_requests_get_the_same_decision(
    workspace_of: MakeWorkspace, request_head: bytes, expected: bytes
) -> None:
    def request() -> bytes:
        with running(workspace_of()) as address, socket.create_connection(address) as connection:
            connection.settimeout(PATIENCE)
            connection.sendall(request_head + b"Connection: close\r\n\r\n")
            return connection.makefile("rb").readline()

    assert (await asyncio.to_thread(request)).split()[1] == expected


@pytest.mark.parametrize("value", ["https://news.example", "news.example:8000", "*", "a b", "a/b"])
def test_allowed_hosts_are_names_without_port(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GEUNGEO_ALLOWED_HOSTS", value)
    with pytest.raises(SettingsError, match="allowed_hosts"):
        load()
