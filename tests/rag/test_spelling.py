"""Corrections of typed questions: keyboard layout, initial consonants, spaces, unknown names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.language.hangul import initials, to_hangul, to_latin
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.language.names import proper_nouns
from geungeo.rag.question.known_names import analyse_with_names
from geungeo.rag.question.spelling import correct_spelling
from geungeo.rag.settings import Settings

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
            "오픈 에이아이가 영리단체로 전환 하려 는이유는",
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
        ("데이터 센터 개획", "데이터 센터 계획"),
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


NAMES = """시민회관, 사진 전시회 열어

정영호 한빛시장은 3일 은성건설과 누리투자증권, 세림은행이 낸 돈으로 시인들의 전시회를 열었다.
유승민 의원과 소설가 신승훈, 선우재민 감독이 참석했다. 리사 볼로니코바가 전체 사진의 절반을 찍었고,
국방 기술에 관한 자기 생각을 카드에 적어 인사를 대신했다. 서울 운전산업 단지의 도로 개통도 축하했다.
관객들은 타닥거리는 모닥불 옆에서 보존과학 인상을 남긴 이달의 작가를 뽑았다.
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A store with people, companies and words that others differ from in a letter."""
    with Workspace.open(Settings(store=tmp_path_factory.mktemp("names"))) as opened:
        opened.ingest_text(NAMES)
        yield opened


@pytest.mark.parametrize(
    "question",
    [
        # Other people.
        *(
            "장영호 시장은 뭐라고 했나?",
            "우성민 의원은 참석했나?",
            "신상훈은 누구?",
            "정용호가 누구야",
        ),
        *(
            "선우정민 감독은?",
            "선우지민 감독은?",
            "리사 볼리비코바는?",
            "유승빈 의원",
            "이서월 씨는",
        ),
        # Other companies.
        *("은송건설은 돈을 냈나?", "은산건설은?", "누림투자증권은?", "누리증권은?", "서림은행은?"),
        # Words of Kiwi's dictionary, new ones, and words of the article.
        *("천체 사진은 누가 찍었나?", "절판은 언제?", "차기가 누구?", "골프 카트를 몇 대?"),
        *("토로에서 뭘 했나?", "이탈까지 했나?", "쉬인은 어느 나라?", "인싸가 뭐야", "쿡방은?"),
        *("타닥거리는 소리는?", "보존과학 인상을 남긴 사람", "은천산업 단지는?", "국반 기술"),
        # Spaces that stay.
        *("볼로냐 대 양민혁 누가 이겼나", "비야디 대 임시현 누가 이겼나", "또 먼 모델을 시험하나?"),
        # What is quoted.
        *("“가드”라고 적은 사람은?", "'절밤'이라는 말은?"),
    ],
)
def test_words_that_may_be_meant_as_typed_are_unchanged(names: Workspace, question: str) -> None:
    assert correct_spelling(question, names.store) == question


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("세림은헹이 낸 돈", "세림은행이 낸 돈"),
        ("사진 전시훼는 언제", "사진 전시회는 언제"),
        ("정영호 시장이 발켰나", "정영호 시장이 발켰나"),
        ("리사 볼로니코빠는 누구", "리사 볼로니코바는 누구"),
        ("리사 볼로니코버는 누구", "리사 볼로니코바는 누구"),
        ("참섞한 사람", "참석한 사람"),
    ],
)
def test_a_misspelled_word_is_corrected_beside_names(
    names: Workspace, typed: str, meant: str
) -> None:
    assert correct_spelling(typed, names.store) == meant


def test_six_words_of_a_question_are_corrected(workspace: Workspace) -> None:
    typed = "모댈 개획 자채 요쳥 쫒겨난 낯추는 게약 언재"
    corrected = correct_spelling(typed, workspace.store).split()
    assert corrected[:6] == ["모델", "계획", "자체", "요청", "쫓겨난", "낮추는"]
    assert corrected[6:] == ["게약", "언재"]


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
