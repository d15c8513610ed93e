"""Policy for addresses: public ones may be fetched, and hosts named in a setting.

The special-purpose address blocks are those of IANA's registries (RFC 6890), as Python's
``ipaddress`` knows them, and the IPv6 forms that carry an IPv4 address inside.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

import httpx

from geungeo.rag.errors import FetchBlocked

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
# With such a last label a host is an IPv4 address in another notation (WHATWG URL, 3.5).
_NUMERIC_LABEL = re.compile(r"\d+|0[xX][0-9a-fA-F]*", re.ASCII)
# These names are the loopback address, also where a resolver does not know them (RFC 6761, 6.3).
_NAMES_LOOPBACK = re.compile(r"(?:^|\.)localhost\.?$", re.IGNORECASE)
_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
# On a command line, a byte that is not UTF-8 becomes a lone surrogate.
_CONTROL = re.compile("[\x00-\x20\x7f\ud800-\udfff]")


def parse(url: str) -> httpx.URL:
    """Parse ``url`` and reject forms that must not be fetched; the host is not resolved.

    Raises:
        FetchBlocked: a scheme other than http and https, a user name, an unusual IP notation.
    """
    if _CONTROL.search(url):
        raise FetchBlocked("the address contains blanks or control characters, or is not text")
    try:
        parsed = httpx.URL(url)
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError) as error:  # the latter for a name like xn--
        raise FetchBlocked(f"{url}: this is not a valid address ({error})") from error
    if parsed.scheme not in PORTS:
        raise FetchBlocked(f"{url}: only http and https addresses are fetched")
    if not host:
        raise FetchBlocked(f"{url}: the address names no host")
    if parsed.userinfo:
        raise FetchBlocked(f"{host}: addresses with a user name are not fetched; remove the name")
    literal = _literal(host)
    if literal is None and _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise FetchBlocked(f"{host}: this notation of an IP address is not fetched; use a.b.c.d")
    return parsed.copy_with(fragment=None)


class Policy:
    """Policy for hosts, ports and addresses.

    ``exceptions`` are hosts, as ``host`` or ``host:port``, that may be private; ``host:port``
    also allows a port that is not in ``ports``.
    """

    def __init__(self, exceptions: Collection[str], ports: Collection[int]) -> None:
        self._ports = ports
        self._exceptions = frozenset(entry.lower() for entry in exceptions)

    def check(self, url: httpx.URL) -> None:
        """Check everything that can be checked before the name is resolved.

        Raises:
            FetchBlocked: the port is not allowed, or the host is a private address.
        """
        host, port = url.raw_host.decode("ascii"), url.port or PORTS[url.scheme]
        if port not in self._ports and f"{host}:{port}" not in self._exceptions:
            allowed = " and ".join(map(str, self._ports))
            raise FetchBlocked(
                f"{host}: port {port} is not fetched from, only {allowed}; to fetch from it, "
                f"add {host}:{port} to the setting fetch_private_hosts"
            )
        literal = _LOOPBACK if _NAMES_LOOPBACK.search(host) else _literal(host)
        if literal is not None:
            self.check_answers(host, port, [literal])

    def check_answers(self, host: str, port: int, answers: Collection[Address]) -> None:
        """Check that every address that ``host`` resolved to is public.

        Raises:
            FetchBlocked: at least one is not public; the message does not reveal which.
        """
        if {host.lower(), f"{host.lower()}:{port}"} & self._exceptions:
            return
        if not all(is_public(address) for address in answers):
            raise FetchBlocked(
                f"{host}: this host is not on the public internet; to fetch from it, "
                "add it to the setting fetch_private_hosts"
            )


def is_public(address: Address) -> bool:
    """Whether ``address`` is public; an IPv4 address embedded in IPv6 must be public, too."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    # Loopback, mapped, link-local, unique-local and multicast are outside global unicast.
    return address in _GLOBAL_UNICAST and address.is_global and address.teredo is None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
