"""Reply to small talk: a friendly line with two questions that the stored articles answer."""

from __future__ import annotations

import re

from geungeo.rag.answer import Filters, defuse
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.protocols import Corpus, Headline
from geungeo.rag.text import Language, one_line

_THANKS = re.compile(r"고마|고맙|감사|땡큐|땡스|ㄱㅅ|수고|thank|thx|tnx|cheers", re.IGNORECASE)
_HELLO = re.compile(
    r"안녕|하이|반가|반갑|ㅎㅇ|방가|\b(?:hi|hello|hey|good (?:morning|evening|afternoon))\b",
    re.IGNORECASE,
)
_LINES: dict[Language, dict[str, str]] = {
    "ko": {
        "hello": "안녕하세요! 저장된 기사에서 근거를 찾아 답해 드려요.",
        "thanks": "도움이 되었다니 기뻐요.",
        "other": "네, 듣고 있어요. 기사에 관해 궁금한 것을 물어보세요.",
        "examples": "예를 들면: {examples}",
        "empty": "아직 저장된 기사가 없어요. 먼저 기사를 넣어 주세요.",
        "summary": "“{title}” 기사를 요약해 줘",
        "about": "{name} 관련 기사는 뭐가 있어?",
        "author": "이 기사는 누가 언제 썼어?",
    },
    "en": {
        "hello": "Hello! I answer questions from the stored articles, with their sources.",
        "thanks": "You are welcome.",
        "other": "I am here. Ask me anything about the articles.",
        "examples": "For example: {examples}",
        "empty": "There are no articles yet. Please add some first.",
        "summary": "Summarize the article “{title}”",
        "about": "Which articles are about {name}?",
        "author": "Who wrote this article, and when?",
    },
}
_MAX_TITLE = 60


def small_talk_reply(text: str, language: Language, corpus: Corpus) -> str:
    """Return the line for ``text``, with examples about the newest articles in ``corpus``."""
    lines = _LINES[language]
    kind = "thanks" if _THANKS.search(text) else "hello" if _HELLO.search(text) else "other"
    examples = _examples(language, list(corpus.headlines(Filters())[:20]))
    if not examples:
        return f"{lines[kind]} {lines['empty']}"
    return f"{lines[kind]} {lines['examples'].format(examples=' / '.join(examples))}"


def _examples(language: Language, headlines: list[Headline]) -> list[str]:
    if not headlines:
        return []
    lines = _LINES[language]
    title = defuse(one_line(headlines[0].title))
    if len(title) > _MAX_TITLE:
        title = f"{title[:_MAX_TITLE].rstrip()}…"
    examples = [lines["summary"].format(title=title)]
    for one in headlines[1:]:
        if name := _name(one.title):
            return [*examples, lines["about"].format(name=defuse(name))]
    return [*examples, lines["author"]]


def _name(title: str) -> str:
    """Return the first proper noun of a title, or an empty string."""
    for morpheme in analyse(title):
        if morpheme.tag.split("-")[0] == "NNP" and len(morpheme.form) > 1:
            return morpheme.form
    return ""
