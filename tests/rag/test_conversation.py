"""Follow-ups are completed from the previous turn; other questions stay unchanged."""

from __future__ import annotations

import pytest

from geungeo.rag.answer import Turn
from geungeo.rag.question.followup import standalone


def after(question: str, follow_up: str, answer: str = "") -> str:
    return standalone(follow_up, [Turn(question, answer)])


def test_a_first_question_is_unchanged() -> None:
    assert standalone("그래서?", []) == "그래서?"


def test_an_ellipsis_takes_the_topic() -> None:
    rewritten = after("오픈AI가 발표한 데이터 센터 계획은 뭐야?", "규모는?")
    assert rewritten.endswith("규모는?")
    assert "오픈AI" in rewritten and "데이터 센터" in rewritten


def test_a_pronoun_becomes_its_antecedent_and_the_particle_agrees() -> None:
    assert (
        after("무스타파 설리먼은 누구야?", "그가 요청한 것은?") == "무스타파 설리먼이 요청한 것은?"
    )


def test_a_pronoun_becomes_the_person_named_in_the_answer() -> None:
    rewritten = after(
        "MS의 CEO는 누구지?", "그 사람은 뭐라고 했어?", "MS CEO 사티야 나델라가 자신했다. [1]"
    )
    assert rewritten == "사티야 나델라는 뭐라고 했어?"


def test_english_pronouns_are_resolved() -> None:
    rewritten = after("Who is Mustafa Suleyman?", "What did he ask OpenAI for?")
    assert rewritten == "What did Mustafa Suleyman ask OpenAI for?"


@pytest.mark.parametrize("connective", ["그래서?", "그래서", "그럼?", "So?"])
def test_a_lone_connective_asks_for_the_outcome_of_the_topic(connective: str) -> None:
    rewritten = after("설리먼은 오픈AI에 무엇을 요청했나?", connective)
    assert "설리먼" in rewritten and "오픈AI" in rewritten


@pytest.mark.parametrize(
    "question",
    [
        "테슬라의 2024년 차량 인도 대수는 얼마인가?",
        "소프트뱅크가 오라클과 함께 투자한 금액은?",
        "What did Nadella say about building new models in 2022?",
    ],
)
def test_a_question_on_a_new_topic_is_unchanged(question: str) -> None:
    assert after("샘 앨트먼은 언제 축출됐어?", question) == question
