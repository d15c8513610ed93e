"""Truths near the source's wording are proven; lies made with the same means are not."""

from __future__ import annotations

from datetime import date

import pytest

from geungeo.rag.grounding.support import Grounds, is_fragment, support
from geungeo.rag.language.dates.times import bare_days
from geungeo.rag.language.vocabulary import OPPOSITES, interchangeable
from geungeo.rag.segmentation import split_lines

PUBLISHED = date(2025, 2, 20)

TRUE = [
    ("소방서는 임 씨에게 감사장을 수여할 계획이다.", "소방서는 임 씨에게 감사장을 줄 계획이다."),
    ("해온시는 2월 18일 설명회를 개최했다.", "해온시는 18일 설명회를 열었다."),
    ("해온시는 1월 28일 설명회를 열었다.", "해온시는 28일 설명회를 열었다."),
    ("축제는 3월 초 시작된다.", "축제는 다음 달 초 시작된다."),
    ("어민들은 25일 항구 앞에서 시위할 예정이다.", "어민들은 오는 25일 항구 앞에서 시위를 벌인다."),
    ("개발자 중 9명이 출근했다.", "개발자 가운데 9명이 출근했다."),
    ("양식장 126ha에서 굴이 폐사했다.", "양식장 126헥타르에서 굴이 폐사했다."),
    ("통신은 밤 9시 40분쯤 끊겼다.", "통신은 오후 9시 40분께 끊겼다."),
    ("서명에는 사흘 동안 3만 2천 명이 참여했다.", "서명에는 사흘 만에 3만2000명이 참여했다."),
    ("가온시는 축제를 열었다고 하네요.", "가온시는 축제를 열었다."),
    ("강원도 춘천에 공장이 있다.", "강원 춘천에 공장이 있다."),
    ("통신은 오후 9시에 끊겼다.", "통신은 밤 9시에 끊겼다."),
    ("군은 표지판을 세울 예정이다.", "군은 표지판을 세우기로 했다."),
    ("두 선수는 출전권을 손에 넣었다.", "두 선수는 출전권을 획득했다."),
    ("어민들은 시위를 벌였다.", "어민들은 시위했다."),
    ("집값은 올랐다.", "집값은 급등했다."),
    ("이사회가 열렸다.", "회사는 이사회를 열었다."),
    ("시는 축제를 개최하지 않았다.", "시는 축제를 열지 않았다."),
    ("가나전자는 다라전자와 계약을 체결했다.", "가나전자는 다라전자와 계약을 맺었다."),
    ("회사는 2월 3일 공장을 신축했다.", "회사는 2월 3일 공장을 새로 지었다."),
]
FALSE = [
    # The noun that binds the pair is not there: pay is not awarded.
    ("회사는 직원에게 과자를 수여했다.", "회사는 직원에게 과자를 주었다."),
    ("해온시는 3월 18일 설명회를 열었다.", "해온시는 18일 설명회를 열었다."),
    ("해온시는 2월 19일 설명회를 열었다.", "해온시는 18일 설명회를 열었다."),
    ("해온시는 2월 28일 설명회를 취소했다.", "해온시는 28일 설명회를 열었다."),
    ("축제는 3월 말 시작된다.", "축제는 다음 달 초 시작된다."),
    ("회사는 임 씨에게 감사장을 받았다.", "회사는 임 씨에게 감사장을 수여했다."),
    ("양식장 126ha에서 굴이 폐사했다.", "양식장 126곳에서 굴이 폐사했다."),
    ("통신은 새벽 2시쯤 끊겼다.", "통신은 오후 2시께 끊겼다."),
    ("당국은 이 구역을 지정했다고 하네요.", "당국은 오는 11월 이 구역의 지정 여부를 논의한다."),
    ("제주도에 공장이 있다.", "제주시에 공장이 있다."),
    ("시위할 예정이다.", "어민들은 지난 18일 시위를 벌였다."),
    # Who does it.
    ("한강전자가 팔았다.", "한강전자가 팔렸다."),
    ("경찰이 잡았다.", "경찰이 잡혔다."),
    ("경찰은 잡혔다.", "경찰은 잡았다."),
    ("김 의원이 뽑았다.", "김 의원이 뽑혔다."),
    ("경찰이 시민을 체포했다.", "시민이 경찰을 붙잡았다."),
    ("나라전자가 다온전자를 인수했다.", "다온전자가 나라전자를 사들였다."),
    # Whether it is done.
    ("두 선수는 출전권을 손에 넣었다.", "두 선수는 출전권을 획득하지 못했다."),
    ("두 선수는 출전권을 손에 넣었다.", "두 선수는 출전권을 획득할 계획이다."),
    ("어민들은 시위했다.", "어민들은 시위를 벌이지 않았다."),
    ("시는 축제를 개최했다.", "시는 축제를 열지 않았다."),
    ("시는 축제를 개최했다.", "시는 축제를 열 계획이다."),
    ("시는 축제를 개최했다.", "시는 축제를 열기로 했다가 취소했다."),
    ("가나전자는 다라전자와 계약을 체결했다.", "가나전자는 다라전자와 계약을 맺지 못했다."),
    ("감사장 수여가 있었다.", "감사장을 주지 않았다."),
    ("군은 울타리를 칠 예정이다.", "군은 울타리를 쳤고 표지판을 세우기로 했다."),
    # A denial of the special says nothing about the general.
    ("집값은 오르지 않았다.", "집값은 급등하지 않았다."),
    ("도로에 차량이 한 대도 없었다.", "도로에 승용차가 한 대도 없었다."),
    # Other things with the words.
    ("회사는 직원에게 상을 수여했다.", "회사는 상을 만들고 직원에게 떡을 주었다."),
    ("회사는 고철로 만들었다.", "회사는 고철을 만들었다."),
    ("오가는 항공편은 운항했다.", "오가는 항공편은 결항했다."),
    ("아이들 때문에 학교를 옮겼다.", "아이들을 위해 학교를 옮겼다."),
    # Numbers, dates and hours.
    ("2025년 10월 공장이 문을 열었다.", "지난해 10월 공장이 문을 열었다."),
    ("당국은 2호기 재가동을 승인했다.", "당국은 12호기 재가동을 승인했다."),
    ("당국은 고리 2호기를 승인했다.", "당국은 신고리 2호기를 승인했다."),
    ("당국은 3호기를 보류했다.", "당국은 2호기를 보류했다."),
    ("가게는 저녁 9시에 문을 연다.", "가게는 오전 9시에 문을 열어 오후 6시에 닫는다."),
]


