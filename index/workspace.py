"""Everything that a face (server, command line, eval) needs, put together once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from geungeo.index.fetching import Fetcher
from geungeo.index.ingest import (
    IngestSummary,
    drafts_of_text,
    ingest_document,
    ingest_seeds,
    ingest_sources,
    read_address,
)
from geungeo.index.store import Outcome, Progress, Store
from geungeo.rag.answer import Filters
from geungeo.rag.backends import make_backend
from geungeo.rag.embedding import make_embedder
from geungeo.rag.errors import BackendError, UnsupportedSource
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings

log = logging.getLogger(__name__)


class Workspace:
    """A store with its embedder, and the pipeline over it."""

    def __init__(self, settings: Settings, store: Store, embedder: Embedder) -> None:
        self.settings = settings
        self.store = store
        self.embedder = embedder
        self.backend = make_backend(settings)
        self.pipeline = Pipeline(store, embedder, self.backend, settings)

    @classmethod
    def open(cls, settings: Settings, *, seed: bool = False, check_embedder: bool = True) -> Self:
        """Open the store that ``settings`` name.

        With ``seed`` a store without articles is filled from ``seeds/``.

        Raises:
            StoreError: the store cannot be used; says why and what to do.
        """
        embedder = make_embedder(settings)
        store = Store.open(
            settings.store,
            embedder,
            passage_tokens=settings.passage_tokens,
            passage_overlap=settings.passage_overlap,
            check_embedder=check_embedder,
            conversation_days=settings.conversation_days,
        )
        if seed and not store.generation:
            log.info("the store is empty: filling it from seeds")
            ingest_seeds(store)
        return cls(settings, store, embedder)

    def warm_up(self) -> None:
        """Load models and indexes, so that the first question does not pay for it.

        An embedding endpoint that is down now may be up when somebody asks: only logged.
        """
        try:
            self.pipeline.search("준비", 1, Filters())
        except BackendError as error:
            log.warning("warming up failed: %s", error)

    @property
    def fetcher(self) -> Fetcher:
        """What fetches addresses, within the bounds that the settings draw."""
        settings = self.settings
        proxy = settings.fetch_proxy
        return Fetcher(
            max_bytes=settings.max_source_bytes,
            seconds=settings.fetch_timeout,
            private_hosts=settings.fetch_private_hosts,
            proxy=None if proxy is None else httpx.Proxy(proxy.get_secret_value()),
        )

    def ingest(self, sources: Sequence[str], progress: Progress | None = None) -> IngestSummary:
        """Ingest files, folders and addresses."""
        limit = self.settings.max_source_bytes
        fetcher = self.fetcher
        return ingest_sources(self.store, sources, limit=limit, fetcher=fetcher, progress=progress)

    def ingest_address(self, url: str) -> Outcome:
        """Ingest the one article at ``url``.

        Raises:
            SourceError: it cannot be fetched or read, or there are several articles.
        """
        reading = read_address(self.fetcher, url)
        if len(reading.drafts) != 1:
            raise UnsupportedSource(
                f"{url}: {len(reading.drafts)} articles, not one; run: geungeo ingest {url}"
            )
        return self.store.ingest(reading.drafts[0])

    def ingest_text(self, text: str, *, name: str = "pasted.txt") -> Outcome:
        """Ingest one pasted text, its format told by the suffix of ``name``."""
        drafts = drafts_of_text(text, name)
        return self.store.ingest_many(drafts)[0]

    def ingest_document(self, data: bytes, name: str) -> IngestSummary:
        """Ingest one document handed in as bytes, its format told by the suffix of ``name``."""
        return ingest_document(self.store, data, name)

    def close(self) -> None:
        """Release the store."""
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
