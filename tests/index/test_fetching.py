"""Fetching: what is never connected to, what is cut short, and what comes home."""

from __future__ import annotations

import gzip
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from geungeo.index.fetching import Document, Fetcher, is_address
from geungeo.index.fetching import fetcher as fetcher_module
from geungeo.index.fetching.targets import is_public
from geungeo.rag.errors import FetchBlocked, FetchFailed, SourceError, UnsupportedSource

PUBLIC = "93.184.215.14"
LIMIT = 100_000
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<html><body><p>Whales are back.</p></body></html>"


@dataclass
class Site:
    """A web server that says what a test told it to, and remembers what it was asked."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(running: Site) -> Site:
    running.pages.clear()
    running.asked.clear()
    return running


class Internet(httpcore.SyncBackend):
    """Stands for the internet: every address leads to one local port; notes who was dialled."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> Any:
        del port
        self.dialled.append(host)
        return super().connect_tcp("127.0.0.1", self.port, *args, **more)


@dataclass
class Names:
    """Stands for the DNS; answers of one name are given in turn, the last one for ever."""

    answers: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        given = self.answers.get(host)
        if not given:
            raise socket.gaierror(f"no such name: {host}")
        return given.pop(0) if len(given) > 1 else given[0]


def fetcher(site: Site, **more: Any) -> tuple[Fetcher, Internet, Names]:
    internet, names = Internet(site.port), Names({"news.test": [[PUBLIC]], "b.test": [[PUBLIC]]})
    given = {"max_bytes": LIMIT, "seconds": 30.0, "resolver": names, "sockets": internet, **more}
    return Fetcher(**given), internet, names


def fetch(site: Site, path: str = "/a", **more: Any) -> Document:
    return fetcher(site, **more)[0].fetch(f"http://news.test{path}")


def failure(site: Site, path: str = "/a", **more: Any) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(site, path, **more)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).startswith(f"http://news.test{path}: ")
    return str(caught.value)


# What is never connected to


@pytest.fixture
def trap() -> Iterator[tuple[int, Callable[[], bool]]]:
    """A port on every local address, and whether anybody has connected to it."""
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        four.bind(("0.0.0.0", 0))  # noqa: S104 - to notice whoever comes
        port = four.getsockname()[1]
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::", port))
        for listener in (four, six):
            listener.listen(8)
            listener.setblocking(False)

        def sprung() -> bool:
            for listener in (four, six):
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    continue
                return True
            return False

        socket.create_connection(("127.0.0.1", port)).close()
        assert sprung()  # it does notice
        yield port, sprung


PRIVATE_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0x7f000001",
    "0x7f.0.0.1",
    "0X7F.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "00127.0.0.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",  # noqa: S104
    "localhost",
    "LOCALHOST.",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
]


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_no_spelling_of_a_private_address_is_connected_to(
    trap: tuple[int, Callable[[], bool]], host: str
) -> None:
    port, sprung = trap
    # The system's own resolver and sockets: this is what would happen.
    fetcher = Fetcher(max_bytes=LIMIT, seconds=30, ports=(port,))
    # Some systems do not know "localhost.", which then leads nowhere either.
    with pytest.raises((FetchBlocked, FetchFailed) if host == "LOCALHOST." else FetchBlocked):
        fetcher.fetch(f"http://{host}:{port}/")
    assert not sprung()


@pytest.mark.parametrize(
    "url",
    [
        "http://user@news.test/",
        "http://user:secret@news.test/",
        "http://news.test@127.0.0.1/",
        "http://news.test%40127.0.0.1/",
        "http://127.0.0.1\\@news.test/",
        "http://127.0.0.1#@news.test/",
        "http://127.0.0.1/?@news.test",
        "http://news.test:22/",
        "http://news.test:6379/",
        "https://news.test:80800/",
        "http:///path",
        "http:news.test",
        "http://",
        "ftp://news.test/",
        "file:///etc/passwd",
        "gopher://news.test/",
        "http://news.test/\r\nX: y",
        "http://news.test/a b",
        "http://[::1/",
        "http://[fe80::1%25lo]/",
    ],
)
def test_tricks_with_addresses_lead_nowhere(site: Site, url: str) -> None:
    made, internet, _ = fetcher(site)
    with pytest.raises(FetchBlocked) as caught:
        made.fetch(url)
    assert "secret" not in str(caught.value).removeprefix(url)
    assert internet.dialled == []


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%eth0"],
        [PUBLIC, "64:ff9b::a00:1"],
    ],
)
def test_a_name_is_refused_if_any_of_its_addresses_is_private(
    site: Site, answers: list[str]
) -> None:
    made, internet, names = fetcher(site)
    names.answers["inside.test"] = [answers]
    with pytest.raises(FetchBlocked, match="not on the public internet") as caught:
        made.fetch("http://inside.test/")
    assert internet.dialled == []
    assert answers[0] not in str(caught.value)  # what our DNS says is not for strangers


