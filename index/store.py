"""The store: articles and their versions, and retrieval over the current ones."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from geungeo.index import records
from geungeo.index.articles import Articles, Catalogue, Entry, allowed_keys, missing
from geungeo.index.conversations import Clock, Conversations, Feedback, utc_now
from geungeo.index.database import Database, set_meta
from geungeo.index.deliveries import Deliveries
from geungeo.index.derived import Derived
from geungeo.index.examine import Finding, examine
from geungeo.index.feeds import Feeds
from geungeo.index.files import Step, WriteLock, no_step, sync_folder
from geungeo.index.indexing import Indexed, Indexer
from geungeo.index.keys import ApiKeys
from geungeo.index.replies import Replies
from geungeo.index.vectors import MANIFEST
from geungeo.rag.answer import Filters
from geungeo.rag.article import Article, Draft
from geungeo.rag.embedding.vectors import without_digest
from geungeo.rag.errors import (
    EmbedderMismatch,
    InvalidMetadata,
    StoreUnavailable,
)
from geungeo.rag.language.morphemes import segmenter_identity
from geungeo.rag.language.terms import TermArray
from geungeo.rag.protocols import Embedder, FloatArray, Scores, StoredPassage
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.draft import web_address

_BATCH = 32  # articles per transaction: large enough for batches, small enough to lose in a crash

_EDIT = "edit of version "  # the source of a version with corrected metadata

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of ingesting a draft."""

    status: Literal["added", "updated", "unchanged"]
    article: Article


