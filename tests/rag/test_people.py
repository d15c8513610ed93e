"""A person may be named in short: 김 대표 is 김철수 대표 where the text has one such person."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from geungeo.rag.grounding.support import Grounds, support
from geungeo.rag.language import people
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.people import in_full

# Pairs of a writer who tried to have false claims proven; ``true`` says which are true.
PAIRS = [
    json.loads(line)
    for line in Path(__file__).with_name("people.jsonl").read_text("utf-8").splitlines()
]

TRUE = [
    ("주 원장은 아이가 운다고 말했다.", "주미원 원장은 아이가 운다고 말했다."),
    ("김 대표는 공장을 짓겠다고 말했다.", "김철수 대표는 공장을 짓겠다고 말했다."),
    ("박 시장이 사과했다.", "박은호 시장이 사과했다."),
    ("이 의원이 법안을 냈다.", "국회 이정화 의원이 법안을 냈다."),
    ("한 교수는 물이 맑아졌다고 설명했다.", "한도윤 교수는 물이 맑아졌다고 설명했다."),
    ("마 씨는 오두막을 그렸다.", "마용길 씨는 오두막을 그렸다."),
    ("마용길씨는 오두막을 그렸다.", "마용길 씨는 오두막을 그렸다."),
    ("임씨에게 상을 줬다.", "임가람 씨에게 상을 줬다."),
    ("최 감독은 선수를 바꿨다.", "최수호 감독은 선수를 바꿨다."),
    ("독고 지부장은 파업을 예고했다.", "독고람 지부장은 파업을 예고했다."),
    ("최나래 해솔전자 대표는 사과했다.", "해솔전자 최나래 대표는 사과했다."),
    ("해솔전자 최나래 대표는 사과했다.", "최나래 해솔전자 대표는 사과했다."),
    ("맹 후보 측은 토론을 거절했다.", "맹주하 후보 측은 토론을 거절했다."),
]
FALSE = [
    ("박 원장은 아이가 운다고 말했다.", "주미원 원장은 아이가 운다고 말했다."),
    ("주 교사는 아이가 운다고 말했다.", "주미원 원장은 아이가 운다고 말했다."),
    ("주미란 원장은 아이가 운다고 말했다.", "주미원 원장은 아이가 운다고 말했다."),
    ("김 대표는 공장을 짓겠다고 말했다.", "김철수 이사는 공장을 짓겠다고 말했다."),
    (
        "태소은 시장은 문을 닫아야 한다고 말했다.",
        "태소은 서부공항공사 운영본부장은 문을 닫아야 한다고 말했다.",
    ),
    ("조 대표가 물러났다.", "조합원 대표가 물러났다."),
    ("전 대표가 물러났다.", "전우진 대표가 물러났다."),
    ("최나래 두레전자 대표는 사과했다.", "해솔전자 최나래 대표는 사과했다."),
    (
        "최나래 두레 대표는 물러났다.",
        "해솔 최나래 대표와 두레 공나리 대표가 만났고 최나래 대표는 물러났다.",
    ),
    (
        "두레 최나래 대표는 물러났다.",
        "최나래 해솔 대표가 두레 주식을 샀다. 최나래 대표는 물러났다.",
    ),
    (
        "최나래 두레 대표와 피가람 해솔 대표가 만났다.",
        "최나래 해솔 대표와 피가람 두레 대표가 만났다.",
    ),
    ("김 의원이 찬성했다.", "김가람 의원이 찬성했고 김나루 의원은 반대했다."),
]


def _judged(claim: str, source: str) -> bool:
    return support(claim, Grounds((source,), published=date(2026, 9, 1))).supported


@pytest.mark.parametrize(("claim", "source"), TRUE)
def test_a_person_in_short_is_the_one_in_full(claim: str, source: str) -> None:
    assert _judged(claim, source)


@pytest.mark.parametrize(("claim", "source"), FALSE)
def test_another_person_is_not(claim: str, source: str) -> None:
    assert not _judged(claim, source)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['kind']}-{pair['claim']}")
def test_only_the_same_person_is_meant(pair: dict[str, Any]) -> None:
    grounds = Grounds(
        (pair["source"],),
        (tuple(pair["context"]),),
        "제목",
        date(2026, 3, 10),
        pair["elsewhere"],
    )
    assert support(pair["claim"], grounds).supported is pair["true"]


def test_the_name_may_be_in_a_sentence_before() -> None:
    grounds = Grounds(("김 대표는 공장을 닫았다.",), (("가온전자 김철수 대표가 3일 회견했다.",),))
    assert support("김철수 대표는 공장을 닫았다.", grounds).supported
    assert not support("이철수 대표는 공장을 닫았다.", grounds).supported


def test_a_name_of_another_article_is_not_taken() -> None:
    cited = ("김 대표는 배임 혐의로 기소됐다.",)
    grounds = Grounds(cited, elsewhere="김철수 대표는 신제품을 공개했다.")
    assert not support("김철수 대표는 배임 혐의로 기소됐다.", grounds).supported


def test_who_was_in_office_is_not_who_is() -> None:
    grounds = Grounds(("김철수 전 시장은 기소됐다.",))
    assert (
        "a former post in the source: 김철수 시장"
        in support("김철수 시장은 기소됐다.", grounds).reasons
    )
    assert support("김철수 전 시장은 기소됐다.", grounds).supported


def test_two_people_with_one_surname_and_title_stay_as_they_are() -> None:
    known = "김가람 의원과 김나루 의원이 왔다."
    assert in_full("김 의원은 말했다.", (known,), known) == "김 의원은 말했다."


@pytest.mark.parametrize(
    "text", ["전 대표는 떠났다.", "이사회 의장이 왔다.", "한국팀 감독이 왔다.", "구청장이 왔다."]
)
def test_what_is_no_surname_stays(text: str) -> None:
    known = "전우진 대표, 이사랑 의장, 한국인 감독, 구청희 장관이 왔다."
    assert in_full(text, (known,), known) == text


def test_the_coming_event_is_the_one_that_the_source_names() -> None:
    assert _judged("이번 거래는 9월 30일 끝난다.", "거래는 9월 30일 끝난다.")
    for other in ("지난", "2024년", "3년 전", "첫", "두 번째"):
        assert not _judged("이번 거래는 9월 30일 끝난다.", f"{other} 거래는 9월 30일 끝난다.")


OTHERS = (
    "박다솜 소장은 다리를 그렸다. 나도현 대표는 배를 샀다. ‘하늘말’이 새로 나왔다. "
    "나래은행은 문을 열었다. 천가람 대표는 배를 팔았다."
)


@pytest.mark.parametrize(
    ("source", "claim", "other"),
    [
        (
            "조리사 한여울 씨(57)는 “솥이 무겁다”고 말했다.",
            "박다솜 소장은 솥이 무겁다고 하소연했다.",
            True,
        ),
        (
            "어민 한여울 씨(41)는 그물을 새로 샀다.",
            "나도현 대표는 그물을 새로 장만했다.",
            True,
        ),
        ("천 대표는 이사회에 발길을 끊었다.", "나도현 대표는 이사회에 발길을 끊었다.", True),
        ("한여울 총리는 물러났다.", "박다솜 소장은 물러났다.", True),
        (
            "말결의 AI가 이자를 잘못 안내해 고객에게 보상금이 나갔다.",
            "하늘말이 이자를 잘못 안내해 고객에게 보상금이 나갔다.",
            True,
        ),
        (
            "가람시는 다리를 놓아 관광객이 늘었다.",
            "나래은행은 다리를 놓아 관광객이 늘었다.",
            True,
        ),
        ("천 대표는 이사회에 발길을 끊었다.", "천가람 대표는 이사회에 발길을 끊었다.", False),
        ("그는 다리를 놓아 관광객이 늘었다.", "나래은행은 다리를 놓아 관광객이 늘었다.", False),
        ("어민 한여울 씨(41)는 그물을 새로 샀다.", "한여울 씨는 그물을 새로 장만했다.", False),
    ],
)
def test_another_party_of_the_article_did_not_do_it(
    source: str, claim: str, *, other: bool
) -> None:
    verdict = support(claim, Grounds((source,), elsewhere=f"{OTHERS} {source}"))
    vetoed = [one for one in verdict.vetoes if one.reason.startswith("another one does it")]
    assert bool(vetoed) is other


ARTICLE = """무소속 도아람 후보가 사퇴했다. 남은 후보는 민생연합 소재하, 푸른당 이단하다.
검찰은 자재업체 대표 편무하에게 징역형을 구형했다. 조은하 대표가 해임됐다.
해솔시가 다리를 짓는다. 대평조선은 배 19척을 땄다."""


@pytest.mark.parametrize(
    ("claim", "source", "true"),
    [
        (
            "도아람 후보는 누구도 지지하지 않겠다고 말했다.",
            "도 후보는 누구도 지지하지 않겠다고 말했다.",
            True,
        ),
        ("소재하 후보 측은 토론을 거절했다.", "소 후보 측은 토론을 거절했다.", True),
        ("이단하 후보는 토론을 거절했다.", "소 후보는 토론을 거절했다.", False),
        ("편무하 대표는 도장을 찍었다.", "편 대표는 도장을 찍었다.", True),
        ("조은하 전 대표는 위로금을 받지 않았다.", "조 전 대표는 위로금을 받지 않았다.", True),
        ("편무하 전 대표는 위로금을 받지 않았다.", "조 전 대표는 위로금을 받지 않았다.", False),
        ("해솔시는 요금을 내렸다.", "시는 요금을 내렸다.", True),
        ("나루시는 요금을 내렸다.", "시는 요금을 내렸다.", False),
        ("대평조선은 공장을 지었다.", "대평은 공장을 지었다.", True),
        ("대한조선은 공장을 지었다.", "대평은 공장을 지었다.", False),
    ],
)
def test_the_article_may_give_the_full_name(claim: str, source: str, *, true: bool) -> None:
    grounds = Grounds((source,), elsewhere=ARTICLE, same=ARTICLE, published=date(2026, 9, 1))
    assert support(claim, grounds).supported is true


def test_a_city_is_not_the_only_one_where_two_are_named() -> None:
    article = f"{ARTICLE} 나루시도 다리를 짓는다."
    grounds = Grounds(("시는 요금을 내렸다.",), elsewhere=article, same=article)
    assert not support("해솔시는 요금을 내렸다.", grounds).supported


def test_another_word_before_a_name_is_a_doubt_unless_the_firm_has_its_own() -> None:
    home = support("수원 최나래 감독은 물러났다.", ["홈팀 최나래 감독은 수원에서 물러났다."])
    assert not home.vetoes and not home.supported
    lie = support(
        "최나래 두레 대표는 물러났다.",
        ["해솔 최나래 대표와 두레 공나리 대표가 만났다. 최나래 대표는 물러났다."],
    )
    assert [one.kind for one in lie.vetoes] == ["role"]


TITLED = [
    ("변도진 과장은 예산이 없다고 설명했다.", '변도진 도시계획과장은 "예산이 없다"고 말했다.'),
    ("소하림 처장은 그 말을 반박했다.", "철도공단 소하림 운영처장은 그 말을 반박했다."),
    ("노진경 교육감은 어렵다고 해명했다.", '노진경 가람교육감은 "어렵다"고 해명했다.'),
    ("켈러 장관은 진전이 없다고 평가했다.", '렌트의 유나 켈러 외교장관은 "진전이 없다"고 평했다.'),
    ("천보람 소장은 원인을 찾았다.", "해양연구원 천보람 기후연구소장은 원인을 찾았다."),
    ("표승아 실장은 계획을 밝혔다.", "표승아 정책실장은 계획을 밝혔다."),
    ("맹주원 국장은 반대했다.", "시의회 맹주원 사무국장은 반대했다."),
    ("길도현 센터장은 사과했다.", "길도현 고객센터장은 사과했다."),
    ("여은솔 위원장은 물러났다.", "노동조합 여은솔 총괄위원장은 물러났다."),
    ("독고은 이사는 자료를 냈다.", "독고은 사외이사는 자료를 냈다."),
]


@pytest.mark.parametrize(("claim", "source"), TITLED)
def test_a_title_in_short_is_of_the_same_person(claim: str, source: str) -> None:
    assert not [one for one in support(claim, [source]).vetoes if one.kind == "role"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("변도진 과장은 반대했다.", "변도진 도시계획과장은 찬성했고 윤서진 재정과장은 반대했다."),
        ("소하림 시장은 반박했다.", "소하림 부시장은 반박했다."),
        ("켈러 장관은 떠났다.", "렌트의 유나 켈러 외교장관은 남았고 이반 코르 국방장관은 떠났다."),
        ("표승아 실장은 물러났다.", "표승아 정책실장은 남았고 길도현 비서실장은 물러났다."),
    ],
)
def test_a_title_in_short_is_not_of_another_person(claim: str, source: str) -> None:
    assert not support(claim, [source]).supported


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("비난이 나오자 채은경 씨는 떠났다.", ["채은경"]),
        ("잘못을 인정한 대표는 떠났다.", []),
        ("그렇게 주장한 교수는 떠났다.", []),
        ("기소된 변호사는 떠났다.", []),
        ("방문한 장관은 떠났다.", []),
        ("도경민 후보 자신은 남았다.", ["도경민"]),
        ("도경민 후보 캠프는 남았다.", ["도경민"]),
        ("이사회 대표는 떠났다.", []),
        ("최나래 감독과 소재하 코치", ["최나래", "소재하"]),
        ("건설업체 대표 편도영에게", ["편도영"]),
    ],
)
def test_names_stand_beside_a_title(text: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in people.name_spans(text)] == names


def test_a_name_that_kiwi_takes_apart_is_one_word() -> None:
    [found] = analysed(["비난이 나오자 채은경 씨는 떠났다."])
    assert "채은경" in [m.form for m in found.morphemes if m.tag == "NNP"]


def test_a_surname_alone_may_be_of_another_person() -> None:
    context = "이도윤 정부 국토부 장관 인선이 늦어졌다."
    grounds = Grounds(("이 장관은 사의를 밝혔다.",), ((context,),))
    found = support("이도윤 장관은 사의를 밝혔다.", grounds)
    assert "the source does not name in full: 이도윤 장관" in found.reasons