def _judged(claim: str, source: str) -> bool:
    return support(claim, Grounds((source,), published=PUBLISHED)).supported


@pytest.mark.parametrize(("claim", "source"), TRUE)
def test_the_same_in_other_words_is_proven(claim: str, source: str) -> None:
    assert _judged(claim, source)


@pytest.mark.parametrize(("claim", "source"), FALSE)
def test_a_lie_with_the_same_means_is_not(claim: str, source: str) -> None:
    assert not _judged(claim, source)


def test_no_word_may_be_replaced_by_its_opposite() -> None:
    for pair in OPPOSITES:
        for one, other in (pair, pair[::-1]):
            for alternative in interchangeable(one):
                assert other not in alternative.words or alternative.of, (one, other)


def test_a_bare_day_is_the_latest_or_of_the_present_month() -> None:
    assert bare_days("18일 열었다", PUBLISHED) == {date(2025, 2, 18)}
    assert bare_days("28일 열었다", PUBLISHED) == {date(2025, 2, 28), date(2025, 1, 28)}
    assert date(2025, 3, 8) in bare_days("다음 달 4일 개막해 8일까지 열린다", PUBLISHED)
    assert bare_days("3일간 열린다", PUBLISHED) == frozenset()


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("계약 규모는 3년간 총 4800억원.", False),
        ("사망자는 12명.", False),
        ("환경단체의 반발.", True),
        ("서울 종로구.", True),
    ],
)
def test_an_amount_with_what_it_measures_is_a_statement(text: str, *, fragment: bool) -> None:
    assert is_fragment(text) is fragment


def test_a_sentence_may_begin_with_a_name_in_quotation_marks() -> None:
    text = "원장을 설득해 냈습니다. ‘같이 유치원’ 사업은 지난해 3월 시작되었습니다."
    [spans] = split_lines([text])
    assert [span.of(text) for span in spans][1].startswith("‘같이 유치원’ 사업은")
