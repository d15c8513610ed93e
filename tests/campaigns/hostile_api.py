"""Checks of the API against its OpenAPI schema by schemathesis, with valid and invalid requests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup
from schemathesis.core.result import Err
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Refusals that a schema cannot express: a blank text, a file that is not text, …
_BEYOND_SCHEMA = {
    "bad_signature",
    "empty_source",
    "fetch_blocked",
    "fetch_failed",
    "hook_not_configured",
    "invalid_metadata",  # a blank title, a date that cannot be read
    "invalid_json",  # NUL and lone surrogates, which JSON Schema allows
    "invalid_question",
    "malformed_source",
    "undecodable_source",
    "unsupported_parameter",
    "unsupported_source",
}
_REFUSED = range(400, 500)
_ANY_REFUSAL = {401, 403, 404, 409, 429}


class SchemaMismatch(AssertionError):
    """A request that the schema calls valid and that is refused as invalid."""


def operations(schema: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return all operations that ``schema`` describes."""
    found = []
    for result in schema.get_all_operations():
        if isinstance(result, Err):
            raise result.err()
        found.append(result.ok())
    return found


def attack(operation: APIOperation[Any, Any, Any, Any]) -> st.SearchStrategy[Case[Any]]:
    """Generate requests for ``operation``, valid and invalid by its schema."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])


def hold_to_schema(case: Case[Any], **options: Any) -> int:
    """Send ``case``, apply every check of schemathesis to the response, and return its status.

    ``options`` go to the call. Its check that valid data are accepted is replaced by one that knows
    the refusals that a schema cannot express. Unknown query parameters are allowed.
    """
    response = case.call(**options)
    try:
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
    except FailureGroup as group:
        if not all(map(_is_of_query, group.exceptions)):
            raise
    _check_refusal(case, response)
    return response.status_code


def _is_of_query(failure: Exception) -> bool:
    if not isinstance(failure, AcceptedNegativeData):
        return False
    return "query: violates `additionalProperties`" in failure.message


def _check_refusal(case: Case[Any], response: Response) -> None:
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not valid or response.status_code not in _REFUSED or response.status_code in _ANY_REFUSAL:
        return
    body = response.json()
    code = body.get("code") or body["error"]["code"]
    semantic = code in _BEYOND_SCHEMA or (
        code == "invalid_request" and (_is_of_messages(body) or _is_of_text(body))
    )
    if not semantic:
        raise SchemaMismatch(f"{case.formatted_path}: {response.status_code} {body}")


def _is_of_text(body: dict[str, Any]) -> bool:
    """Whether a text to check is blank, or longer than the setting allows."""
    return str(body.get("detail")).startswith("the text ")


def _is_of_messages(body: dict[str, Any]) -> bool:
    """Whether the roles of the messages are wrong, which a schema does not express."""
    return str(body.get("error", {}).get("message")).startswith(("messages:", "input:"))
