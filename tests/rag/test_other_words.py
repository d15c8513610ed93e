"""True claims in other words are no lies: the rules leave them to a verifier.

A veto is final, so one on a true claim withholds it whoever judges. Lies beside them stay vetoed.
"""

from __future__ import annotations

from datetime import date

import pytest

from geungeo.rag.grounding.support import Grounds, Verdict, support
from geungeo.rag.language.numbers import quantities, readable, stated_quantities
from geungeo.rag.language.reckoning import reckoned
from geungeo.rag.language.transliteration import sounded_as, sounded_in

DAY = date(2026, 9, 14)


def judged(claim: str, *sources: str, same: str = "") -> Verdict:
    return support(claim, Grounds(sources, published=DAY, elsewhere=same, same=same))


FROM = "주차 요금이 시간당 1500원에서 2100원으로 오른다."
SPLIT = "신청자 120명 가운데 85명이 교육을 마쳤다."

RECKONED = [
    ("한 시간에 600원을 더 내야 한다.", FROM),
    ("교육을 마치지 못한 사람은 35명 더 있다.", SPLIT),
    ("관람객은 3분의 1 가까이 줄었다.", "관람객은 9만 명에서 6만2000명으로 줄었다."),
    ("비행은 2분 5초 만에 끝났다.", "비행은 125초 만에 끝났다."),
    ("공사는 반년 걸렸다.", "공사는 6개월 걸렸다."),
    ("치료는 석 달쯤 걸렸다.", "치료는 13주 걸렸다."),
    ("과태료는 40만 원으로 오른다.", "과태료 20만 원은 두 번째부터 갑절로 뛴다."),
    ("값은 5% 가까이 올랐다.", "값은 4.7% 올랐다."),
    ("40년 넘게 문을 닫았던 역이 열렸다.", "41년 동안 닫혀 있던 역이 다시 열렸다."),
    ("열 집 중 네 집꼴이라고 해도 좋은 열 가구 중 네 가구가 비었다.", "전체 가구의 41%가 비었다."),
    ("지분은 6%포인트 높아졌다.", "지분은 12%에서 18%로 늘었다."),
    ("지원금의 60%인 90억 원이 나랏돈이다.", "사업비 150억 원의 60%는 국비로 낸다."),
    ("찬성 12표로 통과됐다.", "12명이 찬성해 통과됐다."),
    ("회수되는 잼은 4만 개다.", "회수 대상은 잼 4만 병이다."),
    ("시청률은 3.5%포인트 떨어졌다.", "시청률은 5.4%에서 1.9%로 내려갔다."),
    ("법안은 9표 차로 통과됐다.", "법안은 찬성 31표, 반대 22표로 통과됐다."),
    ("빚이 자산보다 70% 많다.", "빚은 자산의 1.7배다."),
    ("이용자는 넉 달 새 26만 명 불어났다.", "이용자는 3월 14만 명에서 7월 40만 명으로 늘었다."),
    ("한 상자를 팔 때마다 1800원씩 손해를 봤다.", "한 상자를 4200원에 파는데 비용은 6000원이었다."),
    ("양쪽이 낸 돈을 더하면 8300만 원이다.", "구청이 5100만 원, 상인회가 3200만 원을 냈다."),
    ("찬성이 반대보다 여섯 명 많았다.", "찬성 21명, 반대 15명으로 통과됐다."),
    ("점수는 기준에 2.4점이 모자랐다.", "이 학교는 67.6점을 받아 기준인 70점에 못 미쳤다."),
    ("두 후보의 차이는 15%포인트를 넘었다.", "맹 후보는 44.1%, 표 후보는 28.3%를 얻었다."),
    ("판매량은 목표의 60%에 미치지 못했다.", "목표는 50만 장이었으나 29만 장이 팔렸다."),
    ("군이 댄 돈은 1억3000만 원이다.", "4억 원 가운데 2억7000만 원은 성금이고 나머지는 군이 냈다."),
    ("주민은 편도 4만2000원에 탄다.", "편도 요금은 6만 원이고 주민은 30% 할인된다."),
    ("배로 가는 것보다 3시간 20분 짧아진다.", "배로 4시간 10분 걸리던 길이 50분으로 줄어든다."),
    ("몸값은 지난번의 2.5배다.", "구단은 30억 원에 샀고, 지난번에는 12억 원을 냈다."),
    ("출시는 넉 달 늦은 12월로 밀렸다.", "출시는 8월에서 12월로 미뤄졌다."),
    ("셋을 합치면 57척이다.", "가온이 28척, 나루가 18척, 다솜이 11척을 땄다."),
    ("예산 400억 원대가 깎였다.", "예산 437억 원이 깎였다."),
    ("2만3천여 대를 고친다.", "차 2만3450대를 고친다."),
    ("앓는 아이는 일곱 명 중 한 명꼴이다.", "아이들의 14%가 앓는다."),
    ("두 번째 순위인 한울이 맡았다.", "2위였던 한울이 맡았다."),
    ("다 쓰지 못한 곳은 7곳 더 있다.", "12곳 가운데 5곳이 다 썼다."),
    ("1톤을 치우는 값이 올랐다.", "처리비는 톤당 31만 원으로 올랐다."),
    ("복무는 1년 넉 달이다.", "복무는 16개월이다."),
    ("석 달 남짓 안에 회사를 나눈다.", "100일 안에 회사를 나눈다."),
    ("몸무게가 0.8㎏ 늘었다.", "몸무게가 800g 늘었다."),
    ("통행료는 2250원이다.", "통행료는 4500원이고, 전기차는 절반만 낸다."),
    ("2심 재판부는 형을 낮췄다.", "항소심 재판부는 형량을 줄였다."),
    (
        "배상액은 1심의 7만원에서 2심에서 12만원으로 높아졌다.",
        "고등법원은 1심의 7만원보다 많은 12만원을 인정했다.",
    ),
    ("처리 기간이 33일 짧아졌다.", "처리 기간은 52일에서 19일로 단축됐다."),
    ("촬영은 29일 더 걸렸다.", "42일로 잡았던 촬영이 71일로 늘어났다."),
    ("아픈 날이 7일가량 줄었다.", "아픈 날은 13.2일에서 6.1일로 줄었다."),
    ("정원보다 다섯 명이 모자란다.", "정원은 16명이지만 11명뿐이다."),
    ("기다린 시간은 전의 3분의 1도 되지 않았다.", "대기 시간은 74분에서 22분으로 짧아졌다."),
    ("신청한 배의 3분의 1가량만 뽑혔다.", "63척이 신청했으나 22척만 선정됐다."),
    (
        "어린 동물의 의료비는 노령 동물의 3분의 1이다.",
        "노령 동물의 의료비는 어린 동물의 세 배에 이른다.",
    ),
    (
        "낮 경기의 평균자책점은 밤 경기의 두 배를 넘는다.",
        "평균자책점은 낮 경기 5.87, 밤 경기 2.31이다.",
    ),
    ("매출은 3년 만에 네 배로 뛰었다.", "매출은 3년 전 12억원에서 48억원으로 늘었다."),
    ("사업비 가운데 98억원 남짓이 나랏돈이다.", "사업비 164억원의 60%는 국비다."),
    ("이익률은 12%를 웃돈다.", "이익률은 업계 평균 6%의 두 배를 넘는다."),
    ("수확은 40% 줄었다.", "평년의 60%밖에 따지 못했다."),
    ("학교는 1시간 10분 늦게 연다.", "어린이집은 오전 7시 30분, 학교는 8시 40분에 연다."),
    ("차로는 세 시간 반 일찍 열렸다.", "한 차로는 오후 1시에, 다른 차로는 오후 4시 30분에 열렸다."),
    ("회의는 한 시간도 안 돼 끝났다.", "회의는 35분 만에 끝났다."),
    ("열차는 세 시간 가까이 달린다.", "열차는 2시간 50분을 달린다."),
    ("한 판당 수백만원을 받았다.", "한 판에 300만~700만원을 받았다."),
    ("열 명 중 일곱 명은 거부했다.", "열에 일곱은 거부했다."),
    ("출퇴근 차량이 60%를 차지한다.", "출퇴근 차량이 6할을 차지한다."),
]


