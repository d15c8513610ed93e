"""What the OpenAPI schema says of errors: those of every route's own, and of the middleware's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer

from geungeo.server.problems import MEDIA_TYPE, OPENAI_PREFIX

# Only tells the schema's readers: the middleware decides.
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
_NOT_OURS = ("HTTPValidationError", "ValidationError")


def problems(*statuses: int) -> Responses:
    """The ``responses`` of a route that may end with a problem of these ``statuses``."""
    return _responses(statuses, MEDIA_TYPE, "Problem")


def openai_errors(*statuses: int) -> Responses:
    """The same in OpenAI's dialect."""
    return _responses(statuses, "application/json", "OpenAIError")


def _responses(statuses: tuple[int, ...], media_type: str, schema: str) -> Responses:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


# What stands in front of every route may answer so (middleware/request_limits.py).
_LIMITS = (400, 408, 413, 431, 500, 503)
_ACCESS = (401, 403, 429)
OPEN = problems(*_LIMITS)
GUARDED = problems(*_LIMITS, *_ACCESS, 422)
GUARDED_OPENAI = openai_errors(*_LIMITS, *_ACCESS)


def install(app: FastAPI) -> None:
    """Complete the schema of ``app``, made when it is first asked for, by our own errors."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            schemas = schema["components"]["schemas"]
            schemas.update(_SCHEMAS)
            for name in _NOT_OURS:
                schemas.pop(name, None)
            for path, operations in schema["paths"].items():
                if path.startswith(OPENAI_PREFIX):
                    # FastAPI's own; OpenAI's servers know no 422.
                    for operation in operations.values():
                        operation["responses"].pop("422", None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it
