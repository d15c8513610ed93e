"""Corrections of typed questions: keyboard layout, initial consonants, spaces, unknown names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.language.hangul import initials, to_hangul, to_latin
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.question.known_names import analyse_with_names
from geungeo.rag.question.spelling import correct_spelling

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
        (
            "오픈 에이아이 가 영 리단체로 전환 하려 는이유는",
            "오픈에이아이가 영리 단체로 전환하려는 이유는",
        ),
        ("MS 는 왜 오픈AI와 갈 등 이 생겼 나", "MS는 왜 오픈AI와 갈등이 생겼나"),
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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("챗gpt 대신 만드는 모댈", "챗gpt 대신 만드는 모델"),
        ("데이터 쎈터 개획", "데이터 센터 계획"),
        ("나댈라가 자채 모델", "나델라가 자체 모델"),
        ("마이크로소프드가 투자한 돈", "마이크로소프트가 투자한 돈"),
        ("코파이럿 단점", "코파일럿 단점"),
        ("거절당한 요쳥", "거절당한 요청"),
        ("누구의 게약인가", "누구의 계약인가"),
        ("자체 모델이 필요업다고 한 사람", "자체 모델이 필요없다고 한 사람"),
        ("의존도를 낯추는 이유", "의존도를 낮추는 이유"),
        ("이사회에서 쫒겨난 때", "이사회에서 쫓겨난 때"),
    ],
)
def test_a_misspelled_word_becomes_the_one_of_the_articles(
    workspace: Workspace, typed: str, meant: str
) -> None:
    assert correct_spelling(typed, workspace.store) == meant


@pytest.mark.parametrize(
    "question",
    [
        "설리번이 화를 낸 이유는?",  # another person than 설리먼
        "샘 알트맨과 나댈러는 친한가?",
        "박은호와 박은후는 누구인가?",
        "세게 비판한 사람은?",  # 세계 is in the article
        "결제는 어떻게 하나?",
        "국수집은 왜 가게를 안 접어?",
        "지금은 배가 아무 때나 들어와도 되는 건가?",
        "또 먼 모델을 시험하나?",
    ],
)
def test_words_that_may_be_meant_as_typed_are_unchanged(
    workspace: Workspace, question: str
) -> None:
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