@pytest.mark.parametrize(("claim", "source"), RECKONED)
def test_a_number_that_follows_from_the_source_is_no_veto(claim: str, source: str) -> None:
    assert not [one for one in judged(claim, source).vetoes if one.kind == "number"]


@pytest.mark.parametrize(("claim", "source"), RECKONED[:-3])
def test_a_number_that_follows_from_the_source_is_not_proven(claim: str, source: str) -> None:
    assert not judged(claim, source).supported


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("한 시간에 700원을 더 내야 한다.", FROM),
        ("교육을 마치지 못한 사람은 45명 더 있다.", SPLIT),
        ("관람객은 5분의 4 가까이 줄었다.", "관람객은 9만 명에서 6만2000명으로 줄었다."),
        ("비행은 2분 15초 만에 끝났다.", "비행은 125초 만에 끝났다."),
        ("공사는 반년 걸렸다.", "공사는 9개월 걸렸다."),
        ("치료는 다섯 달쯤 걸렸다.", "치료는 13주 걸렸다."),
        ("과태료는 60만 원으로 오른다.", "과태료 20만 원은 두 번째부터 갑절로 뛴다."),
        ("값은 4% 가까이 올랐다.", "값은 4.7% 올랐다."),
        ("50년 넘게 문을 닫았던 역이 열렸다.", "41년 동안 닫혀 있던 역이 다시 열렸다."),
        ("열 가구 중 여덟 가구가 비었다.", "전체 가구의 41%가 비었다."),
        ("지분은 9%포인트 높아졌다.", "지분은 12%에서 18%로 늘었다."),
        ("사업비는 600원이다.", FROM),
        ("찬성 13표로 통과됐다.", "12명이 찬성해 통과됐다."),
        ("적발은 5년 전의 네 배를 웃돈다.", "적발은 5년 전의 두 배가 넘는다."),
        ("업체마다 최대 3억 원을 빌린다.", "업체당 최대 5억 원을 빌리고, 비용은 절반을 낸다."),
        ("처리 기간이 23일 짧아졌다.", "처리 기간은 52일에서 19일로 단축됐다."),
        ("촬영은 19일 끝났다.", "42일로 잡았던 촬영이 71일로 늘어났다."),
        ("정원보다 일곱 명이 모자란다.", "정원은 16명이지만 11명뿐이다."),
        ("기다린 시간은 전의 3분의 1을 넘는다.", "대기 시간은 74분에서 22분으로 짧아졌다."),
        ("매출은 다섯 배로 뛰었다.", "매출은 3년 전 12억원에서 48억원으로 늘었다."),
        ("값은 4분의 1이 내렸다.", "값은 네 배로 올랐다."),
        ("요금은 60달러를 넘지 않는다.", "요금은 70달러다."),
        ("회의는 두 시간을 넘지 않았다.", "회의는 140분 동안 이어졌다."),
        ("수백만 명이 모였다.", "행사로 300만 원을 모았고 시민이 모였다."),
        ("일곱 명이 거부했다.", "주민 열에 일곱이 거부했다."),
        ("10명이 거부했다.", "주민 열에 일곱이 거부했다."),
        ("수십만 원이 들었다.", "50만 명이 들었다."),
        ("상한은 네 배로 넓어졌다.", "상한은 4분의 1로 좁혀졌다."),
        ("수확은 60% 줄었다.", "평년의 70%밖에 따지 못했다."),
        ("40%가 반대했다.", "60%가 찬성했다."),
        ("학교는 2시간 10분 늦게 연다.", "어린이집은 오전 7시 30분, 학교는 8시 40분에 연다."),
        ("회의는 두 시간 넘게 걸렸다.", "회의는 35분 만에 끝났다."),
        ("열차는 네 시간 가까이 달린다.", "열차는 2시간 20분을 달린다."),
        ("한 판당 수천만원을 받았다.", "한 판에 300만~700만원을 받았다."),
        ("출퇴근 차량이 80%를 차지한다.", "출퇴근 차량이 6할을 차지한다."),
        ("열 명 중 여섯 명은 거부했다.", "열에 여덟은 거부했다."),
        ("이익률은 15%다.", "이익률은 업계 평균 6%의 두 배를 넘는다."),
        ("이용자는 넉 달 새 36만 명 불어났다.", "이용자는 3월 14만 명에서 7월 40만 명으로 늘었다."),
        ("양쪽이 낸 돈을 더하면 8800만 원이다.", "구청이 5100만 원, 상인회가 3200만 원을 냈다."),
        ("찬성이 반대보다 일곱 명 많았다.", "찬성 21명, 반대 15명으로 통과됐다."),
        ("판매량은 목표의 30%에 미치지 못했다.", "목표는 50만 장이었으나 29만 장이 팔렸다."),
        (
            "군이 댄 돈은 1억9000만 원이다.",
            "4억 원 가운데 2억7000만 원은 성금이고 나머지는 군이 냈다.",
        ),
        ("주민은 편도 4만5000원에 탄다.", "편도 요금은 6만 원이고 주민은 30% 할인된다."),
        ("몸값은 지난번의 3.5배다.", "구단은 30억 원에 샀고, 지난번에는 12억 원을 냈다."),
        ("출시는 여섯 달 늦은 12월로 밀렸다.", "출시는 8월에서 12월로 미뤄졌다."),
        ("예산 300억 원대가 깎였다.", "예산 437억 원이 깎였다."),
        ("2만8천여 대를 고친다.", "차 2만3450대를 고친다."),
        ("앓는 아이는 네 명 중 한 명꼴이다.", "아이들의 14%가 앓는다."),
        ("세 번째 순위인 한울이 맡았다.", "2위였던 한울이 맡았다."),
    ],
)
def test_a_number_that_does_not_follow_is_a_veto(claim: str, source: str) -> None:
    assert [one for one in judged(claim, source).vetoes if one.kind == "number"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("회사의 부채 규모는 1000억원이다.", "회사의 부채 규모는 1200억원이다."),
        ("5명이 숨졌고 3명 이상이 다쳤다.", "6명이 숨졌고 3명이 다쳤다."),
        ("98%가 찬성했다.", "2023년 시작해 2024년 끝난 조사에서 41%가 찬성했다."),
        ("축제는 15일 시작한다.", "축제는 5일 시작해 10일 끝난다."),
        ("매출은 500억원이다.", "이 기술을 기반으로 매출 1000억원을 올렸다."),
        ("60명이 숨졌다.", "유람선 배가 침몰해 30명이 숨졌다."),
        ("주택 20채가 탔다.", "주택 30채와 차량 20대가 탔다."),
        ("2심은 유죄로 봤다.", "1심은 유죄로 봤다."),
        ("1시간 30초가 걸렸다.", "90분이 걸렸다."),
    ],
)
def test_a_number_follows_only_where_the_words_say_so(claim: str, source: str) -> None:
    assert [one for one in judged(claim, source).vetoes if one.kind == "number"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("지원자의 절반 가까이가 시험을 포기했다.", "지원자 420명 가운데 51명이 시험을 포기했다."),
        ("절반쯤은 다시 찾아왔다.", "다섯 명 중 한 명꼴로 다시 찾아왔다."),
        ("판매액은 절반으로 줄었다.", "판매액은 8.2% 줄었다."),
        ("법원은 회사 책임을 절반으로 보았다.", "법원은 회사 책임을 15%로 제한했다."),
        ("주민 절반이 반대한다.", "반대하는 주민은 네 집에 한 집꼴인 4분의 1이다."),
        ("찬성은 절반을 넘지 못했다가 뒤에 절반으로 늘었다.", "찬성은 29%에 그쳤다."),
        ("About half of the shops closed.", "Of 90 shops, 11 closed."),
        ("More than half of the shops closed.", "Of 90 shops, 11 closed."),
        ("주민의 절반 이상이 찬성했다.", "주민 800명 중 120명이 찬성했다."),
        ("의원의 절반이 넘는 사람이 찬성했다.", "의원 60명 가운데 9명이 찬성했다."),
        ("속도가 절반으로 떨어졌다.", "초당 90메가비트에서 82메가비트로 떨어졌다."),
    ],
)
def test_half_of_something_needs_an_amount_that_is_near_half(claim: str, source: str) -> None:
    assert [one.said for one in judged(claim, source).vetoes if one.kind == "number"] == ["절반"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("지원자의 절반 가까이가 시험을 포기했다.", "지원자 420명 가운데 196명이 시험을 포기했다."),
        ("절반 넘게 비어 있다.", "1120실 가운데 604실이 비어 있다."),
        ("두통을 호소한 학생은 절반 아래로 줄었다.", "두통은 하루 열두 명에서 다섯 명으로 줄었다."),
        ("교사의 비율은 절반 아래로 떨어졌다.", "교사의 비율은 71%에서 33%로 떨어졌다."),
        ("의석의 절반이 넘는 자리를 얻었다.", "전체 의석의 과반을 얻었다."),
        ("걸리는 시간이 절반으로 줄었다.", "1시간 걸리던 길이 30분으로 줄었다."),
        ("강아지가 손님의 절반이다.", "손님의 50%는 강아지다."),
        ("배출량이 절반 이하로 줄었다.", "배출량이 3분의 1로 줄었다."),
        ("두 몫을 절반씩으로 한다.", "두 몫의 비율은 5 대 5로 한다."),
        ("을은 갑의 절반이다.", "갑은 을의 두 배다."),
        ("참가자의 절반은 외국인이다.", "외국인 60명과 내국인 61명이 참가했다."),
        ("절반 넘게 오지 않았다.", "초대한 80명 가운데 30명이 왔다."),
        ("값이 절반이다.", "정가 2만 원이던 값이 반이다."),
        ("절반으로 줄었다.", "40명에서 반쯤 줄어 30명 안팎이다."),
        ("주민의 절반이 노인이다.", "주민 80명은 둘 중 하나가 노인이다."),
        ("비용은 절반씩 낸다.", "비용 30억 원은 두 나라가 똑같이 낸다."),
        ("절반 이상이 여성이다.", "지원자 40명의 대다수가 여성이다."),
        ("작년의 절반 아래로 줄었다.", "작년의 30%로 줄었다."),
        ("절반 이상 줄었다.", "작년의 3분의 1로 줄었다."),
        ("절반도 안 된다.", "작년 매출은 올해의 세 배다."),
        ("거의 절반이 떠났다.", "주민의 39.8%가 떠났다."),
        ("절반을 훨씬 웃돌았다.", "정원 100명에 90명이 왔다."),
        ("청중의 절반보다 적었다.", "2,000명 중 500명이었다."),
        ("절반의 성공이라는 말이 나온다.", "목표 10개 가운데 3개를 이뤘다."),
        ("절반을 따낸 뒤 한판으로 이겼다.", "8강 3분에 한판으로 이겼다."),
        ("그는 3반으로 옮겼다.", "학생 20명 가운데 3명이 반을 옮겼다."),
        ("반만년 역사를 새겼다.", "비석 5개 가운데 하나에 역사를 새겼다."),
        ("The northern half of the island lost power.", "Power failed in 3 of 10 northern towns."),
        ("Half of the staff left.", "Forty of the 80 staff left, 5 of 60 engineers among them."),
        ("More than half of the shops closed.", "Of 90 shops, 71 closed."),
        ("In the second half of the year it starts.", "It starts between July and December."),
    ],
)
def test_half_of_something_may_follow_from_the_source(claim: str, source: str) -> None:
    assert not [one for one in judged(claim, source).vetoes if one.kind == "number"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("비용의 절반은 도가 부담한다.", "비용은 도와 시가 나눠 부담한다."),
        ("한 해의 절반을 바다에서 보낸다.", "6개월을 바다에서 보낸다."),
        ("아이들의 절반은 여자다.", "남자 15명, 여자 15명이다."),
    ],
)
def test_half_of_something_is_a_doubt_where_the_source_gives_no_parts(
    claim: str, source: str
) -> None:
    verdict = judged(claim, source)
    assert not [one for one in verdict.vetoes if one.kind == "number"]
    assert "절반" in [one.said for one in verdict.doubts]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("주민의 70%가 찬성했다.", "주민의 30%가 찬성했다."),
        ("병상의 85%가 찼다.", "병상의 15%가 찼다."),
        ("직원의 3분의 2가 떠났다.", "직원의 3분의 1이 떠났다."),
        ("값은 25% 내렸다.", "값은 네 배로 올랐다."),
    ],
)
def test_the_rest_of_a_part_is_no_number_of_the_source(claim: str, source: str) -> None:
    assert [one for one in judged(claim, source).vetoes if one.kind == "number"]