class Store:
    """A folder with SQLite (all data) and FAISS (derived). Thread-safe.

    Implements ``geungeo.rag.protocols.Corpus``.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        indexer: Indexer,
        clock: Clock,
        conversation_days: int | None = None,
        step: Step = no_step,
    ) -> None:
        self.folder = folder
        self._embedder = embedder
        self._indexer = indexer
        self._clock = clock
        self._database = Database(folder, index_file=folder / MANIFEST)
        self._lock = WriteLock(folder)
        self._step = step
        self._derived = Derived(folder, self._database, embedder, self._lock, step)
        self.conversations = Conversations(self._database, clock, conversation_days)
        self.feedback = Feedback(self._database, clock)
        self.deliveries = Deliveries(self._database, clock)
        self.replies = Replies(self._database, clock)
        self.catalogue = Catalogue(self._database)
        self.keys = ApiKeys(self._database)
        self.feeds = Feeds(self._database)
        self._articles = Articles(self._database)

    @classmethod
    def open(
        cls,
        folder: Path,
        embedder: Embedder,
        *,
        passage_tokens: int = 200,
        passage_overlap: int = 1,
        clock: Clock = utc_now,
        check_embedder: bool = True,
        conversation_days: int | None = None,
        step: Step = no_step,
    ) -> Self:
        """Open the store in ``folder``, creating it if it does not exist.

        Conversations expire ``conversation_days`` after their last turn (``None``: never).
        ``step`` is called after each step of a change (``geungeo.index.files``).

        Raises:
            StoreUnavailable: the folder cannot be created or used.
            StoreVersionMismatch: it was written by a newer geungeo.
            StoreCorrupt: the database is damaged, empty or lost.
            EmbedderMismatch: it was indexed with another embedder; both are named.
        """
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
        except OSError as error:
            raise StoreUnavailable(f"cannot use store folder {folder}: {error.strerror}") from error
        indexer = Indexer(embedder, passage_tokens, passage_overlap)
        store = cls(folder, embedder, indexer, clock, conversation_days, step)
        if check_embedder:
            store._check_embedder()
        store.conversations.purge()
        return store

    def _check_embedder(self) -> None:
        stored, present = self._database.meta("embedder"), self._embedder.identity
        # Older stores recorded the model without the digest of its weights.
        if stored is None or stored in {present, without_digest(present)}:
            return
        solution = "set GEUNGEO_EMBEDDER back"
        if without_digest(stored) == without_digest(present):
            solution = "the model's weights were changed or damaged: install them again"
        raise EmbedderMismatch(
            f"store {self.folder} was indexed with {stored}, but the embedder is {present}: "
            f"{solution}, or run: geungeo reindex"
        )

    def close(self) -> None:
        """Close files and connections."""
        self._database.close()

    # Writing

    def ingest(self, draft: Draft) -> Outcome:
        """Add a draft, or a new version of its article; an unchanged one has no effect."""
        return self.ingest_many([draft])[0]

    def ingest_many(
        self,
        drafts: Iterable[Draft],
        progress: Progress | None = None,
        *,
        each: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Ingest drafts in batches; each is committed and durable before the next.

        ``progress`` is called with each article's id once it is durable, ``each`` with its
        outcome.
        """
        outcomes: list[Outcome] = []
        remaining = iter(drafts)
        with self._lock.hold():
            self._step("locked")
            while batch := list(islice(remaining, _BATCH)):
                done = self._ingest_batch(batch)
                outcomes.extend(done)
                for outcome in done:
                    if progress:
                        progress(outcome.article.id)
                    if each:
                        each(outcome)
            if any(outcome.status != "unchanged" for outcome in outcomes):
                self._derived.save()
        return outcomes

    def _ingest_batch(self, drafts: Sequence[Draft]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        changed: dict[str, Article] = {}
        for draft in drafts:
            outcome = self._compare(draft, changed)
            if outcome.status != "unchanged":
                changed[outcome.article.id] = outcome.article
            outcomes.append(outcome)
        if changed:
            derived = self._indexer.index(list(changed.values()))
            self._step("indexed")
            sources = {
                outcome.article.id: draft.source
                for draft, outcome in zip(drafts, outcomes, strict=True)
            }
            with self._database.write() as connection:
                for indexed in derived:
                    source = sources[indexed.article.id]
                    records.insert(connection, indexed, source, self._clock().isoformat())
                    records.insert_names(connection, indexed)
                self._stamp(connection)
                self._step("rows written")
            self._step("committed")
        return outcomes

    def _compare(self, draft: Draft, pending: dict[str, Article]) -> Outcome:
        article = draft.article()
        if article.id in pending:
            # The last draft of a batch with the same id wins, as if they were ingested one by one.
            known = pending[article.id]
            same = _content(known) == _content(article)
            version = known.version
            status: Literal["added", "updated"] = (
                "updated" if self._articles.find(article.id) else "added"
            )
            return Outcome("unchanged" if same else status, _with_version(article, version))
        current = self._articles.find(article.id)
        if current is None:
            duplicate = self._duplicate(draft, article, pending)
            if duplicate is not None:
                return Outcome("unchanged", duplicate)
            return Outcome("added", _with_version(article, self._articles.next_version(article.id)))
        if _content(current) == _content(article) or self._is_edited(current, article):
            return Outcome("unchanged", current)
        return Outcome("updated", _with_version(article, self._articles.next_version(article.id)))

    def edit(self, article_id: str, changes: Mapping[str, str | None]) -> Outcome:
        """Correct metadata (title, author, publisher, …) of an article as a new version.

        Blank values are removed. When the document that it came from is ingested again unchanged,
        the corrections stay.

        Raises:
            ArticleNotFound: there is no such article.
            InvalidMetadata: a title is missing, or a date or an address cannot be read.
        """
        changes = _corrections(changes)
        current = self.article(article_id)
        fields: dict[str, Any] = {
            name: getattr(current, name)
            for name in ("id", "title", "url", "author", "publisher", "published_at", "language")
        }
        draft = Draft(
            blocks=tuple((one.kind, one.span.of(current.text)) for one in current.sections),
            text=current.text,
            source=f"{_EDIT}{current.version}",
            pages=tuple(one.page for one in current.sections),
            **{**fields, **changes},
        )
        return self.ingest(draft)

    def _is_edited(self, current: Article, article: Article) -> bool:
        """Whether ``current`` is ``article`` with corrected metadata."""
        with self._database.read() as connection:
            sources = {
                row["version"]: str(row["source"])
                for row in connection.execute(
                    "SELECT version, source FROM articles WHERE id = ?", (current.id,)
                )
            }
        version = current.version
        while (source := sources.get(version, "")).startswith(_EDIT):
            version = int(source.removeprefix(_EDIT))
            base = self._articles.find(current.id, version)
            if base is not None and _content(base) == _content(article):
                return True
        return False

    def _duplicate(
        self, draft: Draft, article: Article, pending: dict[str, Article]
    ) -> Article | None:
        """Return the article with the same content that was ingested from another path, if any."""
        if draft.id or draft.url:
            return None
        candidates = [*pending.values(), *self._articles.with_text(article.text_sha256)]
        return next((one for one in candidates if _content(one) == _content(article)), None)

    def _stamp(self, connection: sqlite3.Connection) -> None:
        """Write a new generation, and the embedder and segmenter that produced it."""
        row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        set_meta(connection, "generation", str(int(row["value"]) + 1 if row else 1))
        set_meta(connection, "commit", secrets.token_hex(8))
        set_meta(connection, "embedder", self._embedder.identity)
        set_meta(connection, "dimension", str(self._embedder.dimension))
        set_meta(connection, "segmenter", segmenter_identity())

    def remove(self, article_id: str) -> None:
        """Remove an article with all its versions; raise ``ArticleNotFound``."""
        with self._lock.hold():
            self._step("locked")
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO retired SELECT id, MAX(version) FROM articles WHERE id = ?"
                    " GROUP BY id ON CONFLICT (article_id) DO UPDATE"
                    " SET version = excluded.version",
                    (article_id,),
                )
                connection.execute("DELETE FROM passages WHERE article_id = ?", (article_id,))
                done = connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))
                if not done.rowcount:
                    raise missing(article_id)
                self._stamp(connection)
                self._step("rows written")
            self._step("committed")
            self._derived.save()

    def reindex(self, progress: Progress | None = None) -> int:
        """Rebuild the index of all articles with the present embedder; return their number.

        The old index is used until the new one is complete, as it is written in one transaction.
        Everything is derived before it begins, so that conversations can be written meanwhile.
        """
        with self._lock.hold():
            self._step("locked")
            return self._rebuild(self.articles(), progress)

    def _rebuild(self, articles: Sequence[Article], progress: Progress | None = None) -> int:
        derived: list[Indexed] = []
        for start in range(0, len(articles), _BATCH):
            derived.extend(self._indexer.index(articles[start : start + _BATCH]))
            if progress:
                for article in articles[start : start + _BATCH]:
                    progress(article.id)
        self._step("indexed")
        with self._database.write() as connection:
            for indexed in derived:
                identity = (indexed.article.id,)
                connection.execute("DELETE FROM passages WHERE article_id = ?", identity)
                connection.execute("DELETE FROM sentences WHERE article_id = ?", identity)
                records.insert_derived(connection, indexed)
                records.insert_names(connection, indexed)
            for table in ("passages", "sentences"):
                connection.execute(
                    f"DELETE FROM {table} WHERE (article_id, version) NOT IN"  # noqa: S608 - fixed
                    " (SELECT id, version FROM articles WHERE is_current)"
                )
            self._stamp(connection)
            self._step("rows written")
        self._step("committed")
        self._derived.save()
        return len(articles)

    def examine(self) -> list[Finding]:
        """Return all problems of the store, article by article; reads the whole store."""
        findings = examine(self._database)
        flaw = self._derived.settled_flaw()
        return [*findings, Finding.of_index(flaw.reason)] if flaw else findings

    def repair(self) -> None:
        """Rebuild damaged derived data; other data is not changed."""
        with self._lock.hold():
            damaged = {
                f.article_id for f in self.examine() if f.repair == "derive" and f.article_id
            }
            if damaged:
                self._rebuild([self.article(article_id) for article_id in sorted(damaged)])
            self._derived.rebuild()

    # Reading

    def articles(self) -> list[Article]:
        """Return the current version of every article, newest publication first."""
        return self._articles.all()

    def article(self, article_id: str, version: int | None = None) -> Article:
        """Return an article version, by default the newest; raise ``ArticleNotFound``."""
        return self._articles.get(article_id, version)

    def versions(self, article_id: str) -> list[int]:
        """Return the readable versions of an article, oldest first; raise ``ArticleNotFound``."""
        return self._articles.versions(article_id)

    @property
    def generation(self) -> int:
        """Return the generation, which increases with every change of articles."""
        return int(self._database.meta("generation") or 0)

    def fingerprint(self) -> str:
        """Return a digest of everything that retrieval depends on.

        These are texts, titles, passages, embedder and segmenter.
        """
        digest = hashlib.sha256()
        for key in ("embedder", "segmenter"):
            digest.update(f"{self._database.meta(key)}\n".encode())
        with self._database.read() as connection:
            for row in connection.execute(
                "SELECT a.id, a.text_sha256, a.title, p.start, p.end FROM articles a "
                "JOIN passages p ON p.article_id = a.id AND p.version = a.version "
                "WHERE a.is_current ORDER BY a.id, p.start, p.end"
            ):
                digest.update(json.dumps(tuple(row)).encode())
        return digest.hexdigest()[:16]

    def health(self) -> list[str]:
        """Return the problems that a quick check finds, one line each; empty if there are none."""
        problems = [f"SQLite: {line}" for line in self._database.quick_check()]
        flaw = self._derived.flaw()
        if flaw and not flaw.behind:  # a file that is behind is updated automatically
            problems.append(str(Finding.of_index(flaw.reason)))
        return problems

    # Retrieval (the Corpus protocol)

    def headlines(self, filters: Filters) -> list[Entry]:
        """Return the articles that pass ``filters``, newest publication first."""
        return self.catalogue.find(filters=filters)[0]

    def size(self) -> int:
        """Return the number of indexed passages."""
        return len(self._derived.fresh().vectors)

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""
        allowed = allowed_keys(self._database, filters)
        with self._derived.reading() as views:
            return dict(views.vectors.search(vector, k, allowed))

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 in one channel."""
        allowed = allowed_keys(self._database, filters)
        with self._derived.reading() as views:
            return dict(views.lexical[channel].search(terms, k, allowed))

    def document_frequency(self, channel: str, terms: TermArray) -> np.ndarray:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""
        with self._derived.reading() as views:
            return views.lexical[channel].document_frequency(terms)

    def names(self, initials: str) -> list[str]:
        """Return proper nouns with these initial consonants, the most frequent first."""
        return records.names_beginning(self._database, initials)

    def known_names(self, candidates: Sequence[str]) -> frozenset[str]:
        """Return those of ``candidates`` that are proper nouns of the articles."""
        return records.known_names(self._database, candidates)

    def passages(self, keys: Sequence[int]) -> list[StoredPassage]:
        """Return the passages with these keys, in that order; removed ones are left out."""
        return self._articles.passages(keys)


def _corrections(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return ``changes`` in the form in which they are stored."""
    checked = {name: (value or "").strip() or None for name, value in changes.items()}
    for name in {"title", "language"} & checked.keys():
        if not checked[name]:
            raise InvalidMetadata(f"an article needs a {name}")
    if day := checked.get("published_at"):
        checked["published_at"] = parse_date(day)
        if checked["published_at"] is None:
            raise InvalidMetadata(f"date {day!r} cannot be read; write it as 2025-07-02 09:10")
    if (url := checked.get("url")) and web_address(url) is None:
        raise InvalidMetadata(f"{url!r} is not an http or https address")
    return checked


def _content(article: Article) -> tuple[object, ...]:
    return (
        article.text,
        article.sections,
        article.title,
        article.url,
        article.author,
        article.publisher,
        article.published_at,
        article.language,
    )


def _with_version(article: Article, version: int) -> Article:
    return article.model_copy(update={"version": version})
