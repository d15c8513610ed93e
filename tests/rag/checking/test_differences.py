"""In what a sentence differs from a claim in other words that is about the same event."""

from __future__ import annotations

import pytest

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.checking.differences import contrast
from geungeo.rag.protocols import Evidence
from geungeo.rag.text import Span


def _evidence(text: str) -> Evidence:
    article = Article(id="a", title="제목", text=text)
    return Evidence(1, article, Span(0, len(text)), SectionKind.BODY, 1.0, 1)


@pytest.mark.parametrize(
    ("claim", "source", "kind", "claimed", "found"),
    [
        (
            "가온시는 검수 인력을 40명에서 140명으로 확충했다.",
            "가온시는 검수 인력을 40명에서 110명으로 늘렸다.",
            "number",
            "140명",
            "110명",
        ),
        (
            "대표팀은 12월 3일 오스트리아로 출국해 첫 훈련을 한다.",
            "대표팀은 11월 3일 오스트리아로 떠나 첫 훈련에 들어간다.",
            "date",
            "12월",
            "11월",
        ),
    ],
)
def test_other_words_do_not_hide_what_differs(
    claim: str, source: str, kind: str, claimed: str, found: str
) -> None:
    item = _evidence(source)
    result = contrast(claim, item, [item])
    assert result is not None
    assert [(d.kind, d.claimed, d.found) for d in result.differences] == [(kind, claimed, found)]
    assert result.certain


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        # The same in other words, or of another event.
        (
            "주 원장은 아이가 운다고 말했다.",
            "주미원 원장은 아이가 운다고 말했다.",
        ),
        (
            "전기를 정상 공급하는 것은 12월 17일부터다.",
            "네뷸라코어는 “2028년에나 전기 공급이 가능하다”는 통보를 받았다고 21일 밝혔다.",
        ),
        # Part of a quotation, in its order.
        (
            "주 원장은 “아이가 할머니 품에서 먼저 그친다”고 말했다.",
            "주미원 원장은 “울던 아이가 선생님보다 할머니 품에서 먼저 그친다”고 말했다.",
        ),
        (
            "센터장은 “아이들이 달라졌다”고 말했다.",
            "센터장은 “두 달 만에 아이들이 눈에 띄게 달라졌다”고 말했다.",
        ),
        (
            "두 팀은 득점 없이 비겼다.",
            "두 팀은 득점에 실패해 비겼다.",
        ),
        # What was added and what it came to, parts and the whole, another event.
        (
            "가온시는 검수 인력을 40명 확충했다.",
            "가온시는 검수 인력을 110명에서 150명으로 늘렸다.",
        ),
        (
            "시는 버스 요금을 1600원으로 올렸다.",
            "시는 버스 요금을 200원 인상했다.",
        ),
        (
            "회사는 직원 50명을 내보냈다.",
            "회사는 직원 30명을 해고하고 20명을 희망퇴직으로 내보냈다.",
        ),
        (
            "대표팀은 11월 3일 오스트리아로 출국한다.",
            "대표팀은 12월 3일 스위스로 떠난다.",
        ),
        (
            "딱 한 가지 해면만 먹는다.",
            "이 종은 해면 하나만 먹어서 그것이 줄면 함께 사라진다.",
        ),
    ],
)
def test_what_is_no_contradiction_is_not_certain(claim: str, source: str) -> None:
    item = _evidence(source)
    result = contrast(claim, item, [item])
    assert result is None or not result.certain
