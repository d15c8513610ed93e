"""The measurement of the first claim, and the scripted model behind it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Ask, Delta, Done, Event
from geungeo.rag.settings import Settings
from tests.load import first_claim
from tests.support.model_server import SlowModel
from tests.support.processes import serving

PROMPT = (
    "<evidence>\n"
    "기사: 제목 (부제) / 신문 / 2025-03-10\n"
    "[1] (부제) 문장이 아니다.\n"
    "[2] 첫 문장이다.\n"
    "[3] (괄호로) 시작하는 문장이다.\n"
    "[4] 셋째다.\n[5] 넷째다.\n</evidence>"
)


def test_model_quotes_its_evidence() -> None:
    with SlowModel() as endpoint:
        assert endpoint.reply(PROMPT) == [
            "첫 문장이다. [2]\n",
            "(괄호로) 시작하는 문장이다. [3]\n",
            "셋째다. [4]\n",
        ]


def test_model_keeps_its_pace() -> None:
    body = {"messages": [{"role": "user", "content": PROMPT}], "stream": True}
    text = ""
    with (
        SlowModel(first_token=0.3, sentence_seconds=0.2) as endpoint,
        httpx.Client(base_url=endpoint.url, timeout=60, trust_env=False) as http,
    ):
        began = time.monotonic()
        with http.stream("POST", "/chat/completions", json=body) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    if not text:
                        assert time.monotonic() - began >= 0.3
                    delta = json.loads(line[6:])["choices"][0]["delta"]
                    text += delta.get("content", "")
        assert time.monotonic() - began >= 0.3 + 3 * 0.2
    assert text == "".join(endpoint.reply(PROMPT))


def test_first_claim_of_a_slow_model_arrives_before_its_last_sentence(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def collect(slow: Workspace) -> list[tuple[float, Event]]:
        began = time.monotonic()
        return [
            (time.monotonic() - began, event)
            async for event in slow.pipeline.stream(Ask(first_claim.QUESTIONS[0]))
        ]

    with SlowModel(first_token=0.1, sentence_seconds=1.5) as endpoint:
        settings = Settings(
            store=workspace.settings.store,
            backend="openai",
            llm_base_url=endpoint.url,
            llm_model="slow",
            llm_extractive_fallback=False,
        )
        with Workspace.open(settings) as slow:
            events = asyncio.run(collect(slow))
    deltas = [at for at, event in events if isinstance(event, Delta)]
    done = events[-1][1]
    assert isinstance(done, Done)
    assert done.answer.backend == "openai:slow"
    assert len(deltas) == 3
    # Two further sentences of 1.5 s each follow the first claim.
    assert events[-1][0] - deltas[0] >= 1.5


@pytest.mark.slow
def test_first_claims_are_measured_on_real_streams(tmp_path: Path) -> None:
    report = first_claim.measure(1, first_token=0.2, sentence=0.5, store=tmp_path)
    extractive, slow = report.waits
    assert (extractive.backend, slow.backend) == ("extractive", "openai:slow")
    for waits in report.waits:
        assert waits.n == len(first_claim.QUESTIONS)
        assert 0 < waits.first_median <= waits.whole_median
        # The client receives a claim after the server has sent it.
        assert 0 < waits.server_mean <= waits.first_p95
    assert slow.first_median >= 0.2 + 0.5
    assert slow.whole_median - slow.first_median >= 0.5


@pytest.mark.slow
def test_server_that_does_not_start_gives_the_reason(tmp_path: Path) -> None:
    settings = {"GEUNGEO_BACKEND": "openai"}
    with (
        pytest.raises(RuntimeError, match="llm_base_url"),
        serving(tmp_path, settings),
    ):
        pytest.fail("there is nothing to serve")
