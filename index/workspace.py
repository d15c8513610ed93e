"""Settings, store, embedder, backend and pipeline, wired together for server, CLI and eval."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import islice, zip_longest
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from geungeo.index.store import Outcome, Store
from geungeo.rag.answer import Answer, Ask, Done, Event, Filters
from geungeo.rag.article import Article
from geungeo.rag.backends import make_backend
from geungeo.rag.backends.verifier import make_verifier
from geungeo.rag.checking import Check, Checker, CheckRequest
from geungeo.rag.embedding import make_embedder
from geungeo.rag.errors import (
    ArticleNotFound,
    BackendError,
)
from geungeo.rag.evidence.entailment import bundled_entailment
from geungeo.rag.evidence.reranking import make_reranker
from geungeo.rag.evidence.shortanswer import bundled_reader
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.protocols import Embedder, Inquiry, SentenceInContext
from geungeo.rag.question.starters import Starter, credits_of, overview
from geungeo.rag.question.starters import starters as starters_of
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span

if TYPE_CHECKING:
    # Who only asks needs none of this.
    from geungeo.index.fetching import Fetcher
    from geungeo.index.ingest import IngestSummary, Listener
    from geungeo.index.pulling import Pulled, Puller


log = logging.getLogger(__name__)

T = TypeVar("T")


class Workspace:
    """A store with its embedder, and the pipeline over it.

    ``warming`` is whether the models are being loaded in the background.
    """

    warming: bool = False

    def __init__(self, settings: Settings, store: Store, embedder: Embedder) -> None:
        self.settings = settings
        self.store = store
        self.embedder = embedder
        self.backend = make_backend(settings)
        self.verifier = make_verifier(settings)
        self.reranker = make_reranker(settings)
        self.pipeline = Pipeline(
            store,
            embedder,
            self.backend,
            settings,
            verifier=self.verifier,
            reranker=self.reranker,
        )
        self.checker = Checker(
            store, embedder, settings, self.pipeline.gate, verifier=self.verifier
        )

    @classmethod
    def open(cls, settings: Settings, *, seed: bool = False, check_embedder: bool = True) -> Self:
        """Open the store that ``settings`` name.

        With ``seed``, an empty store is filled from ``seeds/``.

        Raises:
            StoreError: the store cannot be used.
        """
        embedder = make_embedder(settings)
        store = Store.open(
            settings.store,
            embedder,
            passage_tokens=settings.passage_tokens,
            passage_overlap=settings.passage_overlap,
            check_embedder=check_embedder,
            conversation_days=settings.conversation_days,
            connections=settings.database_connections,
            engine=settings.engine,
            engine_fallback=settings.engine_fallback,
        )
        if seed and not store.generation:
            from geungeo.index.ingest import ingest_seeds

            log.info("the store is empty: ingesting the seeds")
            ingest_seeds(store)
        return cls(settings, store, embedder)

    def start_warming(self, then: Callable[[], None] = lambda: None) -> threading.Thread:
        """Run :meth:`warm_up` and ``then`` in a thread, and return it.

        ``warming`` is true until the thread's end.
        """

        def run() -> None:
            try:
                self.warm_up()
                then()
            finally:
                self.warming = False

        self.warming = True
        # A daemon thread, so that the end of the process does not wait for it.
        thread = threading.Thread(target=run, name="warm-up", daemon=True)
        thread.start()
        return thread

    def warm_up(self) -> None:
        """Load models and indexes, so that the first question is not delayed.

        A failing endpoint is only logged, as it may be available later.
        """
        try:
            self.pipeline.search("준비", 1, Filters())
            self.reranker.judge("준비", [SentenceInContext("", "", ".")])
            bundled_reader().find("준비", SentenceInContext("", "", "."))
            if self.settings.verifier == "bundled":
                bundled_entailment().probabilities([Inquiry("준비", ("", "."))])
        except BackendError as error:
            log.warning("warm-up failed: %s", error)

    @property
    def fetcher(self) -> Fetcher:
        """Create a fetcher of addresses with the limits of the settings."""
        from geungeo.index.ingest import fetcher_of

        return fetcher_of(self.settings)

    def ingest(
        self,
        sources: Sequence[str],
        *,
        listener: Listener | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> IngestSummary:
        """Ingest files, folders and addresses.

        ``listener`` is called with every step. ``columns`` gives the column or key of a field
        (``{"text": "본문"}``) in CSV, spreadsheets and JSON.
        """
        from geungeo.index.ingest import ingest_sources

        return ingest_sources(
            self.store,
            sources,
            limit=self.settings.max_source_bytes,
            fetcher=self.fetcher,
            listener=listener,
            columns=columns,
        )

    def pull(
        self,
        urls: Sequence[str] = (),
        *,
        wait: float = 0.0,
        listener: Listener | None = None,
        puller: Puller | None = None,
    ) -> tuple[IngestSummary, list[Pulled]]:
        """Ingest the new articles of the feeds ``urls``, or of all that are due.

        ``wait`` is the least time in seconds until a feed is due again. ``puller`` replaces the
        reader of the feeds in tests.

        Raises:
            FeedNotFound: one of ``urls`` was not added.
        """
        from geungeo.index.ingest import pull_feeds
        from geungeo.index.pulling import Puller

        puller = puller or Puller(self.store.feeds, self.fetcher)
        return pull_feeds(self.store, puller, urls, wait=wait, listener=listener)

    def ingest_address(self, url: str) -> Outcome:
        """Ingest the single article at ``url``.

        Raises:
            SourceError: it cannot be fetched or read, or it contains several articles.
        """
        from geungeo.index.ingest import article_at

        draft = article_at(self.fetcher, url)
        return replace(self.store.ingest(draft), warnings=draft.warnings)

    def ingest_text(self, text: str, *, name: str = "pasted.txt") -> Outcome:
        """Ingest the article of a pasted text; the suffix of ``name`` gives its format.

        Raises:
            SourceError: it cannot be read, or it contains several articles.
        """
        from geungeo.index.ingest import draft_of_text

        draft = draft_of_text(text, name)
        return replace(self.store.ingest(draft), warnings=draft.warnings)

    def ingest_document(self, data: bytes, name: str) -> IngestSummary:
        """Ingest a document given as bytes; the suffix of ``name`` gives its format."""
        from geungeo.index.ingest import ingest_document

        return ingest_document(self.store, data, name)

    async def answer(self, ask: Ask, owner: str | None = None) -> Answer:
        """Return the Answer to ``ask``.

        With a ``conversation_id`` the conversation's turns are the history, unless ``ask``
        brings one, and the Answer is stored as its next turn. ``owner`` is the id of the API
        key that asks, to which the conversation belongs; ``None`` may use all conversations.

        Raises:
            InvalidQuestion: the question is blank or too long.
            InvalidRequest: the conversation id is malformed, or belongs to another owner.
            Overloaded: too many questions are being searched for, and the queue is full.
            BackendOverloaded: too many answers are being written, and the queue is full.
        """
        result = await self.pipeline.answer(await self._with_history(ask, owner))
        await self._store_turn(result, owner)
        return result

    async def stream(self, ask: Ask, owner: str | None = None) -> AsyncGenerator[Event, None]:
        """Yield the events of the same Answer; closing the generator cancels all work for it.

        The Answer is stored before ``Done`` is yielded, so that a client that sends the next
        question at once has it in its history.
        """
        asked = await self._with_history(ask, owner)
        async with aclosing(self.pipeline.stream(asked)) as events:
            async for event in events:
                if isinstance(event, Done):
                    await self._store_turn(event.answer, owner)
                yield event

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> Answer:
        """Return what ``answer`` returns; blocks, also inside a running event loop."""
        ask = Ask(
            question=question,
            conversation_id=conversation_id,
            top_k=top_k,
            filters=Filters() if filters is None else filters,
        )
        return _run(self.answer(ask))

    def check(self, request: CheckRequest) -> Check:
        """Return what the articles say about a text; blocks, also inside a running event loop."""
        return _run(self.checker.check(request))

    async def _with_history(self, ask: Ask, owner: str | None) -> Ask:
        if ask.conversation_id is None or ask.history:
            return ask
        history = await asyncio.to_thread(
            self.store.conversations.history, ask.conversation_id, owner=owner
        )
        return replace(ask, history=history)

    async def _store_turn(self, result: Answer, owner: str | None) -> None:
        if result.conversation_id is not None:
            await asyncio.to_thread(
                self.store.conversations.append, result.conversation_id, result, owner
            )

    def starters(self, count: int = 3, language: str | None = None) -> list[Starter]:
        """Return up to ``count`` example questions that the articles answer.

        They are about the newest articles, those in ``language`` first; the last one asks for a
        summary. All were answered by the pipeline, with quotations instead of an LLM, from the
        article that they were made from.
        """
        extractive = self.settings.model_copy(update={"backend": "extractive"})
        trial = Pipeline(
            self.store,
            self.embedder,
            make_backend(extractive),
            extractive,
            reranker=self.reranker,
        )
        entries = self.store.catalogue.find(limit=_STARTER_ARTICLES)[0]
        entries.sort(key=lambda entry: entry.language != language)
        articles: list[Article] = []
        for entry in entries:
            with suppress(ArticleNotFound):  # removed meanwhile
                articles.append(self.store.article(entry.id, entry.version))
        # One question for each article, then a second one, and so on.
        rounds = zip_longest(*(starters_of(article) for article in articles))
        candidates = (one for each in rounds for one in each if one is not None)
        good = (one for one in islice(candidates, _STARTER_TRIES) if _is_answered(trial, one))
        found = list(islice(good, max(count - 1, 0)))
        others = (make(article) for make in (overview, credits_of) for article in articles)
        good = (one for one in others if one is not None and _is_answered(trial, one))
        return [*found, *islice(good, count - len(found))]

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


# The newest articles that example questions are made from, and the questions that are tried.
_STARTER_ARTICLES, _STARTER_TRIES = 8, 16


def _is_answered(pipeline: Pipeline, starter: Starter) -> bool:
    """Whether ``pipeline`` answers ``starter`` from its sentence, or its article for a summary."""
    try:
        answer = _run(pipeline.answer(Ask(starter.question)))
    except ArticleNotFound:  # removed meanwhile
        return False
    if answer.status != "answered":
        return False
    cited = [
        Span(one.start, one.end)
        for one in answer.citations
        if (one.article_id, one.version) == (starter.article.id, starter.article.version)
    ]
    span = starter.span
    return bool(cited) if span is None else any(one.overlaps(span) for one in cited)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end; in a thread with a loop of its own if one runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1, thread_name_prefix="geungeo-ask") as pool:
        return pool.submit(asyncio.run, work).result()
