"""Which articles a request is about: the named ones, the filtered ones, or the last one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from geungeo.rag.answer import MARKER, Filters, Turn
from geungeo.rag.article import Article
from geungeo.rag.language.dates.periods import Period
from geungeo.rag.language.dates.times import seoul_day
from geungeo.rag.protocols import Corpus, Embedder, Headline
from geungeo.rag.question import Question, read
from geungeo.rag.question.concepts import Concept
from geungeo.rag.question.intents import ABOUT_ARTICLES, intent_of
from geungeo.rag.retrieval.find import find
from geungeo.rag.text import fold

# Passages that are searched for the articles of a topic.
_SEARCHED = 40
# An article about the topic has this share of its words, and at least one in its title or all.
_ON_TOPIC = 0.6
_THIS = re.compile(
    r"(?<![가-힣])(?:이|그|위|방금|아까|본|해당|앞의?|요)\s*(?:그\s*)?(?:기사|뉴스|글|보도|거|것|내용)|방금|아까"
    r"|\b(?:this|that|the)\s+(?:article|story|news|report|piece|one)\b|\b(?:it|this|that)\b"
)
_PLURAL = re.compile(
    r"기사들|뉴스들|소식들?|모든|전체\s*기사|여러|각각|\b(?:articles|stories|all|each)\b"
)
_MONTH = re.compile(r"(?<![\d.])(1[0-2]|[1-9])월(?:\s*([12]\d|3[01]|[1-9])일)?")
_TITLES = re.compile(r"\s*(?:기자|특파원|논설위원|객원기자|reporter)\s*$")
# Characters of an answer that are searched for, and of a line that identifies its source.
_READ, _LINE = 600, 20
# Characters at the beginning of an article that name its matter.
_BEGINNING = 400
_ENGLISH_STOP = frozenset({"word"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The articles of a request, newest first; ``topic`` is what is left of it as a subject.

    ``single`` is the one article that is meant, ``restricted`` says whether the request narrows
    the articles by date, publisher, author or topic.
    """

    headlines: tuple[Headline, ...]
    topic: str = ""
    single: bool = False
    restricted: bool = False


def scope_of(
    text: str,
    corpus: Corpus,
    embedder: Embedder,
    *,
    filters: Filters,
    history: Sequence[Turn],
    today: date,
    by_title: bool = False,
) -> Scope:
    """Return the articles that ``text`` is about, by its names, dates and topic.

    ``this article`` is the only one, or the one that the last answer cites. With ``by_title``
    the topic names an article, as in ``나르단 기사를 쓴 기자``: its names must be at the
    beginning of the article; in its body they may name another medium.
    """
    known = list(corpus.headlines(filters))
    question = read(text, corpus, embedder, today)
    found, rest = _credited(known, text)
    found, rest, dated = _dated(found, rest, question)
    restricted = restricted_by(found, known, dated=dated)
    topic = _topic(question, rest)
    words = " ".join(concept.surface for concept in topic)
    if len(found) <= 1:
        single = bool(found) and (
            not topic or _covers(found[0], topic, question, corpus, begin=by_title)
        )
        return Scope(tuple(found) if single or not topic else (), words, single, restricted)
    if _THIS.search(fold(text)) and not restricted_by(found, known, dated=dated):
        last = _last_cited(history, corpus, embedder, filters)
        if last is not None:
            return Scope((last,), words, single=True)
    if topic:
        about = _about(found, topic, question, corpus, filters, begin=by_title)
        titled = [one for one in about if _share(topic, one.title) == 1.0]
        named = titled if len(titled) == 1 and not _PLURAL.search(fold(text)) else about
        return Scope(tuple(named), words, len(named) == 1, restricted=True)
    if not restricted and not _PLURAL.search(fold(text)):
        last = _last_cited(history, corpus, embedder, filters)
        if last is not None:
            return Scope((last,), "", single=True)
    return Scope(tuple(found), "", single=False, restricted=restricted)


def restricted_by(found: Sequence[Headline], known: Sequence[Headline], *, dated: bool) -> bool:
    """Whether a date, a publisher or an author has narrowed ``known`` to ``found``."""
    return dated or len(found) < len(known)


def _credited(known: list[Headline], text: str) -> tuple[list[Headline], str]:
    """Keep the articles of a publisher or author that ``text`` names; return the other words."""
    rest = fold(text)
    found = known
    for value_of in (_publisher, _author):
        values = {value_of(one) for one in known} - {""}
        named = sorted((v for v in values if len(v) > 1 and v in rest), key=len, reverse=True)
        if named:
            found = [one for one in found if value_of(one) in named]
            for value in named:
                rest = rest.replace(value, " ")
    return found, rest


