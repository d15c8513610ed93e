"""Number, form and focus that a request for a summary or a list asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from geungeo.rag.text import fold

Focus = Literal["gist", "issues", "timeline", "conclusion"]
Fact = Literal["author", "date", "publisher", "title", "url"]

DEFAULT_SENTENCES = 4
_SHORT, _LONG, _MOST = 2, 8, 15
_NUMBERS = {
    "한": 1, "하나": 1, "두": 2, "둘": 2, "세": 3, "석": 3, "셋": 3, "네": 4, "넷": 4, "다섯": 5,
    "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "a single": 1,
}  # fmt: skip
_ANY_NUMBER = r"(\d{1,2}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_COUNTED = re.compile(
    rf"(?<![\w.]){_ANY_NUMBER}\s*-?\s*(?:개|가지)?\s*(?:의\s*)?"
    r"(?:문장|줄|마디|단락|개|가지|건|포인트|항목|sentences?|lines?|bullets?|(?:key |main )?points?"
    r"|articles?|stories|headlines)"
)
_COUNTED_AFTER = re.compile(
    rf"(?:포인트|요점|핵심|쟁점|항목|기사|뉴스)\s*{_ANY_NUMBER}\s*(?:개|가지|건|줄)"
)
_LINES = re.compile(
    r"줄(?:로|요약|\s*요약|$|\s)|글머리|불릿|개조식|목록|항목|리스트|\b(?:bullet|list|points?|takeaways?)"
)
_PROSE = re.compile(r"문장|문단|줄글|산문|\b(?:sentences?|paragraph|prose)\b")
_SHORTLY = re.compile(r"짧게|간단|간략|핵심만|요점만|골자만|briefly|brief\b|short|quick|tl;?\s?dr")
_AT_LENGTH = re.compile(r"자세|상세|길게|자세히|\b(?:detail\w*|long(?:er)?|in depth)\b")
_IN_A_WORD = re.compile(r"한\s*마디|in a (?:word|nutshell)|in short|한줄|the gist")
_FOCUS: tuple[tuple[Focus, re.Pattern[str]], ...] = (
    (
        "timeline",
        re.compile(
            r"시간\s*순|날짜\s*순|순서대로|차례대로|경과|일지|타임라인|흐름을"
            r"|chronolog|timeline|in order"
        ),
    ),
    ("issues", re.compile(r"쟁점|논란|갈등|issues?\b|disput|controvers")),
    ("conclusion", re.compile(r"결론|결말|conclusion|bottom line")),
)
_FACTS: tuple[tuple[Fact, re.Pattern[str]], ...] = (
    (
        "author",
        re.compile(
            r"누가|누구|기자|작성자|필자|글쓴이|쓴\s*사람|쓴\s*이|저자"
            r"|\bwho\b|\b(?:author|reporter|journalist|writer)\b|\bby whom\b|\bby\?*$"
        ),
    ),
    (
        "date",
        re.compile(
            r"언제|날짜|일자|며칠|작성일|발행일|게재일|보도일|시점|몇\s*월|몇\s*년|오래됐"
            r"|\bwhen\b|\bdate\b|\bhow old\b"
        ),
    ),
    (
        "publisher",
        re.compile(
            r"어디|매체|언론|신문|출처|발행처|발행한\s*곳|방송사"
            r"|\b(?:publishers?|newspaper|outlet|source|where)\b|\bwho published\b"
        ),
    ),
    ("title", re.compile(r"제목|헤드라인|\b(?:title|headline)\b")),
    ("url", re.compile(r"링크|주소|원문|\b(?:link|url|address)\b")),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The form of a summary. ``count`` is the number that the request names, if any."""

    sentences: int
    count: int | None
    as_list: bool
    focus: Focus


def wishes_of(text: str) -> Wishes:
    """Read number, form and focus from a request in Korean or English."""
    folded = fold(text)
    count = _count(folded)
    focus: Focus = next((name for name, pattern in _FOCUS if pattern.search(folded)), "gist")
    as_list = focus == "timeline" or (
        _LINES.search(folded) is not None and _PROSE.search(folded) is None
    )
    return Wishes(count or _default(folded), count, as_list, focus)


def _count(folded: str) -> int | None:
    match = _COUNTED.search(folded) or _COUNTED_AFTER.search(folded)
    if match is None:
        return 1 if _IN_A_WORD.search(folded) else None
    number = int(match[1]) if match[1].isdecimal() else _NUMBERS[match[1]]
    return min(max(number, 1), _MOST)


def _default(folded: str) -> int:
    if _SHORTLY.search(folded):
        return _SHORT
    return _LONG if _AT_LENGTH.search(folded) else DEFAULT_SENTENCES


def facts_of(text: str) -> tuple[Fact, ...]:
    """Return the facts about an article that a request names; author and date if it names none."""
    folded = fold(text)
    if re.search(r"\bwho published\b", folded):
        return ("publisher",)
    named = tuple(name for name, pattern in _FACTS if pattern.search(folded))
    if "author" in named and re.search(r"어느\s*(?:신문|매체|언론)|어디", folded):
        named = tuple(name for name in named if name != "author") or named
    return named or ("author", "date")


_HOW_MANY = re.compile(
    r"몇\s*(?:개|건|편|꼭지)|개수|건수|총\s*몇|기사\s*수|기사\s*몇|\bhow many\b|\bnumber of\b"
)
_OLDEST = re.compile(
    r"(?:가장|제일)\s*(?:오래|먼저|처음)|언제부터|최초|첫\s*기사"
    r"|\boldest\b|\bearliest\b|\bfirst\b|\bsince when\b"
)
_WHO = re.compile(
    r"(?:어느|어떤|무슨)\s*(?:매체|언론사?|신문사?)|누가|누구"
    r"|기자(?:들)?(?:은|는|이|가)?\s*(?:누구|있)|\bwho\b|\breporters?\b"
    r"|\bwhich (?:newspapers?|publishers?|outlets?|media)"
)

Listing = Literal["articles", "count", "oldest", "sources"]


def listing_of(text: str) -> Listing:
    """Return what a listing asks for: the articles, their number, the oldest, or who wrote them."""
    folded = fold(text)
    if _HOW_MANY.search(folded):
        return "count"
    if _OLDEST.search(folded):
        return "oldest"
    return "sources" if _WHO.search(folded) else "articles"
