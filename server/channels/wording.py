"""Phrases of the chat channels around an answer, in Korean and English."""

from __future__ import annotations

from typing import Literal

from geungeo.rag.answer import Answer, Citation, Reason, defuse, nearest_heading
from geungeo.rag.errors import GeungeoError, InvalidQuestion, InvalidRequest
from geungeo.rag.text import Language, fold, language_of, one_line

Phrase = Literal[
    "open",
    "searching",
    "usage",
    "too_long",
    "failed",
    "slow",
    "thanks",
    "more",
    "sources",
    "help",
    "summary",
    "only",
    "summarize",
    "restricted",
    "unrestricted",
    "gone",
    "link_failed",
    "nothing_to_check",
    "too_long_to_check",
    "not_checked",
]

_PHRASES: dict[Language, dict[Phrase, str]] = {
    "ko": {
        "open": "원문 보기",
        "searching": "기사에서 근거를 찾고 있습니다…",
        "usage": "질문을 함께 적어 주세요. 예: 협상이 왜 중단됐나요?",
        "too_long": "질문이 너무 깁니다. {limit:,}자 이내로 줄여 주세요.",
        "failed": "지금은 답변할 수 없습니다. 잠시 후 다시 질문해 주세요.",
        "slow": "제시간에 답변하지 못했습니다. 잠시 후 다시 질문해 주세요.",
        "thanks": "의견을 저장했습니다. 고맙습니다.",
        "more": "계속 ({number}/{total})",
        "sources": "근거",
        "help": "{command} 뒤에 질문을 적으면 저장된 기사에서 근거를 찾아 나에게만 답합니다. "
        "예: {command} 협상이 왜 중단됐나요?\n"
        "채널에서는 봇을 멘션하고, 스레드에서는 그냥 이어서 질문하세요. "
        "{command} 이번 주 기사 요약 처럼 요약이나 목록도 부탁할 수 있습니다.",
        "summary": "요약",
        "only": "이 기사만",
        "summarize": "이 기사를 요약해 줘",
        "restricted": "이 스레드의 다음 질문에는 이 기사로만 답합니다: {title}. "
        "같은 단추를 다시 누르면 모든 기사로 돌아갑니다.",
        "unrestricted": "다시 모든 기사에서 답을 찾습니다.",
        "gone": "이 기사는 더 이상 저장되어 있지 않습니다.",
        "link_failed": "링크에서 기사를 읽지 못했습니다. 누구나 볼 수 있는 기사 주소인지 "
        "확인해 주세요.",
        "nothing_to_check": "이 메시지에는 확인할 글이 없습니다.",
        "too_long_to_check": "글이 너무 깁니다. {limit:,}자까지 확인할 수 있습니다.",
        "not_checked": "지금은 확인할 수 없습니다. 잠시 후 다시 시도해 주세요.",
    },
    "en": {
        "open": "Open source",
        "searching": "Looking for evidence in the articles…",
        "usage": "Please add a question, for example: Why did the talks stop?",
        "too_long": "The question is too long; please keep it within {limit:,} characters.",
        "failed": "I cannot answer right now. Please ask again in a moment.",
        "slow": "The answer did not arrive in time. Please ask again in a moment.",
        "thanks": "Your feedback has been saved. Thank you.",
        "more": "Continued ({number}/{total})",
        "sources": "Sources",
        "help": "Write a question after {command}; the answer, with its sources in the stored "
        "articles, is shown to you only. For example: {command} Why did the talks stop?\n"
        "In a channel mention the bot; in its threads just go on asking. Summaries and lists "
        "work too: {command} summarize this week's articles",
        "summary": "Summary",
        "only": "This article only",
        "summarize": "Summarize this article",
        "restricted": "Questions in this thread are now answered from this article only: {title}. "
        "Press the same button again for all articles.",
        "unrestricted": "Questions are answered from all articles again.",
        "gone": "This article is no longer stored.",
        "link_failed": "No article could be read at this link. Please check that everybody can "
        "open it.",
        "nothing_to_check": "This message has no text to check.",
        "too_long_to_check": "The text is too long; at most {limit:,} characters can be checked.",
        "not_checked": "I cannot check this right now. Please try again in a moment.",
    },
}
_HINTS: dict[Language, dict[Reason, str]] = {
    "ko": {
        "no_evidence": "기사에 나올 만한 이름이나 단어를 넣어 다시 질문해 주세요.",
        "weak_evidence": "누구에 관한 언제의 일인지 밝혀 다시 질문해 주세요.",
        "unverified": "한 번에 한 가지씩 더 구체적으로 질문해 주세요.",
        "false_premise": "전제를 빼고 사실 여부부터 질문해 주세요.",
        "off_topic": "저장된 기사에서 다루는 내용을 질문해 주세요.",
        "not_a_question": "",
        "backend_unavailable": "잠시 후 같은 질문을 다시 보내 주세요.",
    },
    "en": {
        "no_evidence": "Ask again with a name or a word that an article would use.",
        "weak_evidence": "Ask again and say who or what it is about, and when.",
        "unverified": "Ask again about one thing at a time, more specifically.",
        "false_premise": "Ask again without the assumption, for example whether it is true.",
        "off_topic": "Ask about something that the stored articles cover.",
        "not_a_question": "",
        "backend_unavailable": "Send the same question again in a moment.",
    },
}


def phrase(which: Phrase, language: Language, **values: object) -> str:
    """Return a phrase; ``values`` fill its placeholders."""
    return _PHRASES[language][which].format(**values)


def language_for(question: str) -> Language:
    """Return the language of ``question``; Korean if it is blank."""
    return language_of(question) if fold(question) else "ko"


def failure(error: GeungeoError, question: str, max_chars: int) -> str:
    """Return for its author why ``question``, limited to ``max_chars``, was not answered."""
    language = language_for(question)
    if not isinstance(error, InvalidQuestion):
        return phrase("failed", language)
    return phrase("too_long" if len(question) > max_chars else "usage", language, limit=max_chars)


def check_failure(error: GeungeoError, text: str, max_chars: int) -> str:
    """Return why ``text``, limited to ``max_chars``, was not checked."""
    language = language_for(text)
    if not isinstance(error, InvalidRequest):
        return phrase("not_checked", language)
    which: Phrase = "too_long_to_check" if len(text) > max_chars else "nothing_to_check"
    return phrase(which, language, limit=max_chars)


def origin(citation: Citation) -> str:
    """Return title, publisher and day of the article behind ``citation``, unescaped."""
    day = (citation.published_at or "")[:10]
    return " · ".join(part for part in (citation.title, citation.publisher, day) if part)


def hint(reason: Reason, language: Language) -> str:
    """Return advice on how to ask again after an abstention; empty after small talk."""
    return _HINTS[language][reason]


def nearest_text(answer: Answer) -> str:
    """Return the nearest sentences of an abstention as text; empty without any.

    It begins with a blank line, to follow the answer's text, and contains no marker or markup.
    """
    if not answer.nearest:
        return ""
    lines = [
        f"- “{defuse(one_line(one.quote))}” ({defuse(one_line(', '.join(one.origin)))})"
        for one in answer.nearest
    ]
    return "\n".join([f"\n\n{nearest_heading(answer)}:", *lines])
