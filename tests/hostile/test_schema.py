"""The API agrees with its OpenAPI schema for any request.

The reduced version of the campaign on the API, in process.
"""

from __future__ import annotations

import warnings
from typing import Any

import httpx
import pytest
import schemathesis

from geungeo.server.access.policy import needed
from tests.campaigns import hostile_api
from tests.campaigns.hostile import attack
from tests.campaigns.hostile_targets import Target
from tests.support.processes import Guarded

EXAMPLES = 12
SEED = 7


@pytest.fixture(scope="module")
def operations(guarded: Guarded) -> dict[str, Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", guarded.app)
    return {operation.label: operation for operation in hostile_api.operations(schema)}


def test_every_operation_agrees_with_its_schema(
    operations: dict[str, Any], guarded: Guarded
) -> None:
    answered: dict[str, set[int]] = {label: set() for label in operations}
    for label, operation in operations.items():
        reported: list[dict[str, Any]] = []

        def hold(case: Any, label: str = label) -> None:
            headers = {"Authorization": f"Bearer {guarded.key}"}
            answered[label].add(hostile_api.hold_to_schema(case, headers=headers))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            attack(
                Target(label, hostile_api.attack(operation), hold, 1),
                EXAMPLES,
                SEED,
                reported.append,
            )
        assert [message["failure"] for message in reported if "failure" in message] == [], label
    # Not all requests were refused before they reached a route.
    reached = {status for statuses in answered.values() for status in statuses}
    assert {200, 204, 401, 404, 422} <= reached
    assert 200 in answered["POST /chat"] and 422 in answered["POST /chat"]


def test_schema_documents_every_refusal(guarded: Guarded) -> None:
    schema = guarded.app.openapi()
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            documented = set(operation["responses"])
            required = {"400", "408", "413", "431", "500", "503"}
            if needed({"type": "http", "method": method.upper(), "path": path, "headers": []}):
                required |= {"401", "403", "429"}
                assert operation["security"], path
            assert required <= documented, (method, path, required - documented)
            dialect = "application/json" if path.startswith("/v1/") else "application/problem+json"
            for status in documented - {"200", "201", "204"}:
                response = operation["responses"][status]
                is_readiness = path == "/readyz" and status == "503"
                expected = "application/json" if is_readiness else dialect
                assert list(response["content"]) == [expected], (method, path, status)


@pytest.mark.anyio
async def test_key_of_another_scope_is_rejected_as_documented(guarded: Guarded) -> None:
    transport = httpx.ASGITransport(guarded.app)
    headers = {"Authorization": f"Bearer {guarded.reader}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        response = await http.get("/metrics", headers=headers)
    assert response.status_code == 403
    assert "403" in guarded.app.openapi()["paths"]["/metrics"]["get"]["responses"]
