"""Parsing of a model's text into claims: examples, and properties for any text and chunking."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geungeo.rag.answer import MARKER as ANSWER_MARKER
from geungeo.rag.backends.claims import MAX_SENTENCE, NO_ANSWER, ClaimParser
from geungeo.rag.backends.markup import MARKER, plain, prepare

Found = list[tuple[str, tuple[int, ...]]]
KNOWN = range(1, 10)


def parse(text: str, size: int = 10**6, *, torn: bool = False) -> tuple[Found, ClaimParser]:
    parser = ClaimParser(KNOWN)
    claims = []
    for at in range(0, len(text), size):
        claims += parser.feed(text[at : at + size])
    claims += parser.finish(torn=torn)
    return [(claim.text, claim.cites) for claim in claims], parser


@pytest.mark.parametrize(
    "marker",
    [
        "[1][3]",
        "[1, 3]",
        "[1,3]",
        "[1; 3]",
        "[1·3]",
        "[1] [3]",
        "【1】【3】",
        "【1†source】【3†a】",
        "(근거 1, 3)",
        "(근거: 1, 3)",
        "(출처 1)(출처 3)",
        "（근거 1, 3）",
        "[근거 1, 3]",
        "[문장 1][문장 3]",
        "[Evidence 1, 3]",
        "(sources 1 and 3)",
        "(sentence 1) (sentence 3)",
        "[^1][^3]",
        "[[1]][[3]]",
        "^1^3",
        "^1,3^",
        "¹[3]",
        "<sup>1</sup><sup>[3]</sup>",
        "[1](#a)[3](http://x.kr/b)",
        "［1］［3］",
        "[１, ３]",
        "[1와 3]",
    ],
)
@pytest.mark.parametrize(
    "shape", ["늘었다.{}", "늘었다. {}", "늘었다{}.", "늘었다 {}.", "늘었다.\n{}"]
)
def test_marker_forms_before_and_after_full_stop(marker: str, shape: str) -> None:
    text = "매출이 " + shape.format(marker) + "\n이익은 줄었다. [2]"
    found, parser = parse(text)
    assert found == [("매출이 늘었다.", (1, 3)), ("이익은 줄었다.", (2,))]
    assert parser.notes() == []


@pytest.mark.parametrize("marker", ["[2-4]", "[2–4]", "[2~4]", "(근거 2-4)", "[2]-[4]"])
def test_marker_ranges_are_expanded(marker: str) -> None:
    found, _ = parse(f"매출이 늘었다. {marker}")
    if marker == "[2]-[4]":
        assert found[0][1][0] == 2
    else:
        assert found == [("매출이 늘었다.", (2, 3, 4))]


@pytest.mark.parametrize(
    "text",
    [
        "(1) 매출이 늘었다.",
        "갤럭시(S24)가 나왔다.",
        "[단독] 매출이 늘었다.",
        "넓이는 30km²다.",
        "2^10은 1024다.",
        "매출은 3.5조원이다.",
        "U.S. 매출이 늘었다.",
        "J. Smith met Mr. Kim at Acme Inc. headquarters.",
        "2025. 1. 21. 발표가 있었다.",
        "야후!는 검색 회사다.",
        "그는 “좋다. 아주 좋다.”라고 말했다.",
        '그는 "왜? 아니다."라고 했다.',
        "회사(대표. 김씨)는 문을 닫았다.",
        "a < b이고 c > d다.",
        "<오징어 게임>이 1위다.",
        "example.com은 주소다.",
        "그는… 떠났다.",
        "금리는 연 3.25%다.",
    ],
)
def test_text_that_is_neither_boundary_nor_markup_is_kept(text: str) -> None:
    expected = text.removeprefix("(1) ")
    assert parse(f"{text} [1] 끝났다. [2]")[0] == [(expected, (1,)), ("끝났다.", (2,))]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("매출이 늘었다\n이익이 줄었다", ["매출이 늘었다", "이익이 줄었다"]),
        ("매출이 늘었다.이익이 줄었다.", ["매출이 늘었다.", "이익이 줄었다."]),
        ("매출이 늘었다 [1] 이익은 줄었다 [2]", ["매출이 늘었다", "이익은 줄었다"]),
        ("왜? 몰라! 정말이다。 끝", ["왜?", "몰라!", "정말이다。", "끝"]),
        ("Sales rose\nby ten percent. It fell.", ["Sales rose by ten percent.", "It fell."]),
        ("It was 2023. It ended.", ["It was 2023.", "It ended."]),
        ("그는 “좋다.” [1] 그리고 갔다.", ["그는 “좋다.”", "그리고 갔다."]),
        ("“안 닫힌 말이다. 끝났다.\n다음이다.", ["“안 닫힌 말이다.", "끝났다.", "다음이다."]),
    ],
)
def test_text_is_split_into_sentences(text: str, texts: list[str]) -> None:
    assert [found for found, _ in parse(text)[0]] == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- 매출이 **늘었다** [1]\n* 이익이 줄었다 [2]",
            [("매출이 늘었다", (1,)), ("이익이 줄었다", (2,))],
        ),
        ("1. 매출이 늘었다. [1]\n2) 줄었다. [2]", [("매출이 늘었다.", (1,)), ("줄었다.", (2,))]),
        ("[1] 매출이 늘었다.\n[2] 줄었다.", [("매출이 늘었다.", (1,)), ("줄었다.", (2,))]),
        ("[1] 매출이 늘었다. [2] 줄었다.", [("매출이 늘었다.", (1,)), ("줄었다.", (2,))]),
        ("## 요약\n> 매출이 늘었다. [1]", [("요약", ()), ("매출이 늘었다.", (1,))]),
        ("```\n매출이 늘었다. [1]\n```", [("매출이 늘었다.", (1,))]),
        ("`매출`이 *늘었다*. [1]", [("매출이 늘었다.", (1,))]),
        ("| 매출 | 5조 [1] |\n|---|---|", [("매출 5조", (1,))]),
        ("매출이 ![x](http://evil.kr/?q=1)늘었다. [1]", [("매출이 늘었다.", (1,))]),
        ("매출이 [늘었다](javascript:alert(1)). [1]", [("매출이 늘었다.", (1,))]),
        ("매출이 늘었다. [1]\n\n[ref]: http://evil.kr/x.png", [("매출이 늘었다.", (1,))]),
        ("![a][ref] 매출이 [늘었다][ref]. [1]", [("매출이 늘었다.", (1,))]),
        ("매출이 https://evil.kr/a?b=c 늘었다. [1]", [("매출이 늘었다.", (1,))]),
        ("<b onclick='a. b'>매출</b>이 늘었다. [1]<br/>", [("매출이 늘었다.", (1,))]),
        ("매출이 &lt;img src=x&gt;늘었다. [1]", [("매출이 늘었다.", (1,))]),
        ("<think>[2] 음.\n그래.</think>\n매출이 늘었다. [1]", [("매출이 늘었다.", (1,))]),
        ("<Squid Game>이 1위다. [1]", [("〈Squid Game〉이 1위다.", (1,))]),
        ("매출\u202e이\u200b 늘었\x07다. [1]", [("매출이 늘었 다.", (1,))]),
        ("[1][2]", []),
        ("[1]. [2]!", []),
        ("<think>끝나지 않는 생각", []),
        ("", []),
    ],
)
def test_markup_is_stripped(text: str, expected: Found) -> None:
    assert parse(text)[0] == expected


def test_no_answer_phrase_is_refusal_only_at_start() -> None:
    for text in (
        NO_ANSWER,
        f"{NO_ANSWER}.",
        f"**{NO_ANSWER}** [1]",
        "no_answer\n매출이 늘었다. [1]",
    ):
        found, parser = parse(text)
        assert found == [] and parser.refused
    found, parser = parse(f"매출이 늘었다. [1] {NO_ANSWER}")
    assert found == [("매출이 늘었다.", (1,))] and not parser.refused


def test_unknown_numbers_are_dropped_and_counted() -> None:
    found, parser = parse("매출이 늘었다. [1][99] 줄었다. [0, 98]")
    assert found == [("매출이 늘었다.", (1,)), ("줄었다.", ())]
    assert parser.notes() == ["3 citations of unknown evidence dropped: 99, 0, 98"]


def test_overlong_sentence_is_dropped_to_its_end() -> None:
    found, parser = parse("가" * (MAX_SENTENCE + 50) + "다. [1] 줄었다. [2]")
    assert found == [("줄었다.", (2,))]
    assert "1 damaged" in parser.notes()[0]


# Fragments of text from models and attackers, combined at random.
_FRAGMENTS = st.sampled_from(
    [
        "매출이 늘었다",
        "이익은 3.5조원이다",
        "Mr. Kim said",
        " ",
        "\n",
        "\n\n",
        ".",
        "!",
        "?",
        "…",
        "다.",
        "요",
        "[1]",
        "[2, 3]",
        "[99]",
        "[1-3]",
        "【1】",
        "(근거 1)",
        "^1",
        "¹",
        "<sup>2</sup>",
        "[",
        "]",
        "(",
        ")",
        "【",
        "“",
        "”",
        '"',
        "'",
        "**",
        "*",
        "_",
        "`",
        "```",
        "~~",
        "- ",
        "# ",
        "> ",
        "1. ",
        "|",
        "![",
        "](",
        "http://e.kr/x",
        "www.e.kr",
        "javascript:",
        "data:text/html,",
        "<b>",
        "</b>",
        "<",
        ">",
        "<script>",
        "<!--",
        "-->",
        "&lt;",
        "&gt;",
        "&#91;1&#93;",
        "[a](http://e.kr)",
        "[1](x)",
        "![i](y)",
        "[r]: z",
        "[a][r]",
        "\x00",
        "\x1b[31m",
        "\u200b",
        "\u202e",
        "\ud800",
        "\ufffd",
        "\ue000",
        "<think>",
        "</think>",
        NO_ANSWER,
        "\r\n",
        "\r",
        "\u2028",
        "２",
        "［1］",
    ]
)
_TEXT = st.lists(_FRAGMENTS | st.text(max_size=4), max_size=30).map("".join)

_FORBIDDEN = [
    ANSWER_MARKER,
    MARKER,
    re.compile(r"</?[A-Za-z!?/]"),
    re.compile(r"\]\("),
    re.compile(r"https?://|www\.|javascript:", re.IGNORECASE),
]


@given(_TEXT)
@example("&#91;1&#93; 했다")
@example("[[1]1] 했다")
@example("<<b>b>했다</b</b>>")
@example("htt<b>p://e.kr 했다")
@example("[a]([b](http://e.kr)) 했다")
def test_claims_contain_no_marker_tag_link_or_control_character(text: str) -> None:
    for found, cites in parse(text)[0]:
        assert any(char.isalnum() for char in found)
        assert found == found.strip() and "\n" not in found
        assert len(set(cites)) == len(cites) and set(cites) <= set(KNOWN)
        assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in found)
        assert "\ufffd" not in found and "\u200b" not in found and "\u202e" not in found
        for pattern in _FORBIDDEN:
            assert not pattern.search(found), (pattern.pattern, found)
        found.encode()


@given(_TEXT, st.integers(1, 7))
def test_claims_do_not_depend_on_chunking(text: str, size: int) -> None:
    text = text.replace("\r\n", "\n")
    whole, one = parse(text)
    pieces, other = parse(text, size)
    assert whole == pieces
    assert one.notes() == other.notes() and one.refused == other.refused


_SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "매출은 3.5조원이다",
                "그는 “좋다. 좋다.”라고 했다",
                "Mr. Kim sold Acme Inc. for $3.5 billion",
                "2025. 1. 21. 발표했다",
                "<b>굵게</b> 말했다",
                "[링크](http://e.kr/a.b)를 봤다",
                "**한빛**은 컸다",
            ]
        ),
        st.lists(st.integers(1, 9), min_size=1, max_size=3),
        st.sampled_from(["{}. {} ", "{}.{} ", "{}{}. ", "{} {}.\n", "- {}. {}\n"]),
    ),
    min_size=1,
    max_size=4,
)


@given(_SENTENCES, st.data())
def test_torn_text_gives_only_complete_sentences(
    sentences: list[tuple[str, list[int], str]], data: st.DataObject
) -> None:
    text = "".join(
        shape.format(sentence, "".join(f"[{number}]" for number in numbers))
        for sentence, numbers, shape in sentences
    )
    whole, _ = parse(text)
    assert len(whole) == len(sentences)
    cut = data.draw(st.integers(0, len(text)))
    torn, _ = parse(text[:cut], torn=True)
    assert [found for found, _ in torn] == [found for found, _ in whole[: len(torn)]]
    for (_, cites), (_, all_cites) in zip(torn, whole, strict=False):
        assert set(cites) <= set(all_cites)


@given(_TEXT)
def test_plain_is_idempotent(text: str) -> None:
    once = plain(prepare(text))
    assert plain(once) == once


@pytest.mark.parametrize("size", [1, 3, 10**6])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- 매출이 늘었다. [1] 이익도 늘었다. [2]\n- 직원이 늘었다 [3]\n\n좋다. [4] 끝. [5]",
            [
                ("매출이 늘었다.", "item"),
                ("이익도 늘었다.", "run"),
                ("직원이 늘었다", "item"),
                ("좋다.", "line"),
                ("끝.", "run"),
            ],
        ),
        (
            "매출이 늘었다. [1]\n1. 이익이 늘었다. [2]\n2) 직원이 늘었다. [3]",
            [("매출이 늘었다.", "run"), ("이익이 늘었다.", "item"), ("직원이 늘었다.", "item")],
        ),
        (
            "매출이 늘었다. [1]\n이익이 늘었다. [2]",
            [("매출이 늘었다.", "run"), ("이익이 늘었다.", "run")],
        ),
        ("\n • 매출이 늘었다. [1]", [("매출이 늘었다.", "item")]),
        # A dash inside a line and a year are no bullets.
        ("가 - 나. [1] - 다. [2]\n2024. 1. 21. 발표했다. [3]", None),
    ],
)
def test_items_of_lists_are_claims_that_know_their_place(
    text: str, expected: list[tuple[str, str]] | None, size: int
) -> None:
    parser = ClaimParser(KNOWN)
    claims = [c for at in range(0, len(text), size) for c in parser.feed(text[at : at + size])]
    claims += parser.finish()
    found = [(claim.text, claim.layout) for claim in claims]
    if expected is None:
        assert {layout for _, layout in found} == {"run"}
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("네, 매출이 늘었습니다. [1]", [("네, 매출이 늘었습니다.", (1,))]),
        ("네. 매출이 늘었습니다. [1]", [("네, 매출이 늘었습니다.", (1,))]),
        ("아니요.\n매출은 줄었습니다. [2]", [("아니요, 매출은 줄었습니다.", (2,))]),
        ("Yes. Sales rose. [1] They fell. [2]", [("Yes, Sales rose.", (1,)), ("They fell.", (2,))]),
        # With a citation of its own it is a claim; alone it is one too.
        ("네. [1] 늘었습니다. [2]", [("네.", (1,)), ("늘었습니다.", (2,))]),
        ("아니요.", [("아니요.", ())]),
        ("예산이 늘었다. [1]", [("예산이 늘었다.", (1,))]),
    ],
)
def test_yes_or_no_belongs_to_the_sentence_that_follows(
    text: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert parse(text)[0] == expected
    assert parse(text, size=1)[0] == expected


def test_line_that_only_introduces_a_list_is_no_claim() -> None:
    found, parser = parse("조치는 다음과 같습니다:\n- 매출: 5,000억 원입니다. [1]\n결과: [2]")
    assert found == [("매출: 5,000억 원입니다.", (1,)), ("결과:", (2,))]
    assert parser.notes() == ["1 lines that only introduce a list were dropped"]
