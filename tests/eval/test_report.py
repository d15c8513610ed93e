"""The report: text of data sets and models is never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.provenance import describe_run
from geungeo.eval.report.entries import FAULTS, faults_of
from geungeo.eval.report.page import embed, render
from geungeo.eval.report.plots import abstention_plot, latency_plot, rank_plot
from geungeo.eval.results import Results, summarise
from geungeo.eval.rows import Row, Verdict
from geungeo.eval.runner import Progress
from geungeo.rag.answer import Citation, DroppedClaim, SupportKind
from geungeo.rag.settings import Settings

MakeRow = Callable[..., Row]
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def results_of(*rows: Row) -> Results:
    described = describe_run(
        Settings(llm_api_key="hidden-key", llm_base_url="http://user:word@llm.example/v1"),
        seed=0,
        limit=None,
        judge="gold",
        retrieval_only=False,
        stores={},
    )
    progress = Progress(rows=list(rows))
    return summarise(
        [], progress, described, planned=len(rows), now=datetime(2026, 1, 1, tzinfo=UTC)
    )


class Page(HTMLParser):
    """A parser that collects elements and the embedded data."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]
        self._in_data = named.get("id") == "data"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_data = False

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data


def parsed(html: str) -> tuple[Page, dict[str, Any]]:
    page = Page()
    page.feed(html)
    return page, json.loads(page.data)


def test_hostile_text_is_escaped_everywhere(make_row: MakeRow) -> None:
    row = make_row(
        id=HOSTILE,
        question=HOSTILE,
        text=HOSTILE,
        dataset=HOSTILE,
        tags=(HOSTILE,),
        answers=(HOSTILE,),
    )
    page, data = parsed(render(results_of(row), {}))
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert data["rows"][0]["question"] == HOSTILE
    assert data["rows"][0]["text"] == HOSTILE


@pytest.mark.parametrize("text", ["</script>", "<!--", "a&b", "\u2028", "]]>", "한글", '"\\'])
def test_embedded_data_cannot_leave_its_element(text: str) -> None:
    embedded = embed({"text": text})
    assert json.loads(embedded) == {"text": text}
    assert not set("<>&\u2028\u2029") & set(embedded)


def test_citations_have_their_kinds_of_support(
    make_row: MakeRow, make_citation: Callable[..., Citation]
) -> None:
    kinds: list[tuple[int, SupportKind]] = [
        (1, "quote"), (2, "rules"), (3, "entailment"), (2, "entailment"),
    ]  # fmt: skip
    cited = tuple(
        make_citation(marker, marker, marker + 1, "글", (at, at + 1)).model_copy(
            update={"support_kind": kind}
        )
        for at, (marker, kind) in enumerate(kinds)
    )
    _, data = parsed(render(results_of(make_row(citations=cited)), {}))
    shown = {one["marker"]: one["support_kinds"] for one in data["rows"][0]["citations"]}
    assert shown == {1: ["quote"], 2: ["entailment", "rules"], 3: ["entailment"]}


def test_dropped_claim_has_the_quotation_in_its_place(make_row: MakeRow) -> None:
    dropped = (
        DroppedClaim(text="배가 떠났다.", why="no fact", instead="배 7척이 들어왔다."),
        DroppedClaim(text="비가 왔다.", why="number not found"),
    )
    _, data = parsed(render(results_of(make_row(dropped=dropped)), {}))
    assert data["rows"][0]["dropped"] == [
        "배가 떠났다. (no fact)\n→ “배 7척이 들어왔다.”",
        "비가 왔다. (number not found)",
    ]


def test_report_needs_no_network(make_row: MakeRow) -> None:
    html = render(results_of(make_row(rank=1)), {})
    page, _ = parsed(html)
    assert page.links == []
    told = re.search(r"<pre>.*?</pre>", html, re.S)  # the settings name addresses, as text
    assert told is not None
    assert not re.search(r"url\(|@import|https?://", html.replace(told[0], ""))
    assert "default-src 'none'" in html


def test_report_contains_no_secrets(make_row: MakeRow) -> None:
    html = render(results_of(make_row()), {})
    assert "hidden-key" not in html
    assert "user:word" not in html


def test_report_of_an_interrupted_run_says_so(make_row: MakeRow) -> None:
    results = results_of(make_row()).model_copy(update={"complete": False, "planned": 9})
    assert "interrupted after 1 of 9 cases" in render(results, {})


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"rank": 1, "verdict": Verdict(answer_hit=True, quote_hit=True)}, []),
        ({"status": None, "error": "x: y"}, ["error"]),
        ({"status": "abstained", "reason": "no_evidence"}, ["abstained_wrongly"]),
        ({"expected": "abstain"}, ["answered_unanswerable"]),
        ({"expected": "abstain", "status": "abstained", "reason": "no_evidence"}, []),
        (
            {"verdict": Verdict(answer_hit=False, quote_hit=False)},
            ["answer_missed", "gold_not_cited"],
        ),
        ({"rank": 11}, ["gold_not_retrieved"]),
        ({"rank": None}, ["gold_not_retrieved"]),
        ({"verdict": Verdict(inexact=(1,))}, ["inexact_quote"]),
        ({"gold_found": False}, ["gold_not_in_store"]),
    ],
)
def test_faults_by_hand(make_row: MakeRow, fields: dict[str, Any], faults: list[str]) -> None:
    assert faults_of(make_row(**fields)) == faults
    assert set(faults) <= set(FAULTS)


def test_plots_contain_the_numbers(make_row: MakeRow) -> None:
    rows = [make_row(rank=rank) for rank in (1, 1, 3, None)]
    plot = rank_plot(rows)
    assert plot is not None
    heights = [float(found) for found in re.findall(r'<rect[^>]* height="([\d.]+)"', plot)]
    assert len(heights) == 11
    assert heights[2] == pytest.approx(heights[0] / 2, abs=0.1)
    assert heights[10] == heights[2]
    assert rank_plot([make_row()]) is None
    assert abstention_plot([make_row(answerability=0.5)]) is None
    estimate = Estimate(value=10, low=9, high=11, n=3)
    assert latency_plot({"p50_ms": estimate}, ["total"]) is None
    drawn = latency_plot({"p50_ms": estimate, "p95_ms": estimate}, ["total"])
    assert drawn is not None
    assert "10 / 10 ms" in drawn
