"""Strict JSON (RFC 8259) and forms: hostile bodies are a 422, never a 500."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.routing import APIRoute

from geungeo.server.http.problems import CodedError, MalformedBody

MAX_DEPTH = 32
# Longest integer literal, in digits; Python's conversion takes quadratic time.
MAX_DIGITS = 300

_JSON = re.compile(r"application/([\w.-]+\+)?json", re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(raw: bytes) -> Any:
    """Return the value of the JSON text ``raw``.

    Raises:
        MalformedBody: for bytes that are not UTF-8, bad syntax, NaN and infinities,
            duplicate keys, NUL, lone surrogates, or nesting deeper than ``MAX_DEPTH``.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise MalformedBody(f"the body is not JSON: {error.msg} at {error.pos}") from error
    except RecursionError as error:
        raise MalformedBody(f"the body is nested deeper than {MAX_DEPTH} levels") from error
    _inspect(value)
    return value


class StrictRequest(Request):
    """A request whose ``json()`` is strict."""

    async def json(self) -> Any:
        """Return the parsed body; see :func:`parse`."""
        if not hasattr(self, "_strict_json"):
            self._strict_json = parse(await self.body())
        return self._strict_json


class StrictRoute(APIRoute):
    """A route that reads its body through :class:`StrictRequest`.

    A body that is declared as something other than JSON is a 415: ``curl -d`` sends a form.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler with a strict request."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            strict_request = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                await _require_json(strict_request)
            return await handler(strict_request)

        return strict


async def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _JSON.fullmatch(media_type) and await request.body():
        sent = f"not {media_type}" if _MEDIA_TYPE.fullmatch(media_type) else "which is missing"
        raise CodedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            f"send JSON with the header Content-Type: application/json, {sent} "
            "(curl: -H 'content-type: application/json')",
        )


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not valid JSON")


def _parse_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MalformedBody(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedBody("an object has the same key twice")
    return value


def _inspect(value: Any) -> None:
    """Check depth and strings, without recursion, which deep nesting would exhaust."""
    open_values: list[tuple[Any, int]] = [(value, 1)]
    while open_values:
        current, depth = open_values.pop()
        if depth > MAX_DEPTH:
            raise MalformedBody(f"the body is nested deeper than {MAX_DEPTH} levels")
        if isinstance(current, str):
            if _UNSTORABLE.search(current):
                raise MalformedBody("a string contains NUL or a lone surrogate")
        elif isinstance(current, dict):
            open_values.extend((key, depth) for key in current)
            open_values.extend((child, depth + 1) for child in current.values())
        elif isinstance(current, list):
            open_values.extend((child, depth + 1) for child in current)


MAX_FIELDS = 100


def parse_form(raw: bytes) -> dict[str, str]:
    """Return the fields of a form; the last value of a repeated field.

    Raises:
        MalformedBody: for bytes that are not UTF-8 and for more than ``MAX_FIELDS`` fields.
    """
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError as error:
        raise MalformedBody("the form is not UTF-8", "invalid_form") from error
    except ValueError as error:
        raise MalformedBody(
            f"the form has more than {MAX_FIELDS} fields", "invalid_form"
        ) from error
    return dict(pairs)
