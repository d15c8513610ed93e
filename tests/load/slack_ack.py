"""Measure how fast Slack deliveries are acknowledged while their questions are answered.

Slack considers a delivery lost after three seconds, and delivers it again.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import click
import httpx
from pydantic import BaseModel

from tests.support.processes import serving
from tests.support.slack_service import SECRET, TOKEN, SlackService, event, mention, new_ts, signed

LIMIT_SECONDS = 3.0
CHECK_FAILED = 1
PATIENCE = 600.0

QUESTIONS = (
    "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?",
    "오픈AI가 발표한 데이터 센터 계획의 규모는 얼마인가?",
    "When was Sam Altman ousted by the board?",
    "내일 서울 날씨는 어때?",
)


class AckReport(BaseModel):
    """Seconds until an acknowledgement, and the outcome of the questions.

    Every event is delivered ``copies`` times; each must be answered once. ``answering`` are the
    seconds from the first delivery to the last answer.
    """

    events: int
    copies: int
    parallel: int
    refused: int
    median: float
    p99: float
    longest: float
    answers: int
    answered_once: int
    answering: float

    @property
    def passed(self) -> bool:
        """Whether Slack would not deliver again, and every question was answered once."""
        once = self.answers == self.answered_once == self.events
        return once and not self.refused and self.p99 < LIMIT_SECONDS


def measure(store: Path, *, events: int, copies: int, parallel: int) -> AckReport:
    """Deliver to a server over ``store``, and wait until all events are answered."""
    with ExitStack() as stack:
        slack = stack.enter_context(SlackService())
        settings = {
            "GEUNGEO_SLACK_SIGNING_SECRET": SECRET,
            "GEUNGEO_SLACK_BOT_TOKEN": TOKEN,
            "GEUNGEO_SLACK_API_URL": slack.api_url,
            "GEUNGEO_SLACK_QUEUE": str(max(1_000, events)),
        }
        served = stack.enter_context(serving(store, settings))
        http = stack.enter_context(httpx.Client(base_url=served.url, timeout=60, trust_env=False))
        for question in QUESTIONS:  # models and indexes load with the first question
            http.post("/chat", json={"question": question}).raise_for_status()
        bodies = [_event(number) for number in range(events)] * copies
        pool = stack.enter_context(ThreadPoolExecutor(parallel))
        began = time.monotonic()
        acks = list(pool.map(lambda raw: _deliver(http, raw), bodies))
        while time.monotonic() - began < PATIENCE:
            if len({posted.thread for posted in slack.posted}) == events:
                break
            time.sleep(0.1)
        # A second answer would follow the first immediately.
        time.sleep(3)
    answers = Counter(posted.thread for posted in slack.posted)
    seconds = [took for _, took in acks]
    return AckReport(
        events=events,
        copies=copies,
        parallel=parallel,
        refused=sum(status != httpx.codes.OK for status, _ in acks),
        median=statistics.median(seconds),
        p99=statistics.quantiles(seconds, n=100, method="inclusive")[-1],
        longest=max(seconds),
        answers=answers.total(),
        answered_once=sum(count == 1 for count in answers.values()),
        answering=max((posted.at for posted in slack.posted), default=began) - began,
    )


def _event(number: int) -> bytes:
    """Return the body of an event that asks one of the questions."""
    question = QUESTIONS[number % len(QUESTIONS)]
    envelope = event(mention(question, new_ts()), f"Ev{number:06}")
    return json.dumps(envelope, ensure_ascii=False).encode()


def _deliver(http: httpx.Client, raw: bytes) -> tuple[int, float]:
    """Deliver an event; return the status and the seconds it took."""
    headers = signed(raw)
    began = time.monotonic()
    response = http.post("/slack/events", content=raw, headers=headers)
    return response.status_code, time.monotonic() - began


@click.command("slack-ack")
@click.option("--events", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--copies", type=click.IntRange(1, 10), default=4, show_default=True)
@click.option("--parallel", type=click.IntRange(1, 64), default=16, show_default=True)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the figures to this file.",
)
def slack_ack(events: int, copies: int, parallel: int, json_file: Path | None) -> None:
    """Measure acknowledgements; exit status 1 if Slack would deliver again.

    Delivers each of --events questions --copies times, --parallel at a time, to a server that
    answers them meanwhile from a store made for it.
    """
    with tempfile.TemporaryDirectory(prefix="geungeo-bench-") as folder:
        report = measure(Path(folder), events=events, copies=copies, parallel=parallel)
    if json_file:
        json_file.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    click.echo(f"{events * copies} deliveries of {events} events, {parallel} at a time")
    click.echo(
        f"acknowledged  median {report.median:.3f} s  p99 {report.p99:.3f} s"
        f"  longest {report.longest:.3f} s  refused {report.refused}"
    )
    click.echo(
        f"answered      {report.answers} times, {report.answered_once} events once,"
        f" within {report.answering:.1f} s"
    )
    if not report.passed:
        raise click.exceptions.Exit(CHECK_FAILED)
