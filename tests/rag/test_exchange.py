"""Exchange rules: parties who change places, and words in place of their opposites.

Each row is a source, lies about it, and true sentences that must break no hard rule.
"""

from __future__ import annotations

from datetime import date

import pytest

from geungeo.rag.grounding import Grounds, Verdict, support

EXCHANGED = [
    (
        "가람전자는 나래물산에 반도체 공장을 판다.",
        ["나래물산은 가람전자에 반도체 공장을 판다."],
        ["가람전자가 나래물산에 반도체 공장을 판다.", "반도체 공장은 가람전자가 나래물산에 판다."],
    ),
    (
        "가람전자는 나래물산에 반도체 공장을 팔았다.",
        ["반도체 공장은 나래물산에 의해 가람전자에 팔렸다."],
        ["반도체 공장은 가람전자에 의해 나래물산에 팔렸다."],
    ),
    (
        "가람전자가 나래물산으로부터 반도체 공장을 사들였다.",
        ["나래물산이 가람전자로부터 반도체 공장을 사들였다."],
        ["반도체 공장을 가람전자가 나래물산으로부터 매입했다."],
    ),
    (
        "가람전자는 나래물산을 특허 침해로 고소했다.",
        [
            "나래물산은 가람전자를 특허 침해로 고소했다.",
            "가람전자는 나래물산에 특허 침해로 고소당했다.",
        ],
        [
            "나래물산은 특허 침해로 가람전자에 고소당했다.",
            "가람전자는 특허 침해로 나래물산을 고소했다.",
            "나래물산은 가람전자에 고소당했다.",
        ],
    ),
    (
        "경찰은 시위대가 먼저 돌을 던졌다고 밝혔다.",
        ["시위대는 경찰이 먼저 돌을 던졌다고 밝혔다."],
        ["시위대가 먼저 돌을 던졌다고 경찰이 밝혔다."],
    ),
    (
        "하늘군은 바다군보다 예산을 12% 더 썼다.",
        ["바다군은 하늘군보다 예산을 12% 더 썼다."],
        ["하늘군은 예산을 바다군보다 12% 더 썼다."],
    ),
    (
        "한빛은행은 두루은행에 합병된다.",
        ["두루은행은 한빛은행에 합병된다."],
        ["한빛은행이 두루은행에 합병된다.", "두루은행은 한빛은행을 합병한다."],
    ),
    (
        "감독은 주장에게 작전을 물었다.",
        ["주장은 감독에게 작전을 물었다."],
        ["주장에게 감독은 작전을 물었다."],
    ),
    (
        "김하늘 대표는 이바다 이사를 후임으로 추천했다.",
        ["이바다 이사는 김하늘 대표를 후임으로 추천했다."],
        [
            "이바다 이사를 김하늘 대표가 후임으로 추천했다.",
            "이바다 이사는 김하늘 대표에 의해 후임으로 추천됐다.",
        ],
    ),
    (
        "농민들은 군청이 물길을 막았다고 주장했다.",
        ["군청은 농민들이 물길을 막았다고 주장했다."],
        ["군청이 물길을 막았다고 농민들은 주장했다."],
    ),
    (
        "도서관은 시청에서 건물을 무상으로 빌렸다.",
        ["시청은 도서관에서 건물을 무상으로 빌렸다."],
        ["시청에서 도서관은 건물을 무상으로 빌렸다."],
    ),
    (
        "세입자 조윤서 씨가 집주인 한도영 씨에게 보증금 3000만 원을 돌려주었다.",
        ["집주인 한도영 씨가 세입자 조윤서 씨에게 보증금 3000만 원을 돌려주었다."],
        ["조윤서 씨가 한도영 씨에게 보증금 3000만 원을 돌려줬다."],
    ),
    (
        "노조의 요구를 회사가 받아들였다.",
        ["회사의 요구를 노조가 받아들였다."],
        ["회사가 노조의 요구를 받아들였다.", "회사는 노조의 요구를 수용했다."],
    ),
    (
        "서해고가 동해고를 3대 1로 이겼다.",
        ["동해고가 서해고를 3대 1로 이겼다."],
        ["동해고를 서해고가 3대 1로 이겼다."],
    ),
    (
        "은행 직원이 손님을 구한 경찰관에게 상을 주었다.",
        ["경찰관이 손님을 구한 은행 직원에게 상을 주었다."],
        ["손님을 구한 경찰관에게 은행 직원이 상을 주었다."],
    ),
    (
        "가람전자 연구팀이 나래대 연구팀의 결과를 반박했다.",
        ["나래대 연구팀이 가람전자 연구팀의 결과를 반박했다."],
        ["나래대 연구팀의 결과를 가람전자 연구팀이 반박했다."],
    ),
    (
        "고양이가 개를 쫓아갔고 이웃 주민이 이를 촬영했다.",
        ["개가 고양이를 쫓아갔고 이웃 주민이 이를 촬영했다."],
        ["고양이가 개를 쫓아갔다."],
    ),
    (
        "한빛시는 두루시와 맺은 협약에 따라 물을 두루시에 보낸다.",
        ["두루시는 한빛시와 맺은 협약에 따라 물을 한빛시에 보낸다."],
        ["한빛시는 협약에 따라 두루시에 물을 보낸다."],
    ),
    (
        "Haneul Bank sold its card unit to Bada Capital.",
        [
            "Bada Capital sold its card unit to Haneul Bank.",
            "The card unit was sold by Bada Capital to Haneul Bank.",
        ],
        [
            "Haneul Bank sold its card unit to Bada Capital.",
            "The card unit was sold by Haneul Bank to Bada Capital.",
        ],
    ),
    (
        "The mayor accused the union of lying.",
        ["The union accused the mayor of lying."],
        ["The union was accused of lying by the mayor."],
    ),
    (
        "Kim Haneul beat Lee Bada in the final on Sunday.",
        ["Lee Bada beat Kim Haneul in the final on Sunday."],
        [
            "On Sunday Kim Haneul beat Lee Bada in the final.",
            "Lee Bada was beaten by Kim Haneul in the final.",
        ],
    ),
]
REVERSED = [
    (
        "보조금은 먼저 신청한 순서대로 지급한다.",
        ["보조금은 나중에 신청한 순서대로 지급한다."],
        ["보조금은 먼저 신청한 순서로 지급한다.", "보조금은 먼저 신청한 사람부터 지급한다."],
    ),
    (
        "전시장 앞쪽에 매표소가 있다.",
        ["전시장 뒤쪽에 매표소가 있다."],
        ["매표소는 전시장 앞쪽에 있다."],
    ),
    (
        "공사는 개학 이전에 끝났다.",
        ["공사는 개학 이후에 끝났다."],
        ["개학 이전에 공사는 끝났다."],
    ),
    (
        "공사는 개학 전에 끝났다.",
        ["공사는 개학 후에 끝났다."],
        ["공사는 개학 전에 끝냈다."],
    ),
    (
        "영화관은 좌석을 뒤에서부터 채운다.",
        ["영화관은 좌석을 앞에서부터 채운다."],
        ["영화관은 뒤에서부터 좌석을 채운다."],
    ),
    (
        "방문객이 지난해보다 늘었다.",
        ["방문객이 지난해보다 줄었다."],
        ["지난해보다 방문객이 늘었다."],
    ),
    (
        "가격이 비싼 제품부터 팔렸다.",
        ["가격이 싼 제품부터 팔렸다."],
        ["비싼 제품부터 팔렸다."],
    ),
    (
        "나이가 많은 순서로 접종한다.",
        ["나이가 적은 순서로 접종한다."],
        ["나이가 많은 순으로 접종한다."],
    ),
    (
        "나이가 많은 사람부터 접종한다.",
        ["나이가 어린 사람부터 접종한다."],
        ["접종은 나이가 많은 사람부터 한다."],
    ),
    (
        "점수가 높은 순서대로 뽑는다.",
        ["점수가 낮은 순서대로 뽑는다."],
        ["점수가 높은 순으로 뽑는다."],
    ),
    (
        "회의는 선거 직전에 열렸다.",
        ["회의는 선거 직후에 열렸다."],
        ["회의가 선거 직전에 열렸다."],
    ),
    (
        "사무실은 위층으로 옮겼다.",
        ["사무실은 아래층으로 옮겼다."],
        ["사무실을 위층으로 옮겼다."],
    ),
    (
        "상류에 새 댐을 짓는다.",
        ["하류에 새 댐을 짓는다."],
        ["새 댐을 상류에 짓는다."],
    ),
    (
        "강의 왼쪽에 길을 낸다.",
        ["강의 오른쪽에 길을 낸다."],
        ["길은 강의 왼쪽에 낸다."],
    ),
    (
        "차는 동쪽으로 달아났다.",
        ["차는 서쪽으로 달아났다."],
        ["차가 동쪽으로 달아났다."],
    ),
    (
        "신청은 오전에 받는다.",
        ["신청은 오후에 받는다."],
        ["오전에 신청을 받는다."],
    ),
    (
        "회사는 상반기에 이익을 냈다.",
        ["회사는 하반기에 이익을 냈다."],
        ["상반기에 회사는 이익을 냈다."],
    ),
    (
        "선착순으로 표를 나눠 준다.",
        ["추첨으로 표를 나눠 준다."],
        ["표는 선착순으로 나눠 준다."],
    ),
    (
        "세금을 낸 뒤에 면허를 받았다.",
        ["세금을 내기 전에 면허를 받았다."],
        ["세금을 낸 후 면허를 받았다.", "세금을 내고 나서 면허를 받았다."],
    ),
    (
        "김 씨는 가장 먼저 도착했다.",
        ["김 씨는 가장 늦게 도착했다."],
        ["가장 먼저 도착한 사람은 김 씨다."],
    ),
    (
        "가게는 문을 연 지 하루 만에 닫았다.",
        ["가게는 문을 닫은 지 하루 만에 열었다."],
        ["가게는 연 지 하루 만에 문을 닫았다."],
    ),
    (
        "물가는 오르고 임금은 내렸다.",
        ["물가는 내리고 임금은 올랐다."],
        ["임금은 내리고 물가는 올랐다."],
    ),
    (
        "수출은 늘고 수입은 줄었다.",
        ["수출은 줄고 수입은 늘었다."],
        ["수입은 줄고 수출은 늘었다."],
    ),
    (
        "회사는 큰 공장을 팔고 작은 공장을 남겼다.",
        ["회사는 작은 공장을 팔고 큰 공장을 남겼다."],
        ["회사는 작은 공장을 남기고 큰 공장을 팔았다."],
    ),
    (
        "짐은 안에 두고 신발은 밖에 둔다.",
        ["짐은 밖에 두고 신발은 안에 둔다."],
        ["신발은 밖에 두고 짐은 안에 둔다."],
    ),
    (
        "Seats are given to the first who apply.",
        ["Seats are given to the last who apply."],
        ["Seats are given to those who apply first."],
    ),
    (
        "Sales rose after the festival.",
        ["Sales rose before the festival."],
        ["After the festival sales rose."],
    ),
    (
        "Prices fell in March.",
        ["Prices rose in March."],
        ["In March prices fell."],
    ),
]

