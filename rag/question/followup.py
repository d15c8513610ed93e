"""Rewrite follow-up questions to standalone ones: by a model if there is one, or by rules.

A follow-up leaves out what the previous turn said. The rules handle three forms: a pronoun
(그가 요청한 것은?) is replaced by its antecedent, an ellipsis (규모는?) is completed with the
topic, and a lone connective (그래서?) asks for the outcome of the topic. A question with its
own subject changes the topic and stays unchanged.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from geungeo.rag.answer import Turn
from geungeo.rag.errors import BackendError
from geungeo.rag.language import names, numbers
from geungeo.rag.language.morphemes import Morpheme, analyse
from geungeo.rag.language.vocabulary import canonical_names
from geungeo.rag.protocols import Backend, Report, Rewriter
from geungeo.rag.question.concepts import QUESTION_WORDS, AnswerType, answer_type, parse_question
from geungeo.rag.question.intents import (
    ABOUT_ARTICLES,
    SO_WHAT,
    intent_of,
    intents_of,
    without_small_talk,
)
from geungeo.rag.text import clean, for_model, language_of, visible

# Seconds for a model's rewrite: the user waits for it before retrieval starts.
REWRITE_TIMEOUT = 8.0
# Limits of a rewrite: characters, and a multiple of the question's length.
_MAX_CHARS = 300
_MAX_GROWTH = 4


async def rewritten(
    question: str,
    history: Sequence[Turn],
    backend: Backend,
    report: Report,
    *,
    timeout: float = REWRITE_TIMEOUT,
) -> str:
    """Return ``question`` rewritten to be understood without ``history`` (oldest first).

    A backend that is a :class:`Rewriter` is asked first. Its rewrite is used only if
    :func:`drift` finds nothing; the reasons for rejecting it go to ``report.notes``.
    """
    if not history or not isinstance(backend, Rewriter):
        return standalone(question, history)
    try:
        async with asyncio.timeout(timeout):
            reply = await backend.rewrite(question, tuple(history))
    except TimeoutError:
        problems = [f"{backend.name} took more than {timeout:g} s"]
    except BackendError as error:
        problems = [str(error)]
    else:
        proposed = " ".join(visible(clean(reply)).split())
        problems = drift(proposed, question, history)
        if not problems:
            return proposed
    report.notes.append(f"the question was rewritten by rule: {'; '.join(problems)}")
    return standalone(question, history)


def drift(rewrite: str, question: str, history: Sequence[Turn]) -> list[str]:
    """Return how ``rewrite`` deviates from ``question`` and ``history``; empty if it does not.

    A rewrite may only combine what was said: every name and number in it must occur in the
    question or in a turn, and it must keep those of the question.
    """
    if not rewrite:
        return ["the rewrite is blank"]
    limit = max(_MAX_CHARS, _MAX_GROWTH * len(question))
    if len(rewrite) > limit:
        return [f"the rewrite is longer than {limit} characters"]
    if language_of(rewrite) != language_of(question):
        return ["the rewrite is in another language"]
    context = "\n".join([question, *(f"{turn.question}\n{turn.answer}" for turn in history)])
    problems = [f"{entity!r} occurs in no turn" for entity in _missing(rewrite, context)]
    return problems + [f"{entity!r} was lost" for entity in _missing(question, rewrite)]


def _missing(text: str, source: str) -> list[str]:
    """Return the names and numbers of ``text`` that ``source`` lacks in any known spelling."""
    known = canonical_names(text) - canonical_names(source)
    found = [*sorted(known), *names.missing(text, source), *numbers.missing(text, source)]
    return [str(entity) for entity in dict.fromkeys(found)]


_PERSON = re.compile(
    r"(?<![가-힣])(?:그\s*사람|그\s*분|그분|이\s*사람|그녀|그)(?=은|는|이|가|의|에게|를|을|도|와|과|한테|께)"
)
_THING = re.compile(
    r"(?<![가-힣])(?:그\s*(?:회사|기업|업체|모델|제품|계획|계약|기관|단체|매체)"
    r"|이\s*(?:회사|기업|모델|계획)"
    r"|그것|이것|그게|그건|그걸|이건|이걸|이게|거기|여기)"
    # With its particle, if there is one: 거기서, 그 회사는.
    r"(?:(?:은|는|이|가|을|를|의|에서?|서|으로|로|도|와|과|에게|한테)(?=[\s,?]))?"
)
_THAT_TIME = re.compile(
    r"(?<![가-힣])(?:그때|그\s*당시|당시|그\s*무렵|그\s*후|그\s*뒤|이후|그\s*전)"
)
_AMONG = re.compile(r"(?<![가-힣])(?:그\s*중|이\s*중|그\s*가운데|그들|이들|양측|둘)")
_LEAD = re.compile(
    r"^(?:그래서|그러면|그럼|그리고|그런데|근데|그렇다면|and|so|then|but)[,\s]+", re.IGNORECASE
)
_ENGLISH = re.compile(
    r"\b(?P<possessive>his|her|its|their)\b|\b(?P<person>he|she|him|they|them)\b|\b(?P<thing>it|that|this)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9&.-]*[A-Za-z0-9]|[A-Za-z0-9]|[가-힣]+")
_AUXILIARY = re.compile(
    r"i|you|we|he|she|they|him|her|them|his|their|should|may|might|must|shall|but|so|then|not|no"
    r"|if|into|over",
    re.IGNORECASE,
)
_JOSA = re.compile(r"^(?:은|는|이|가|을|를|의|에게|에|도|와|과|한테|께|로|으로)$")


@dataclass(frozen=True, slots=True)
class _Topic:
    """The topic of the previous turn: its subject, and its phrases in order."""

    subject: str
    phrases: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.phrases)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Complete ``question`` with what it leaves out, taken from ``history`` (oldest first)."""
    if not history:
        return question
    found = _last_topic(question, history)
    if found is None:
        return question
    last, topic = found
    if language_of(question) == "en" and not SO_WHAT.match(question):
        return _english(question, topic)
    if SO_WHAT.match(question):
        return (
            f"{topic} 결과는 어떻게 됐나?"
            if language_of(question) == "ko"
            else (f"{topic}: what happened as a result?")
        )
    if answer_type(last.question) is AnswerType.PERSON and (name := _new_name(last)):
        topic = _Topic(name, topic.phrases)
    return _korean(_LEAD.sub("", question), topic)


