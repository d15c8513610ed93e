"""Errors as ``application/problem+json`` (RFC 9457), and their description in the schema."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from geungeo.rag.errors import (
    BackendError,
    BackendUnavailable,
    GeungeoError,
    InvariantViolation,
    NotFound,
    Overloaded,
    SourceError,
    StoreError,
    StoreLocked,
    UsageError,
)
from geungeo.rag.settings import StoreUrl

MEDIA_TYPE = "application/problem+json"
OPENAI_PREFIX = "/v1/"
# nginx's status for a client that disconnected before the response.
CLIENT_GONE = 499
UNEXPECTED = "an unexpected error; see the server's log"

_STATUS: tuple[tuple[type[GeungeoError], int], ...] = (
    # The most specific first.
    (NotFound, HTTPStatus.NOT_FOUND),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (SourceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StoreLocked, HTTPStatus.CONFLICT),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (BackendError, HTTPStatus.SERVICE_UNAVAILABLE),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (InvariantViolation, HTTPStatus.INTERNAL_SERVER_ERROR),
)
_HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "headers_too_large",
}

log = logging.getLogger(__name__)


class CodedError(HTTPException):
    """An HTTP error with its own ``code``."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code


class MalformedBody(CodedError):
    """A malformed request body; ``detail`` says what is wrong."""

    def __init__(self, detail: str, code: str = "invalid_json") -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail)


def status_of(error: GeungeoError) -> int:
    """Return the HTTP status of ``error``."""
    fallback = HTTPStatus.INTERNAL_SERVER_ERROR
    return int(next((status for kind, status in _STATUS if isinstance(error, kind)), fallback))


def public(error: GeungeoError, store: Path | StoreUrl) -> str:
    """Return ``error``'s message for clients: no withheld text, no path of ``store``."""
    if isinstance(error, InvariantViolation):
        # Its message may quote withheld text.
        return "the answer failed its own checks and was withheld; see the server's log"
    return without_path(str(error), store)