@pytest.mark.parametrize(
    "source",
    [
        "The fee of 3,000 won was cut in half.",
        "The fee of 3,000 won was cut by half.",
        "The fee of 3,000 won was halved.",
    ],
)
def test_what_is_halved_is_half_as_much(source: str) -> None:
    assert not judged("The fee is now 1,500 won.", source).vetoes


def test_half_may_be_named_before_the_sentence() -> None:
    grounds = Grounds(("그 한도가 없어졌다.",), (("성과급은 연봉의 50%까지였다.",),))
    assert not support("연봉의 절반이라는 한도가 없어졌다.", grounds).vetoes


def test_large_numbers_are_compared_exactly() -> None:
    source = "예산은 1200억원에서 1500억원으로 늘었다."
    assert not judged("예산이 300억원 늘었다.", source).vetoes
    assert judged("예산이 301억원 늘었다.", source).vetoes
    assert judged("1,234,568명이 왔다.", "1,234,567명이 왔다.").vetoes


def test_a_page_of_numbers_is_not_reckoned_with() -> None:
    table = " ".join(f"{one}명" for one in range(20, 400))
    assert not reckoned("1000명이 모두 왔다.", table)
    assert not reckoned("9" * 5_000 + "시간 3분이 더 걸렸다.", "90분이 걸렸다.")