def _last_topic(question: str, history: Sequence[Turn]) -> tuple[Turn, _Topic] | None:
    """Return the last turn that has a topic, and that topic.

    Small talk has none and takes none; neither does a request about articles (요약해 줘), unless it
    names one. Words about articles as such are no topic.
    """
    if intent_of(question) != "question":
        return None
    turns = without_small_talk(history)
    for turn, intent in zip(
        reversed(turns), reversed(intents_of([t.question for t in turns])), strict=True
    ):
        topic = _topic(turn.question)
        if intent == "question":
            return (turn, topic) if topic.phrases else None
        phrases = tuple(p for p in topic.phrases if p.lower() not in ABOUT_ARTICLES)
        if phrases:
            subject = topic.subject if topic.subject in phrases else phrases[0]
            return turn, _Topic(subject, phrases)
    return None


def _korean(question: str, topic: _Topic) -> str:
    if pronoun := _PERSON.search(question):
        return question[: pronoun.start()] + _agreeing(topic.subject, question[pronoun.end() :])
    if _THAT_TIME.search(question) or _AMONG.search(question):
        return f"{_missing_phrases(topic, question)} {question}".strip()
    if _THING.search(question):
        rest = _THING.sub("", question, count=1).strip()
        return f"{_missing_phrases(topic, rest)} {rest}".strip()
    return (
        f"{_missing_phrases(topic, question)} {question}".strip()
        if _is_elliptic(question)
        else question
    )


def _english(question: str, topic: _Topic) -> str:
    match = _ENGLISH.search(question)
    if match:
        name = topic.subject + ("'s" if match["possessive"] else "")
        rewritten = question[: match.start()] + name + question[match.end() :]
        # "Did Suleyman get it?": the remaining pronoun refers to the topic.
        if _ENGLISH.search(question, match.end()):
            return f"{rewritten} ({topic})"
        return rewritten
    return f"{question} ({topic})" if len(question.split()) <= 3 else question


