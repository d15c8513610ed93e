"""Documents, folders, addresses and feeds into a store, with a report of what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from geungeo.index.feeds import FeedState
from geungeo.index.fetching import Fetcher, is_address
from geungeo.index.pulling import Pulled, Puller
from geungeo.index.store import Outcome, Store
from geungeo.rag.article import Draft
from geungeo.rag.errors import (
    FeedNotFound,
    FetchFailed,
    GeungeoError,
    SourceError,
    UnsupportedSource,
)
from geungeo.rag.readers import SUFFIXES, read
from geungeo.rag.readers.draft import Reading, untracked
from geungeo.rag.settings import Settings


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
    listener: Listener | None = None,
    columns: Mapping[str, str] | None = None,
) -> IngestSummary:
    """Ingest files, folders and addresses; a bad document does not stop the others.

    ``limit`` is the largest file in bytes. ``listener`` is called with every step; articles are
    indexed and committed in batches across sources. ``columns`` names the columns of the fields
    in formats of records.
    """
    summary = IngestSummary(listener=listener)
    readings = read_sources(sources, limit, fetcher, summary, columns)
    drafts = (draft for reading in readings for draft in reading.drafts)
    store.ingest_many(drafts, each=summary.count)
    return summary


def read_sources(
    sources: Iterable[str],
    limit: int,
    fetcher: Fetcher,
    summary: IngestSummary,
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
    return draft if named == urlsplit(url).hostname else replace(draft, url=untracked(url))


def _read_file(name: str, limit: int, columns: Mapping[str, str] | None = None) -> Reading:
    path = Path(name)
    try:
        size = path.stat().st_size
        if size > limit:
            raise UnsupportedSource(
                f"{path}: {size:,} bytes is over the limit of {limit:,}; raise max_source_bytes"
            )
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


def draft_of_text(text: str, name: str) -> Draft:
    """Return the single article of a pasted or posted text.

    Raises:
        SourceError: it cannot be read, or it contains several articles.
    """
    reading = read(text.encode("utf-8", "replace"), name)
    count = len(reading.drafts) + len(reading.failures)
    if count != 1:
        raise UnsupportedSource(
            f"{name}: contains {count} articles instead of one; send a file, or each by itself"
        )
    return reading.drafts[0]


def pull_feeds(
    store: Store, puller: Puller, urls: Sequence[str], *, wait: float, listener: Listener | None
) -> tuple[IngestSummary, list[Pulled]]:
    """Ingest the new articles of the feeds ``urls``, or of all that are due.

    ``wait`` is the least time in seconds until a feed is due again.

    Raises:
        FeedNotFound: one of ``urls`` was not added.
    """
    feeds = store.feeds
    known = {state.url: state for state in feeds.all()}
    if unknown := [url for url in urls if url not in known]:
        raise FeedNotFound(f"there is no feed {unknown[0]!r}; run: geungeo feeds add URL")
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
            outcomes.append(_pull(store, state, puller, wait, summary))
    return summary, outcomes


def _pull(
    store: Store, state: FeedState, puller: Puller, wait: float, summary: IngestSummary
) -> Pulled:
    feeds = store.feeds
    try:
        pulled = puller.pull(state)
        for problem in pulled.problems:
            summary.fail(state.url, FetchFailed(problem))
        if pulled.status == "failed":
            feeds.failed(state, pulled.problems[-1])
            return pulled
        drafts = [draft for draft, _, _ in pulled.drafts]
        _account(Reading(tuple(drafts)), summary)
        store.ingest_many(drafts, each=summary.count)
        for _, item, signature in pulled.drafts:
            feeds.remember(state.url, item, signature)
        feeds.succeeded(pulled.state or state, pulled.title, wait)
    except BaseException:
        feeds.release(state.url)
        raise
    return pulled


def article_at(fetcher: Fetcher, url: str) -> Draft:
    """Return the single article at ``url``.

    Raises:
        SourceError: it cannot be fetched or read, or it contains several articles.
    """
    reading = read_address(fetcher, url)
    if len(reading.drafts) != 1:
        raise UnsupportedSource(
            f"{url}: contains {len(reading.drafts)} articles instead of one; run: "
            f"geungeo ingest {url}"
        )
    return reading.drafts[0]
