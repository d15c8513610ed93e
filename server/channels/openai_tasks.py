"""Answers to the prompts that Open WebUI sends for its own page: titles, tags, follow-ups.

After each answer Open WebUI asks the same model for them, and shows what it gets. They are made
from the conversation alone; nothing is claimed, so nothing is cited.
https://docs.openwebui.com/getting-started/env-configuration
"""

from __future__ import annotations

import json
import re

from geungeo.rag.answer import MARKER
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.text import Language, language_of

MAX_TITLE = 40
MAX_TAGS = 4
# A longer prompt is not one of these tasks; its analysis would take long.
_MAX_PROMPT = 200_000
_MAX_ANALYSED = 500

_START = re.compile(r"\s*### Task:\s")
_HISTORY = re.compile(r"<chat_history>(.*)</chat_history>", re.DOTALL)
_MESSAGE = re.compile(r"^(USER|ASSISTANT): (.*?)(?=^(?:USER|ASSISTANT|SYSTEM): |\Z)", re.S | re.M)
# The field of the JSON that the prompt asks for, and words of prompts that ask for plain text.
_FIELDS = (
    ("title", re.compile(r"\btitle\b", re.IGNORECASE)),
    ("tags", re.compile(r"\btags\b", re.IGNORECASE)),
    ("follow_ups", re.compile(r"\bfollow-?ups?\b", re.IGNORECASE)),
    ("queries", re.compile(r"\bqueries\b", re.IGNORECASE)),
    ("text", re.compile(r"\bautocompletion\b", re.IGNORECASE)),
)
_FOLLOW_UPS: dict[Language, list[str]] = {
    "ko": ["이 기사를 요약해 줘.", "이 기사는 누가 썼어?", "이 기사는 언제 보도됐어?"],
    "en": [
        "Summarise this article.",
        "Who wrote this article?",
        "When was this article published?",
    ],
}
_NOUNS = {"NNG", "NNP", "SL"}
_TOO_GENERAL = {"이유", "언제", "무엇", "때", "것", "기사", "사람", "내용", "요약", "설명", "규모"}


def answer_task(prompt: str) -> str | None:
    """Return what one of Open WebUI's task prompts asks for; ``None`` for other texts."""
    if len(prompt) > _MAX_PROMPT or not _START.match(prompt):
        return None
    history = _HISTORY.search(prompt)
    if history is None:
        return None
    instructions = prompt[: history.start()]
    field = _field(instructions)
    if field is None:
        return None
    messages = _MESSAGE.findall(history[1].strip() + "\n")
    questions = [text.strip() for role, text in messages if role == "USER" and text.strip()]
    answers = [text.strip() for role, text in messages if role == "ASSISTANT"]
    value = _value(field, questions, answers)
    if re.search(rf'"{field}"\s*:', instructions):
        return json.dumps({field: value}, ensure_ascii=False)
    return value if isinstance(value, str) else "\n".join(value)


def _field(instructions: str) -> str | None:
    """Return the field that is asked for: as JSON, otherwise by the first words of the task."""
    for field, _ in _FIELDS:
        if re.search(rf'"{field}"\s*:', instructions):
            return field
    task = instructions.strip().splitlines()[1:2]
    return next((field for field, word in _FIELDS if task and word.search(task[0])), None)


def _value(field: str, questions: list[str], answers: list[str]) -> str | list[str]:
    match field:
        case "title":
            return _title(questions[0] if questions else "")
        case "tags":
            return _tags(questions)
        case "follow_ups":
            # Only an article that was cited can be asked about.
            cited = answers and MARKER.search(answers[-1])
            return _FOLLOW_UPS[language_of(" ".join(questions))] if cited else []
        case "queries":
            return []  # nothing is searched for outside the stored articles
        case _:
            return ""


def _title(question: str) -> str:
    """Return the question on one line without its question mark, cut at a word."""
    line = " ".join(question.split()).rstrip("?？.! ")
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE + 1].rpartition(" ")[0] or line[:MAX_TITLE]
    return f"{cut}…"


def _tags(questions: list[str]) -> list[str]:
    """Return the nouns and names of the questions, the first ones; adjacent ones as one."""
    text = " ".join(questions)[:_MAX_ANALYSED]
    spans: list[tuple[int, int]] = []
    for morpheme in analyse(text):
        if morpheme.tag not in _NOUNS:
            continue
        if spans and spans[-1][1] == morpheme.start:
            spans[-1] = (spans[-1][0], morpheme.end)
        else:
            spans.append((morpheme.start, morpheme.end))
    forms = dict.fromkeys(text[start:end] for start, end in spans)
    return [form for form in forms if len(form) > 1 and form not in _TOO_GENERAL][:MAX_TAGS]
