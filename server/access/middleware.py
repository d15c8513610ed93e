"""Middleware that requires API keys and limits rates, before it reads the body of a request.

A key in the query string is ignored: URLs end up in logs and histories.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, ParamSpec

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from geungeo.index.keys import ApiKey, ApiKeys
from geungeo.index.keys import Scope as KeyScope
from geungeo.rag.errors import StoreError
from geungeo.rag.settings import Settings
from geungeo.server.access.browsers import browser_in, naming, needs_name, new_name
from geungeo.server.access.hosts import is_local, keys_required
from geungeo.server.access.policy import ANYONE, Caller, needed
from geungeo.server.access.rates import Rates, client_address
from geungeo.server.http.links import wants_page
from geungeo.server.http.middleware import drain, refuse
from geungeo.server.http.problems import public, status_of
from geungeo.server.telemetry.logs import note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")

# The same for a missing key as for a wrong one: the difference would help only an attacker.
_UNAUTHORIZED = "this server needs an API key: send it as Authorization: Bearer KEY"


class _Refusal(NamedTuple):
    status: int
    detail: str
    headers: Mapping[str, str] = {}
    code: str | None = None


class Access:
    """Middleware that checks key, scope and rate, and sets ``state["caller"]``.

    Responds with 401, 403 and 429 itself.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, keys: ApiKeys, rates: Rates) -> None:
        self.app = app
        self._settings = settings
        self._keys = keys
        self._rates = rates
        self._exposed = not is_local(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request if its caller is allowed to send it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scopes = needed(scope)
        if scopes is not None:
            try:
                outcome = await self._authorize(scope, scopes)
            except StoreError as error:
                detail = public(error, self._settings.store)
                outcome = _Refusal(status_of(error), detail, code=error.code)
            if isinstance(outcome, _Refusal):
                await drain(scope, receive, self._settings.max_body_bytes)
                await refuse(
                    scope, send, outcome.status, outcome.detail, outcome.headers, code=outcome.code
                )
                return
            if outcome is ANYONE:
                outcome, send = self._of_browser(scope, send)
            scope["state"]["caller"] = outcome
            if outcome.key_id is not None:
                note(key=outcome.key_id)
        elif needs_name(scope) and wants_page(scope) and not await self._needs_key():
            _, send = self._of_browser(scope, send)
        await self.app(scope, receive, send)

    def _of_browser(self, scope: Scope, send: Send) -> tuple[Caller, Send]:
        """Return the caller with its browser's name, and a ``send`` that gives it a new one."""
        name = browser_in(scope)
        if name is None and needs_name(scope):
            name = new_name()
            public_url = self._settings.public_url or ""
            secure = scope["scheme"] == "https" or public_url.startswith("https://")
            send = naming(send, name, secure=secure)
        return (ANYONE if name is None else replace(ANYONE, browser=name)), send

    async def _needs_key(self) -> bool:
        try:
            return await keys_required(self._settings, self._keys)
        except StoreError:
            return True

    async def _authorize(self, scope: Scope, scopes: frozenset[KeyScope]) -> Caller | _Refusal:
        required = await keys_required(self._settings, self._keys)
        address = client_address(scope, self._settings.trusted_proxies)
        wait = await self._count(self._rates.address, address, guarded=required or self._exposed)
        if wait is not None:
            return _too_many(wait)
        if not required:
            return ANYONE
        key = await self._key(Headers(scope=scope))
        if key is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="geungeo"'}
            return _Refusal(HTTPStatus.UNAUTHORIZED, _UNAUTHORIZED, challenge)
        wait = await self._count(self._rates.key, key.id)
        if wait is not None:
            return _too_many(wait)
        caller = Caller(key.id, key.scopes)
        if not caller.may(scopes):
            named = " or ".join(sorted(scopes))
            return _Refusal(
                HTTPStatus.FORBIDDEN, f"this request needs an API key with scope {named}"
            )
        return caller

    async def _count(
        self, count: Callable[P, int | None], *args: P.args, **kwargs: P.kwargs
    ) -> int | None:
        """Count a request; in a thread if that asks a database."""
        if self._rates.blocks:
            return await run_in_threadpool(count, *args, **kwargs)
        return count(*args, **kwargs)

    async def _key(self, headers: Headers) -> ApiKey | None:
        sent = headers.getlist("authorization")
        if sent:
            scheme, _, text = sent[0].partition(" ")
            valid = len(sent) == 1 and scheme.lower() == "bearer"
        else:
            values = headers.getlist("x-api-key")
            valid, text = len(values) == 1, "".join(values)
        return await run_in_threadpool(self._keys.verify, text.strip(" ") if valid else "")


def _too_many(wait: int) -> _Refusal:
    detail = f"too many requests; retry in {wait} s"
    return _Refusal(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(wait)})
