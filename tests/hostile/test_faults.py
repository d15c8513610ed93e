"""tests/FAULTS.md names a test for each fault, and each of these tests exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support import ROOT

PAGES = ("tests/FAULTS.md", "docs/hostile-input.md", "docs/threat-model.md")
NODE = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
FILE = re.compile(r"`((?:tests|rag|index|server|eval|docs|\.ci)/[\w./-]*\w)`")


def rows(page: str) -> list[str]:
    lines = (ROOT / page).read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| what")]


def defined_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_fault_names_a_test() -> None:
    table = rows("tests/FAULTS.md")
    assert len(table) > 60
    assert [row for row in table if not NODE.search(row)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_and_file_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = set(NODE.findall(text))
    missing = [f"{file}::{name}" for file, name in named if name not in defined_in(ROOT / file)]
    assert missing == []
    assert [file for file in FILE.findall(text) if not (ROOT / file).exists()] == []
