"""The public face: what ``import geungeo`` costs, and what it offers."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import geungeo
from geungeo.rag import answer, errors

LOADED = """
import json, sys
import geungeo
before = sorted(sys.modules)
geungeo.GeungeoError, geungeo.__version__
after_errors = sorted(sys.modules)
geungeo.Answer
print(json.dumps([before, after_errors, sorted(sys.modules)]))
"""
HEAVY = ("numpy", "faiss", "kiwipiepy", "onnxruntime", "pydantic", "httpx", "tiktoken", "torch")
ENGINES = ("numpy", "faiss", "kiwipiepy", "onnxruntime", "httpx", "tiktoken", "torch")


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, check=True)
    imported, errors_used, answer_used = json.loads(done.stdout)
    assert [name for name in imported if name.startswith("geungeo.")] == []
    assert [name for name in HEAVY if name in imported] == []
    assert [name for name in HEAVY if name in errors_used] == []
    assert [name for name in ENGINES if name in answer_used] == []
    assert "pydantic" in answer_used


def test_every_public_name_is_there() -> None:
    assert geungeo.__all__ == sorted(geungeo.__all__)
    assert dir(geungeo) == geungeo.__all__
    listed = {name for names in geungeo._MODULES.values() for name in names}
    assert listed | {"__version__", "open"} == set(geungeo.__all__)
    for name in geungeo.__all__:
        assert getattr(geungeo, name) is not None


def test_public_names_are_the_internal_classes() -> None:
    assert geungeo.Answer is answer.Answer
    assert geungeo.GeungeoError is errors.GeungeoError
    for name in ("InvalidQuestion", "SourceError", "StoreError", "BackendError", "Overloaded"):
        assert issubclass(getattr(geungeo, name), geungeo.GeungeoError)


def test_the_version_is_that_of_the_package() -> None:
    assert geungeo.__version__ == version("geungeo") != ""


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'geungeo' has no attribute 'nwes'"):
        geungeo.nwes  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError):
        exec("from geungeo import nwes")  # noqa: S102
