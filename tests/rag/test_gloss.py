"""Quotations for readers of another language: the gloss has what both languages share."""

from __future__ import annotations

import pytest

from geungeo.rag.grounding.support import support
from geungeo.rag.language.gloss import framed, gloss


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        (
            "When was Sam Altman ousted?",
            "지난 2023년 11월엔 샘 앨트먼이 이사회 결의로 축출당하자",
            ["Sam Altman", "November 2023"],
        ),
        (
            "What did Mustafa Suleyman ask OpenAI?",
            "무스타파 설리먼은 오픈AI 직원들에게 물었다.",
            ["Mustafa Suleyman", "OpenAI"],
        ),
        ("What did Elon Musk say?", "무스타파 설리먼은 물었다.", []),
        ("Will the Bank of Korea raise rates?", "한국은행은 금리를 올렸다.", []),
        ("How much?", "5,000억 달러를 들인다.", ["500 billion dollars"]),
        ("How much?", "1조5000억원을 들인다.", ["1.5 trillion won"]),
        ("How many?", "4만2000명이 왔다.", ["42,000"]),
        ("How many?", "수십억 달러와 320개를 설치", []),
        ("Which group?", "3조에 편성됐다. 제1조 1항에 따라", []),  # no amounts
        ("When?", "2030년 상반기에 연다.", ["the first half of 2030"]),
        ("When?", "지난해 가을에 열었다.", []),  # it counts from the publication: a note of its own
    ],
)
def test_english_gloss_has_shared_names_dates_and_amounts(
    question: str, quote: str, expected: list[str]
) -> None:
    assert gloss(quote, "en", question) == expected


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        ("비용은?", "It will cost $84 million.", ["8,400만 달러"]),
        ("매출은?", "Sales were 1.5 billion won.", ["15억 원"]),
        (
            "앤트로픽은 뭐라고 했어?",
            "Anthropic spoke in May 2024.",
            ["앤트로픽", "2024년 5월"],
        ),
        ("몇 대야?", "It has 3,000 cars.", []),
    ],
)
def test_korean_gloss_has_shared_names_dates_and_amounts(
    question: str, quote: str, expected: list[str]
) -> None:
    assert gloss(quote, "ko", question) == expected


def test_framed_quotation_with_its_gloss_is_supported_and_a_false_gloss_is_not() -> None:
    source = "지난 2023년 11월엔 샘 앨트먼이 5,000억 달러를 요구했다."
    claim = framed(source, "en", "When did Sam Altman ask for money?")
    assert claim == f"The article says: “{source}” (Sam Altman; November 2023; 500 billion dollars)"
    assert support(claim, [source]).supported
    for true, false in [
        ("Sam Altman", "Elon Musk"),
        ("November", "December"),
        ("2023;", "2022;"),
        ("500 billion", "600 billion"),
        ("dollars", "won"),
    ]:
        assert not support(claim.replace(true, false), [source]).supported, false


@pytest.mark.parametrize(
    "frame",
    [
        "Sam Altman won: {}",
        "Sam Altman may be first: {}",
        "Sam Altman was second: {}",
        "Late in spring: {}",
        "The article says: {} (the second half of 2030)",
        "The article says: {} (early 2030)",
        "The article says: {} (half a billion dollars)",
        "The article says: {} (5 trillion dollars)",
        "In May 2030: {}",
        "Sam Altman, not the board: {}",
    ],
)
def test_words_of_dates_and_amounts_frame_nothing(frame: str) -> None:
    source = "샘 앨트먼은 2030년 상반기에 5,000억 달러를 이사회에 요구했다."
    assert support(f"The article says: “{source}” (the first half of 2030)", [source]).supported
    assert not support(frame.format(f"“{source}”"), [source]).supported