ROWS = [(row, "role") for row in EXCHANGED] + [(row, "negation") for row in REVERSED]
LIES = [(source, lie, kind) for (source, lies, _), kind in ROWS for lie in lies]
TRUTHS = [(source, true) for (source, _, truths), _ in ROWS for true in truths]


def judged(source: str, claim: str) -> Verdict:
    return support(claim, Grounds((source,), published=date(2025, 6, 2)))


@pytest.mark.parametrize(("source", "lie", "kind"), LIES)
def test_exchange_is_a_veto_that_says_what_differs(source: str, lie: str, kind: str) -> None:
    vetoes = judged(source, lie).vetoes
    assert any(veto.kind in {kind, "role"} and veto.said for veto in vetoes), vetoes


@pytest.mark.parametrize(("source", "claim"), TRUTHS)
def test_the_same_said_in_another_order_or_voice_breaks_no_hard_rule(
    source: str, claim: str
) -> None:
    assert judged(source, claim).vetoes == ()


def test_both_may_be_true_of_a_source_that_says_both() -> None:
    source = "가람전자는 나래물산을 고소했고 나래물산은 가람전자를 고소했다."
    for claim in ("가람전자는 나래물산을 고소했다.", "나래물산은 가람전자를 고소했다."):
        assert judged(source, claim).vetoes == ()