def without_path(text: str, store: Path | StoreUrl) -> str:
    """Return ``text`` with every path in the folder ``store``, or its address, replaced."""
    if isinstance(store, StoreUrl):
        return text.replace(str(store), "(its database)")
    folders = {str(store), str(store.absolute()), str(store.resolve())}
    alternatives = "|".join(re.escape(name) for name in sorted(folders, key=len, reverse=True))
    path = rf"(?<![\w./-])(?:{alternatives})(?![\w.-])(?:/[^\s:;,)'\"]*)?"
    return re.sub(path, "(its folder)", text)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    request_id: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """Return the body of an error response; ``errors`` has one entry for each wrong field."""
    body: dict[str, Any] = {
        "type": f"urn:geungeo:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if request_id:
        body["request_id"] = request_id
    if errors:
        body["errors"] = list(errors)
    return body


def openai_error(status: int, code: str, detail: str, param: str | None = None) -> dict[str, Any]:
    """Return the body of an error response under ``/v1``, in OpenAI's format."""
    server_side = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "server_error" if server_side else "invalid_request_error"
    return {"error": {"message": detail, "type": kind, "param": param, "code": code}}


def error_body(
    path: str,
    status: int,
    code: str,
    detail: str,
    *,
    request_id: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> tuple[int, bytes, str]:
    """Return status, body and media type of an error, in the format that ``path`` uses."""
    if path.startswith(OPENAI_PREFIX):
        # OpenAI's servers do not use 422.
        unprocessable = status == HTTPStatus.UNPROCESSABLE_ENTITY
        shown = int(HTTPStatus.BAD_REQUEST) if unprocessable else status
        param = errors[0]["field"].removeprefix("body.") if errors else None
        return shown, encode(openai_error(shown, code, detail, param)), "application/json"
    body = problem(status, code, detail, request_id=request_id, errors=errors)
    return status, encode(body), MEDIA_TYPE


def encode(body: Mapping[str, Any]) -> bytes:
    """Return ``body`` as JSON; characters that cannot be encoded become escapes."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")


def explain(error: RequestValidationError) -> tuple[str, list[dict[str, str]]]:
    """Return a summary and a row for each invalid field; never echoes the client's values."""
    rows = [
        {"field": ".".join(str(part) for part in row["loc"]), "message": str(row["msg"])}
        for row in error.errors()
    ]
    line = "; ".join(f"{row['field']}: {row['message']}" for row in rows[:3])
    return line, rows[:20]


def code_of(status: int) -> str:
    """Return the ``code`` of an HTTP error without its own."""
    return _HTTP_CODES.get(HTTPStatus(status), "http_error")


def request_id_of(request: Request) -> str | None:
    """Return the id under which ``request`` is logged."""
    value = request.scope.get("state", {}).get("request_id")
    return value if isinstance(value, str) else None


def install(app: FastAPI) -> None:
    """Register the error handlers on ``app``."""
    app.add_exception_handler(GeungeoError, _on_geungeo_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def _on_geungeo_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GeungeoError):
        raise error
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s: %s", error.code, error, extra={"request_id": request_id_of(request)})
    detail = public(error, request.app.state.geungeo.workspace.settings.store)
    param = getattr(error, "param", None)
    errors = [{"field": str(param), "message": detail}] if param else []
    headers: dict[str, str] = {}
    if isinstance(error, BackendUnavailable | Overloaded) and error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    return _respond(request, status, error.code, detail, errors=errors, headers=headers)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    """Return a response for the log: the client is gone."""
    del request, error
    return Response(status_code=CLIENT_GONE)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    detail, rows = explain(error)
    return _respond(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=rows
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = error.code if isinstance(error, CodedError) else code_of(error.status_code)
    detail, headers = str(error.detail), error.headers or {}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and code == code_of(error.status_code):
        allowed = headers.get("Allow")
        if allowed and detail == HTTPStatus.METHOD_NOT_ALLOWED.phrase:
            detail = f"this path does not take {request.method}; send {allowed}"
    return _respond(request, error.status_code, code, detail, headers=headers)


def _respond(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    status, body, media_type = error_body(
        request.url.path, status, code, detail, request_id=request_id_of(request), errors=errors
    )
    return Response(body, status, dict(headers or {}), media_type)


# Only documents the key in the schema: the middleware checks it.
KEY = Security(HTTPBearer(auto_error=False, description="An API key, where one is needed."))

Responses = dict[int | str, dict[str, Any]]

# RFC 9457.
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong; `code` is stable and meant for programs.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_OPENAI_ERROR = {
    "type": "object",
    "title": "OpenAIError",
    "description": "An error as OpenAI's clients parse it.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
_SCHEMAS = {"Problem": _PROBLEM, "OpenAIError": _OPENAI_ERROR}
_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")


def problems(*statuses: int) -> Responses:
    """Return the ``responses`` of a route that may fail with these ``statuses``."""
    return _responses(statuses, MEDIA_TYPE, "Problem")


def openai_errors(*statuses: int) -> Responses:
    """Return the same in OpenAI's format."""
    return _responses(statuses, "application/json", "OpenAIError")


def _responses(statuses: tuple[int, ...], media_type: str, schema: str) -> Responses:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


# Responses of the middleware in front of every route.
_LIMITS = (400, 408, 413, 421, 431, 500, 503)
_ACCESS = (401, 403, 429)
OPEN = problems(*_LIMITS)
GUARDED = problems(*_LIMITS, *_ACCESS, 415, 422)
GUARDED_OPENAI = openai_errors(*_LIMITS, *_ACCESS, 415)


def install_schema(app: FastAPI) -> None:
    """Add the error responses to the schema of ``app``, which is made on first use.

    Its paths get the order of their tags.
    """
    order = [tag["name"] for tag in app.openapi_tags or []]
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            schemas = schema["components"]["schemas"]
            schemas.update(_SCHEMAS)
            for name in _UNUSED_SCHEMAS:
                schemas.pop(name, None)
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    if "requestBody" not in operation:
                        operation["responses"].pop("415", None)
                if path.startswith(OPENAI_PREFIX):
                    # FastAPI adds 422, which OpenAI's servers do not use.
                    for operation in operations.values():
                        operation["responses"].pop("422", None)
            schema["paths"] = dict(
                sorted(schema["paths"].items(), key=lambda entry: _first_tag(entry[1], order))
            )
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # as in FastAPI's documentation


def _first_tag(operations: Mapping[str, Any], order: Sequence[str]) -> int:
    """Return the place in ``order`` of a path's first tag; paths without one are last."""
    tags = [tag for operation in operations.values() for tag in operation.get("tags", ())]
    return min((order.index(tag) for tag in tags if tag in order), default=len(order))