def test_a_small_count_is_not_taken_for_a_difference() -> None:
    assert not reckoned("3명이 더 왔다.", "어른 5명과 어린이 2명이 왔다.")


def test_words_spelled_like_an_amount_are_none() -> None:
    for text in ("다음 세대", "세종은", "교체를 받을 수만 있다", "두통이 있다"):
        assert not quantities(text), text
    assert {readable(one) for one in quantities("3분의 1이 줄었다")} == {"0.333333 share"}
    assert {one.value for one in stated_quantities("예순여덟인 그는")} == {68}


DENIED_OTHERWISE = [
    ("그 제품은 회수하지 않는다.", "그 제품은 부품이 달라 회수 대상에서 빠졌다."),
    ("시는 요금을 올리지 않기로 했다.", "시는 요금을 그대로 두기로 했다."),
    ("두 사람은 말이 같지 않았다.", "두 사람의 말이 서로 달랐다."),
    ("법은 헌법에 맞지 않는다.", "법이 헌법에 어긋난다는 판단이 나왔다."),
    ("가게는 문을 열지 않았다.", "가게 문은 잠겨 있었다."),
    ("그는 아이를 혼내기 싫다고 했다.", '그는 "아이를 혼내고 싶지 않다"고 말했다.'),
    ("값이 비싸진 게 아니라 양이 줄었다.", "값이 비싸졌다기보다 양이 줄어든 것이다."),
    ("온빛이 아닌 회사도 만들 수 있다.", "온빛 외 다른 회사도 만들 수 있다."),
    ("회비를 안 낸 사람은 못 들어간다.", "회비를 낸 사람만 들어간다."),
    ("기한까지 내지 않으면 무효가 된다.", "기한까지 내라고 했고, 안 그러면 무효다."),
    ("그는 잘못을 인정하지 않았다.", "그는 잘못을 부인했다."),
    ("드론수색팀은 네 사람에 지나지 않는다.", "드론수색팀은 모두 4명이다."),
    ("분담금은 60달러를 넘지 않는다.", "분담금은 60달러까지만 낸다."),
    ("열차는 그 길을 한 시간도 안 걸려 간다.", "열차는 그 길을 58분에 주파한다."),
    ("직원이 300명에 못 미치는 사업장에서 시작된다.", "직원 300명 미만 사업장에서 시작된다."),
    ("발전량은 광고의 3분의 1에도 못 미쳤다.", "발전량은 광고의 31%에 머물렀다."),
    ("Nothing was paid to the tenants.", "세입자에게 보상은 한 푼도 없었다."),
    ("The club has not won since 2019.", "구단의 우승은 2019년 이후 7년 만이다."),
]


