"""Which scope opens which path; a path without a rule needs a key of any scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from starlette.types import Scope as AsgiScope

from geungeo.index.keys import SCOPES, Scope
from geungeo.server.http.links import wants_page


@dataclass(frozen=True, slots=True)
class Caller:
    """The API key of a request; ``key_id`` is ``None`` if no key is required.

    ``browser`` is then the name in the cookie of a browser.
    """

    key_id: str | None
    scopes: frozenset[Scope]
    browser: str | None = None

    @property
    def owner(self) -> str | None:
        """Return the owner whose conversations the caller may use; ``None`` for all of them."""
        if self.browser is not None:
            return f"browser:{self.browser}"
        return None if "admin" in self.scopes else self.key_id

    def may(self, needed: frozenset[Scope]) -> bool:
        """Whether the caller has one of the ``needed`` scopes; ``admin`` implies all."""
        return "admin" in self.scopes or bool(self.scopes & needed)


# On a server without keys every client is an administrator; a browser sees its own conversations.
ANYONE = Caller(None, frozenset(SCOPES))


def caller_of(request: Request) -> Caller:
    """Return the caller of ``request``; every route that is not public has one."""
    caller = request.scope["state"]["caller"]
    if not isinstance(caller, Caller):
        raise TypeError("the request has no Caller; the route needs the access middleware")
    return caller


CurrentCaller = Annotated[Caller, Depends(caller_of)]


_READ = frozenset({"GET", "HEAD"})


class Rule(NamedTuple):
    """The ``scopes`` for ``path`` (a prefix if it ends in ``/``); ``None`` means public."""

    methods: frozenset[str]
    path: str
    scopes: frozenset[Scope] | None


def _rule(methods: str, path: str, *scopes: Scope) -> Rule:
    named = frozenset(methods.split("|"))
    return Rule(named | _READ if "GET" in named else named, path, frozenset(scopes) or None)


RULES = (
    # Page and documentation contain no data; probes of health have no key.
    _rule("GET", "/healthz"),
    _rule("GET", "/readyz"),
    _rule("GET", "/docs"),
    _rule("GET", "/openapi.json"),
    _rule("GET", "/static/"),
    # Deliveries are authenticated by their signatures or tokens.
    _rule("POST", "/slack/"),
    _rule("POST", "/hooks/"),
    _rule("POST", "/chat", "ask"),
    _rule("GET", "/check"),
    _rule("POST", "/check", "ask"),
    _rule("POST", "/search", "ask"),
    _rule("POST", "/feedback", "ask"),
    _rule("GET|POST", "/v1/", "ask"),
    _rule("POST", "/mcp", "ask"),
    _rule("GET", "/conversations", "ask"),
    _rule("GET|POST|PATCH|DELETE", "/conversations/", "ask"),
    _rule("GET", "/shared/", "ask"),
    _rule("GET", "/starters", "ask"),
    _rule("GET", "/articles", "ask", "ingest"),
    _rule("GET", "/articles/", "ask", "ingest"),
    _rule("POST", "/articles", "ingest"),
    _rule("POST|PATCH|DELETE", "/articles/", "ingest"),
    _rule("GET|POST|DELETE", "/feeds", "ingest"),
    _rule("POST", "/feeds/", "ingest"),
    _rule("GET", "/metrics", "admin"),
)
_ANY_KEY = frozenset(SCOPES)
# Paths at which browsers get the page, which then asks for the data.
PAGED = ("/articles/", "/shared/")


def needed(scope: AsgiScope) -> frozenset[Scope] | None:
    """Return the scopes of which a request needs one; ``None`` if it is public."""
    method, path = scope["method"], scope["path"]
    paged = path.startswith(PAGED) and wants_page(scope)
    if method in _READ and (path == "/" or paged):
        return None
    return next((rule.scopes for rule in RULES if _applies(rule, method, path)), _ANY_KEY)


def _applies(rule: Rule, method: str, path: str) -> bool:
    named = path.startswith(rule.path) if rule.path.endswith("/") else path == rule.path
    return named and method in rule.methods
