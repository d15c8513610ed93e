"""Comparison of answers, and quotes found without regard to white space."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.eval.matching import (
    LooseText,
    char_f1,
    contains_answer,
    exact_match,
    korquad_normalise,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("《동의보감》", "동의보감"),
        ("〈아리랑〉(1926년)", "아리랑 1926년"),
        ("‘MAI’라는", "mai 라는"),
        ('"A-B"', "ab"),
        ("  3,000  명. ", "3000 명"),
        ("<b>굵게</b>", "b 굵게 b"),
        ("“큰따옴표”", "“큰따옴표”"),  # the official script does not change these
        (unicodedata.normalize("NFD", "한글"), "한글"),
    ],
)
def test_normalisation_equals_the_official_one(text: str, normal: str) -> None:
    assert korquad_normalise(text) == normal


def test_exact_match_ignores_quotes_and_case_but_not_particles() -> None:
    assert exact_match("《MAI》", ["mai"]) == 1.0
    assert exact_match("MAI는", ["MAI"]) == 0.0
    # A bracket becomes a space, and spaces count in EM.
    assert exact_match("홍길동(洪吉童)", ["홍길동洪吉童"]) == 0.0
    assert exact_match("홍길동(洪吉童)", ["홍길동 洪吉童"]) == 1.0


@pytest.mark.parametrize(
    ("prediction", "answers", "f1"),
    [
        ("샘 앨트먼", ["샘 앨트먼"], 1.0),
        ("샘앨트먼", ["샘 앨트먼"], 1.0),  # spaces do not count
        ("설리먼이", ["설리먼"], 2 * (3 / 4) * 1 / (3 / 4 + 1)),  # a particle costs precision
        ("가가나", ["가나나"], 2 / 3),  # multiset: shares 가, 나
        ("가나", ["다라"], 0.0),
        ("", ["가"], 0.0),
        ("2023년", ["11월", "2023년 11월"], 2 * 1 * (5 / 8) / (1 + 5 / 8)),  # best answer
    ],
)
def test_char_f1_by_hand(prediction: str, answers: list[str], f1: float) -> None:
    assert char_f1(prediction, answers) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("규모는 5,000억 달러이다", "5000억 달러", True),
        ("규모는 5000억달러이다", "5,000억 달러", True),
        ("규모는 15,000억 달러", "5,000억 달러", False),
        ("지난 11월", "1월", False),
        ("지난 1월, 계약", "1월", True),
        ("2025년 1월", "1월", True),
        ("비율은 3.5%", "5%", False),
        ("비율은 5%", "5%", True),
        ("비율은 5명", "5%", False),
        ("모델 MAI를 만든다", "AI", False),
        ("모델 mai를 만든다", "MAI", True),
        ("모델 o1이", "o1", True),
        ("모델 o10이", "o1", False),
        ("설리먼은 요청했다", "설리먼", True),
        ("영리단체 전환", "영리 단체", True),
        ("‘영리’ 단체 전환", "영리 단체", True),
        ("하나와 1, 2", "12", False),
        ("날짜 2025-03-10 기자", "2025-03-10", True),
        ("날짜 2025.03.10", "2025-03-10", True),
        ("번호 20250310", "2025-03-10", False),
        ("아무것", "", False),
        ("아무것", "…", False),
    ],
)
def test_contains_answer(text: str, answer: str, found: bool) -> None:
    assert contains_answer(text, [answer]) is found


def test_any_accepted_answer_is_sufficient() -> None:
    assert contains_answer("백악관에서", ["White House", "백악관"])
    assert not contains_answer("백악관에서", [])


@given(st.text(alphabet="가나 \nab.", min_size=1), st.data())
def test_needle_is_found_at_its_place(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    needle = text[start:end]
    found = LooseText(text).find(needle, limit=10_000)
    if not needle.strip():
        assert found == []
        return
    stripped = needle.strip()
    at = start + needle.index(stripped)
    assert any((span.start, span.end) == (at, at + len(stripped)) for span in found)
    assert all("".join(span.of(text).split()) == "".join(needle.split()) for span in found)


def test_place_is_mapped_to_another_text() -> None:
    original = "첫 문단.\n둘째 문단의 답은 여기."
    article = "제목\n\n첫 문단.\n\n둘째 문단의 답은 여기."
    start = original.index("답은")
    span = LooseText(article).map_from(original, start, start + 2)
    assert span is not None
    assert span.of(article) == "답은"
    assert LooseText("다른 글").map_from(original, start, start + 2) is None
