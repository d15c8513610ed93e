"""Measure how long a reader waits for the first verified claim of a stream.

Only verified text leaves a stream, claim by claim. With a slow language model the first claim
arrives long before the answer is complete.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ConfigDict

from geungeo.rag.errors import InvariantViolation
from tests.support.model_server import SlowModel
from tests.support.processes import serving

# Each is answered by the article that ships with geungeo.
QUESTIONS = (
    "데이터 센터 계획의 규모는 얼마인가?",
    "샘 앨트먼이 이사회에서 축출된 때는 언제인가?",
    "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?",
    "코파일럿은 왜 호평을 받지 못했나?",
)


class Waits(BaseModel):
    """Seconds from a question to the first claim and to the whole answer, over a real stream.

    ``server_mean`` is the server's own metric of the first claims.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str
    n: int
    claims: float
    first_median: float
    first_p95: float
    whole_median: float
    whole_p95: float
    server_mean: float


class FirstClaimReport(BaseModel):
    """Waits by backend, and the pace of the scripted model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_token_seconds: float
    sentence_seconds: float
    waits: tuple[Waits, ...]


def measure(rounds: int, *, first_token: float, sentence: float, store: Path) -> FirstClaimReport:
    """Ask every question ``rounds`` times, of the extractive backend and of a slow model."""
    waits = [_waits(store, rounds, {"GEUNGEO_BACKEND": "extractive"})]
    with SlowModel(first_token=first_token, sentence_seconds=sentence) as endpoint:
        settings = {
            "GEUNGEO_BACKEND": "openai",
            "GEUNGEO_LLM_BASE_URL": endpoint.url,
            "GEUNGEO_LLM_MODEL": "slow",
            "GEUNGEO_LLM_EXTRACTIVE_FALLBACK": "false",
        }
        waits.append(_waits(store, rounds, settings))
    return FirstClaimReport(
        first_token_seconds=first_token, sentence_seconds=sentence, waits=tuple(waits)
    )


def _waits(store: Path, rounds: int, settings: dict[str, str]) -> Waits:
    import httpx

    firsts: list[float] = []
    wholes: list[float] = []
    claims: list[int] = []
    backend = ""
    with ExitStack() as stack:
        served = stack.enter_context(serving(store, settings))
        http = stack.enter_context(httpx.Client(base_url=served.url, timeout=120, trust_env=False))
        for question in QUESTIONS:  # models and indexes load with the first question
            http.post("/chat", json={"question": question}).raise_for_status()
        for _ in range(rounds):
            for question in QUESTIONS:
                first, whole, answer = _ask(http, question)
                firsts.append(first)
                wholes.append(whole)
                claims.append(len({one["answer_start"] for one in answer["citations"]}))
                backend = answer["backend"]
        mean = _server_mean(http.get("/metrics").text)
    return Waits(
        backend=backend,
        n=len(firsts),
        claims=statistics.mean(claims),
        first_median=statistics.median(firsts),
        first_p95=_p95(firsts),
        whole_median=statistics.median(wholes),
        whole_p95=_p95(wholes),
        server_mean=mean,
    )


def _ask(http: Any, question: str) -> tuple[float, float, dict[str, Any]]:
    """Return the seconds to the first claim and to the end, and the Answer."""
    first = 0.0
    began = time.perf_counter()
    body = {"question": question, "stream": True}
    with http.stream("POST", "/chat", json=body) as response:
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "delta":
                first = first or time.perf_counter() - began
            elif line.startswith("data: ") and name == "done":
                answer: dict[str, Any] = json.loads(line.removeprefix("data: "))
                if not first:
                    raise InvariantViolation(f"no claim came for {question!r}: {answer['reason']}")
                return first, time.perf_counter() - began, answer
    raise InvariantViolation(f"the stream for {question!r} ended without an answer")


def _server_mean(metrics: str) -> float:
    """Return the mean of ``geungeo_first_claim_seconds`` for ``/chat``."""
    values = {
        line.split("{")[0]: float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith("geungeo_first_claim_seconds_") and 'channel="chat"' in line
    }
    return values["geungeo_first_claim_seconds_sum"] / values["geungeo_first_claim_seconds_count"]


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


@click.command("first-claim")
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--first-token", type=click.FloatRange(0, 25), default=0.5, show_default=True)
@click.option("--sentence", type=click.FloatRange(0, 12), default=1.0, show_default=True)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the figures to this file.",
)
def first_claim(rounds: int, first_token: float, sentence: float, json_file: Path | None) -> None:
    """Measure how long a reader waits for the first verified claim.

    Asks a server over a store made for it: once with the extractive backend, once with a scripted
    model that waits --first-token seconds and writes each of three sentences in --sentence seconds.
    """
    with tempfile.TemporaryDirectory(prefix="geungeo-bench-") as folder:
        report = measure(rounds, first_token=first_token, sentence=sentence, store=Path(folder))
    if json_file:
        json_file.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    click.echo("backend        n  claims  first claim: median    p95  whole: median    p95")
    for one in report.waits:
        click.echo(
            f"{one.backend:<12} {one.n:>3}  {one.claims:>6.1f}  {one.first_median:>17.3f} s"
            f" {one.first_p95:>5.3f} {one.whole_median:>12.3f} s {one.whole_p95:>6.3f}"
        )