def _is_elliptic(question: str) -> bool:
    """Whether the question has no name and at most two nouns, so that it needs the previous one."""
    concepts = parse_question(question).concepts
    if any(concept.role == "name" for concept in concepts):
        return len(concepts) == 1 and len(question.split()) == 1
    return len([concept for concept in concepts if concept.role == "noun"]) <= 2


def _missing_phrases(topic: _Topic, question: str) -> str:
    """Return the topic's phrases that the question does not contain.

    A lone new name (``더 버지는?``) replaces the old subject.
    """
    phrases = topic.phrases
    if len(question.split()) <= 2 and any(
        concept.role == "name" for concept in parse_question(question).concepts
    ):
        phrases = tuple(phrase for phrase in phrases if phrase != topic.subject)
    return " ".join(phrase for phrase in phrases if phrase not in question)


def _topic(question: str) -> _Topic:
    """Return the noun phrases and names of a question; the subject is the marked or first one."""
    if language_of(question) == "en":
        return _english_topic(question)
    text = for_model(question)
    morphemes = analyse(question)
    phrases: list[str] = []
    subject = ""
    run: list[Morpheme] = []
    for morpheme in [*morphemes, Morpheme("", "END", len(text) + 2, len(text) + 2)]:
        if _names_something(morpheme) and (not run or morpheme.start - run[-1].end <= 1):
            run.append(morpheme)
            continue
        phrase = text[run[0].start : run[-1].end] if run else ""
        if phrase and phrase not in phrases and phrase not in QUESTION_WORDS:
            phrases.append(phrase)
            if not subject and _JOSA.match(morpheme.form) and morpheme.tag in {"JX", "JKS"}:
                subject = phrase
        run = [morpheme] if _names_something(morpheme) else []
    return _Topic(subject or (phrases[0] if phrases else ""), tuple(phrases))


def _english_topic(question: str) -> _Topic:
    """Return capitalised names (the first is the subject), then the other content words."""
    words = [match[0] for match in _WORD.finditer(for_model(question))]
    names: list[str] = []
    others: list[str] = []
    joined = False
    for at, word in enumerate(words):
        content = word.lower() not in QUESTION_WORDS and not _AUXILIARY.fullmatch(word)
        # The first word is a name only if it cannot be an ordinary word.
        named = content and word[0].isupper() and (at > 0 or not word[1:].islower())
        if named and joined:
            names[-1] += f" {word}"
        elif named:
            names.append(word)
        elif content:
            others.append(word)
        joined = named
    phrases = tuple(dict.fromkeys([*names, *others]))
    return _Topic(phrases[0] if phrases else "", phrases)


def _names_something(morpheme: Morpheme) -> bool:
    tag = morpheme.tag.split("-")[0]
    return tag in {"NNG", "NNP", "SL", "SN", "XSN", "SH", "XPN"} and (
        morpheme.form not in QUESTION_WORDS
    )


def _new_name(turn: Turn) -> str:
    """Return the first proper noun of an answer that its question does not contain."""
    text = for_model(turn.answer)
    run: list[Morpheme] = []
    for morpheme in analyse(turn.answer):
        if morpheme.tag == "NNP" and (not run or morpheme.start - run[-1].end <= 1):
            run.append(morpheme)
        elif run and (name := text[run[0].start : run[-1].end]) not in turn.question:
            return name
        else:
            run = [morpheme] if morpheme.tag == "NNP" else []
    return ""


def _agreeing(noun: str, rest: str) -> str:
    """Join ``noun`` and ``rest``, adapting the particle at the start of ``rest`` to the noun."""
    last = ord(noun[-1]) - 0xAC00 if noun else -1
    closed = 0 <= last <= 11171 and last % 28 != 0
    for after_consonant, after_vowel in (("은", "는"), ("이", "가"), ("을", "를"), ("과", "와")):
        if re.match(f"[{after_consonant}{after_vowel}](?![가-힣])", rest):
            return noun + (after_consonant if closed else after_vowel) + rest[1:]
    return noun + rest
