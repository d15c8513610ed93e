"""The kind of support on every channel: a claim judged by meaning has a quiet label."""

from __future__ import annotations

import json
from typing import Any

import pytest

from geungeo.rag.answer import Answer, Delta, Done, DroppedClaim, ShortAnswer, Trace, Usage
from geungeo.server.channels.hooks import jandi, mattermost
from geungeo.server.channels.slack.messages import MAX_ORIGIN, answer_messages
from geungeo.server.cli.output import Ink, render_answer
from geungeo.server.telemetry.metrics import Metrics
from geungeo.server.transcript import to_markdown
from tests.server.conftest import Scripted
from tests.server.test_slack_blocks import answered, citation, read, refused

pytestmark = pytest.mark.anyio

QUOTE, RULES, MEANING = "협상을 중단했다.", "사장은 회의 뒤에 떠났다.", "두 회사는 갈라섰다."
TEXT = f"{QUOTE} [1] 사장은 떠났다. [2] 둘은 결별했다. [3]"
LABELS = {"ko": "뜻으로 확인", "en": "checked by meaning"}


def three_kinds(**changes: Any) -> Answer:
    """Return an answer whose claims are quoted, proven by the rules, and judged by meaning."""
    cited = [
        citation(marker, quote, answer_start=TEXT.index(claim), answer_end=TEXT.index(claim) + len(
            claim), support_kind=kind)
        for marker, (quote, claim, kind) in enumerate(
            [(QUOTE, QUOTE, "quote"), (RULES, "사장은 떠났다.", "rules"),
             (MEANING, "둘은 결별했다.", "entailment")], 1)
    ]  # fmt: skip
    return answered(TEXT, *cited, **changes)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_terminal_labels_only_the_source_of_the_claim_judged_by_meaning(language: Any) -> None:
    shown = render_answer(three_kinds(language=language)).splitlines()
    assert [line for line in shown if line.startswith("  [")] == [
        "  [1] 제목, 신문, 2025-04-01T09:00:00+09:00 [3:12]",
        f"  [2] “{RULES}”",
        f"  [3] “{MEANING}” ({LABELS[language]})",
    ]


def test_source_of_two_claims_is_labelled_if_one_is_judged_by_meaning() -> None:
    kinds = [("rules", 0), ("entailment", 4), ("rules", 8)]
    cited = [citation(1, QUOTE, answer_start=at, answer_end=at + 1, support_kind=kind)
             for kind, at in kinds]  # fmt: skip
    assert f"  [1] “{QUOTE}” (뜻으로 확인)" in render_answer(answered("가 나 다", *cited))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_slack_labels_the_source_line(language: Any) -> None:
    (message,) = answer_messages(three_kinds(language=language), "")
    assert refused(message) == []
    contexts = [block for block in message["blocks"] if block["type"] == "context"]
    origin = "제목 · 신문 · 2025-04-01"
    assert [block["elements"][0]["text"] for block in contexts] == [
        origin,
        origin,
        f"{origin} · {LABELS[language]}",
    ]


def test_slack_label_is_not_cut_off_by_a_long_title() -> None:
    cited = citation(1, QUOTE, title="긴 제목 " * 200, support_kind="entailment")
    (message,) = answer_messages(answered(f"{QUOTE} [1]", cited), "")
    assert refused(message) == []
    (context,) = [block for block in message["blocks"] if block["type"] == "context"]
    line = context["elements"][0]["text"]
    assert line.endswith("… · 뜻으로 확인")
    assert len(line) <= MAX_ORIGIN + len(" · 뜻으로 확인")
    assert f"[1] “{QUOTE}”" in read([message])


@pytest.mark.parametrize("language", ["ko", "en"])
def test_mattermost_labels_the_source_line(language: Any) -> None:
    lines = mattermost.render(three_kinds(language=language), "").splitlines()
    sources = [line for line in lines if "제목" in line]
    assert [line.endswith(f" · {LABELS[language]}") for line in sources] == [False, False, True]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_jandi_labels_the_source_line(language: Any) -> None:
    info = jandi.render(three_kinds(language=language), "")["connectInfo"]
    titles = [one["title"] for one in info]
    assert [title.endswith(f" · {LABELS[language]}") for title in titles] == [False, False, True]
    assert not any(LABELS[language] in one["description"] for one in info)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_markdown_export_labels_the_quote(language: Any) -> None:
    lines = to_markdown("c", [three_kinds(language=language)]).splitlines()
    sources = [line for line in lines if line.startswith("- ")]
    labelled = [f"” ({LABELS[language]}) " in line for line in sources]
    assert labelled == [False, False, True]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_notebook_labels_the_quote(language: Any) -> None:
    shown = three_kinds(language=language)._repr_html_()
    assert shown.count(LABELS[language]) == 1
    assert f"{MEANING}</bdi>” ({LABELS[language]})<br>" in shown