def test_the_checked_address_is_the_one_that_is_dialled(site: Site) -> None:
    made, internet, names = fetcher(site)
    site.pages["/a"] = (200, HTML, PAGE)
    names.answers["news.test"] = [[PUBLIC], ["127.0.0.1"]]  # rebinding
    assert made.fetch("http://news.test/a").data == PAGE
    assert (internet.dialled, names.asked) == ([PUBLIC], ["news.test"])
    assert site.asked[0][1]["host"] == "news.test"
    with pytest.raises(FetchBlocked):
        made.fetch("http://news.test/a")
    assert internet.dialled == [PUBLIC]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "//169.254.169.254/latest/meta-data/",
        "http://inside.test/",
        "http://[::ffff:127.0.0.1]/",
        "http://user@news.test/",
        "file:///etc/passwd",
        "http://news.test:22/",
    ],
)
def test_a_redirect_is_checked_as_an_address_is(site: Site, location: str) -> None:
    made, internet, names = fetcher(site)
    names.answers["inside.test"] = [["10.0.0.1"]]
    site.pages["/a"] = (302, {"Location": location}, b"")
    with pytest.raises(FetchBlocked):
        made.fetch("http://news.test/a")
    assert internet.dialled == [PUBLIC]


def test_tls_asks_for_the_name_at_the_checked_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        internet = Internet(listener.getsockname()[1])
        names = Names({"news.test": [[PUBLIC]]})
        made = Fetcher(max_bytes=LIMIT, seconds=30, resolver=names, sockets=internet)
        with pytest.raises(FetchFailed):
            made.fetch("https://news.test/")
        thread.join()
    assert b"news.test" in heard[0]  # the server name of the ClientHello
    assert internet.dialled == [PUBLIC]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of news.test, with its key."""
    file = tmp_path / "news.test.pem"
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=news.test", "-addext", "subjectAltName=DNS:news.test"]
    command += ["-keyout", str(file), "-out", str(tmp_path / "public.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (tmp_path / "public.pem").read_bytes())
    return file


def test_a_certificate_must_be_that_of_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    fetcher_module._trust.cache_clear()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(4096)
                    secured.sendall(answer % (len(PAGE), PAGE))
            except OSError:
                continue  # this client wants another certificate

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        internet = Internet(listener.getsockname()[1])
        names = Names({"news.test": [[PUBLIC]], "other.test": [[PUBLIC]]})
        made = Fetcher(max_bytes=LIMIT, seconds=30, resolver=names, sockets=internet)
        assert made.fetch("https://news.test/").data == PAGE
        with pytest.raises(FetchFailed, match="certificate verify failed"):
            made.fetch("https://other.test/")
        thread.join()
    fetcher_module._trust.cache_clear()


def test_proxies_of_the_environment_are_not_used(
    site: Site, trap: tuple[int, Callable[[], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, sprung = trap
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    site.pages["/a"] = (200, HTML, PAGE)
    assert fetch(site).data == PAGE
    assert not sprung()


def test_a_proxy_that_a_setting_names_is_asked_but_not_for_private_addresses(site: Site) -> None:
    proxy = httpx.Proxy(f"http://someone:pass@127.0.0.1:{site.port}")
    made = Fetcher(max_bytes=LIMIT, seconds=30, proxy=proxy)
    site.pages["http://news.test/a"] = (200, HTML, PAGE)
    assert made.fetch("http://news.test/a").data == PAGE
    assert site.asked[0][1]["proxy-authorization"].startswith("Basic ")
    with pytest.raises(FetchBlocked):
        made.fetch("http://10.0.0.1/")
    assert len(site.asked) == 1


def test_a_private_host_is_fetched_from_if_it_is_named(site: Site) -> None:
    site.pages["/a"] = (200, HTML, PAGE)
    url = f"http://127.0.0.1:{site.port}/a"
    named = [f"127.0.0.1:{site.port}"]
    made = Fetcher(max_bytes=LIMIT, seconds=30, private_hosts=named)
    assert made.fetch(url).data == PAGE
    with pytest.raises(FetchBlocked):
        made.fetch("http://127.0.0.1/a")  # another port of the same host was not named


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("2002:5db8:d70e::1", True),
        ("2001:0:5db8:d70e::", False),
        ("4000::1", False),
        ("192.88.99.1", True),
        ("100.63.255.255", True),
        ("100.128.0.0", True),
        ("100.64.0.0", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) == public


# What is cut short


def test_a_document_over_the_limit_is_not_read_to_its_end(site: Site) -> None:
    site.pages["/a"] = (200, HTML, b"x" * LIMIT)
    assert len(fetch(site).data) == LIMIT
    site.pages["/a"] = (200, HTML, b"x" * (LIMIT + 1))
    assert f"{LIMIT:,} bytes" in failure(site)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_unpacks_to_more_than_the_limit_is_a_bomb(site: Site, coding: str) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if coding == "gzip" else zlib.compress
    headers = {**HTML, "Content-Encoding": coding}
    site.pages["/a"] = (200, headers, pack(PAGE))
    assert fetch(site).data == PAGE
    bomb = pack(bytes(200 * LIMIT))
    assert len(bomb) < LIMIT
    site.pages["/a"] = (200, headers, bomb)
    assert "over the limit" in failure(site)


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip at all", "cannot be unpacked"),
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE, mtime=0)[:-9], "too early"),
        ({"Content-Encoding": "br"}, b"x", "packs with br"),
        ({"Content-Encoding": "gzip, gzip"}, b"x", "packs with gzip, gzip"),
        ({"Content-Length": "500"}, PAGE, "closed"),
    ],
)
def test_what_is_packed_badly_is_refused(
    site: Site, headers: dict[str, str], body: bytes, why: str
) -> None:
    site.pages["/a"] = (200, {**HTML, **headers}, body)
    assert why in failure(site)


def drips(pieces: Iterable[bytes]) -> tuple[socket.socket, threading.Thread]:
    """A server that sends ``pieces`` with pauses, until its client has had enough."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.settimeout(0.05)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                    connection.recv(1)
                except TimeoutError:
                    continue  # still there
                except OSError:
                    pass
                return

    thread = threading.Thread(target=serve)
    thread.start()
    return listener, thread


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b""],
    ids=["head", "body", "silence"],
)
def test_dripping_does_not_outlast_the_deadline(start: bytes) -> None:
    pieces = [start, *([b"a"] * 600 if start else [b""] * 600)]
    listener, thread = drips(pieces)
    with listener:
        internet = Internet(listener.getsockname()[1])
        names = Names({"news.test": [[PUBLIC]]})
        made = Fetcher(max_bytes=LIMIT, seconds=0.4, resolver=names, sockets=internet)
        with pytest.raises(FetchFailed, match=r"no answer within 0\.4 s"):
            made.fetch("http://news.test/")
        thread.join()


