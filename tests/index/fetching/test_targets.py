"""Fetching: blocked addresses, checked connections, proxies."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from geungeo.index.fetching import Fetcher
from geungeo.index.fetching import fetcher as fetcher_module
from geungeo.index.fetching.targets import is_public
from geungeo.rag.errors import FetchBlocked, FetchFailed
from tests.index.fetching.stage import (
    HTML,
    LIMIT,
    PAGE,
    PUBLIC,
    Internet,
    Names,
    Site,
    fetch,
    fetcher,
)

# Blocked addresses


@pytest.fixture
def trap() -> Iterator[tuple[int, Callable[[], bool]]]:
    """Listen on a port of every local address; yield it and whether a client has connected."""
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        four.bind(("0.0.0.0", 0))  # noqa: S104 - to detect any connection
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
        assert sprung()  # the trap works
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
    "app.localhost",
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
    # The system's own resolver and sockets, as in production.
    fetcher = Fetcher(max_bytes=LIMIT, seconds=30, ports=(port,))
    with pytest.raises(FetchBlocked):
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
def test_misleading_addresses_are_blocked(site: Site, url: str) -> None:
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
def test_a_name_is_blocked_if_any_of_its_addresses_is_private(
    site: Site, answers: list[str]
) -> None:
    made, internet, names = fetcher(site)
    names.answers["inside.test"] = [answers]
    with pytest.raises(FetchBlocked, match="not on the public internet") as caught:
        made.fetch("http://inside.test/")
    assert internet.dialled == []
    assert answers[0] not in str(caught.value)  # the error must not reveal internal DNS answers


def test_the_connection_goes_to_the_checked_address(site: Site) -> None:
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
def test_a_redirect_is_checked_like_an_address(site: Site, location: str) -> None:
    made, internet, names = fetcher(site)
    names.answers["inside.test"] = [["10.0.0.1"]]
    site.pages["/a"] = (302, {"Location": location}, b"")
    with pytest.raises(FetchBlocked):
        made.fetch("http://news.test/a")
    assert internet.dialled == [PUBLIC]


def test_tls_sends_the_name_to_the_checked_address() -> None:
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
    """Create a certificate of news.test, with its key."""
    file = tmp_path / "news.test.pem"
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=news.test", "-addext", "subjectAltName=DNS:news.test"]
    command += ["-keyout", str(file), "-out", str(tmp_path / "public.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (tmp_path / "public.pem").read_bytes())
    return file


def test_the_certificate_must_match_the_name(
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
                continue  # this client rejects the certificate

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


def test_a_proxy_in_the_settings_is_used_but_not_for_private_addresses(site: Site) -> None:
    proxy = httpx.Proxy(f"http://someone:pass@127.0.0.1:{site.port}")
    made = Fetcher(max_bytes=LIMIT, seconds=30, proxy=proxy)
    site.pages["http://news.test/a"] = (200, HTML, PAGE)
    assert made.fetch("http://news.test/a").data == PAGE
    assert site.asked[0][1]["proxy-authorization"].startswith("Basic ")
    # The proxy would connect to itself.
    for url in ("http://10.0.0.1/", "http://localhost/", "http://localhost./"):
        with pytest.raises(FetchBlocked):
            made.fetch(url)
    assert len(site.asked) == 1


def test_a_private_host_is_fetched_from_if_the_setting_names_it(site: Site) -> None:
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
