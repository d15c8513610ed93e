"""Sentences that join several statements, cut into them."""

from __future__ import annotations

import pytest

from geungeo.rag.language.coordination import coordinated


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "가람은 나루 지분 18%를 가진 2대 주주지만 이사회 의석을 지난달 내놓은 상태다.",
            [
                "가람은 나루 지분 18%를 가진 2대 주주다.",
                "가람은 이사회 의석을 지난달 내놓은 상태다.",
            ],
        ),
        (
            "나루는 요금을 40% 내리고, 손해를 물어주는 보증 제도도 내놨습니다.",
            ["나루는 요금을 40% 내렸다.", "나루는 손해를 물어주는 보증 제도도 내놨습니다."],
        ),
        (
            "어업협정이 3년 만에 다시 맺어져, 25일 두 나라 대표단이 협정문에 서명했다.",
            ["어업협정이 3년 만에 다시 맺어졌다.", "25일 두 나라 대표단이 협정문에 서명했다."],
        ),
        (
            "구단은 연봉을 공개하지 않았고 등번호는 진보람이 신인 때 달았던 41번이다.",
            [
                "구단은 연봉을 공개하지 않았다.",
                "등번호는 진보람이 신인 때 달았던 41번이다.",
            ],
        ),
    ],
)
def test_each_part_is_a_sentence_with_the_topic_of_the_first(text: str, parts: list[str]) -> None:
    found = coordinated(text)
    assert [part.text for part in found] == parts
    assert all(part.named for part in found)
    assert all(part.span.of(text) in text for part in found)


def test_a_part_without_a_tense_may_share_the_ending_of_the_last() -> None:
    text = "조례안은 두 말을 표지판에 나란히 쓰고 학교에는 두 시간씩 수업을 두도록 했습니다."
    first, last = coordinated(text)
    assert first.text == "조례안은 두 말을 표지판에 나란히 썼다."
    assert first.otherwise == (
        "조례안은 두 말을 표지판에 나란히 쓰도록 했다.",
        "조례안은 두 말을 표지판에 나란히 쓴다.",
    )
    assert last.otherwise == ()


def test_who_acts_in_a_clause_inside_does_not_act_in_the_part() -> None:
    first, last = coordinated(
        "새로 생긴 곳은 열두 곳이며, 손님이 많으면 한 시간씩 늦게 닫는다고 한다."
    )
    assert first.named and last.text.startswith("새로 생긴 곳은 손님이 많으면")


@pytest.mark.parametrize(
    "text",
    [
        "회사는 모델을 개발하고 있다고 밝혔다.",
        "그는 “값은 올랐지만 품질은 그대로다”라고 말했다.",
        "값은 싸고 좋다.",
        "윤빛소프트는 11일 이사회를 열고 지분을 사기로 했다고 공시하지 않았다.",
        "The plant closed and the workers left.",
    ],
)
def test_one_statement_is_not_cut(text: str) -> None:
    assert coordinated(text) == []
