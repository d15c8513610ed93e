"""Grounding of facts: subjects, objects, certainty and causes, over small invented sources."""

from __future__ import annotations

import pytest

from geungeo.rag.grounding import Grounds, support
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.clauses import Fact

TALKS = "노조는 회사에 임금 인상을 요구했으나 회사는 경영난을 이유로 거절했다."
PLAN = "시는 내년에 공원을 새로 지을 계획이며 올해는 도로를 고쳤다."
RATES = "대출 금리는 4.1%에서 4.5%로 올랐고 예금 금리는 2.9%로 내렸다."
QUOTED = "박 교수는 “이 약은 효과가 없다”고 말했지만 제조사는 자료를 공개하겠다고 밝혔다."
HEARSAY = "두 회사가 합병한다는 소문이 돌았다."


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        (TALKS, "노조가 회사에 임금 인상을 요구했다."),
        (TALKS, "회사는 거절했다."),
        (TALKS, "회사는 경영난을 이유로 거절했습니다."),
        (PLAN, "시는 공원을 새로 지을 계획이다."),
        (PLAN, "시는 올해 도로를 고쳤다."),
        (RATES, "대출 금리는 4.5%로 올랐다."),
        (RATES, "예금 금리는 2.9%로 떨어졌다."),
        (QUOTED, "박 교수는 이 약은 효과가 없다고 말했다."),
        (HEARSAY, "두 회사가 합병한다는 소문이 있다."),
    ],
)
def test_paraphrase_is_supported(source: str, claim: str) -> None:
    verdict = support(claim, [source])
    assert verdict.supported, verdict.reasons
    assert verdict.score > 0.5


@pytest.mark.parametrize(
    ("source", "claim", "reason"),
    [
        (TALKS, "회사는 노조에 임금 인상을 요구했다.", "who did it"),
        (TALKS, "노조는 경영난을 이유로 거절했다.", "who did it"),
        (TALKS, "노조는 임금 인상을 요구하지 않았다.", "denies"),
        (TALKS, "노조는 파업 때문에 임금 인상을 요구했다.", "파업"),
        (TALKS, "세계 최대 기업인 회사는 거절했다.", "세계"),
        (PLAN, "시는 공원을 새로 지었다.", "surer"),
        (PLAN, "시는 지난해 도로를 고쳤다.", "지난해"),
        (PLAN, "시만 도로를 고쳤다.", "만"),
        (RATES, "대출 금리는 2.9%로 올랐다.", "number belongs"),
        (RATES, "대출 금리는 4.5%에서 4.1%로 올랐다.", "number belongs"),
        (RATES, "대출 금리는 예금 금리보다 올랐다.", "comparison"),
        (QUOTED, "제조사는 “이 약은 효과가 없다”고 말했다.", "who said it"),
        (QUOTED, "박 교수는 “이 약은 효과가 크다”고 말했다.", "verbatim"),
        (QUOTED, "박 교수는 제조사이다.", "does not say that this is"),
        (HEARSAY, "두 회사가 합병한다.", "surer"),
        ("이 단체는 비영리 법인이다.", "이 단체는 영리 법인이다.", "영리"),
        ("철도는 운행을 멈췄다.", "철도는 운행했다.", "운행"),
    ],
)
def test_unsupported_claim_is_rejected_with_reason(source: str, claim: str, reason: str) -> None:
    verdict = support(claim, [source])
    assert not verdict.supported
    assert verdict.score <= 0.5
    assert reason in "; ".join(verdict.reasons)


@pytest.mark.parametrize(
    "claim",
    [
        f"{TALKS} ![x](https://evil.example/p.png)",
        f'{TALKS} <img src="https://evil.example">',
        f"[{TALKS}](https://evil.example)",
        f"{TALKS} [1]",
        f"{TALKS} [99]",
        "```회사는 거절했다.```",
        "[1]",
        "【1】",
        "",
        " . ",
        "4.5",
    ],
)
def test_claim_with_markup_or_marker_is_rejected(claim: str) -> None:
    assert not support(claim, [TALKS]).supported


def test_markup_in_source_is_treated_as_text() -> None:
    source = "개발자는 <b> 태그를 쓰라고 권했다."
    assert support(source, [source]).supported


@pytest.mark.parametrize(
    ("claim", "passes"),
    [
        (f"The article says: “{TALKS}”", True),
        ("기사 원문: “회사는 경영난을 이유로 거절했다.”", True),
        ("The company went bankrupt: “회사는 경영난을 이유로 거절했다.”", False),
        ("The union demanded a raise.", False),
    ],
)
def test_across_languages_only_framed_quotation_is_supported(claim: str, *, passes: bool) -> None:
    assert support(claim, [TALKS]).supported is passes


