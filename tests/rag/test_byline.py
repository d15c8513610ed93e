"""Questions about the article itself are answered from its byline."""

from __future__ import annotations

import asyncio

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Ask
from geungeo.rag.evidence.byline import _ABOUT
from geungeo.rag.text import fold


@pytest.mark.parametrize(
    "question",
    [
        "이 기사를 쓴 기자는?",
        "이 기사 누가 썼어?",
        "기자가 누구야?",
        "기사를 작성한 기자 이름은?",
        "이 글을 쓴 사람은 누구인가?",
        "작성자는?",
        "누가 썼어?",
        "이거 누가 쓴 거야?",
        "누가 취재했나요?",
        "누가 썼는지 알려줘",
        "언제 쓴 건가요?",
        "이 기사는 언제 나왔나?",
        "Who wrote this article?",
    ],
)
def test_author_and_date_are_answered_from_the_byline(workspace: Workspace, question: str) -> None:
    answer = asyncio.run(workspace.pipeline.answer(Ask(question)))
    assert answer.status == "answered"
    (citation,) = answer.citations
    assert "전윤미 기자" in citation.quote
    assert "2025-03-10" in citation.quote


@pytest.mark.parametrize(
    "question",
    [
        "누가 보고서를 썼나?",
        "누가 썼던 모자인가?",
        "누가 쓴 돈이야?",
        "누가 작성한 계획인가?",
        "시장은 언제 마스크를 썼나?",
        "보고서는 누가 썼어?",
    ],
)
def test_a_question_about_something_else_that_was_written_is_not_about_the_byline(
    question: str,
) -> None:
    assert _ABOUT.search(fold(question)) is None


@pytest.mark.parametrize(
    "question", ["더 버지 기사를 쓴 기자는?", "이 기사를 쓴 김철수 기자는 누구인가?"]
)
def test_abstains_on_the_author_of_another_article_or_a_wrong_author(
    workspace: Workspace, question: str
) -> None:
    answer = asyncio.run(workspace.pipeline.answer(Ask(question)))
    assert answer.status == "abstained"
