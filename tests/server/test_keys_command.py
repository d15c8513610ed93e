"""``geungeo keys``, and the refusal of a public bind without keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from geungeo.index.keys import open_keys
from geungeo.server.cli import run


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Restore the log handlers that ``serve`` replaces."""
    before = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = before


def test_key_is_created_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path)]
    assert run(["keys", "create", "뉴스룸", "--scope", "ask", "--scope", "ingest", *store]) == 0
    created = capsys.readouterr()
    text = created.out.strip()  # alone on stdout, for $(…)
    key_id = text.split("_")[1]
    assert "ask,ingest" in created.err
    with open_keys(tmp_path) as keys:
        assert keys.verify(text) is not None
    assert run(["keys", "list", "--json", *store]) == 0
    listed = capsys.readouterr().out
    assert text not in listed
    row = json.loads(listed)["keys"][0]
    assert (row["id"], row["name"], row["scopes"]) == (key_id, "뉴스룸", ["ask", "ingest"])
    assert run(["keys", "revoke", key_id, *store]) == 0
    assert run(["keys", "list", *store]) == 0
    assert f"{key_id}" in (shown := capsys.readouterr().out)
    assert "revoked" in shown
    with open_keys(tmp_path) as keys:
        assert keys.verify(text) is None


def test_default_scope_is_ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "a", "--json", "--store", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["scopes"] == ["ask"]


def test_key_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path)]
    assert run(["keys", "revoke", "12345678", *store]) == 2
    assert capsys.readouterr().err == (
        "geungeo: there is no key '12345678'; run: geungeo keys list\n"
    )
    assert run(["keys", "create", "a", "--scope", "root", *store]) == 2
    assert run(["keys", "create", "", *store]) == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - refused
def test_server_without_keys_refuses_a_public_bind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    assert run(["serve", "--host", host, "--port", "0", "--store", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert host in said
    assert "geungeo keys create" in said
    assert "--insecure-bind" in said