@pytest.mark.parametrize(("claim", "source"), DENIED_OTHERWISE)
def test_a_denial_in_other_words_is_no_veto(claim: str, source: str) -> None:
    verdict = judged(claim, source)
    assert not [one for one in verdict.vetoes if one.kind == "negation"], verdict.reasons
    assert not verdict.supported


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("돈이 들지만 지원은 줄었다.", "돈이 드는데 지원이 줄었다."),
        ("더 내라고 할 수 없다고 말했다.", '그는 "더 내라고 할 수는 없다"고 말했다.'),
    ],
)
def test_an_ending_is_not_taken_for_a_denial(claim: str, source: str) -> None:
    assert not judged(claim, source).vetoes


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("그 제품은 회수하지 않는다.", "그 제품은 전량 회수한다."),
        ("시는 요금을 올리지 않기로 했다.", "시는 요금을 올리기로 했다."),
        ("두 사람은 만나지 않았다.", "두 사람은 어제 만났다."),
        ("회사는 사과하지 않았다.", "회사는 피해자에게 사과했다."),
        ("그는 아이를 혼내기 싫다고 했다.", '그는 "아이를 혼냈다"고 말했다.'),
        ("회비를 낸 사람은 못 들어간다.", "회비를 낸 사람은 들어간다."),
        ("그는 잘못을 인정했다.", "그는 잘못을 부인했다."),
        ("박은호 시장은 사퇴하지 않았다.", "박은호 시장은 3년 만에 사퇴했다."),
        ("다리는 열리지 않았다.", "다리는 두 달 만에 열렸다."),
        ("박은호 시장은 참석하지 않았다.", "박은호 시장만 참석했다."),
        ("해담시만 요금을 올리지 않았다.", "해담시만 요금을 올렸다."),
        ("대만 정부는 무기를 구매하지 않는다.", "대만 정부는 무기를 구매한다."),
        ("그는 회의에 참석하지 않았다.", "그는 회비만 냈고 회의에는 참석했다."),
        ("매출 10억 원 이상 기업이 대상이다.", "매출 10억 원 이하 기업이 대상이다."),
        ("5만 명 이상 도시가 대상이다.", "5만 명 이하 도시가 대상이다."),
        (
            "예산을 300억원 늘리고 세금도 올린다.",
            "예산을 1200억원에서 1500억원으로 늘리지만 세금은 올리지 않는다.",
        ),
        ("그는 “비가 온다”고 하지 않았다.", "그는 “오늘은 비가 온다”고 말했다."),
        ("더 내라고 할 수 있다고 말했다.", '그는 "더 내라고 할 수는 없다"고 말했다.'),
        ("The club did not pay the tenants.", "구단은 세입자에게 보상금을 지급했다."),
    ],
)
def test_a_denial_of_what_the_source_affirms_is_a_veto(claim: str, source: str) -> None:
    assert [one for one in judged(claim, source).vetoes if one.kind == "negation"]


