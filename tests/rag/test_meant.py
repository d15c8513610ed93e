"""Chat-style questions: wrong keyboard layout, initial consonants, no spaces, unknown names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.question.known_names import analyse_with_names
from geungeo.rag.question.spelling import as_meant, initials, to_hangul, to_latin

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


@given(SYLLABLES)
def test_what_is_typed_in_the_wrong_layout_can_be_read_back(hangul: str) -> None:
    keys = to_latin(hangul)
    assert keys is not None and to_hangul(keys) == hangul


@given(st.text())
def test_any_text_has_initials_and_perhaps_keys(text: str) -> None:
    assert len(initials(text)) <= len(text)
    to_latin(text)
    to_hangul(text)


@pytest.mark.parametrize("word", ["openai", "copilot", "mai", "ms"])
def test_words_that_are_no_whole_syllables_stay_latin(word: str) -> None:
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
def test_a_question_is_read_as_it_was_meant(workspace: Workspace, typed: str, meant: str) -> None:
    assert as_meant(typed, workspace.store) == meant


@pytest.mark.parametrize(
    "question",
    [
        "what is the plan of OpenAI",  # the would be 솓
        "ㅁㅅ가 만든 모델 이름은?",  # a known spelling as it stands
        "ㅋㅋㅋ 안녕",
        "ㅇㅇ",
        "sadnr fsd",
        "MS CEO는 누구?",
        "마이크로소프트와 오픈AI는 왜 갈라서나?",
    ],
)
def test_a_question_that_needs_no_repair_is_left_alone(workspace: Workspace, question: str) -> None:
    assert as_meant(question, workspace.store) == question


@given(st.text(max_size=60))
def test_any_question_can_be_read(workspace: Workspace, question: str) -> None:
    as_meant(question, workspace.store)


def test_a_name_that_the_store_knows_is_one_morpheme(workspace: Workspace) -> None:
    def names(text: str) -> list[str]:
        found = analyse_with_names(text, workspace.store)
        return [morpheme.form for morpheme in found if morpheme.tag == "NNP"]

    assert names("나델라 말") == ["나델라"]
    assert names("나델라는 뭐라고 했어") == ["나델라"]
    assert names("메타버스는?") == ["메타버스"]


def test_the_dictionary_holds_names_and_their_compounds() -> None:
    assert proper_nouns(["한국은행 이창용 총재가 밝혔다."]) >= {"한국은행", "이창용"}
    assert proper_nouns([]) == frozenset()
