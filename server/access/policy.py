"""Which scope opens which address; what is not named here needs a key of any scope."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope as AsgiScope

from geungeo.index.keys import SCOPES, Scope
from geungeo.server.routes.page import wants_page

_READ = frozenset({"GET", "HEAD"})


class Rule(NamedTuple):
    """``scopes`` that open ``path`` (a prefix if it ends in ``/``); ``None`` is everybody."""

    methods: frozenset[str]
    path: str
    scopes: frozenset[Scope] | None


def _rule(methods: str, path: str, *scopes: Scope) -> Rule:
    named = frozenset(methods.split("|"))
    return Rule(named | _READ if "GET" in named else named, path, frozenset(scopes) or None)


RULES = (
    # The page and what describes us hold no data; health is asked by those who have no key.
    _rule("GET", "/healthz"),
    _rule("GET", "/readyz"),
    _rule("GET", "/docs"),
    _rule("GET", "/openapi.json"),
    _rule("GET", "/static/"),
    # Webhooks prove themselves by their signatures.
    _rule("POST", "/slack/"),
    _rule("POST", "/hooks/"),
    _rule("POST", "/chat", "ask"),
    _rule("POST", "/search", "ask"),
    _rule("POST", "/feedback", "ask"),
    _rule("GET|POST", "/v1/", "ask"),
    _rule("GET", "/conversations", "ask"),
    _rule("GET|DELETE", "/conversations/", "ask"),
    _rule("GET", "/articles", "ask", "ingest"),
    _rule("GET", "/articles/", "ask", "ingest"),
    _rule("POST", "/articles", "ingest"),
    _rule("POST|DELETE", "/articles/", "ingest"),
    _rule("GET", "/metrics", "admin"),
)
_ANY_KEY = frozenset(SCOPES)


def needed(scope: AsgiScope) -> frozenset[Scope] | None:
    """The scopes of which a request needs one; ``None`` if it is open to everybody."""
    method, path = scope["method"], scope["path"]
    if method in _READ and (path == "/" or (path.startswith("/articles/") and wants_page(scope))):
        return None
    return next((rule.scopes for rule in RULES if _applies(rule, method, path)), _ANY_KEY)


def _applies(rule: Rule, method: str, path: str) -> bool:
    named = path.startswith(rule.path) if rule.path.endswith("/") else path == rule.path
    return named and method in rule.methods
