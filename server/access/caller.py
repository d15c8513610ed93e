"""Whoever sent a request, as far as it matters to a route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from geungeo.index.keys import SCOPES, Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The API key behind a request; ``key_id`` is ``None`` while none is needed."""

    key_id: str | None
    scopes: frozenset[Scope]

    @property
    def owner(self) -> str | None:
        """Whose conversations the caller may use; ``None`` is everybody's."""
        return None if "admin" in self.scopes else self.key_id

    def may(self, needed: frozenset[Scope]) -> bool:
        """Whether one of the ``needed`` scopes is the caller's; ``admin`` may do everything."""
        return "admin" in self.scopes or bool(self.scopes & needed)


# On a server that needs no key, everybody is its administrator.
ANYBODY = Caller(None, frozenset(SCOPES))


def caller_of(request: Request) -> Caller:
    """Who sent ``request``; there is always one where a route is not open to all."""
    caller = request.scope["state"]["caller"]
    if not isinstance(caller, Caller):
        raise TypeError("the request did not pass the access middleware")
    return caller


CurrentCaller = Annotated[Caller, Depends(caller_of)]
