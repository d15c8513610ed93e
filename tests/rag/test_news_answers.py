"""Answers about news, end to end: invented articles, asked on 10 April 2026 in Seoul."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Composer, Filters, Ground, GroundedClaim, check
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.backends import make_backend
from geungeo.rag.evidence.shortanswer import bundled_reader, short_answer
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import AnswerType
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span

TODAY = date(2026, 4, 10)
PLANT = (
    "한솔반도체는 지난 1월 청주에 새 공장을 착공했다. "
    "이 회사는 공장에 8,000억 원을 투자할 계획이다. "
    "공장은 내년 하반기에 돌아간다. 지역 상인들은 일자리가 늘 것으로 기대한다."
)
ARTICLES = [
    {
        "id": "plant",
        "title": "한솔반도체, 청주 공장 첫 삽",
        "publisher": "한빛일보",
        "published_at": "2026-04-03",
        "text": PLANT,
    },
    {
        "id": "plant-copy",
        "title": "한솔반도체 청주 공장 착공",
        "publisher": "새벽신문",
        "published_at": "2026-04-04",
        "text": f"(청주=새벽통신) 김도담 기자 = {PLANT}",
    },
    {
        "id": "ship-early",
        "title": "해람호 전복 사고",
        "publisher": "한빛일보",
        "published_at": "2026-03-10",
        "text": "해람호 전복 사고로 선원 12명이 숨졌다고 해양경찰이 밝혔다. "
        "배는 여수항을 떠난 지 두 시간 만에 뒤집혔다. 수색은 밤새 이어졌다.",
    },
    {
        "id": "ship-late",
        "title": "해람호 사고 수습",
        "publisher": "새벽신문",
        "published_at": "2026-03-12",
        "text": "유족들은 빠른 수습을 요구했다. "
        "해람호 전복 사고로 선원 15명이 숨졌다고 해양경찰이 집계했다. "
        "선체 인양은 오는 20일 시작된다.",
    },
    {
        "id": "tram",
        "title": "도담시 노면전차 다시 출발",
        "publisher": "한빛일보",
        "published_at": "2026-04-01",
        "text": "도담시의회는 지난해 가을 노면전차 예산을 전액 깎았다. "
        "이에 도담시는 사업을 민간 투자 방식으로 바꿨다. 시민들은 교통 체증이 풀리기를 바란다.",
    },
    {
        "id": "market",
        "title": "솔내 새벽시장",
        "published_at": "2026-04-02",
        "text": "솔내시는 새벽시장 터를 주차장으로 바꾸기로 했다. 상인들의 반발도 거세다.\n"
        "상인회는 점포를 옮길 곳부터 정하라며 시청 앞에서 농성을 벌이고 있다.",
    },
    {
        "id": "undated",
        "title": "바람마을 축제",
        "text": "바람마을은 지난 1월 연날리기 축제를 열었다. 축제에는 관광객 3만 명이 다녀갔다.",
    },
]


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace.open(Settings(store=tmp_path_factory.mktemp("news"))) as opened:
        lines = (json.dumps(article, ensure_ascii=False) for article in ARTICLES)
        opened.ingest_document("\n".join(lines).encode(), "news.jsonl")
        yield opened


def pipeline(newsroom: Workspace, **changes: int) -> Pipeline:
    settings = newsroom.settings.model_copy(update=changes)
    return Pipeline(
        newsroom.store, newsroom.embedder, make_backend(settings), settings, today=lambda: TODAY
    )


def ask(newsroom: Workspace, question: str, **changes: int) -> Answer:
    answer = asyncio.run(pipeline(newsroom, **changes).answer(Ask(question)))
    check(answer, newsroom.store.article)
    return answer


def test_a_relative_date_in_a_quote_is_resolved_in_a_note(newsroom: Workspace) -> None:
    answer = ask(newsroom, "한솔반도체는 언제 청주 공장을 착공했나?")
    assert answer.citations[0].note == "지난 1월 = 2026년 1월 (기사 발행일 2026-04-03 기준)"
    assert "2026" not in answer.text
    assert answer.citations[0].quote == "한솔반도체는 지난 1월 청주에 새 공장을 착공했다."


def test_an_article_without_a_date_has_no_note(newsroom: Workspace) -> None:
    answer = ask(newsroom, "바람마을은 언제 연날리기 축제를 열었나?")
    assert "지난 1월" in answer.text
    assert [citation.note for citation in answer.citations] == [None]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("2026년 1월에 무슨 일이 있었나?", "한솔반도체는 지난 1월"),
        ("2026년 1월에 한솔반도체는 청주에 무엇을 착공했나?", "한솔반도체는 지난 1월"),
        ("올해 한솔반도체는 청주에 무엇을 착공했나?", "한솔반도체는 지난 1월"),
        ("작년에 무슨 일이 있었나?", "도담시의회는 지난해 가을"),
        ("작년에 도담시의회는 무엇을 전액 깎았나?", "도담시의회는 지난해 가을"),
        ("2025년 가을에 도담시의회는 무엇을 전액 깎았나?", "도담시의회는 지난해 가을"),
    ],
)
def test_a_date_in_a_question_matches_a_relative_date_in_an_article(
    newsroom: Workspace, question: str, expected: str
) -> None:
    answer = ask(newsroom, question)
    assert answer.status == "answered"
    assert expected in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "2024년 1월에 한솔반도체가 청주 공장을 착공한 이유는?",
        "2023년에 한솔반도체가 착공한 청주 공장은 어떤 공장인가?",
        "재작년에 도담시의회는 무엇을 전액 깎았나?",
        "올해 도담시의회는 무엇을 전액 깎았나?",
    ],
)
def test_abstains_when_the_question_assumes_another_year(
    newsroom: Workspace, question: str
) -> None:
    answer = ask(newsroom, question)
    assert (answer.status, answer.reason) == ("abstained", "false_premise")


@pytest.mark.parametrize(
    "question",
    [
        "2023년에 솔내시는 새벽시장을 왜 넓혔나?",
        "작년에 솔내 상인회는 시청에 무엇을 기부했나?",
        "2023년에 한솔반도체는 청주에 무엇을 기부했나?",
        "작년에 솔내시는 주차장을 몇 면 늘렸나?",
    ],
)
def test_another_matter_in_another_year_is_no_false_premise(
    newsroom: Workspace, question: str
) -> None:
    answer = ask(newsroom, question)
    assert (answer.status, answer.reason) == ("abstained", "weak_evidence")


def test_a_relative_date_as_in_the_article_is_answered_with_its_year_in_a_note(
    newsroom: Workspace,
) -> None:
    answer = asyncio.run(
        Pipeline(
            newsroom.store,
            newsroom.embedder,
            make_backend(newsroom.settings),
            newsroom.settings,
            today=lambda: date(2028, 4, 10),
        ).answer(Ask("도담시의회는 지난해 가을 무엇을 전액 깎았나?"))
    )
    assert answer.status == "answered"
    assert answer.citations[0].note == "지난해 가을 = 2025년 가을 (기사 발행일 2026-04-01 기준)"


def test_a_duplicate_story_is_one_source_the_one_published_first(newsroom: Workspace) -> None:
    answer = ask(newsroom, "한솔반도체는 언제 청주 공장을 착공했나?")
    assert {citation.article_id for citation in answer.citations} == {"plant"}
    assert "plant-copy" not in {passage.article_id for passage in answer.passages}
    assert "plant-copy repeats plant: shown once" in answer.trace.notes
    hits = pipeline(newsroom).search("한솔반도체 청주 공장", 5, Filters())
    assert "plant-copy" not in {hit.article_id for hit in hits}
    only = Filters(article_ids=frozenset({"plant-copy"}))
    assert pipeline(newsroom).search("한솔반도체 청주 공장", 5, only)[0].article_id == "plant-copy"


def test_contradicting_sources_are_both_cited_the_newer_first(newsroom: Workspace) -> None:
    answer = ask(newsroom, "해람호 사고로 선원 몇 명이 숨졌나?")
    assert [citation.article_id for citation in answer.citations] == ["ship-late", "ship-early"]
    note = "출처마다 다름: 15명 (새벽신문, 2026-03-12) ↔ 12명 (한빛일보, 2026-03-10)"
    assert {citation.note for citation in answer.citations} == {note}
    assert note in answer.trace.notes
    assert answer.text.index("15명") < answer.text.index("12명")


def test_an_answer_of_one_sentence_notes_that_sources_differ(
    newsroom: Workspace,
) -> None:
    answer = ask(newsroom, "해람호 사고로 선원 몇 명이 숨졌나?", max_sentences=1)
    (citation,) = answer.citations
    assert citation.note and "15명" in citation.note and "12명" in citation.note


def test_the_note_is_in_the_language_of_the_question(newsroom: Workspace) -> None:
    answer = ask(newsroom, "How many sailors of the 해람호 died in the accident?")
    assert answer.citations[0].note == (
        "sources differ: 15명 (새벽신문, 2026-03-12) ↔ 12명 (한빛일보, 2026-03-10)"
    )


def test_a_sentence_that_refers_back_is_cited_with_its_antecedent(newsroom: Workspace) -> None:
    answer = ask(newsroom, "도담시는 무엇을 민간 투자 방식으로 바꿨나?")
    (citation,) = answer.citations
    assert citation.quote == (
        "도담시의회는 지난해 가을 노면전차 예산을 전액 깎았다. "
        "이에 도담시는 사업을 민간 투자 방식으로 바꿨다."
    )
    assert citation.note == "지난해 가을 = 2025년 가을 (기사 발행일 2026-04-01 기준)"


def test_an_answer_limited_to_one_sentence_has_no_antecedent(newsroom: Workspace) -> None:
    answer = ask(newsroom, "도담시는 무엇을 민간 투자 방식으로 바꿨나?", max_sentences=1)
    assert [c.quote for c in answer.citations] == [
        "이에 도담시는 사업을 민간 투자 방식으로 바꿨다."
    ]


def test_a_sentence_that_only_announces_is_cited_with_the_next(newsroom: Workspace) -> None:
    answer = ask(newsroom, "솔내시 새벽시장 상인들의 반발은 어떤가?")
    assert [c.quote for c in answer.citations] == [
        "상인들의 반발도 거세다.",
        "상인회는 점포를 옮길 곳부터 정하라며 시청 앞에서 농성을 벌이고 있다.",
    ]


def test_an_answer_limited_to_one_sentence_has_no_elaboration(newsroom: Workspace) -> None:
    answer = ask(newsroom, "솔내시 새벽시장 상인들의 반발은 어떤가?", max_sentences=1)
    assert [c.quote for c in answer.citations] == ["상인들의 반발도 거세다."]


def test_where_sources_differ_there_is_no_short_answer(newsroom: Workspace) -> None:
    answer = ask(newsroom, "해람호 사고로 선원 몇 명이 숨졌나?")
    assert len({c.article_id for c in answer.citations}) == 2
    assert answer.short_answer is None


def test_a_short_answer_is_found_in_a_quote_without_its_connective() -> None:
    text = "그러나 직원 250명을 더 뽑는다."
    article = Article(id="a", title="공장", text=text)
    evidence = Evidence(1, article, Span(0, len(text)), SectionKind.BODY, 0.9, 1)
    quote = Span(4, len(text))
    composer = Composer()
    composer.add(GroundedClaim(quote.of(text), (Ground(article, quote, 1.0),), "run"))
    found = short_answer("직원 몇 명을 더 뽑나?", AnswerType.AMOUNT, evidence, composer.citations)
    assert found is not None
    assert text[found.start : found.end] == found.text == "250명"


@pytest.mark.parametrize(
    ("text", "question", "marked", "shown"),
    [
        (
            "상인회는 점포 212곳 가운데 106곳이 비었다고 했다.",
            "빈 점포는 몇 곳인가?",
            "212곳",
            False,
        ),
        ("직원 47명 중 9명이 공장을 떠났다.", "떠난 직원은 몇 명인가?", "47명", False),
        ("직원 47명 중 9명이 공장을 떠났다.", "떠난 직원은 몇 명인가?", "9명", True),
        ("직원 47명 중 9명이 공장을 떠났다.", "직원은 모두 몇 명인가?", "47명", True),
        ("공사 중 47명이 공장을 떠났다.", "떠난 직원은 몇 명인가?", "47명", True),
    ],
)
def test_whole_is_not_the_short_answer_where_a_part_is_counted(
    monkeypatch: pytest.MonkeyPatch, text: str, question: str, marked: str, *, shown: bool
) -> None:
    at = text.index(marked)
    found = Span(at, at + len(marked)), 0.9
    monkeypatch.setattr(type(bundled_reader()), "find", lambda *_: found)
    article = Article(id="a", title="점포", text=text)
    span = Span(0, len(text))
    evidence = Evidence(1, article, span, SectionKind.BODY, 0.9, 1)
    composer = Composer()
    composer.add(GroundedClaim(text, (Ground(article, span, 1.0),), "run"))
    short = short_answer(question, AnswerType.AMOUNT, evidence, composer.citations)
    assert (short.text if short else None) == (marked if shown else None)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("김치찌개 맛있게 끓이는 법은?", "off_topic"),
        ("비트코인 시세 알려줘?", "off_topic"),
        ("내일 서울 날씨 어때?", "off_topic"),
        ("로또 번호 알려줘", "off_topic"),
        ("농성이 끝난 날짜는?", "weak_evidence"),
        ("상인들 평균 나이는?", "weak_evidence"),
        ("배송도 해 주나?", "weak_evidence"),
        ("외국에도 이런 곳이 있나?", "weak_evidence"),
    ],
)
def test_a_chosen_article_is_off_topic_only_for_what_is_far_from_it(
    newsroom: Workspace, question: str, reason: str
) -> None:
    chosen = Filters(article_ids=frozenset({"market"}))
    answer = asyncio.run(pipeline(newsroom).answer(Ask(question, filters=chosen)))
    assert (answer.status, answer.reason) == ("abstained", reason)
    assert bool(answer.nearest) == (reason == "weak_evidence")
