"""Sentences of an article that ask: turns of an interview, FAQ lines, rhetorical questions.

They answer nothing. The sentence after one is read with it, as with any sentence before it.
"""

from __future__ import annotations

import re

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


def asks(text: str) -> bool:
    """Whether a sentence of an article is a question and does not answer one itself."""
    text = text.strip()
    if _LABEL.match(text):
        return _ANSWER_LABEL.search(text) is None
    if _MARK.search(text):
        return True
    return _ENDING.search(text) is not None and _WORD.search(text) is not None