def test_a_name_that_takes_for_ever_does_not_outlast_it_either(site: Site) -> None:
    answered = threading.Event()

    def slowly(host: str, port: int) -> list[str]:
        answered.wait(60)
        return [PUBLIC]

    assert "no answer within 0.2 s" in failure(site, resolver=slowly, seconds=0.2)
    answered.set()


def test_what_does_not_resolve_or_answer_is_named(site: Site) -> None:
    made, _, _ = fetcher(site)
    with pytest.raises(FetchFailed, match=r"nowhere\.test cannot be resolved"):
        made.fetch("http://nowhere.test/")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    dead = Site(port=closed)
    assert "refused" in failure(dead)


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 500])
def test_only_a_200_is_a_document(site: Site, status: int) -> None:
    site.pages["/a"] = (status, HTML, b"")
    assert f"answered {status}" in failure(site)


def test_redirects_end(site: Site) -> None:
    for number in range(10):
        site.pages[f"/{number}"] = (301, {"Location": f"/{number + 1}"}, b"")
    site.pages["/5"] = (200, HTML, PAGE)
    assert fetch(site, "/0").url == "http://news.test/5"
    site.pages["/5"] = (302, {"Location": "/0"}, b"")
    site.asked.clear()
    assert "redirects" in failure(site, "/0")
    assert len(site.asked) == 6


def test_nothing_of_one_answer_is_carried_to_the_next(site: Site) -> None:
    redirect = {"Location": "http://b.test/b", "Set-Cookie": "id=1"}
    site.pages.update({"/a": (307, redirect, b""), "/b": (200, HTML, PAGE)})
    assert fetch(site).url == "http://b.test/b"
    assert not any({"cookie", "authorization", "referer"} & set(sent) for _, sent in site.asked)


# What comes home


@pytest.mark.parametrize(
    ("path", "kind", "suffix"),
    [
        ("/a.php?id=1", "text/html; charset=euc-kr", ".html"),
        ("/a.txt", "TEXT/HTML", ".html"),
        ("/", "application/xhtml+xml", ".html"),
        ("/a", "text/plain", ".txt"),
        ("/a.md", "text/plain; charset=utf-8", ".md"),
        ("/a.jsonl", "text/plain", ".jsonl"),
        ("/a", "application/x-ndjson", ".jsonl"),
        ("/a.html", "application/octet-stream", ".html"),
    ],
)
def test_the_servers_word_tells_how_a_document_is_read(
    site: Site, path: str, kind: str, suffix: str
) -> None:
    site.pages[path] = (200, {"Content-Type": kind}, PAGE)
    assert fetch(site, path).suffix == suffix


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a.html", "image/png"),
        ("/a", "application/pdf"),
        ("/a.html", "application/json"),
        ("/a", "application/octet-stream"),
        ("/a.pdf", "application/octet-stream"),
    ],
)
def test_other_kinds_are_refused_before_they_are_read(site: Site, path: str, kind: str) -> None:
    site.pages[path] = (200, {"Content-Type": kind}, PAGE)
    with pytest.raises(UnsupportedSource):
        fetch(site, path)


def test_an_address_is_told_from_a_path() -> None:
    assert all(map(is_address, ["http://a", "HTTPS://a", "file:///a", "ftp://a"]))
    assert not any(map(is_address, ["a.txt", "/a/b", "C:\\a", "a:b", "news/http:/a", "://a"]))
