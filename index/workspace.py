"""Settings, store, embedder, backend and pipeline, wired together for server, CLI and eval."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import islice, zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from geungeo.index.feeds import FeedState, Pulled, Puller
from geungeo.index.fetching import Fetcher, is_address
from geungeo.index.store import Outcome, Progress, Store
from geungeo.rag.answer import Answer, Ask, Done, Event, Filters
from geungeo.rag.article import Article, Draft
from geungeo.rag.backends import make_backend
from geungeo.rag.backends.verifier import make_verifier
from geungeo.rag.checking import Check, Checker, CheckRequest
from geungeo.rag.embedding import make_embedder
from geungeo.rag.errors import (
    ArticleNotFound,
    BackendError,
    FeedNotFound,
    FetchFailed,
    GeungeoError,
    SourceError,
    UnsupportedSource,
)
from geungeo.rag.evidence.reranking import make_reranker
from geungeo.rag.evidence.shortanswer import bundled_reader
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.protocols import Embedder, SentenceInContext
from geungeo.rag.question.starters import Starter, credits_of, overview
from geungeo.rag.question.starters import starters as starters_of
from geungeo.rag.readers import SUFFIXES, read
from geungeo.rag.readers.draft import Reading
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """A document or record that could not be ingested."""

    source: str
    error: str
    code: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A document that was read, with what was noticed: a date that cannot be read, lost text."""

    source: str
    message: str


@dataclass(frozen=True, slots=True)
class IngestEvent:
    """A step of an ingest.

    ``kind`` is ``read`` (a document, with ``count`` articles), ``stored`` (an article, with its
    ``status``), ``failed``, ``warning`` or ``ignored``; ``source`` names the document or the
    article, ``message`` says why.
    """

    kind: Literal["read", "stored", "failed", "warning", "ignored"]
    source: str
    status: str | None = None
    title: str | None = None
    count: int | None = None
    message: str | None = None


Listener = Callable[[IngestEvent], None]