NAMES = [
    ("Molnar", "오르벤의 리사 몰나르 장관이 중재했다."),
    ("Orben", "오르벤의 리사 몰나르 장관이 중재했다."),
    ("Cardan", "상류의 카르단이 댐을 지었다."),
    ("Songnim", "송림은 승부차기에서 졌다."),
    ("Jongno", "종로 상인들이 모였다."),
    ("Wangsimni", "왕십리에서 불이 났다."),
    ("Byeollae", "별내에 도서관이 문을 열었다."),
    ("Silla", "신라 유물이 나왔다."),
]


@pytest.mark.parametrize(("name", "source"), NAMES)
def test_a_name_in_latin_letters_is_found_as_it_is_spoken(name: str, source: str) -> None:
    vetoes = judged(f"It happened in connection with {name}.", source).vetoes
    assert not [one for one in vetoes if one.kind == "name"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("Korben", "오르벤의 리사 몰나르 장관이 중재했다."),
        ("Malone", "오르벤의 리사 몰나르 장관이 중재했다."),
        ("Gordan", "상류의 카르단이 댐을 지었다."),
        ("Songdo", "송림은 승부차기에서 졌다."),
        ("Jongdo", "종로 상인들이 모였다."),
    ],
)
def test_another_name_is_a_veto(name: str, source: str) -> None:
    vetoes = judged(f"It happened in connection with {name}.", source).vetoes
    assert [one for one in vetoes if one.kind == "name"]


