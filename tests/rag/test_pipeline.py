"""The pipeline over the seed article, with real parts end to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Cited, Delta, Done, Filters, PassagesFound, check
from geungeo.rag.errors import BackendUnavailable, InvalidQuestion
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.protocols import Backend, Claim, Report, Task


def ask(workspace: Workspace, question: str) -> Answer:
    return asyncio.run(workspace.pipeline.answer(Ask(question)))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("샘 앨트먼이 이사회에서 축출된 때는 언제인가?", "2023년 11월"),
        ("데이터 센터 계획의 규모는 얼마인가?", "5,000억 달러"),
        ("MS가 오픈AI 의존도를 낮추려는 이유는?", "가격이 비싸고 속도 역시 느리다"),
        ("MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?", "무스타파 설리먼"),
        ("Who did OpenAI announce the data center plan with?", "오라클, 소프트뱅크"),
        ("When was Sam Altman ousted by the board?", "2023년 11월"),
        # Names that the cross-encoder does not know in both scripts.
        ("Who is Mustafa Suleyman?", "인공지능 부서를 이끄는"),
        ("What did Suleyman ask for?", "최신 모델인 o1"),
        ("Why was Suleyman upset with OpenAI?", "거절"),
        # Spellings of names that the article does not use.
        ("마소가 만든다는 그 모델 이름이 뭐더라", "MAI"),
        ("챗지피티를 대체할 모델은?", "MAI"),
        ("엠에스가 만든다는 모델 이름은?", "MAI"),
        ("챗지피티가 비싼 이유는?", "가격이 비싸고 속도 역시 느리다"),
        ("What did MSFT exclude OpenAI from?", "계약 문구에서 오픈AI를 제외"),
        # The article has both spellings, the sentence that answers only the other one.
        ("마이크로소프트 CEO는 누구인가요?", "사티야 나델라"),
        ("마이크로소프트의 최고경영자는 누구야?", "사티야 나델라"),
        ("마이크로소프트가 만든 자체 모델 이름은?", "MAI"),
        # Misspelled words.
        ("데이터 센터 개획 규모 얼마에요", "5,000억 달러"),
        ("나댈라가 자채 모델 필요업다고 한게 몇년도", "2022년"),
        ("오픈 에이아이 가 영 리단체로 전환 하려 는이유는", "더 많은 자금"),
    ],
)
def test_answers_questions_about_seed_article(
    workspace: Workspace, question: str, expected: str
) -> None:
    answer = ask(workspace, question)
    assert answer.status == "answered"
    assert expected in answer.text
    assert any(expected in citation.quote for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "내일 서울 날씨는 어때?",
        "What is the capital of France?",
        "What is Suleyman's salary?",
        "When did Suleyman resign?",
        "안녕하세요",
        "ㅋㅋㅋㅋ",
        "ㅁㄴㅇㄹ;;; 😀 \\x00",
        "<script>alert(1)</script>",
        "'; DROP TABLE articles; --",
        "ㅁㄴㅇㄹ ;;; DROP TABLE",
        "뷁뷁뷁 {{설정값}} RM",
        "양파; 감자; 대립; 고구마 --",
        "lorem ipsum dolor",
        "카카오의 2024년 영업이익은 얼마인가?",
        "마이크로소프트 CEO의 연봉은?",
        "구글 CEO는 누구인가요?",
    ],
)
def test_abstains_when_article_has_no_answer(workspace: Workspace, question: str) -> None:
    answer = ask(workspace, question)
    assert answer.status == "abstained"
    assert answer.reason
    assert not answer.citations
    assert answer.language == ("en" if question.isascii() else "ko")


def test_english_question_is_answered_with_framed_korean_quote(
    workspace: Workspace,
) -> None:
    answer = ask(workspace, "When was Sam Altman ousted by the board?")
    assert answer.text.startswith("The article says")
    assert "” (Sam Altman; November 2023) [1]" in answer.text
    assert answer.citations[0].quote in answer.text.replace("’", "”").replace("‘", "“") or (
        "2023년 11월" in answer.citations[0].quote
    )


@pytest.mark.parametrize(
    "question",
    [
        "ㅋㅋㅋ asdf 1234 ;;",
        "하하 qwer 77 !!",
        "로또 번호 추천해줘",
        "오늘 서울 날씨 어때?",
    ],
)
def test_rubbish_and_other_matters_are_off_topic(workspace: Workspace, question: str) -> None:
    answer = ask(workspace, question)
    assert (answer.status, answer.reason) == ("abstained", "off_topic")


@pytest.mark.parametrize(
    "question",
    ["나델라의 연봉은 얼마인가?", "서버 시설을 새로 짓는 데 들이겠다고 밝힌 돈은 얼마인가?"],
)
def test_what_the_article_touches_on_is_not_off_topic(workspace: Workspace, question: str) -> None:
    assert ask(workspace, question).reason in {None, "weak_evidence"}


def test_stream_events_add_up_to_the_answer(workspace: Workspace) -> None:
    async def collect() -> list[object]:
        return [e async for e in workspace.pipeline.stream(Ask("설리먼이 요청한 것은 무엇인가?"))]

    events = asyncio.run(collect())
    assert isinstance(events[0], PassagesFound) and isinstance(events[-1], Done)
    answer = events[-1].answer
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text
    assert tuple(e.citation for e in events if isinstance(e, Cited)) == answer.citations


def test_same_question_gives_same_citations(workspace: Workspace) -> None:
    question = "코파일럿은 왜 호평을 받지 못했나?"
    assert ask(workspace, question).citations == ask(workspace, question).citations


@given(st.text(min_size=1, max_size=120))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_gives_valid_answer_or_invalid_question(
    workspace: Workspace, question: str
) -> None:
    try:
        answer = ask(workspace, question)
    except InvalidQuestion:
        return
    check(answer, workspace.store.article)


@pytest.mark.parametrize("question", ["", "  \n", "\u200b\u200b", "가" * 20_000])
def test_blank_or_overlong_question_is_rejected(workspace: Workspace, question: str) -> None:
    with pytest.raises(InvalidQuestion):
        ask(workspace, question)


def test_search_ranks_passages(workspace: Workspace) -> None:
    hits = workspace.pipeline.search("데이터 센터 5,000억 달러", 3, Filters())
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert "5,000억 달러" in hits[0].text
    article = workspace.store.article(hits[0].article_id)
    assert article.text[hits[0].start : hits[0].end] == hits[0].text


class Scripted:
    """Test double for an LLM, which is outside this process."""

    name = "scripted"

    def __init__(self, *claims: Claim, fails: bool = False) -> None:
        self._claims = claims
        self._fails = fails

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:
        assert task.evidence
        report.backend = self.name
        for claim in self._claims:
            yield claim
        if self._fails:
            raise BackendUnavailable("the endpoint broke off")


def with_backend(workspace: Workspace, backend: Backend) -> Pipeline:
    return Pipeline(workspace.store, workspace.embedder, backend, workspace.settings)


QUESTION = Ask("데이터 센터 계획의 규모는 얼마인가?")
TRUE = Claim("오픈AI는 5,000억 달러 규모의 데이터 센터 계획을 발표했다.", cites=(1,))
FALSE = Claim("오픈AI는 9,000억 달러 규모의 데이터 센터 계획을 발표했다.", cites=(1,))


def test_false_claim_is_dropped_with_reason_in_trace(workspace: Workspace) -> None:
    pipeline = with_backend(workspace, Scripted(TRUE, FALSE))
    answer = asyncio.run(pipeline.answer(QUESTION))
    assert answer.status == "answered"
    assert "5,000억" in answer.text and "9,000억" not in answer.text
    assert [dropped.text for dropped in answer.trace.dropped] == [FALSE.text]
    assert "number not in source" in answer.trace.dropped[0].why


def test_lie_is_replaced_by_cited_sentence(workspace: Workspace) -> None:
    answer = asyncio.run(with_backend(workspace, Scripted(FALSE)).answer(QUESTION))
    assert answer.status == "answered"
    assert "9,000억" not in answer.text
    (citation,) = answer.citations
    assert citation.support_kind == "quote" and "5,000억 달러" in citation.quote
    assert [dropped.instead for dropped in answer.trace.dropped] == [citation.quote]


def test_abstains_when_every_claim_is_invented(workspace: Workspace) -> None:
    invented = Scripted(Claim("달에 사람이 산다.", cites=()))
    answer = asyncio.run(with_backend(workspace, invented).answer(QUESTION))
    assert (answer.status, answer.reason) == ("abstained", "unverified")


def test_abstains_when_backend_is_unavailable(
    workspace: Workspace,
) -> None:
    answer = asyncio.run(with_backend(workspace, Scripted(fails=True)).answer(QUESTION))
    assert (answer.status, answer.reason) == ("abstained", "backend_unavailable")


def test_verified_claims_are_kept_when_backend_breaks_off(workspace: Workspace) -> None:
    answer = asyncio.run(with_backend(workspace, Scripted(TRUE, fails=True)).answer(QUESTION))
    assert answer.status == "answered"
    assert answer.text.endswith("[1]")
