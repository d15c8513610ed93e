"""Example questions about an article, made from its own sentences without a language model.

A question is a sentence turned round: its number becomes 몇, its object 무엇, its quotation 뭐라고.
Whether it is answered is for the pipeline to find out: see ``Workspace.starters``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language.morphemes import Morpheme, analyse_many, composed
from geungeo.rag.segmentation import split_article
from geungeo.rag.text import Span, listed, one_line, visible

_SENTENCES = 30  # of one article that are read
_LONGEST = 160  # characters of a sentence
_LONGEST_QUESTION = 48
_BEFORE_SUBJECT = 10  # morphemes of a sentence in which its subject is looked for
_NOUNS = frozenset({"NNG", "NNP", "SL", "XPN", "XSN", "SN"})
_NAMES = frozenset({"NNP", "SL"})
_UNITS = listed("명 마리 건 곳 개 대 편 권 가구 채 척 그루 호 팀 나라")
_PREDICATES = frozenset({"VV", "XSV"})
_ENDINGS = frozenset({"EF", "EC"})
# 그는, 이는, 양측은: what they stand for is in another sentence.
_VAGUE = re.compile(r"^(?:그|이|저|우리|양측|양사|이들|그들|당국|업계|회사|관계자|정부)$")
# Letters and digits whose Korean names end in a consonant: 엘, 엠, 엔, 알, 영, 일, 삼 …
_FINAL_LETTERS = frozenset("lmnr013678")
_SAID = re.compile(r"[”\"]\s*(?:이?라?고|며|면서)\s")
_SAID_EN = re.compile(
    r"[”\"],?\s+(?:said\s+)?(?P<a>(?:[A-Z][\w’'-]+\s){0,2}[A-Z][\w’'-]+)(?:\s+said)?[.,]"
)


@dataclass(frozen=True, slots=True)
class Starter:
    """A question about an article; ``span`` is the sentence that it was made from."""

    question: str
    article: Article
    span: Span | None = None


def overview(article: Article) -> Starter | None:
    """Return the request for a summary of ``article`` by its title; ``None`` if that is long."""
    title = one_line(article.title)
    if not title or len(title) > 2 * _LONGEST_QUESTION or visible(title) != title:
        return None
    if article.language == "ko":
        return Starter(f"‘{title}’ 기사를 요약해 줘", article)
    return Starter(f"Summarize the article “{title}”", article)


def credits_of(article: Article) -> Starter | None:
    """Return the question who wrote ``article``; ``None`` if it names no author."""
    asked = overview(article)
    if asked is None or not article.author:
        return None
    title = one_line(article.title)
    korean = article.language == "ko"
    question = f"‘{title}’ 기사는 누가 썼나?" if korean else f"Who wrote the article “{title}”?"
    return Starter(question, article)


def starters(article: Article) -> Iterator[Starter]:
    """Yield questions that sentences of ``article`` answer, in reading order."""
    spans = [
        sentence.span
        for sentence in split_article(article)
        if sentence.kind is SectionKind.BODY and len(sentence.span) <= _LONGEST
    ][:_SENTENCES]
    texts = [one_line(span.of(article.text)) for span in spans]
    if article.language != "ko":
        for span, text in zip(spans, texts, strict=True):
            said = _SAID_EN.search(text)
            if said and " " in said["a"]:
                yield Starter(f"What did {said['a']} say?", article, span)
        return
    for span, text, morphemes in zip(spans, texts, analyse_many(texts), strict=True):
        for made in (make(text, morphemes) for make in (_how_many, _decided, _what, _said)):
            if made and len(made) <= _LONGEST_QUESTION and visible(made) == made:
                yield Starter(made, article, span)


def _how_many(text: str, morphemes: Sequence[Morpheme]) -> str | None:
    """혹등고래 12마리가 돌아왔다 -> 혹등고래 몇 마리가 돌아왔나?"""
    at = next(
        (
            n
            for n, (one, unit) in enumerate(pairwise(morphemes))
            if one.tag == "SN" and unit.form in _UNITS and unit.start == one.end
        ),
        None,
    )
    if not at:
        return None
    end = _predicate(morphemes, at + 2)
    if end is None:
        return None
    clause = morphemes[:end]
    if sum(one.tag == "SN" for one in clause) != 1 or any(one.tag[:2] == "SS" for one in clause):
        return None
    first = clause[0]
    if _VAGUE.match(first.form) or first.tag not in _NOUNS:
        return None
    verb = _verb(clause)
    number = morphemes[at]
    before = text[first.start : number.start]
    after = text[number.end : verb[0].start]
    if before and not before.endswith(" "):
        before += " "
    asked = [(one.form, one.tag) for one in verb]
    return f"{before}몇 {after}{composed([*asked, ('나', 'EF')])}?"


def _predicate(morphemes: Sequence[Morpheme], start: int) -> int | None:
    """Return the end of the first finished predicate at or after ``start``, before its ending."""
    for n in range(start, len(morphemes)):
        one = morphemes[n]
        if one.tag == "EP" and n + 1 < len(morphemes):
            ending = morphemes[n + 1]
            return n + 1 if ending.tag in _ENDINGS and ending.form.startswith("다") else None
        if one.tag in {"ETM", "EC", "EF", "ETN"}:
            return None
    return None


def _verb(clause: Sequence[Morpheme]) -> list[Morpheme]:
    """Return the morphemes of the predicate at the end of ``clause``, its noun included."""
    tail = list(takewhile(lambda one: one.tag in _PREDICATES | {"EP"}, reversed(clause)))[::-1]
    if tail and tail[0].tag == "XSV":
        tail = [clause[len(clause) - len(tail) - 1], *tail]
    return tail


def _what(text: str, morphemes: Sequence[Morpheme]) -> str | None:
    """오픈AI는 … 계획을 발표했다 -> 오픈AI가 발표한 계획은 무엇인가?"""
    subject = _subject(text, morphemes)
    end = _last_predicate(morphemes)
    if subject is None or end is None:
        return None
    verb = [one for one in _verb(morphemes[:end]) if one.tag != "EP"]
    at = end - len(_verb(morphemes[:end]))
    # A noun with 하다 (발표, 요청): of other verbs (내리다, 줄이다) the object is often no answer.
    if at < 2 or len(verb) < 2 or verb[1].tag != "XSV" or morphemes[at - 1].tag != "JKO":
        return None
    noun = morphemes[at - 2]
    if noun.tag != "NNG" or len(noun.form) < 2 or noun.form in subject:
        return None
    run = list(takewhile(lambda one: one.tag == "NNG", reversed(morphemes[: at - 1])))[:2]
    thing = text[run[-1].start : noun.end]
    asked = [(one.form, one.tag) for one in verb]
    did = composed([*asked, ("ᆫ", "ETM")])
    return (
        f"{subject}{'이' if _has_final(subject) else '가'} {did} {thing}{_topic(thing)} 무엇인가?"
    )


def _last_predicate(morphemes: Sequence[Morpheme]) -> int | None:
    """Return the place of the ending of the sentence if its predicate is in the past."""
    for n in range(len(morphemes) - 1, 0, -1):
        if morphemes[n].tag == "EF":
            return n if morphemes[n].form == "다" and morphemes[n - 1].tag == "EP" else None
    return None


def _decided(text: str, morphemes: Sequence[Morpheme]) -> str | None:
    """MS는 … 오픈AI를 제외하기로 결정했다 -> MS는 무엇을 하기로 결정했나?"""
    subject = _subject(text, morphemes)
    end = _last_predicate(morphemes)
    if subject is None or end is None:
        return None
    verb = _verb(morphemes[:end])
    at = end - len(verb)
    if at < 2 or not verb or verb[-1].tag != "EP":
        return None
    if (morphemes[at - 2].tag, morphemes[at - 1].form) != ("ETN", "로"):
        return None
    did = composed([*((one.form, one.tag) for one in verb), ("나", "EF")])
    return f"{subject}{_topic(subject)} 무엇을 하기로 {did}?"


def _said(text: str, morphemes: Sequence[Morpheme]) -> str | None:
    """나델라는 “…”라고 말했다 -> 나델라는 뭐라고 말했나?"""
    subject = _subject(text, morphemes)
    if subject is None or _SAID.search(text) is None:
        return None
    return f"{subject}{_topic(subject)} 뭐라고 말했나?"


def _subject(text: str, morphemes: Sequence[Morpheme]) -> str | None:
    """Return the name near the beginning of a sentence that is its subject."""
    run: list[Morpheme] = []
    for one in morphemes[:_BEFORE_SUBJECT]:
        if one.tag in _NOUNS:
            run = [*run, one] if run and one.start == run[-1].end else [*_title(run), one]
            continue
        if run and one.tag in {"JX", "JKS"} and one.form in {"은", "는", "이", "가"}:
            subject = text[run[0].start : run[-1].end]
            named = any(part.tag in _NAMES for part in run)
            return subject if named and len(subject) > 1 and not _VAGUE.match(subject) else None
        if one.tag not in {"SP", "MAJ", "MAG", "MM", "NNB"}:
            return None
        run = []
    return None


def _title(run: list[Morpheme]) -> list[Morpheme]:
    """Return ``run`` if it is a name that a title may follow, as in 이창용 총재."""
    return run if run and run[-1].tag == "NNP" else []


def _topic(word: str) -> str:
    return "은" if _has_final(word) else "는"


def _has_final(word: str) -> bool:
    """Whether ``word`` ends in a consonant as it is read aloud, and so takes 은 and 이."""
    last = word[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28 > 0
    return last.casefold() in _FINAL_LETTERS
