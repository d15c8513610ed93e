"""What end users read when there is no answer, in Korean or English."""

from __future__ import annotations

from geungeo.rag.answer import Reason
from geungeo.rag.text import Language

_ABSTENTIONS: dict[Language, dict[Reason, str]] = {
    "ko": {
        "no_evidence": "저장된 기사에서 이 질문과 관련된 내용을 찾지 못했습니다.",
        "weak_evidence": "관련된 대목은 있지만, 질문에 답할 만한 근거를 기사에서 찾지 못했습니다.",
        "unverified": "답을 만들었지만 기사에서 근거를 확인하지 못해 내놓지 않았습니다.",
        "false_premise": "질문에 담긴 전제가 기사 내용과 맞지 않아 답하지 않았습니다.",
        "off_topic": "저장된 기사에서 다루지 않는 질문입니다.",
        "backend_unavailable": "지금 답변 서버에 연결할 수 없습니다. 잠시 뒤 다시 물어봐 주세요.",
    },
    "en": {
        "no_evidence": "I found nothing about this in the stored articles.",
        "weak_evidence": "The articles touch on this, but I found no evidence that answers it.",
        "unverified": "I drafted an answer but could not verify it against the articles.",
        "false_premise": "The question assumes something that the articles contradict.",
        "off_topic": "The stored articles do not cover this.",
        "backend_unavailable": "The answering backend cannot be reached right now. Try again soon.",
    },
}


def abstention(reason: Reason, language: Language) -> str:
    """Why there is no answer; holds no marker and nothing from the question."""
    return _ABSTENTIONS[language][reason]
