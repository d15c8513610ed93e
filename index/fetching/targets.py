"""Which addresses may be asked for a document: public ones, and hosts that a setting names.

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

_PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
# A last label like these makes a host an IPv4 address in some spelling (WHATWG URL, 3.5).
_NUMERIC_LABEL = re.compile(r"\d+|0[xX][0-9a-fA-F]*", re.ASCII)
# A lone surrogate is what a command line makes of a byte that is no UTF-8.
_CONTROL = re.compile("[\x00-\x20\x7f\ud800-\udfff]")


def parse(url: str) -> httpx.URL:
    """``url`` with everything that one may not ask for refused; its host is not resolved.

    Raises:
        FetchBlocked: another scheme than http and https, a user name, an oddly spelled address.
    """
    if _CONTROL.search(url):
        raise FetchBlocked("the address holds blanks or control characters, or is not text")
    try:
        parsed = httpx.URL(url)
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError) as error:  # the latter for a name like xn--
        raise FetchBlocked(f"{url}: this is not an address ({error})") from error
    if parsed.scheme not in _PORTS:
        raise FetchBlocked(f"{url}: only http and https addresses are fetched")
    if not host:
        raise FetchBlocked(f"{url}: the address names no host")
    if parsed.userinfo:
        raise FetchBlocked(f"{host}: an address with a user name is not fetched")
    literal = _literal(host)
    if literal is None and _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise FetchBlocked(f"{host}: this is an odd spelling of an address; not fetched")
    return parsed.copy_with(fragment=None)


class Policy:
    """Which hosts, ports and addresses may be connected to.

    ``exceptions`` are hosts, as ``host`` or ``host:port``, that may be private; those with a
    port may have another than those in ``ports``.
    """

    def __init__(self, exceptions: Collection[str], ports: Collection[int]) -> None:
        self._ports = ports
        self._exceptions = frozenset(entry.lower() for entry in exceptions)

    def check(self, url: httpx.URL) -> None:
        """Refuse what can be refused before a name is resolved.

        Raises:
            FetchBlocked: the port is unusual, or the host a private address.
        """
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        if port not in self._ports and f"{host}:{port}" not in self._exceptions:
            allowed = " and ".join(map(str, self._ports))
            raise FetchBlocked(f"{host}: port {port} is not fetched from, only {allowed}")
        literal = _literal(host)
        if literal is not None:
            self.check_answers(host, port, [literal])

    def check_answers(self, host: str, port: int, answers: Collection[Address]) -> None:
        """Refuse ``host`` unless every address that it resolved to is public.

        Raises:
            FetchBlocked: one is not; which one is nobody's business who sent us there.
        """
        if {host.lower(), f"{host.lower()}:{port}"} & self._exceptions:
            return
        if not all(is_public(address) for address in answers):
            raise FetchBlocked(
                f"{host}: this host is not on the public internet; if it is meant, "
                "name it in the setting fetch_private_hosts"
            )


def is_public(address: Address) -> bool:
    """Whether ``address`` is one of the public internet, also where it embeds another."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    # Outside of global unicast lie loopback, mapped, link-local, unique-local and multicast.
    return address in _GLOBAL_UNICAST and address.is_global and address.teredo is None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
