"""What is evaluated, as seen from here: something that answers, searches and has articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from geungeo.eval.cases import Case, Dataset
from geungeo.eval.judge import GoldSpan
from geungeo.eval.matching import LooseText
from geungeo.rag.answer import Answer, Ask, Filters, PassageHit
from geungeo.rag.article import Article
from geungeo.rag.errors import NotFound


class Answerer(Protocol):
    """The part of ``geungeo.rag.pipeline.Pipeline`` that is evaluated."""

    async def answer(self, ask: Ask) -> Answer:
        """One answer."""

    def search(self, query: str, k: int, filters: Filters) -> list[PassageHit]:
        """The ``k`` best passages, best first."""


class Library(Protocol):
    """The part of ``geungeo.index.store.Store`` that verdicts need."""

    def articles(self) -> list[Article]:
        """The current version of every article."""

    def article(self, article_id: str, version: int | None = None) -> Article:
        """One article version; raises ``ArticleNotFound``."""

    def fingerprint(self) -> str:
        """Digest of all that answers depend on in the store."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A data set with the system it is asked of."""

    dataset: Dataset
    answerer: Answerer
    library: Library
    gold: GoldFinder

    @property
    def by_article(self) -> bool:
        """Whether ranks count distinct paragraphs: each is an article of this store."""
        return bool(self.dataset.documents)


class GoldFinder:
    """Finds the gold of a case in the store, once per article."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._texts: dict[tuple[str, int], LooseText] = {}
        self._articles: list[Article] | None = None

    def find(self, case: Case, dataset: Dataset) -> tuple[GoldSpan, ...]:
        """Every place where the gold stands; empty if there is none or it is not found."""
        if case.place is not None:
            return self._find_place(case, dataset)
        if case.quote is None:
            return ()
        return tuple(
            GoldSpan(article.id, article.version, span)
            for article in self._candidates(case.article_id)
            for span in self._loose(article).find(case.quote)
        )

    def _find_place(self, case: Case, dataset: Dataset) -> tuple[GoldSpan, ...]:
        place = case.place
        document = next((d for d in dataset.documents if place and d.id == place.document), None)
        if place is None or document is None:
            return ()
        article = self._library.article(document.id)
        span = self._loose(article).map_from(document.text, place.start, place.end)
        return (GoldSpan(article.id, article.version, span),) if span else ()

    def _candidates(self, article_id: str | None) -> Sequence[Article]:
        if article_id is not None:
            try:
                return [self._library.article(article_id)]
            except NotFound:
                pass  # a data set may know the article by another id; its quote finds it
        if self._articles is None:
            self._articles = self._library.articles()
        return self._articles

    def _loose(self, article: Article) -> LooseText:
        key = (article.id, article.version)
        if key not in self._texts:
            self._texts[key] = LooseText(article.text)
        return self._texts[key]
