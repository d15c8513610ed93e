"""With a weak model, no unsupported claim and no inexact quote is released."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, check
from tests.llm.weights import WeakModel
from tests.support import ROOT
from tests.support.processes import geungeo

pytestmark = pytest.mark.llm

# Some are English, as the model is; some have no answer; one is an attack.
ASKED = ("en-02", "en-03", "en-06", "num-01", "date-01", "why-02", "un-09", "atk-02")


def test_weak_model_releases_only_supported_claims(
    weak_model: WeakModel, workspace: Workspace, tmp_path: Path
) -> None:
    lines = (ROOT / "eval/data/seed_article.jsonl").read_text("utf-8").splitlines()
    chosen, results = tmp_path / "chosen.jsonl", tmp_path / "results.json"
    chosen.write_text("\n".join(one for one in lines if json.loads(one)["id"] in ASKED), "utf-8")
    settings = {
        "GEUNGEO_BACKEND": "openai",
        "GEUNGEO_LLM_BASE_URL": weak_model.base_url,
        "GEUNGEO_LLM_MODEL": weak_model.name,
        "GEUNGEO_LLM_EXTRACTIVE_FALLBACK": "false",
        "GEUNGEO_LLM_CONTEXT_TOKENS": "1024",
        "GEUNGEO_LLM_MAX_TOKENS": "64",
        "GEUNGEO_LLM_TIMEOUT": "300",
        "GEUNGEO_LLM_FIRST_TOKEN_TIMEOUT": "240",
        "GEUNGEO_LLM_STALL_TIMEOUT": "120",
        "GEUNGEO_ANSWER_THRESHOLD": "0",  # the model is asked even if there is no evidence
        "NO_PROXY": "127.0.0.1",
    }
    store = str(workspace.settings.store)
    done = geungeo(
        *("eval", str(chosen), "--store", store, "--json", str(results)),
        timeout=3000,
        env={**os.environ, **settings},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(results.read_text("utf-8"))
    rows = written["rows"]
    assert {row["id"] for row in rows} == set(ASKED)
    assert {row["error"] for row in rows} == {None}
    # Without claims from the model this test would prove nothing.
    spoke = [row for row in rows if row["dropped"] or row["citations"]]
    assert {row["backend"] for row in spoke} == {f"openai:{weak_model.name}"}
    assert len(spoke) >= 3
    assert written["metrics"].get("unsupported_claims", {"value": 0})["value"] == 0
    assert written["metrics"].get("quote_exact", {"value": 1.0})["value"] == 1.0
    for row in rows:
        released = Answer(
            **{name: row[name] for name in ("question", "standalone_question", "status", "reason")},
            id=row["id"],
            language="ko",
            text=row["text"],
            citations=row["citations"],
            backend=row["backend"],
        )
        check(released, workspace.store.article)
