"""Where a server without API keys may listen."""

from __future__ import annotations

import ipaddress
import socket

from geungeo.index.keys import open_keys
from geungeo.rag.errors import UsageError
from geungeo.rag.settings import Settings


class InsecureBind(UsageError):
    """Anyone on the network could ask, ingest and delete."""

    code = "insecure_bind"


def is_local(host: str) -> bool:
    """Whether a server that listens on ``host`` is reachable from this machine only."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return False
    return all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)


def check_bind(settings: Settings) -> None:
    """Reject an address that other machines can reach while no API key is required.

    Raises:
        InsecureBind: the message has the address and the ways out.
    """
    if settings.insecure_bind or settings.require_key or is_local(settings.host):
        return
    if settings.require_key is None:
        with open_keys(settings.store) as keys:
            if keys.any_made():
                return
    raise InsecureBind(
        f"refusing to listen on {settings.host} without API keys: anyone who can connect could "
        "read, add and delete; create a key: geungeo keys create NAME "
        "(or allow it with --insecure-bind)"
    )
