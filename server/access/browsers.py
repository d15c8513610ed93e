"""The cookie that keeps the conversations of browsers apart while no API key is required.

It is a random name and opens nothing but the conversations that were begun with it. Programs send
no cookie and may use all conversations, as an administrator does.
"""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from geungeo.server.http.links import wants_page

COOKIE = "geungeo_browser"
_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SECONDS = 400 * 24 * 3600  # the longest time that browsers keep a cookie


def browser_in(scope: Scope) -> str | None:
    """Return the name of the browser in a request's cookie; ``None`` without a valid one."""
    for header in Headers(scope=scope).getlist("cookie"):
        try:
            morsel = SimpleCookie(header).get(COOKIE)
        except CookieError:
            continue
        if morsel is not None and _NAME.fullmatch(morsel.value):
            return str(morsel.value)
    return None


def needs_name(scope: Scope) -> bool:
    """Whether a browser without a valid cookie opens the page, or calls the API from it.

    A cookie that was given to a request from another site would replace the browser's own.
    """
    site = Headers(scope=scope).get("sec-fetch-site")
    if wants_page(scope) and scope["method"] == "GET":
        return browser_in(scope) is None
    return site in {"same-origin", "none"} and browser_in(scope) is None


def new_name() -> str:
    """Return a name that cannot be guessed."""
    return secrets.token_hex(16)


def naming(send: Send, name: str, *, secure: bool) -> Send:
    """Return ``send`` that also sets the cookie."""
    cookie = f"{COOKIE}={name}; Max-Age={_SECONDS}; Path=/; HttpOnly; SameSite=Lax"

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.append("Set-Cookie", f"{cookie}; Secure" if secure else cookie)
            # A proxy that kept this response would give one name to several browsers.
            headers["Cache-Control"] = f"private, {headers.get('cache-control', 'no-store')}"
        await send(message)

    return named