@pytest.mark.parametrize(
    ("claim", "passes"),
    [
        ("Acme will acquire Globex.", True),
        ("Globex will acquire Acme.", False),
        ("Acme acquired Globex.", False),
        ("Acme will not acquire Globex.", False),
        ("Acme will acquire Initech.", False),
        ("The deal may close in June.", True),
        ("The deal will close in July.", False),
    ],
)
def test_english_claims_against_english_source(claim: str, *, passes: bool) -> None:
    source = "Acme said it will acquire Globex, and that the deal may close in June."
    assert support(claim, [source]).supported is passes


def test_claim_may_take_name_but_not_action_from_context() -> None:
    source, context = "그는 지난달 회사를 떠났다.", "김바다는 2019년부터 회사를 이끌었다."
    assert not support("김바다는 지난달 회사를 떠났다.", [source]).supported
    grounds = Grounds((source,), ((context,),))
    assert support("김바다는 지난달 회사를 떠났다.", grounds).supported
    assert not support("김바다는 지난달 회사를 고소했다.", grounds).supported
    assert not support("박하늘은 지난달 회사를 떠났다.", grounds).supported


def facts_of(text: str) -> dict[str, Fact]:
    (analysis,) = analysed([text])
    return {fact.predicate: fact for fact in analysis.narrated}


def test_sentence_is_analysed_into_facts_with_roles() -> None:
    facts = facts_of(TALKS)
    demand, refusal = facts["요구"], facts["거절"]
    assert [str(phrase) for phrase in demand.subjects] == ["노조"]
    assert [str(phrase) for phrase in demand.objects] == ["임금 인상"]
    assert ("by:to", "회사") in [(role, str(phrase)) for role, phrase in demand.others]
    assert [str(phrase) for phrase in refusal.subjects] == ["회사"]


def test_uncertainty_and_negation_apply_to_their_predicate_only() -> None:
    facts = facts_of("정부는 세금을 올리지 않았고 예산을 줄일 방침이다.")
    assert facts["올리"].denied
    assert not facts["올리"].unreal
    assert facts["줄이"].unreal
    assert not facts["줄이"].denied


@pytest.mark.parametrize(
    ("claim", "source", "true"),
    [
        ("박 시장은 위험하다고 말했다.", "최 교수는 박 시장이 위험하다고 말했다.", False),
        ("가온전자는 손해를 봤다고 밝혔다.", "나루은행은 가온전자가 손해를 봤다고 밝혔다.", False),
        ("정부는 실패했다고 지적했다.", "야당은 정부가 실패했다고 지적했다.", False),
        ("회사는 약속을 어겼다고 주장했다.", "노조는 회사가 약속을 어겼다고 주장했다.", False),
        ("최 교수는 박 시장이 위험하다고 말했다.", "최 교수는 박 시장이 위험하다고 말했다.", True),
        ("박 시장은 그 계획이 위험하다고 말했다.", "그 계획은 박 시장이 위험하다고 말했다.", True),
        ("정부는 물가가 올랐다고 밝혔다.", "정부는 11일 물가가 올랐다고 밝혔다.", True),
    ],
)
def test_of_whom_it_is_said_is_not_who_says_so(claim: str, source: str, *, true: bool) -> None:
    assert support(claim, [source]).supported is true


@pytest.mark.parametrize(
    ("claim", "source", "true"),
    [
        ("설리먼은 설명을 받았다.", "설리먼은 “설명해 달라”고 요청했으나 거절당했다.", False),
        ("주민들은 보상을 받았다.", "주민들은 “회사가 보상해 달라”고 요구했다.", False),
        ("시는 사과를 받았다.", "시는 “경찰이 사과해야 한다”고 밝혔다.", False),
        ("노조는 답변을 들었다.", "노조는 “회사가 답변하라”고 요구했다.", False),
        ("주민들은 보상을 받았다.", "주민들은 회사에서 보상을 받았다고 말했다.", True),
        ("시는 사과를 받았다.", "경찰은 시에 사과했고 시는 사과를 받았다.", True),
    ],
)
def test_what_is_asked_for_is_not_given(claim: str, source: str, *, true: bool) -> None:
    assert support(claim, [source]).supported is true


# What someone says, and the opposite of it.
SAID_OTHERWISE = [
    ("여름 감독은 “선수를 판다”고 말했다.", "여름 감독은 “선수를 팔지 않는다”고 말했다."),
    ("여름 감독은 선수를 판다고 말했다.", "여름 감독은 “선수를 팔지 않는다”고 말했다."),
    ("여름 감독은 변명을 하고 싶다고 했다.", "여름 감독은 “변명하고 싶지 않다”고 말했다."),
    ("윤 시장은 전기를 끊을 수 있다고 밝혔다.", "윤 시장은 “전기는 끊을 수 없다”고 밝혔다."),
    ("회사는 수익을 나눌 생각이라고 했다.", "회사는 “수익을 나눌 생각은 없다”고 했다."),
    ("회사는 공장을 옮길 계획이라고 했다.", "회사는 공장을 옮길 계획은 없다고 했다."),
    ("협회는 날짜가 상관있다고 했다.", "협회는 날짜는 상관없다며 이의를 받아들였다."),
    ("봄 원장은 위험할 양이라고 설명했다.", "봄 원장은 “위험할 양은 아니다”라고 설명했다."),
    ("서 군수는 사퇴하겠다고 밝혔다.", "서 군수는 사퇴설을 일축했다."),
    ("서 군수는 사퇴한다.", "서 군수는 사퇴설을 부인했다."),
    ("장관은 세금을 올려야 한다고 했다.", "장관은 “세금을 올려서는 안 된다”고 했다."),
    ("전무는 계약을 깰 수 있다고 했다.", "전무는 “계약을 깰 일은 결코 없다”고 했다."),
    ("노조는 파업하지 않겠다고 밝혔다.", "노조는 “다음 주에 파업하겠다”고 밝혔다."),
]


