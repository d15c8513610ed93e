"""Judges of support, and ALCE's verdicts over them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import httpx
import pytest

from geungeo.eval.judge import (
    GoldJudge,
    GoldSpan,
    GroundingJudge,
    Inquiry,
    LlmJudge,
    Source,
    alce,
    make_judge,
)
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import BackendMisconfigured, BackendUnavailable
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span


def source(text: str, start: int = 0, article: str = "a") -> Source:
    return Source(article, 1, Span(start, start + len(text)), text)


@dataclass
class SetJudge:
    """A judge that supports exactly the given sets of source texts."""

    enough: list[set[str]]
    name: str = "set"
    asked: list[set[str]] = field(default_factory=list)

    def supports(self, inquiry: Inquiry) -> bool:
        texts = {entry.text for entry in inquiry.sources}
        self.asked.append(texts)
        return any(needed <= texts for needed in self.enough)


EMPTY = Inquiry("질문", "주장", ())


@pytest.mark.parametrize(
    ("enough", "cited", "recalled", "useful"),
    [
        ([{"가"}], ["가"], True, (True,)),
        ([{"가"}], ["나"], False, (False,)),
        ([{"가"}], [], False, ()),
        # One source supports it alone; the other supports nothing.
        ([{"가"}], ["가", "나"], True, (True, False)),
        # Only both together support it: both are necessary.
        ([{"가", "나"}], ["가", "나"], True, (True, True)),
        # Each supports it alone, so both are precise.
        ([{"가"}, {"나"}], ["가", "나"], True, (True, True)),
        # Two are necessary, a third is not.
        ([{"가", "나"}], ["가", "나", "다"], True, (True, True, False)),
        # Not recalled: no citation can be precise.
        ([{"라"}], ["가", "나"], False, (False, False)),
    ],
)
def test_alce_by_hand(
    enough: list[set[str]], cited: list[str], *, recalled: bool, useful: tuple[bool, ...]
) -> None:
    sources = [source(text) for text in cited]
    assert alce(SetJudge(enough), EMPTY, sources) == (recalled, useful)


def test_gold_judge_compares_places_and_answers() -> None:
    otherwise = SetJudge([{"그 밖"}])
    judge = GoldJudge(otherwise)
    gold = (GoldSpan("a", 1, Span(10, 20)),)

    def verdict(cited: Source, *, answers: tuple[str, ...] = ()) -> bool:
        return judge.supports(Inquiry("질문", "주장", (cited,), gold, answers))

    assert verdict(source("0123456789", start=19))
    assert not verdict(source("0123456789", start=20))  # half-open: they only touch
    assert not verdict(source("0123456789", start=15, article="b"))
    assert verdict(source("규모는 5,000억 달러", start=90), answers=("5000억",))
    assert otherwise.asked == []
    assert judge.supports(Inquiry("질문", "주장", (source("그 밖"),)))
    assert not judge.supports(Inquiry("질문", "주장", (source("아니"),)))


def test_grounding_judge_uses_the_check_of_the_pipeline() -> None:
    judge = GroundingJudge()
    text = "샘 앨트먼이 2023년 11월 이사회 결의로 축출당했다."
    cited = source(text)
    assert judge.supports(Inquiry("언제?", text, (cited,)))
    assert not judge.supports(Inquiry("언제?", text.replace("2023", "2021"), (cited,)))
    assert not judge.supports(Inquiry("언제?", text, ()))
    assert not judge.supports(Inquiry("언제?", text, (source("날씨가 맑다."),)))


def test_grounding_judge_reads_context_and_accepts_meaning_without_a_veto() -> None:
    article = Draft(
        "수영장",
        ((SectionKind.BODY, "시는 수영장을 고치기로 했다. 그러나 지난달 계획을 접었다."),),
        source="pool",
        published_at="2026-05-20",
    ).article()
    start = article.text.index("그러나")
    span = Span(start, len(article.text))
    cited = (Source(article.id, 1, span, span.of(article.text), article),)
    judge = GroundingJudge()
    assert judge.supports(Inquiry("언제?", "시는 2026년 4월 계획을 접었다.", cited))
    meant = Inquiry("언제?", "시는 계획을 그만뒀다.", cited)
    assert not judge.supports(meant)
    assert judge.supports(replace(meant, by_meaning=True))
    lie = Inquiry("언제?", "시는 2026년 3월 계획을 그만뒀다.", cited, by_meaning=True)
    assert not judge.supports(lie)


SETTINGS = Settings(llm_base_url="http://judge.example/v1/", llm_model="m", llm_api_key="k")


def llm(handler: object) -> LlmJudge:
    return LlmJudge(SETTINGS, transport=httpx.MockTransport(handler))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "verdict"), [("yes", True), ("Yes.", True), ("no", False), ("perhaps", False)]
)
def test_llm_judge_accepts_only_yes(said: str, *, verdict: bool) -> None:
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"choices": [{"message": {"content": said}}]})

    judge = llm(handler)
    inquiry = Inquiry("질문", "주장", (source("근거"),))
    assert judge.supports(inquiry) is verdict
    assert judge.supports(inquiry) is verdict  # cached, not asked again
    assert len(requests) == 1
    assert str(requests[0].url) == "http://judge.example/v1/chat/completions"
    assert requests[0].headers["authorization"] == "Bearer k"
    body = json.loads(requests[0].content)
    assert body["temperature"] == 0
    assert json.loads(body["messages"][1]["content"]) == {"claim": "주장", "sources": ["근거"]}


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(503), BackendUnavailable),
        (httpx.Response(401), BackendMisconfigured),
        (httpx.Response(200, text="<html>"), BackendUnavailable),
        (httpx.Response(200, json={"choices": []}), BackendUnavailable),
    ],
)
def test_broken_llm_judge_raises_instead_of_judging(
    response: httpx.Response, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"judge\.example"):
        llm(lambda _: response).supports(Inquiry("질문", "주장", (source("근거"),)))


def test_llm_judge_without_a_model_names_the_settings() -> None:
    with pytest.raises(BackendMisconfigured, match="GEUNGEO_LLM_BASE_URL"):
        make_judge("llm", Settings())
    assert make_judge("gold", Settings()).name == "gold"
    assert make_judge("grounding", Settings()).name == "grounding"