@pytest.mark.parametrize(
    ("name", "source", "written"),
    [
        ("Suleyman", "무스타파 설리먼은 화를 냈다.", "설리먼"),
        ("Nadella", "나델라가 말했다.", "나델라"),
        ("Oracle", "오라클과 손잡았다.", "오라클"),
        ("Molnar", "리사 몰나르에게 물었다.", "몰나르"),
        ("Simon", "시민이 왔다.", None),
        ("Resign", "이사회는 그를 내보냈다.", None),
    ],
)
def test_a_foreign_name_is_found_as_the_source_writes_it(
    name: str, source: str, written: str | None
) -> None:
    assert sounded_as(name, source) == written


def test_a_word_with_the_consonants_of_a_name_is_not_that_name() -> None:
    for name, source in (("Simon", "시민이"), ("Samson", "삼성이"), ("Helen", "할인은")):
        assert not sounded_in(name, source)


SAID = '추 교수는 "일곱 살 이전이 적기"라고 말했다.'


def test_the_article_names_in_full_whom_a_sentence_names_in_short() -> None:
    claim = '추민결 교수는 "일곱 살 이전이 적기"라고 말했다.'
    assert judged(claim, SAID, same="추민결 교수팀이 결과를 냈다. 추민결 교수는 의사다.").supported
    two = "추민결 교수가 왔다. 추하나 교수도 왔다."
    assert judged(claim, SAID, same=two).vetoes
    assert judged(claim, SAID).vetoes