def _publisher(one: Headline) -> str:
    return fold(one.publisher or "")


def _author(one: Headline) -> str:
    return _TITLES.sub("", fold(one.author or ""))


def _dated(
    found: list[Headline], rest: str, question: Question
) -> tuple[list[Headline], str, bool]:
    """Keep the articles that were published at a time in the question."""
    asked = question.times
    if asked:
        for word in asked.words.split():
            rest = rest.replace(fold(word), " ")
        return [one for one in found if _within(one, asked.periods)], rest, True
    month = _MONTH.search(rest)
    if month is None:
        return found, rest, False
    wanted = (int(month[1]), int(month[2]) if month[2] else None)
    days = [(one, seoul_day(one.published_at or "")) for one in found]
    kept = [
        one for one, day in days if day and day.month == wanted[0] and wanted[1] in {None, day.day}
    ]
    return kept, rest.replace(month[0], " "), True


def _within(one: Headline, periods: Sequence[Period]) -> bool:
    day = seoul_day(one.published_at) if one.published_at else None
    return day is not None and any(p.first <= day <= p.last for p in periods)


def _topic(question: Question, rest: str) -> list[Concept]:
    """Return the concepts of the question that are not about articles, times and credits."""
    return [
        concept
        for concept in question.concepts
        if concept.role
        in {"name", "noun"} | (_ENGLISH_STOP if question.language == "en" else set())
        and fold(concept.surface) not in ABOUT_ARTICLES
        and fold(concept.surface) in rest
    ]


def _about(
    found: Sequence[Headline],
    topic: Sequence[Concept],
    question: Question,
    corpus: Corpus,
    filters: Filters,
    *,
    begin: bool,
) -> list[Headline]:
    """Return the articles about ``topic``, newest first: by retrieval, then by their words."""
    by_id = {one.id: one for one in found}
    passages = find(corpus, question, _SEARCHED, replace(filters)).passages
    near = list(
        dict.fromkeys(r.passage.article.id for r in passages if r.passage.article.id in by_id)
    )
    if near and corpus.article(near[0]).language != question.language:
        # Words cannot be compared across languages.
        return [by_id[near[0]]]
    about = {i for i in near if _covers(by_id[i], topic, question, corpus, begin=begin)}
    about |= {one.id for one in found if _share(topic, one.title) == 1.0}
    return [one for one in found if one.id in about]


def _covers(
    one: Headline,
    topic: Sequence[Concept],
    question: Question,
    corpus: Corpus,
    *,
    begin: bool = False,
) -> bool:
    """Whether the article has the topic's names and most of its words, in the same language.

    With ``begin`` only its beginning is read.
    """
    article = corpus.article(one.id, one.version)
    if article.language != question.language:
        return True
    text = fold(article.title + "\n" + (article.text[:_BEGINNING] if begin else article.text))
    share = sum(_in(concept, text) for concept in topic) / len(topic)
    names = [concept for concept in topic if concept.role == "name"]
    return share >= _ON_TOPIC and all(_in(concept, text) for concept in names)


def _share(topic: Sequence[Concept], title: str) -> float:
    folded = fold(title)
    return sum(_in(concept, folded) for concept in topic) / len(topic)


def _in(concept: Concept, folded: str) -> bool:
    return fold(concept.surface) in folded


def _last_cited(
    history: Sequence[Turn], corpus: Corpus, embedder: Embedder, filters: Filters
) -> Headline | None:
    """Return the article of the last answer, found again by its words, or by its question's.

    Channels without stored conversations know only the texts of the turns.
    """
    for turn in reversed(history):
        cited = MARKER.search(turn.answer) is not None
        intent = intent_of(turn.question)
        if intent in {"about_article", "listing"}:
            asked = read(turn.question, corpus, embedder)
            if not _topic(asked, fold(turn.question)):
                continue
            cited = False
        elif not cited and intent != "question":
            continue
        said = MARKER.sub("", turn.answer)[:_READ] if cited else turn.question
        passages = find(corpus, read(said, corpus, embedder), 3, filters).passages
        holding = [r for r in passages if _quotes(r.passage.article, said)]
        best = (holding or passages)[:1]
        if best:
            article = best[0].passage.article
            return next((h for h in corpus.headlines(filters) if h.id == article.id), None)
    return None


def _quotes(article: Article, said: str) -> bool:
    """Whether the article contains a line of ``said``."""
    text = "".join(article.text.split())
    return any(len(line) > _LINE and "".join(line.split()) in text for line in said.splitlines())
