"""Hostile text, and documents made of it."""

from __future__ import annotations

import json

from hypothesis import strategies as st

Text = st.SearchStrategy[str]
Bytes = st.SearchStrategy[bytes]

LONG = 1_000_000

_WORDS = (
    "마이크로소프트는 2025년 3월 10일 ",
    "5,000억 달러를 투자한다고 밝혔다. ",
    "그는 이에 “사실이 아니다”라고 말했다.",
    "MS와 오픈AI의 3조 5천억 원 ",
    "작년 상반기 ",
    "다음 달 초 ",
    "ㅁㄴㅇㄹ dhvmsai ㅅㅅㅈㅈ ",
    "마이크로소프트가오픈에이아이에투자한금액은얼마인가",
    "last month OpenAI said in 2024 ",
    "in the second quarter of next year ",
)
# One of each kind that breaks parsers, renderers, consoles and C strings.
_CHARACTERS = (
    "\x00",
    "\ud800",
    "\udfff",
    "\u1100",  # a leading consonant without its vowel
    "\u1161\u11a8",
    "\u115f\u1160",  # the fillers of old Korean
    "\u3164",
    "\uffa0",
    "\uff71",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u202e",
    "\u2066",
    "\U000e0041",  # a tag character
    "\u0301",
    "\u0f71\u0f72",
    "\u20dd",
    "\ufdfa",  # one character that NFKC expands to eighteen
    "\u2028",
    "\x85",
    "\x1b[31m",
    "\r\n",
    "\t",
    " ",
    "\n",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ud83d\ude00",  # a pair of surrogates, not joined
    "\uffff",
    "\U0010ffff",
    "İ",
    "ß",
    "９",
    "²",
    "½",
    "٣",
    "〇",
)
_MARKUP = (
    "[1]",
    "[1, 2]",
    "[^1]",
    "[[1]]",
    "【1†source】",
    "[근거 1]",
    "[",
    "]",
    "](",
    "![x](http://evil.test/?q=",
    "[a]: http://evil.test",
    "<",
    "</",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--",
    "-->",
    "<sup>1</sup>",
    "<think>",
    "</think>",
    "NO_ANSWER",
    "&lt;",
    "&#0;",
    "&#xD800;",
    "javascript:",
    "data:text/html;base64,",
    "```",
    "~~~",
    "**",
    "__",
    "|",
    "> ",
    "# ",
    "- ",
    "1. ",
    "---\n",
    "title: x\n",
    "url: javascript:alert(1)\n",
    "url: http://[\n",
    "http://[",
    "https://xn--/",
    ":",
    "“",
    "”",
    '"',
    "'",
    "(",
    ")",
    "…",
    ".",
    "...",
    "。",
    "%",
    "{{7*7}}",
    "data: [DONE]\n\n",
    "=cmd|' /C calc'!A0",
)
_NUMBERS = (
    "1" * 400,
    "9" * 4_400,
    "1,000,000",
    "1e999",
    "0.0000000000001",
    "1조 2천억 3만 5백",
    "경경경",
    "2025-02-30",
    "2025.13.45",
    "0000-00-00",
    "9999-12-31",
    "1900년 1월",
    "99년 전",
    "2099년 12월 31일",
    "-1",
    "100%p",
)
_HTML = (
    "<html><head><title>제목</title></head><body><article>",
    "</article></body></html>",
    "<p>",
    "</p>",
    "<div><div>",
    "<table><tr><td>",
    "<ul><li>",
    "<h1>",
    "<b><i>",
    "<![CDATA[",
    "<?xml version='1.0' encoding='utf-7'?>",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    "&x;",
    "<meta charset=utf-16>",
    '<meta property="og:title" content="',
    '<meta property="article:published_time" content="9999-99-99">',
    '<script type="application/ld+json">{"datePublished": [[[',
    "<svg/onload=alert(1)>",
    "<base href=javascript:alert(1)>",
    '<link rel="canonical" href="http://[">',
    '<link rel="canonical" href="https://a.example/1">',
    "<p>이 문단은 본문으로 뽑힐 만큼 충분히 길어야 하므로 이렇게 길게 쓴다. 회의는 열렸다.</p>",
)