SPEAKERS = (
    '노조 지부장 채원목 씨는 "회사는 경고 공문을 네 차례나 묵살했다"고 비판했다.',
    '안기범 대표는 기자회견에서 "점검 주기는 기준 안에서 조정한 것"이라고 해명했다.',
)


def test_words_of_one_speaker_are_not_given_to_another() -> None:
    lie = judged("안기범 대표는 경고 공문을 네 차례나 묵살했다고 비판했다.", *SPEAKERS)
    assert [one for one in lie.vetoes if one.kind == "role"]
    true = judged("채원목 씨는 회사가 경고 공문을 네 차례나 묵살했다고 비판했다.", *SPEAKERS)
    assert not true.vetoes
    both = (
        "채원목 씨는 회사가 공문을 묵살했다고 했고 안기범 대표는 기준 안에서 조정했다고 해명했다."
    )
    assert not [one for one in judged(both, *SPEAKERS).vetoes if "another one says" in one.reason]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (
            "벨로니아가 댐을 채우면서 카르단 농경지의 물이 줄었다.",
            "카르단이 댐을 채우면서 벨로니아 농경지의 물이 줄었다.",
        ),
        (
            "부산 구단이 이기자 대구 팬들이 환호했다.",
            "대구 구단이 이기자 부산 팬들이 환호했다.",
        ),
    ],
)
def test_names_that_change_places_are_a_veto(claim: str, source: str) -> None:
    assert [one for one in judged(claim, source).vetoes if one.kind == "role"]
    assert not judged(source, source).vetoes


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (
            "솔베 장관은 추첨을 멈추겠다고 약속했다.",
            '솔베 국방장관은 "추첨을 멈추겠다"고 약속했다.',
        ),
        ("채운영 시장은 겁이 난다고 말했다.", '채운영 해오름시장은 "겁이 난다"고 말했다.'),
        ("공청회는 2026년 9월 10일 열렸다.", "2029년 문을 열 도서관을 놓고 10일 공청회가 열렸다."),
        ("회사는 13년 전 문을 열었다.", "회사가 13년 전 문을 열었다."),
        ("3년 전의 갑절이 넘는다.", "피해액은 3년 전 9억 원에서 20억 원으로 늘었다."),
    ],
)
def test_posts_and_times_in_short_are_no_others(claim: str, source: str) -> None:
    vetoes = [one for one in judged(claim, source).vetoes if one.kind in ("role", "date")]
    assert not vetoes


def test_another_time_ago_is_a_veto() -> None:
    assert judged("회사는 3년 전 문을 열었다.", "회사가 13년 전 문을 열었다.").vetoes


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("가입자는 300명에 못 미쳤다.", "가입자는 300명을 돌파했다."),
        ("가입자는 300명에 못 미쳤다.", "가입자는 350명이다."),
        ("직원은 네 명에 지나지 않는다.", "직원은 4명이 넘는다."),
        ("요금은 60달러를 넘지 않았다.", "요금은 60달러를 넘었다."),
        ("요금은 70달러를 넘지 않는다.", "요금은 70달러를 훌쩍 넘어섰다."),
        ("열차는 한 시간도 안 걸린다.", "열차는 1시간 20분 걸린다."),
    ],
)
def test_a_bound_that_the_source_exceeds_is_a_veto(claim: str, source: str) -> None:
    assert judged(claim, source).vetoes
