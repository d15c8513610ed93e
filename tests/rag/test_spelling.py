"""Corrections of typed questions: keyboard layout, initial consonants, spaces, unknown names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.question.known_names import analyse_with_names
from geungeo.rag.question.spelling import correct_spelling, initials, to_hangul, to_latin

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


@given(SYLLABLES)
def test_keys_convert_back_to_the_same_hangul(hangul: str) -> None:
    keys = to_latin(hangul)
    assert keys is not None and to_hangul(keys) == hangul


@given(st.text())
def test_conversions_accept_any_text(text: str) -> None:
    assert len(initials(text)) <= len(text)
    to_latin(text)
    to_hangul(text)


@pytest.mark.parametrize("word", ["openai", "copilot", "mai", "ms"])
def test_words_that_form_no_whole_syllables_are_not_converted(word: str) -> None:
    assert to_hangul(word) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dhvmsAI 투자자 누구", "오픈AI 투자자 누구"),
        ("dhvmsai dho ms", "오픈ai 왜 ms"),
        ("tjfflajsdl dho ghkskTsl?", "설리먼이 왜 화났니?"),
        ("skepffk akf", "나델라 말"),
        ("ㅡ먀 모델 뭐임", "mai 모델 뭐임"),
        ("ㅅㄹㅁ이 왜 화남?ㅋㅋ", "설리먼이 왜 화남?ㅋㅋ"),
        ("ㄷㅅㅋ 어느 나라 거야 ㅇㅇ", "딥시크 어느 나라 거야 ㅇㅇ"),
        ("오픈AI가왜마이크로소프트와싸웠어", "오픈AI가 왜 마이크로소프트와 싸웠어"),
        ("코파일럿이기업에서인기없는이유", "코파일럿이 기업에서 인기 없는 이유"),
    ],
)
def test_a_mistyped_question_is_corrected(workspace: Workspace, typed: str, meant: str) -> None:
    assert correct_spelling(typed, workspace.store) == meant


@pytest.mark.parametrize(
    "question",
    [
        "what is the plan of OpenAI",  # "the" would type 솓
        "ㅁㅅ가 만든 모델 이름은?",  # ㅁㅅ is a known alias
        "ㅋㅋㅋ 안녕",
        "ㅇㅇ",
        "sadnr fsd",
        "MS CEO는 누구?",
        "마이크로소프트와 오픈AI는 왜 갈라서나?",
    ],
)
def test_a_correct_question_is_unchanged(workspace: Workspace, question: str) -> None:
    assert correct_spelling(question, workspace.store) == question


@given(st.text(max_size=60))
def test_any_text_can_be_corrected(workspace: Workspace, question: str) -> None:
    correct_spelling(question, workspace.store)


def test_a_name_known_to_the_store_is_one_morpheme(workspace: Workspace) -> None:
    def names(text: str) -> list[str]:
        found = analyse_with_names(text, workspace.store)
        return [morpheme.form for morpheme in found if morpheme.tag == "NNP"]

    assert names("나델라 말") == ["나델라"]
    assert names("나델라는 뭐라고 했어") == ["나델라"]
    assert names("메타버스는?") == ["메타버스"]


def test_proper_nouns_include_names_and_their_compounds() -> None:
    assert proper_nouns([analyse("한국은행 이창용 총재가 밝혔다.")]) >= {"한국은행", "이창용"}
    assert proper_nouns([]) == frozenset()