def test_a_pair_that_acts_together_has_no_places_to_exchange() -> None:
    source = "가람전자는 나래물산과 협력하기로 합의했다."
    vetoes = judged(source, "나래물산은 가람전자와 협력하기로 합의했다.").vetoes
    assert not any("exchanged" in veto.reason for veto in vetoes)


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("점수가 높은 순서대로 뽑는다.", "점수가 낮지 않은 순서대로 뽑는다."),
        ("위층은 시끄럽고 아래층은 조용하다.", "아래층은 조용하다."),
        ("공사는 개학 전에 끝났고 개학 후에 점검했다.", "개학 후에 점검했다."),
    ],
)
def test_an_opposite_that_is_denied_or_also_in_the_source_is_no_veto(
    source: str, claim: str
) -> None:
    assert not any("opposite" in veto.reason for veto in judged(source, claim).vetoes)


# A source, the sentence before it, and what is said of another one of the same kind.
OTHERS = [
    ("여자 대표팀 두 명이 다쳤다.", "남자 대표팀 두 명이 다쳤다.", "여자 대표팀은 쉬었다."),
    ("한솔댐 취수장이 멈췄다.", "하늘목 취수장이 멈췄다.", "양수장도 멈췄다."),
    (
        "한울구 상인들은 인상에 반대했다.",
        "나래구 상인들은 인상에 반대했다.",
        "한울구는 요금을 올렸다.",
    ),
    ("‘나’ 구역 토지는 모두 팔렸다.", "‘가’ 구역 토지는 모두 팔렸다.", "‘가’와 ‘나’ 구역이 있다."),
    ("C형 간염 환자가 21명 늘었다.", "A형 간염 환자가 21명 늘었다.", "A형과 C형을 조사한다."),
    ("하늘전자 공장은 문을 닫는다.", "바다전자 공장은 문을 닫는다.", "하늘전자는 공장을 지었다."),
    ("도담시의 예산이 삭감됐다.", "가온시의 예산이 삭감됐다.", "도담시는 회의에 참석했다."),
    ("너벅마을 이장은 서명했다.", "쇠뿔마을 이장은 서명했다.", "너벅마을에는 240가구가 산다."),
    (
        "경찰은 해솔병원 직원을 조사했다.",
        "경찰은 다솜병원 직원을 조사했다.",
        "해솔병원에서 사고가 났다.",
    ),
    ("늘봄은행 대출이 줄었다.", "참새은행 대출이 줄었다.", "늘봄은행은 예금 금리를 내렸다."),
    (
        "돌개마을 어민들은 반발했다.",
        "그러자 너벅마을 어민들은 반발했다.",
        "돌개마을 말이 기준이다.",
    ),
]


