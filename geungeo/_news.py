"""The store of news for Python programs and notebooks."""

from __future__ import annotations

import difflib
import os
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Event, PassageHit
from geungeo.rag.article import Article
from geungeo.rag.checking import Check, CheckEvent, CheckRequest
from geungeo.rag.errors import InvalidRequest, SettingsError, UsageError
from geungeo.rag.protocols import Filters
from geungeo.rag.settings import Settings, load

if TYPE_CHECKING:
    from geungeo.index.ingest import IngestSummary

_MAX_PASSAGES = 50


class News:
    """An open store: ingest articles, ask questions, search; made by ``geungeo.open``.

    May be used from several threads. ``ask``, ``search`` and ``check`` block; ``answer``,
    ``stream`` and ``check_stream`` are their counterparts for asynchronous code.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._opened: Workspace | None = workspace
        self._folder = workspace.settings.store

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] | None = None, *, seed: bool = False, **settings: Any
    ) -> Self:
        """Open the store in the folder ``path``; see ``geungeo.open``."""
        for name in settings:
            if name not in Settings.model_fields:
                close = difflib.get_close_matches(name, Settings.model_fields, 1)
                hint = f"did you mean {close[0]!r}?" if close else "see docs/settings.md"
                raise SettingsError(f"unknown setting {name!r}; {hint}")
        if path is not None:
            settings["store"] = os.fspath(path)
        return cls(Workspace.open(load(**settings), seed=seed))

    @property
    def _workspace(self) -> Workspace:
        if self._opened is None:
            raise UsageError(
                f"the store in {self._folder} is closed; open it again with geungeo.open"
            )
        return self._opened

    @property
    def settings(self) -> Settings:
        """Settings in effect; secrets are masked when printed."""
        return self._workspace.settings

    def ingest(self, *sources: str | os.PathLike[str]) -> IngestSummary:
        """Add or update articles from files, folders and public addresses.

        A source that cannot be read does not stop the others; it is in ``failed`` of the result.

        Raises:
            StoreLocked: another process is writing to the store.
        """
        return self._workspace.ingest([os.fspath(source) for source in sources])

    def articles(self) -> list[Article]:
        """Return the current version of every article, the newest publication first."""
        return self._workspace.store.articles()

    def article(self, article_id: str, version: int | None = None) -> Article:
        """Return one version of an article, by default the current one.

        Raises:
            ArticleNotFound: there is no such article, or no such version of it.
        """
        return self._workspace.store.article(article_id, version)

    def remove(self, article_id: str) -> None:
        """Remove an article with all its versions.

        Raises:
            ArticleNotFound: there is no such article.
        """
        self._workspace.store.remove(article_id)

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> Answer:
        """Return the Answer to ``question``; works inside a running event loop (a notebook) too.

        ``conversation_id`` continues that conversation, or begins it: its turns are the history,
        and the Answer becomes its next turn. ``filters`` restrict the articles that are searched,
        ``top_k`` (1 to 50) the number of passages that the answer may use.

        Raises:
            InvalidQuestion: the question is blank or too long.
            InvalidRequest: the conversation id is malformed, or ``top_k`` is out of range.
            BackendOverloaded, Overloaded: the queue is full; ``retry_after`` is in seconds.
        """
        return self._workspace.ask(
            question, conversation_id=conversation_id, filters=filters, top_k=_checked(top_k)
        )

    async def answer(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> Answer:
        """Return what ``ask`` returns, without blocking the event loop."""
        return await self._workspace.answer(_ask(question, conversation_id, filters, top_k))

    def stream(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield the same Answer as events: ``PassagesFound``, ``Delta`` and ``Cited``, ``Done``.

        Only verified text is yielded. Closing the generator cancels all work for the question.
        """
        return self._workspace.stream(_ask(question, conversation_id, filters, top_k))

    def search(
        self, query: str, *, filters: Filters | None = None, top_k: int | None = None
    ) -> list[PassageHit]:
        """Return the best passages for ``query``, best first, without an answer.

        ``top_k`` is how many, 1 to 50; by default the setting ``top_k``.

        Raises:
            InvalidQuestion: the query is blank or too long.
            InvalidRequest: ``top_k`` is out of range.
        """
        k = _checked(top_k) or self.settings.top_k
        return self._workspace.pipeline.search(query, k, _filters(filters))

    def check(self, text: str, *, date: str | None = None, filters: Filters | None = None) -> Check:
        """Return what the articles say about each statement of ``text``.

        ``date`` (ISO 8601) is the text's own, from which 지난달 or last year count. Works inside
        a running event loop too.

        Raises:
            InvalidRequest: the text is blank or too long, or the date cannot be read.
            Overloaded: the queue is full; ``retry_after`` is in seconds.
        """
        return self._workspace.check(CheckRequest(text, date, _filters(filters)))

    def check_stream(
        self, text: str, *, date: str | None = None, filters: Filters | None = None
    ) -> AsyncGenerator[CheckEvent, None]:
        """Yield the same Check as events: ``CheckStarted``, ``ClaimChecked``, ``CheckFinished``.

        Closing the generator cancels all work for the text.
        """
        return self._workspace.checker.stream(CheckRequest(text, date, _filters(filters)))

    def report(self, check: Check, *, markdown: bool = False) -> str:
        """Return ``check`` as a document to keep: self-contained HTML, or Markdown.

        Sources are linked to the server at the setting ``public_url``, if it is set.
        """
        from geungeo.server.check_report import html_report, markdown_report

        write = markdown_report if markdown else html_report
        return write(check, self.settings.public_url or "")

    def close(self) -> None:
        """Release the store's files; the object cannot be used afterwards."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._opened is None else "open"
        return f"<geungeo.News in {str(self._folder)!r}, {state}>"


def _ask(
    question: str, conversation_id: str | None, filters: Filters | None, top_k: int | None
) -> Ask:
    return Ask(
        question=question,
        conversation_id=conversation_id,
        top_k=_checked(top_k),
        filters=_filters(filters),
    )


def _filters(filters: Filters | None) -> Filters:
    return Filters() if filters is None else filters


def _checked(top_k: int | None) -> int | None:
    if top_k is not None and not 1 <= top_k <= _MAX_PASSAGES:
        raise InvalidRequest(f"top_k is {top_k}; it must be from 1 to {_MAX_PASSAGES}")
    return top_k
