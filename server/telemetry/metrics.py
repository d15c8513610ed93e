"""Prometheus metrics of one application; a registry of its own, so that tests do not share.

The workers of one server share the folder that ``PROMETHEUS_MULTIPROC_DIR`` names: any of
them then reports for all. https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
from collections import Counter as Tally

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from geungeo.rag.answer import Answer
from geungeo.rag.checking import Check
from geungeo.rag.protocols import Load

SHARED = "PROMETHEUS_MULTIPROC_DIR"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The metrics of ``/metrics``. Labels come from fixed sets: a client cannot add one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "geungeo_http_requests",
            "HTTP requests by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "geungeo_http_request_seconds",
            "Seconds from the first byte of a request to the last of its response.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._answers = Counter(
            "geungeo_answers",
            "Answers by channel, status, reason of an abstention, and backend.",
            ("channel", "status", "reason", "backend"),
            registry=self.registry,
        )
        self._stage_seconds = Histogram(
            "geungeo_answer_stage_seconds",
            "Seconds an answer spends in each stage.",
            ("stage",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._first_claim_seconds = Histogram(
            "geungeo_first_claim_seconds",
            "Seconds from a streamed question to the first verified claim of its answer.",
            ("channel",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._support = Histogram(
            "geungeo_citation_support",
            "Support of released citations, 0 to 1.",
            buckets=_TENTHS,
            registry=self.registry,
        )
        self._dropped = Counter(
            "geungeo_dropped_claims",
            "Claims that were drafted and not released as written.",
            registry=self.registry,
        )
        self._claims = Counter(
            "geungeo_claims",
            "Claims by outcome: quote, rules, entailment, quoted_instead or dropped.",
            ("outcome",),
            registry=self.registry,
        )
        self._checked = Counter(
            "geungeo_checked_claims",
            "Statements of checked texts by verdict.",
            ("channel", "verdict"),
            registry=self.registry,
        )
        self._tokens = Counter(
            "geungeo_llm_tokens", "Tokens by direction.", ("direction",), registry=self.registry
        )
        self._verifier_calls = Counter(
            "geungeo_verifier_calls",
            "Calls of the verifier.",
            registry=self.registry,
        )
        self._verifier_tokens = Counter(
            "geungeo_verifier_tokens",
            "Tokens of the verifier by direction.",
            ("direction",),
            registry=self.registry,
        )
        self._articles = Gauge(
            "geungeo_articles",
            "Articles in the store.",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self._load = Gauge(
            "geungeo_backend_answers",
            "Answers that a backend writes (running) or that wait for it (waiting).",
            ("state",),
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._searches = Gauge(
            "geungeo_searches",
            "Questions that are searched for (running) or that wait for it (waiting).",
            ("state",),
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._tasks = Gauge(
            "geungeo_tasks",
            "Asyncio tasks that are alive.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._resting = Gauge(
            "geungeo_backend_resting",
            "1 while an endpoint has failed too often and is left alone.",
            ("endpoint",),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self._deliveries = Counter(
            "geungeo_deliveries",
            "Deliveries of chat services by channel and what became of them.",
            ("channel", "outcome"),
            registry=self.registry,
        )
        self._unfinished = Gauge(
            "geungeo_deliveries_unfinished",
            "Deliveries that wait or are worked on, by channel.",
            ("channel",),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one HTTP request."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def answer(self, channel: str, answer: Answer) -> None:
        """Count one released Answer."""
        self._answers.labels(channel, answer.status, answer.reason or "", answer.backend).inc()
        for stage, milliseconds in answer.timings_ms.model_dump().items():
            self._stage_seconds.labels(stage).observe(milliseconds / 1000)
        for citation in answer.citations:
            self._support.observe(citation.support)
        self._dropped.inc(len(answer.trace.dropped))
        for outcome, count in _outcomes(answer).items():
            self._claims.labels(outcome).inc(count)
        usage = answer.usage
        self._tokens.labels("prompt").inc(usage.prompt_tokens)
        self._tokens.labels("completion").inc(usage.completion_tokens)
        self._verifier_calls.inc(usage.verifier_calls)
        self._verifier_tokens.labels("prompt").inc(usage.verifier_prompt_tokens)
        self._verifier_tokens.labels("completion").inc(usage.verifier_completion_tokens)

    def check(self, channel: str, check: Check) -> None:
        """Count the statements of one Check by their verdicts."""
        for verdict, count in check.counts.model_dump().items():
            self._checked.labels(channel, verdict).inc(count)
        self._verifier_calls.inc(check.usage.verifier_calls)
        self._verifier_tokens.labels("prompt").inc(check.usage.verifier_prompt_tokens)
        self._verifier_tokens.labels("completion").inc(check.usage.verifier_completion_tokens)

    def first_claim(self, channel: str, seconds: float) -> None:
        """Record the seconds until the first verified claim of a stream."""
        self._first_claim_seconds.labels(channel).observe(seconds)

    def articles(self, count: int) -> None:
        """Record the number of articles."""
        self._articles.set(count)

    def backend(self, load: Load) -> None:
        """Record the load of a backend."""
        self._load.labels("running").set(load.running)
        self._load.labels("waiting").set(load.waiting)
        for endpoint, resting in load.resting.items():
            self._resting.labels(endpoint).set(resting)

    def process(self, searches: Load, tasks: int) -> None:
        """Record the load of this process: searches and asyncio tasks."""
        self._searches.labels("running").set(searches.running)
        self._searches.labels("waiting").set(searches.waiting)
        self._tasks.set(tasks)

    def delivery(self, channel: str, outcome: str) -> None:
        """Count the outcome of a delivery; both labels are constants of this program."""
        self._deliveries.labels(channel, outcome).inc()

    def unfinished(self, channel: str, count: int) -> None:
        """Record the length of a channel's queue."""
        self._unfinished.labels(channel).set(count)

    def render(self) -> bytes:
        """Return the text exposition format, of all workers if there are several."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        all_workers = CollectorRegistry()
        multiprocess.MultiProcessCollector(all_workers)  # type: ignore[no-untyped-call]
        return generate_latest(all_workers)


def _outcomes(answer: Answer) -> dict[str, int]:
    """Return how many claims had each outcome; each claim has one."""
    kinds = {(one.answer_start, one.answer_end): one.support_kind for one in answer.citations}
    released = Tally(kinds.values())
    dropped = answer.trace.dropped
    instead = sum(claim.instead is not None for claim in dropped)
    return {
        # A quotation in place of a claim is released as a quote: it is counted once.
        "quote": max(0, released["quote"] - instead),
        "rules": released["rules"],
        "entailment": released["entailment"],
        "quoted_instead": instead,
        "dropped": len(dropped) - instead,
    }