@pytest.mark.parametrize(("lie", "source", "before"), OTHERS)
def test_another_one_of_the_same_kind_is_a_veto(lie: str, source: str, before: str) -> None:
    elsewhere = "한솔댐은 12㎞ 아래에 있다."
    assert support(lie, Grounds((source,), ((before,),), elsewhere=elsewhere)).vetoes
    assert not support(source, Grounds((source,), ((before,),))).findings


def test_another_owner_is_not_proven() -> None:
    source, before = (
        "이번 연구에는 부처 연구비 42억원이 들어갔다.",
        "온새로바이오는 기술을 이전받았다.",
    )
    lie = "이번 연구에는 온새로바이오의 연구비 42억원이 들어갔다."
    assert not support(lie, Grounds((source,), ((before,),))).supported


@pytest.mark.parametrize(
    ("claim", "source", "before"),
    [
        (
            "나래구 상인들은 인상에 반대했다.",
            "상인들은 인상에 반대했다.",
            "나래구 상인들이 모였다.",
        ),
        ("MS 직원들은 반발했다.", "마이크로소프트 직원들은 반발했다.", "구글은 말이 없다."),
        (
            "가온시 예산 30억원이 삭감됐다.",
            "가온시의 내년 예산 30억원이 삭감됐다.",
            "도담시도 있다.",
        ),
        (
            "누리텍 공장은 문을 닫는다.",
            "이 공장은 문을 닫는다.",
            "누리텍 공장은 2010년에 지어졌다.",
        ),
        (
            "서울시 교육청은 결과를 발표했다.",
            "시 교육청은 결과를 발표했다.",
            "서울시 교육청이 맡았다.",
        ),
    ],
)
def test_the_same_one_named_otherwise_is_proven(claim: str, source: str, before: str) -> None:
    assert support(claim, Grounds((source,), ((before,),))).supported


def test_a_noun_in_a_longer_name_does_not_say_that_it_is_done() -> None:
    source = "수출 통제 체제에 가입한 29개국으로 보내는 물량은 간소화된 절차를 밟는다."
    before = "지금까지는 신고만 하면 됐지만 앞으로는 식각 장비도 건별로 심사를 받아야 한다."
    lie = "식각 장비는 지금까지도 건별로 심사를 받아야 수출할 수 있었다."
    assert not support(lie, Grounds((source,), ((before,),))).supported
