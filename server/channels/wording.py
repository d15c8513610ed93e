"""Phrases of the chat channels around an answer, in Korean and English."""

from __future__ import annotations

from typing import Literal

from geungeo.rag.answer import Answer, Citation, Reason, defuse, nearest_heading
from geungeo.rag.errors import GeungeoError, InvalidQuestion
from geungeo.rag.text import Language, language_of, one_line

Phrase = Literal[
    "open", "searching", "usage", "too_long", "failed", "slow", "thanks", "more", "sources"
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
    return language_of(question) if question.strip() else "ko"


def failure(error: GeungeoError, question: str, max_chars: int) -> str:
    """Return for its author why ``question``, limited to ``max_chars``, was not answered."""
    language = language_for(question)
    if not isinstance(error, InvalidQuestion):
        return phrase("failed", language)
    return phrase("too_long" if len(question) > max_chars else "usage", language, limit=max_chars)


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
