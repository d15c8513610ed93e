"""Replies to requests about articles as a whole, made of quotes and of the articles' own fields."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from geungeo.rag.answer import Filters, Ground, GroundedClaim, Intent, Layout, Turn
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.evidence.reading import reading
from geungeo.rag.evidence.trimming import trim
from geungeo.rag.language.dates.periods import day, label
from geungeo.rag.language.dates.times import named_times, seoul_day
from geungeo.rag.language.gloss import framed
from geungeo.rag.overview.scope import Scope, scope_of
from geungeo.rag.overview.summary import Summariser
from geungeo.rag.overview.wishes import Fact, Wishes, facts_of, listing_of, wishes_of
from geungeo.rag.protocols import Claim, Corpus, Embedder, Evidence, Headline, Report, Task
from geungeo.rag.text import Language, Span, fold, language_of

# Articles of a list, unless the request names another number.
_LISTED = 5
_TITLES_LISTED = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. ``claims`` are complete; or ``quotes`` are to be verified like a draft.

    ``context`` are all sentences of the summarised article, for a model; ``evidence`` are those
    that the quotes are taken from.
    """

    claims: tuple[GroundedClaim, ...] = ()
    quotes: tuple[Claim, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    context: tuple[Evidence, ...] = ()


class Quoting:
    """Backend that yields prepared quotations."""

    name = "extractive"

    def __init__(self, quotes: Sequence[Claim]) -> None:
        self._quotes = tuple(quotes)

    async def draft(self, task: Task, report: Report) -> AsyncGenerator[Claim]:  # noqa: ARG002
        """Yield the quotations in their order."""
        report.backend = self.name
        for quote in self._quotes:
            yield quote


class Overview:
    """Maker of replies over one corpus."""

    def __init__(self, corpus: Corpus, embedder: Embedder) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._summariser = Summariser(embedder)

    def reply(
        self,
        text: str,
        intent: Intent,
        *,
        filters: Filters,
        history: Sequence[Turn],
        today: date,
    ) -> Reply | None:
        """Return the reply to ``text``, or ``None`` if no article is meant or has what is asked."""
        scope = scope_of(
            text,
            self._corpus,
            self._embedder,
            filters=filters,
            history=history,
            today=today,
            by_title=intent == "about_article",
        )
        if not scope.headlines:
            return None
        language = language_of(text)
        if intent == "about_article":
            return self._about(text, scope, language)
        if intent == "listing":
            return self._listing(text, scope, language)
        if scope.single:
            return self._summary(text, scope, language)
        return self._digest(wishes_of(text), scope, language)

    def _article(self, one: Headline) -> Article:
        return self._corpus.article(one.id, one.version)

    def _summary(self, text: str, scope: Scope, language: Language) -> Reply | None:
        """Quote the sentences that summarise one article."""
        article = self._article(scope.headlines[0])
        wishes = wishes_of(text)
        spans = self._summariser.choose(
            article, wishes.sentences, wishes.focus, _unnamed(scope.topic, article.title)
        )
        if not spans:
            return None
        if wishes.focus == "timeline":
            spans = _by_time(article, spans)
        items = [
            Evidence(number, article, span, article.kind_at(span.start), 1.0, 1)
            for number, span in enumerate(spans, 1)
        ]
        read = reading(items, (), named=True)
        # In the order of ``items``: best first is the order that was asked for.
        layout: Layout = "item" if wishes.as_list else "run"
        quotes = tuple(_quote(item, language, layout) for item in read.evidence)
        return Reply(quotes=quotes, evidence=read.evidence, context=read.context)

    def _digest(self, wishes: Wishes, scope: Scope, language: Language) -> Reply | None:
        """Quote one sentence of each article, with its date."""
        claims: list[GroundedClaim] = []
        for one in scope.headlines:
            article = self._article(one)
            for span in self._summariser.choose(article, 1, "gist", scope.topic):
                item = Evidence(1, article, span, SectionKind.BODY, 1.0, 1)
                quoted = trim(item)
                dated = " · ".join(filter(None, [_day(one, language), one.publisher]))
                text = quoted.of(article.text)
                claims.append(_claim(f"{dated}: {text}" if dated else text, article, quoted))
            if len(claims) == (wishes.count or _LISTED):
                break
        return Reply(claims=tuple(claims)) if claims else None

    def _listing(self, text: str, scope: Scope, language: Language) -> Reply | None:
        """List titles, with publisher, author and date; the newest first."""
        kind, count = listing_of(text), wishes_of(text).count
        headlines = scope.headlines
        total = len(headlines)
        if kind == "oldest":
            dated = [one for one in headlines if one.published_at]
            return Reply(claims=tuple(self._entry(one, language) for one in dated[-1:])) or None
        shown = headlines[: count or _TITLES_LISTED]
        entries = [self._entry(one, language) for one in shown]
        if kind == "sources":
            entries = self._sources(headlines, language)
        head: list[GroundedClaim] = []
        if kind == "count" or total > len(shown) or kind == "sources":
            number = total if kind == "sources" else len(shown)
            head = [self._total(total, number, headlines, language)]
        return Reply(claims=(*head, *entries)) if entries else None

    def _total(
        self, total: int, shown: int, headlines: Sequence[Headline], language: Language
    ) -> GroundedClaim:
        """State the number of articles and the days of the first and the last one."""
        days = [_day(one, language) for one in headlines if one.published_at]
        article = self._article(headlines[0])
        if language == "ko":
            text = f"기사는 모두 {total:,}건입니다"
            text += f"({days[-1]}~{days[0]})" if len(set(days)) > 1 else ""
            text += f". 최근 {shown}건:" if shown < total else "."
        else:
            text = f"There {'is 1 article' if total == 1 else f'are {total:,} articles'}"
            text += f" ({days[-1]} to {days[0]})" if len(set(days)) > 1 else ""
            text += f"; the newest {shown}:" if shown < total else "."
        return replace(_claim(text, article, _title_span(article)), layout="run")

    def _sources(self, headlines: Sequence[Headline], language: Language) -> list[GroundedClaim]:
        """List publishers and authors with their numbers of articles."""
        groups: dict[tuple[str, str], list[Headline]] = {}
        for one in headlines:
            groups.setdefault((one.publisher or "", one.author or ""), []).append(one)
        largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        entries = []
        for (publisher, author), own in largest[:_TITLES_LISTED]:
            name = ", ".join(filter(None, [publisher, _with_title(author, language)]))
            if name:
                article = self._article(own[0])
                number = f"{len(own)}건" if language == "ko" else f"{len(own)}"
                span = _credit_span(article, author) or _title_span(article)
                entries.append(_claim(f"{name}: {number}", article, span))
        return entries

    def _entry(self, one: Headline, language: Language) -> GroundedClaim:
        article = self._article(one)
        span = _title_span(article)
        about = [one.publisher, _with_title(one.author or "", language), _day(one, language)]
        described = ", ".join(part for part in about if part)
        title = span.of(article.text)
        return _claim(f"{title} ({described})" if described else title, article, span)

    def _about(self, text: str, scope: Scope, language: Language) -> Reply | None:
        """State author, date, publisher, title or address of one article."""
        if not scope.single:
            shown = scope.headlines[:_LISTED]
            return Reply(claims=tuple(self._entry(one, language) for one in shown))
        article = self._article(scope.headlines[0])
        asked = facts_of(text)
        values = [_fact(fact, article, language) for fact in asked]
        known = [value for value in values if value]
        if not known:
            return None
        if asked == ("date",):
            # A date alone states nothing: of what is said first.
            known = [*filter(None, [article.publisher or article.author]), *known]
        span = _credit_span(article, *known) or _title_span(article)
        return Reply(claims=(replace(_claim(", ".join(known), article, span), layout="run"),))


def _fact(fact: Fact, article: Article, language: Language) -> str:
    """Return one field of an article in words; empty if it is not known."""
    match fact:
        case "author":
            return _with_title(article.author or "", language)
        case "date":
            return _day(article, language)
        case "publisher":
            return article.publisher or ""
        case "title":
            return article.title
        case "url":
            return article.url or ""


def _with_title(author: str, language: Language) -> str:
    """Return 전윤미 기자 for 전윤미; a name in Latin letters or with a title stays as it is."""
    author = author.strip()
    korean = language == "ko" and author and language_of(author) == "ko" and " " not in author
    return f"{author} 기자" if korean and not author.endswith("기자") else author


def _day(one: Headline | Article, language: Language) -> str:
    published = seoul_day(one.published_at) if one.published_at else None
    return label(day(published), language) if published else ""


def _title_span(article: Article) -> Span:
    """Return the title in the text; the first line if no section is one."""
    for section in article.sections:
        if section.kind is SectionKind.TITLE:
            return section.span
    end = article.text.find("\n")
    return Span(0, end if end > 0 else len(article.text)).strip(article.text)


def _credit_span(article: Article, *values: str) -> Span | None:
    """Return the byline that holds one of ``values``, or the day of one; ``None`` without it."""
    names = [fold(value).removesuffix(" 기자") for value in values if value]
    days = {(article.published_at or "")[:10].replace("-", "")} - {""}
    for section in article.sections:
        line = fold(section.span.of(article.text))
        digits = re.sub(r"\D", "", line)
        if section.kind is SectionKind.BYLINE and (
            any(name in line for name in names) or any(day in digits for day in days)
        ):
            return section.span
    return None


def _claim(text: str, article: Article, span: Span) -> GroundedClaim:
    """Return a list item made of the article's own fields, beside a quote of it."""
    return GroundedClaim(text, (Ground(article, span, 1.0),), "item")


def _quote(item: Evidence, language: Language, layout: Layout) -> Claim:
    span = trim(item)
    text = span.of(item.article.text)
    if language != item.article.language:
        text = framed(text, language)
    return Claim(text, cites=(item.number,), spans=(span,), layout=layout)


def _unnamed(topic: str, title: str) -> str:
    """Return the words of ``topic`` that do not just name the article by its title."""
    folded = fold(title)
    return " ".join(word for word in topic.split() if fold(word) not in folded)


def _by_time(article: Article, spans: Sequence[Span]) -> list[Span]:
    """Sort sentences by the first time that each names; others follow the sentence before them."""
    published = article.published_day
    dated: list[tuple[date, int, Span]] = []
    last = date.min
    for at, span in enumerate(spans):
        times = named_times(span.of(article.text), published)
        last = min((time.period.first for time in times), default=last)
        dated.append((last, at, span))
    return [span for _, _, span in sorted(dated)]