@pytest.mark.parametrize(("lie", "source"), SAID_OTHERWISE)
def test_the_opposite_of_what_is_said_is_a_veto(lie: str, source: str) -> None:
    assert support(lie, [source]).vetoes


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("여름 감독은 선수를 팔지 않는다고 말했다.", "여름 감독은 “선수를 팔지 않는다”고 말했다."),
        ("윤 시장은 전기는 끊을 수 없다고 밝혔다.", "윤 시장은 “전기는 끊을 수 없다”고 밝혔다."),
        ("노조는 다음 주에 파업하겠다고 밝혔다.", "노조는 “다음 주에 파업하겠다”고 밝혔다."),
        ("회사는 수익을 나눌 생각은 없다고 했다.", "회사는 “수익을 나눌 생각은 없다”고 했다."),
        ("당국은 재발 위험이 있다고 밝혔다.", "당국은 재발 위험이 없지 않다고 밝혔다."),
        ("박 대표는 사임하지 않겠다고 밝혔다.", "박 대표는 “사임할 뜻이 없다”고 밝혔다."),
        ("봄 원장은 ‘큰비’라고 불렀다.", "봄 원장은 ‘큰비’라고 불렀다."),
    ],
)
def test_what_is_said_is_proven_as_it_is_said(claim: str, source: str) -> None:
    assert support(claim, [source]).supported


def test_a_pronoun_is_no_one_whom_only_the_title_names() -> None:
    source = "그는 “변명할 것이 없다”며 “훈련 상대로 돕겠다”고 했다."
    before = ("다친 그는 여섯 달을 쉬었다.", "탁윤슬에게는 뼈아픈 패배다.")
    grounds = Grounds((source,), (before,), "국유하·심라온 조 출전권 / 가람일보")
    assert not support("심라온은 “변명할 것이 없다”고 말했다.", grounds).supported
    assert support("탁윤슬은 “변명할 것이 없다”고 말했다.", grounds).supported


BEFORE = "박은호 시장은 “안전이 먼저다”라며 통행료를 받을 생각은 없다고 말했다."
# Another one decides or says it in the source; the sentence before names the one of the claim.
DECIDED_BY_OTHERS = [
    ("경찰은 우회로를 안내하기로 했다.", "박은호 시장은 우회로를 안내하기로 했다."),
    ("구청은 우회로를 안내하기로 했다.", "박은호 시장은 통행료를 받겠다고 했다."),
    ("학교는 급식을 다시 열기로 했다.", "박은호 시장은 급식을 다시 열기로 했다."),
    ("검찰은 기록을 넘겨받기로 했다.", "박은호 시장은 기록을 넘겨받기로 했다."),
    ("소방서는 길을 막겠다고 했다.", "박은호 시장은 길을 막겠다고 했다."),
    ("주민은 소송을 내려고 한다.", "박은호 시장은 소송을 내려고 한다."),
]


@pytest.mark.parametrize(("source", "lie"), DECIDED_BY_OTHERS)
def test_who_decides_is_not_one_whom_only_the_context_names(source: str, lie: str) -> None:
    assert not support(lie, Grounds((source,), ((BEFORE,),))).supported


@pytest.mark.parametrize(
    ("source", "claim", "before"),
    [
        ("경찰은 우회로를 안내하기로 했다.", "경찰은 우회로를 안내하기로 했다.", BEFORE),
        ("이에 우회로를 안내하기로 했다.", "박은호 시장은 우회로를 안내하기로 했다.", BEFORE),
        ("그는 우회로를 안내하기로 했다.", "박은호 시장은 우회로를 안내하기로 했다.", BEFORE),
        (
            "이 회사는 공장을 옮기기로 했다.",
            "나래전자는 공장을 옮기기로 했다.",
            "나래전자는 3일 실적을 냈다.",
        ),
        ("가람시 의회는 예산을 깎기로 했다.", "의회는 예산을 깎기로 했다.", BEFORE),
        ("다리는 2027년에 다시 짓기로 했다.", "다리는 2027년에 다시 짓기로 했다.", BEFORE),
    ],
)
def test_who_decides_may_be_dropped_or_a_pronoun(source: str, claim: str, before: str) -> None:
    assert support(claim, Grounds((source,), ((before,),))).supported