_any_character = st.characters(exclude_categories=())
_piece = st.one_of(
    st.sampled_from(_WORDS),
    st.sampled_from(_CHARACTERS),
    st.sampled_from(_MARKUP),
    st.sampled_from(_NUMBERS),
    st.text(_any_character, max_size=8),
)


def _flood(pieces: Text, longest: int) -> Text:
    """Generate one piece repeated, which makes a careless expression or parser slow."""
    return st.builds(
        lambda head, unit, length, tail: head + unit * (length // max(1, len(unit))) + tail,
        pieces,
        pieces,
        st.integers(2, longest),
        pieces,
    )


def _of(pieces: Text, longest: int) -> Text:
    joined = st.lists(pieces, max_size=24).map("".join)
    # Short floods mostly: long ones take most of the time.
    flooded = st.one_of(_flood(pieces, min(longest, 300)), _flood(pieces, longest))
    return st.one_of(joined, joined, joined, flooded).map(lambda text: text[:longest])


def text(longest: int = 2_000) -> Text:
    """Generate any Unicode, lone surrogates included, up to ``longest`` characters."""
    return _of(_piece, longest)


def markup(longest: int = 2_000) -> Text:
    """Generate text that resembles HTML."""
    return _of(st.one_of(_piece, st.sampled_from(_HTML), st.sampled_from(_HTML)), longest)


def encoded(texts: Text) -> Bytes:
    """Generate documents: ``texts`` in many encodings, some of them damaged, and random bytes."""

    def encode(pair: tuple[str, str]) -> bytes:
        whole, encoding = pair
        errors = "surrogatepass" if encoding.startswith("utf") else "replace"
        return whole.encode(encoding, errors)

    usual = st.sampled_from(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"))
    documents = st.tuples(texts, usual).map(encode)
    damaged = st.builds(
        lambda data, at, bit: data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :],
        documents.filter(bool),
        st.just(0),
        st.sampled_from((1, 8, 128)),
    )
    cut = st.builds(lambda data, at: data[at:], documents, st.integers(0, 5))
    return st.one_of(documents, documents, damaged, cut, st.binary(max_size=300))


_NAMES = ("id", "title", "text", "body", "url", "author", "publisher", "date", "language", "x")


def values(texts: Text) -> st.SearchStrategy[object]:
    """Generate JSON values, including NaN as Python encodes it."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        texts,
        st.sampled_from(("https://a.example/1", "http://[", "javascript:alert(1)")),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
        ),
        max_leaves=8,
    )


def records(longest: int = 2_000) -> Text:
    """Generate JSON Lines of articles, almost articles, and other lines."""
    texts = text(longest)
    record = st.dictionaries(
        st.sampled_from(_NAMES), st.one_of(texts, texts, values(text(50))), max_size=6
    )
    line = st.one_of(
        record.map(lambda fields: json.dumps(fields, ensure_ascii=False)),
        record.map(json.dumps),
        texts,
        nested(),
    )
    return st.lists(line, max_size=6).map("\n".join)


def nested() -> Text:
    """Generate JSON with extreme nesting, closed or not."""
    return st.builds(
        lambda opening, depth, closing: opening * depth + closing * depth,
        st.sampled_from(("[", '{"a":', '[{"text":')),
        st.sampled_from((1, 31, 33, 1_000, 10_000, 100_000)),
        st.sampled_from(("", "]", "}", "}]")),
    )


def long_runs() -> Text:
    """Generate a megabyte without a space."""
    return st.sampled_from((*_CHARACTERS, "가", "x", "각\u0301", "漢")).map(
        lambda unit: unit * (LONG // len(unit))
    )
