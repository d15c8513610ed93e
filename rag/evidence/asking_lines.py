"""Sentences of an article that ask: turns of an interview, FAQ lines, rhetorical questions.

They answer nothing. The sentence after one is read with it, as with any sentence before it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from geungeo.rag.readers.layout import columns
from geungeo.rag.readers.lines import is_statement

_LABEL = re.compile(
    r"^[\s\[(【<―—-]*(?:Q|질문|물음|문)\s*\d{0,3}\s*(?:[\])】>.:)]|-(?=\s))", re.IGNORECASE
)
_ANSWER_LABEL = re.compile(
    r"(?:^|\s)[\[(【<]*(?:A|답변|답)\s*\d{0,3}\s*[\])】>.:)]\s*\S", re.IGNORECASE
)
_MARK = re.compile(r"[?？][”’\"')\]]*$")
# 얼마인가, 무엇입니까, 왜 그런가요: an asking ending without a question mark needs a question word.
_ENDING = re.compile(r"(?:[가-힣]가요?|[가-힣]까요?|[가-힣]나요?|[가-힣]니|[가-힣]냐)[.…]*$")
_WORD = re.compile(
    r"언제|누구|누가|어디|무엇|뭐|뭔|뭘|무슨|어떤|어느|얼마|며칠|몇|왜|어떻게|어째서"
)
# 제작비는. 앞으로 계획은: a question cut off behind its topic, as interviewers put it. No Korean
# statement ends so.
_TOPIC = re.compile(r"[가-힣\d\w][’”\"')\]]?(?:는|은)\s*[.…]+$")
_MOST_TOPIC = 60  # characters
# The mark of a turn, with which a topic needs no full stop, a question no question word,
# and a request to say something is a question.
_TO_SAY = (
    r"(?:한\s?마디|설명|소개|말씀|답변|대답|조언|평가|전망|인사)(?:을|를|도)?\s?"
    r"(?:바란다|부탁한다|부탁드립니다)"
)
_MARKED = re.compile(
    r"^\s*[▶▷►▻■□◆◇○●◎▲△▼▽◀◁※•·∙▪\-–—*].{0,250}"
    r"(?:[가-힣](?:는|은)|[나까냐]요?(?=[.…])|[는인은한던된을]가요?(?=[.…])|달라|주세요|주시죠|주십시오"
    rf"|{_TO_SAY})[.…]*$"
)


def asks(text: str) -> bool:
    """Whether a sentence of an article is a question and does not answer one itself."""
    text = text.strip()
    if _LABEL.match(text):
        return _ANSWER_LABEL.search(text) is None
    if _MARK.search(text) or _MARKED.match(text):
        return True
    if len(text) <= _MOST_TOPIC and _TOPIC.search(text):
        return True
    return _ENDING.search(text) is not None and _WORD.search(text) is not None


_QUOTATION = re.compile(r"[\"“‘「『].*[\"”’」』][.…]?$", re.DOTALL)
_TURN_MARK = re.compile(r"[▶▷►▻■□◆◇○●◎▲△▼▽◀◁※•·∙▪\-–—]")
_LEAST_PAIRS = 2


@lru_cache(maxsize=64)
def prompts(text: str) -> frozenset[str]:
    """Return the lines of an interview that ask by their place: 왜 흑백, 개봉은 언제쯤.

    Each is a few words without the end of a statement, right above a quotation or above a line
    with the other mark, and the text has several such pairs.
    """
    lines = [line for raw in text.split("\n") if (line := raw.strip())]
    found: dict[str, list[str]] = {}
    for line, following in pairwise(lines[1:]):
        mark = _TURN_MARK.match(line)
        own = mark[0] if mark else ""
        other = _TURN_MARK.match(following)
        replies = _QUOTATION.match(following) or (own and other and other[0] != own)
        is_short = len(line) <= _MOST_TOPIC and len(columns(line)) == 1
        if replies and is_short and not is_statement(line) and not _QUOTATION.match(line):
            found.setdefault(own, []).append(line)
    return frozenset(
        line for group in found.values() if len(group) >= _LEAST_PAIRS for line in group
    )


def topic_of(line: str, text: str) -> str:
    """Return the topic that a line of ``text`` asks about, to read with the answer: 제작비는.

    Empty for a question of its own and for a line that does not ask.
    """
    line = line.strip()
    if _MARK.search(line) or len(line) > _MOST_TOPIC:
        return ""
    bare = _TURN_MARK.sub("", line, count=1).strip().rstrip(".… ")
    if line in prompts(text):
        return bare
    return bare if re.search(r"[가-힣\d\w](?:는|은)$", bare) and asks(line) else ""
