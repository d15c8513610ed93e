"""Run the page for Python users as one session and compare with the documented output."""

from __future__ import annotations

import contextlib
import io
import re
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

import geungeo
from geungeo.rag import errors
from geungeo.rag.answer import Reason
from tests.docs.pages import BLOCKS, ROOT, SESSIONS, Block, name_of

PYTHON = ROOT / "docs/python.md"
ERRORS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, geungeo.GeungeoError)
}


@pytest.mark.parametrize("page", SESSIONS, ids=name_of)
def test_examples_print_documented_output(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    blocks = [block for block in BLOCKS if block.page == page]
    examples = [pair for pair in pairwise([*blocks, None]) if pair[0] and python(pair[0])]
    assert examples
    for block, following in examples:
        assert block is not None
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(block.text, block.where, "exec"), names)  # noqa: S102
        expected = following.text if following and following.language == "text" else ""
        assert shown.getvalue() == expected, block.where


def python(block: Block) -> bool:
    return block.language == "python" and block.runs


def test_the_page_lists_every_public_name() -> None:
    text = PYTHON.read_text("utf-8").partition("## Public names")[2]
    others = [name for name in geungeo.__all__ if name not in ERRORS]
    assert [name for name in others if f"`{name}" not in text] == []


def test_the_reference_lists_every_error_with_its_code_and_every_reason() -> None:
    text = (ROOT / "docs/errors.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:– )*`([A-Z]\w+)` \| `(\w+)` \|", text, re.MULTILINE)
    assert rows == [(name, kind.code) for name, kind in ERRORS.items()]
    reasons = re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)
    assert set(reasons) - {"reason"} == set(get_args(Reason))
    korean = (ROOT / "docs/ko/quick-start.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)` \|", korean, re.MULTILINE)) == set(get_args(Reason))