@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", [False, True])
async def test_api_gives_the_kind_of_each_citation(
    scripted: Scripted, path: str, stream: bool
) -> None:
    answer = three_kinds()
    scripted.pipeline.script = [Delta(TEXT), Done(answer)]
    asked = {"question": "왜?"} if path == "/chat" else {
        "model": "geungeo", "messages": [{"role": "user", "content": "왜?"}]}  # fmt: skip
    async with scripted.client() as http:
        response = await http.post(path, json={**asked, "stream": stream})
    assert response.status_code == 200
    bodies = [response.text]
    if stream:
        bodies = [line.removeprefix("data: ") for line in response.text.splitlines()
                  if line.startswith("data: {")]  # fmt: skip
    (cited,) = [body["citations"] for body in map(json.loads, bodies) if body.get("citations")]
    assert [one["support_kind"] for one in cited] == ["quote", "rules", "entailment"]


async def test_api_description_has_the_fields(scripted: Scripted) -> None:
    async with scripted.client() as http:
        schemas = (await http.get("/openapi.json")).json()["components"]["schemas"]
    assert schemas["Citation"]["properties"]["support_kind"]["enum"] == [
        "quote",
        "rules",
        "entailment",
    ]
    assert set(schemas["Usage"]["properties"]) == {
        "prompt_tokens",
        "completion_tokens",
        "verifier_calls",
        "verifier_prompt_tokens",
        "verifier_completion_tokens",
    }
    assert "verify" in schemas["Timings"]["properties"]
    assert "instead" in schemas["DroppedClaim"]["properties"]


# Metrics


def test_each_claim_is_counted_once_by_its_outcome() -> None:
    dropped = (
        # QUOTE took the place of the first: what was released as a quote is no claim of its own.
        DroppedClaim(text="협상은 끝났다.", why="rules", instead=QUOTE),
        DroppedClaim(text="사장은 웃었다.", why="rules"),
        DroppedClaim(text="비가 왔다.", why="rules"),
    )
    usage = Usage(
        prompt_tokens=100,
        completion_tokens=20,
        verifier_calls=2,
        verifier_prompt_tokens=70,
        verifier_completion_tokens=9,
    )
    metrics = Metrics()
    metrics.answer("chat", three_kinds(trace=Trace(dropped=dropped), usage=usage))
    metrics.answer("chat", three_kinds())
    shown = metrics.render().decode()
    counts = {"quote": 1, "rules": 2, "entailment": 2, "quoted_instead": 1, "dropped": 2}
    for outcome, count in counts.items():
        assert f'geungeo_claims_total{{outcome="{outcome}"}} {count}.0' in shown
    assert "geungeo_dropped_claims_total 3.0" in shown
    assert "geungeo_verifier_calls_total 2.0" in shown
    assert 'geungeo_verifier_tokens_total{direction="prompt"} 70.0' in shown
    assert 'geungeo_verifier_tokens_total{direction="completion"} 9.0' in shown
    assert 'geungeo_llm_tokens_total{direction="prompt"} 100.0' in shown
    assert 'geungeo_answer_stage_seconds_count{stage="verify"} 2.0' in shown


def test_claim_with_two_sources_is_one_claim() -> None:
    metrics = Metrics()
    cited = [citation(marker, quote, support_kind="entailment")
             for marker, quote in enumerate((QUOTE, RULES), 1)]  # fmt: skip
    metrics.answer("chat", answered("가 [1][2]", *cited))
    assert 'geungeo_claims_total{outcome="entailment"} 1.0' in metrics.render().decode()


def test_the_short_answer_is_above_the_answer() -> None:
    quote = "공장은 구미에 짓는다."
    short = ShortAnswer(text="구미", article_id="a", version=1, start=4, end=6)
    answer = answered(f"{quote} [1]", citation(1, quote)).model_copy(update={"short_answer": short})
    assert render_answer(answer).splitlines()[:3] == ["구미", "", f"{quote} [1]"]
    coloured = render_answer(answer, Ink(colours=True)).splitlines()[0]
    assert coloured == "\x1b[1m구미\x1b[0m"