@dataclass(slots=True)
class IngestSummary:
    """Article ids by outcome, failures, warnings, and files of a folder that were not read.

    ``skipped`` counts blank and duplicate records.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    skipped: int = 0
    warnings: list[Notice] = field(default_factory=list)
    ignored: list[Notice] = field(default_factory=list)
    listener: Listener | None = field(default=None, repr=False, compare=False)

    def count(self, outcome: Outcome) -> None:
        """Record an outcome."""
        getattr(self, outcome.status).append(outcome.article.id)
        self._say(
            IngestEvent(
                "stored", outcome.article.id, status=outcome.status, title=outcome.article.title
            )
        )

    def fail(self, source: str, error: GeungeoError) -> None:
        """Record a failure."""
        self.failed.append(Failure(source, str(error), error.code))
        self._say(IngestEvent("failed", source, message=str(error)))

    def warn(self, source: str, message: str) -> None:
        """Record a warning about a document that was read."""
        self.warnings.append(Notice(source, message))
        self._say(IngestEvent("warning", source, message=message))

    def ignore(self, source: str, reason: str) -> None:
        """Record a file that was not read."""
        self.ignored.append(Notice(source, reason))
        self._say(IngestEvent("ignored", source, message=reason))

    def read(self, source: str, count: int) -> None:
        """Record a document that was read."""
        self._say(IngestEvent("read", source, count=count))

    def _say(self, event: IngestEvent) -> None:
        if self.listener:
            self.listener(event)


def ingest_sources(
    store: Store,
    sources: Iterable[str],
    *,
    limit: int,
    fetcher: Fetcher,
    progress: Progress | None = None,
    listener: Listener | None = None,
    columns: Mapping[str, str] | None = None,
) -> IngestSummary:
    """Ingest files, folders and addresses; a bad document does not stop the others.

    ``limit`` is the largest file in bytes. ``progress`` is called with each source once it is
    read, ``listener`` with every step; articles are indexed and committed in batches across
    sources. ``columns`` names the columns of the fields in formats of records.
    """
    summary = IngestSummary(listener=listener)
    readings = read_sources(sources, limit, fetcher, summary, progress, columns)
    drafts = (draft for reading in readings for draft in reading.drafts)
    store.ingest_many(drafts, each=summary.count)
    return summary


def read_sources(
    sources: Iterable[str],
    limit: int,
    fetcher: Fetcher,
    summary: IngestSummary,
    progress: Progress | None = None,
    columns: Mapping[str, str] | None = None,
) -> Iterator[Reading]:
    """Yield what each document contains; record failures and warnings in ``summary``."""
    for source in sources:
        for one in [source] if is_address(source) else _expand(source, summary):
            try:
                reading = (
                    read_address(fetcher, one)
                    if is_address(one)
                    else _read_file(one, limit, columns)
                )
            except SourceError as error:
                summary.fail(one, error)
            else:
                _account(reading, summary, one)
                summary.read(one, len(reading.drafts))
                yield reading
            if progress:
                progress(one)


def _account(reading: Reading, summary: IngestSummary, given: str | None = None) -> None:
    """Record the failures and warnings of a document in ``summary``, under its ``given`` name."""
    summary.skipped += reading.skipped
    whole = None if given is None or is_address(given) else str(Path(given).resolve())
    for failure in reading.failures:
        summary.fail(str(failure).split(": ", 1)[0], failure)
    for draft in reading.drafts:
        for message in draft.warnings:
            named = whole is not None and given is not None and draft.source.startswith(whole)
            source = f"{given}{draft.source[len(whole or '') :]}" if named else draft.source
            summary.warn(source, message)


def _accounted(reading: Reading, summary: IngestSummary) -> tuple[Draft, ...]:
    """Return the drafts of ``reading``; record its failures and warnings in ``summary``."""
    _account(reading, summary)
    return reading.drafts


def fetcher_of(settings: Settings) -> Fetcher:
    """Create a fetcher of addresses with the limits of ``settings``."""
    proxy = settings.fetch_proxy
    return Fetcher(
        max_bytes=settings.max_source_bytes,
        seconds=settings.fetch_timeout,
        private_hosts=settings.fetch_private_hosts,
        proxy=None if proxy is None else httpx.Proxy(proxy.get_secret_value()),
    )


def read_address(fetcher: Fetcher, url: str) -> Reading:
    """Read the articles at ``url``; each gets the address that it came from.

    Raises:
        SourceError: the document cannot be fetched or read.
    """
    document = fetcher.fetch(url)
    reading = read(document.data, document.url, document.suffix)
    if document.suffix in _OF_RECORDS:
        return reading  # each record names its own address
    drafts = tuple(_placed(draft, document.url) for draft in reading.drafts)
    return replace(reading, drafts=drafts)


_OF_RECORDS = {".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".xml", ".rss", ".atom"}


def _placed(draft: Draft, url: str) -> Draft:
    """Set the address of ``draft``, unless the page names another one on the same host."""
    named = urlsplit(draft.url or "").hostname
    return draft if named == urlsplit(url).hostname else replace(draft, url=url)


def _read_file(name: str, limit: int, columns: Mapping[str, str] | None = None) -> Reading:
    path = Path(name)
    try:
        size = path.stat().st_size
        if size > limit:
            raise UnsupportedSource(f"{path}: {size:,} bytes is over the limit of {limit:,}")
        data = path.read_bytes()
    except OSError as error:
        raise UnsupportedSource(f"{path}: {error.strerror or error}") from error
    # The whole path identifies the article; messages have the path as it was given.
    whole = str(path.resolve())
    try:
        reading = read(data, whole, columns=columns)
    except SourceError as error:
        raise _renamed(error, whole, name) from error
    failures = tuple(_renamed(failure, whole, name) for failure in reading.failures)
    return replace(reading, failures=failures)


def _renamed(error: SourceError, whole: str, given: str) -> SourceError:
    text = str(error)
    return type(error)(given + text[len(whole) :]) if text.startswith(whole) else error


def _expand(source: str, summary: IngestSummary) -> Iterator[str]:
    """Yield the files that ``source`` names; in folders only those of a supported type."""
    path = Path(source)
    if not path.is_dir():
        yield source
        return
    files = sorted(p for p in path.rglob("*") if p.is_file())
    hidden = {one for one in files if any(map(_is_hidden, one.relative_to(path).parts))}
    known = [one for one in files if one.suffix.lower() in SUFFIXES]
    found = [one for one in known if one not in hidden]
    if not found:
        summary.fail(
            source,
            UnsupportedSource(f"{source}: no {', '.join(sorted(SUFFIXES))} files in this folder"),
        )
    for one in files:
        kind = one.suffix.lower()
        if kind in SUFFIXES and one in hidden:
            summary.ignore(str(one), "hidden")
        elif kind not in SUFFIXES and one not in hidden:
            summary.ignore(str(one), f"cannot read {kind} files" if kind else "no suffix")
    yield from map(str, found)


def _is_hidden(part: str) -> bool:
    """Whether a file or folder is hidden, or what an office program or macOS leaves behind."""
    return part.startswith((".", "~$")) or part == "__MACOSX"


def ingest_seeds(store: Store) -> IngestSummary:
    """Ingest the articles that ship with geungeo."""
    summary = IngestSummary()
    for seed in sorted(files("geungeo.seeds").iterdir(), key=lambda entry: entry.name):
        if Path(seed.name).suffix in SUFFIXES:
            # The name alone, so that the article id does not depend on the installation path.
            reading = read(seed.read_bytes(), f"seeds/{seed.name}")
            for outcome in store.ingest_many(_accounted(reading, summary)):
                summary.count(outcome)
    return summary


def ingest_document(store: Store, data: bytes, name: str) -> IngestSummary:
    """Ingest a document; ``name`` gives its format and identifies it.

    Raises:
        SourceError: the document cannot be read.
    """
    summary = IngestSummary()
    for outcome in store.ingest_many(_accounted(read(data, name), summary)):
        summary.count(outcome)
    return summary


def drafts_of_text(text: str, name: str) -> tuple[Draft, ...]:
    """Return the drafts of a pasted or posted text."""
    return read(text.encode("utf-8", "replace"), name).drafts


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
            log.info("the store is empty: ingesting the seeds")
            ingest_seeds(store)
        return cls(settings, store, embedder)

    def start_warming(self) -> threading.Thread:
        """Run :meth:`warm_up` in a thread, and return it; ``warming`` is true until its end."""

        def run() -> None:
            try:
                self.warm_up()
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
        except BackendError as error:
            log.warning("warm-up failed: %s", error)

    @property
    def fetcher(self) -> Fetcher:
        """Create a fetcher of addresses with the limits of the settings."""
        return fetcher_of(self.settings)

    def ingest(
        self,
        sources: Sequence[str],
        progress: Progress | None = None,
        *,
        listener: Listener | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> IngestSummary:
        """Ingest files, folders and addresses.

        ``listener`` is called with every step. ``columns`` gives the column or key of a field
        (``{"text": "본문"}``) in CSV, spreadsheets and JSON.
        """
        return ingest_sources(
            self.store,
            sources,
            limit=self.settings.max_source_bytes,
            fetcher=self.fetcher,
            progress=progress,
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
        feeds = self.store.feeds
        known = {state.url: state for state in feeds.all()}
        if unknown := [url for url in urls if url not in known]:
            raise FeedNotFound(f"there is no feed {unknown[0]!r}; run: geungeo feeds add URL")
        puller = puller or Puller(feeds, self.fetcher)
        summary = IngestSummary(listener=listener)
        outcomes: list[Pulled] = []
        for url, state in known.items():
            if urls and url not in urls:
                continue
            if not urls and not feeds.is_due(state):
                outcomes.append(Pulled(url, "waiting"))
            elif not feeds.claim(url):
                outcomes.append(Pulled(url, "busy"))
            else:
                outcomes.append(self._pull(state, puller, wait, summary))
        return summary, outcomes

    def _pull(
        self, state: FeedState, puller: Puller, wait: float, summary: IngestSummary
    ) -> Pulled:
        feeds = self.store.feeds
        try:
            pulled = puller.pull(state)
            for problem in pulled.problems:
                summary.fail(state.url, FetchFailed(problem))
            if pulled.status == "failed":
                feeds.failed(state, pulled.problems[-1])
                return pulled
            drafts = [draft for draft, _, _ in pulled.drafts]
            _account(Reading(tuple(drafts)), summary)
            self.store.ingest_many(drafts, each=summary.count)
            for _, item, signature in pulled.drafts:
                feeds.remember(state.url, item, signature)
            feeds.succeeded(pulled.state or state, pulled.title, wait)
        except BaseException:
            feeds.release(state.url)
            raise
        return pulled

    def ingest_address(self, url: str) -> Outcome:
        """Ingest the single article at ``url``.

        Raises:
            SourceError: it cannot be fetched or read, or it contains several articles.
        """
        reading = read_address(self.fetcher, url)
        if len(reading.drafts) != 1:
            raise UnsupportedSource(
                f"{url}: contains {len(reading.drafts)} articles instead of one; run: "
                f"geungeo ingest {url}"
            )
        outcome = self.store.ingest(reading.drafts[0])
        return replace(outcome, warnings=reading.drafts[0].warnings)

    def ingest_text(self, text: str, *, name: str = "pasted.txt") -> Outcome:
        """Ingest a pasted text; the suffix of ``name`` gives its format."""
        drafts = drafts_of_text(text, name)
        outcome = self.store.ingest_many(drafts)[0]
        return replace(outcome, warnings=drafts[0].warnings)

    def ingest_document(self, data: bytes, name: str) -> IngestSummary:
        """Ingest a document given as bytes; the suffix of ``name`` gives its format."""
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
