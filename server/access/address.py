"""Where a request comes from: the peer, or what a proxy that we trust says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# A household or a machine has a whole /64 (RFC 6177): its addresses are one client.
_IPV6_CLIENT_BITS = 64


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The address that a limit counts: IPv4, or the /64 of an IPv6.

    ``X-Forwarded-For`` is read from its end, where the nearest proxy wrote, and only as long
    as each address that vouches for the next is ``trusted``.
    """
    peer = _parse(scope["client"][0]) if scope.get("client") else None
    if peer is None:
        return "unknown"  # a Unix socket, say: all its clients are one
    forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while forwarded and any(peer in network for network in trusted):
        before = _parse(forwarded.pop().strip())
        if before is None:
            break
        peer = before
    return _counted(peer)


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _counted(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _IPV6_CLIENT_BITS), strict=False))
