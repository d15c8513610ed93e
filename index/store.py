"""The store: articles and their versions, and retrieval over the current ones."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

from geungeo.index import records
from geungeo.index.articles import Articles, Catalogue, Entry, missing
from geungeo.index.conversations import Clock, Conversations, Feedback
from geungeo.index.counters import Counters
from geungeo.index.database import Connection, Database, open_database, set_meta
from geungeo.index.deliveries import Deliveries
from geungeo.index.engine import ARTICLES, Engine, open_engine, recording, require_embedder
from geungeo.index.examine import Finding, examine
from geungeo.index.feeds import Feeds
from geungeo.index.files import Step, no_step
from geungeo.index.indexing import Indexed, Indexer
from geungeo.index.keys import ApiKeys
from geungeo.index.lexical import IntArray
from geungeo.index.replies import Replies
from geungeo.index.vectors import MANIFEST
from geungeo.rag.answer import Filters
from geungeo.rag.article import Article, Draft
from geungeo.rag.errors import InvalidMetadata
from geungeo.rag.language.dates.times import seoul_time
from geungeo.rag.language.morphemes import segmenter_identity
from geungeo.rag.language.terms import TermArray
from geungeo.rag.protocols import Embedder, FloatArray, Scores, StoredPassage
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.draft import web_address
from geungeo.rag.settings import EngineUrl, StoreUrl

_BATCH = 32  # articles per transaction: large enough for batches, small enough to lose in a crash

_CORRECTED = ("title", "url", "author", "publisher", "published_at", "language")
_EDIT = "edit of version "  # the source of a version with corrected metadata

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of ingesting a draft; ``warnings`` name the parts that could not be read."""

    status: Literal["added", "updated", "unchanged"]
    article: Article
    warnings: tuple[str, ...] = ()


class Store:
    """A database (all data), and an engine (derived), which finds passages. Thread-safe.

    In a folder the database is SQLite, and the engine's FAISS index has a file beside it. In
    PostgreSQL a store has several servers, each with its own index in memory, or all with an engine
    on other machines.

    Implements ``geungeo.rag.protocols.Corpus``.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        embedder: Embedder,
        indexer: Indexer,
        clock: Clock,
        conversation_days: int | None = None,
        step: Step = no_step,
    ) -> None:
        self._embedder = embedder
        self._indexer = indexer
        self._clock = clock
        self._database = database
        self._step = step
        self._engine = engine
        self.conversations = Conversations(self._database, clock, conversation_days)
        self.feedback = Feedback(self._database, clock)
        self.deliveries = Deliveries(self._database, clock)
        self.replies = Replies(self._database, clock)
        self.catalogue = Catalogue(self._database)
        self.keys = ApiKeys(self._database)
        self.feeds = Feeds(self._database, lambda: clock().timestamp())
        self._articles = Articles(self._database)

    @classmethod
    def open(
        cls,
        place: Path | StoreUrl,
        embedder: Embedder,
        *,
        passage_tokens: int = 200,
        passage_overlap: int = 0,
        clock: Clock | None = None,
        check_embedder: bool = True,
        conversation_days: int | None = None,
        connections: int = 10,
        engine: EngineUrl | Literal["local"] = "local",
        engine_fallback: bool = False,
        step: Step = no_step,
    ) -> Self:
        """Open the store in the folder or at the URL ``place``, creating it if it does not exist.

        Conversations expire ``conversation_days`` after their last turn (``None``: never). The
        default ``clock`` is that of the database. ``connections`` is the most that this process
        opens to a PostgreSQL server. ``engine`` is what finds passages;
        with ``engine_fallback`` PostgreSQL does while Milvus is away. ``step`` is called after
        each step of a change (``geungeo.index.files``).

        Raises:
            SettingsError: the engine does not go with the store.
            StoreUnavailable: the store cannot be created or used.
            StoreVersionMismatch: it was written by a newer geungeo.
            StoreCorrupt: the database is damaged, empty or lost.
            EmbedderMismatch: it was indexed with another embedder; both are named.
        """
        database = open_database(place, index_file=MANIFEST, connections=connections)
        indexer = Indexer(embedder, passage_tokens, passage_overlap)
        try:
            if check_embedder:
                require_embedder(database, embedder)
            opened = open_engine(engine, database, embedder, step, fallback=engine_fallback)
        except BaseException:
            database.close()
            raise
        store = cls(
            database, opened, embedder, indexer, clock or database.now, conversation_days, step
        )
        try:
            store.conversations.purge()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def folder(self) -> Path:
        """Return the folder of a store that is not in PostgreSQL."""
        if self._database.folder is None:
            raise LookupError(f"store {self._database.name} has no folder")
        return self._database.folder

    def counters(self) -> Counters | None:
        """Return the counters of requests that all servers of the store share, if it has any."""
        return Counters(self._database) if self._database.folder is None else None

    def close(self) -> None:
        """Close files and connections."""
        self._engine.close()
        self._database.close()

    # Writing

    def ingest(self, draft: Draft) -> Outcome:
        """Add a draft, or a new version of its article; an unchanged one has no effect."""
        return self.ingest_many([draft])[0]

    def ingest_many(
        self,
        drafts: Iterable[Draft],
        *,
        each: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Ingest drafts in batches; each is committed and durable before the next.

        ``each`` is called with the outcome of each article once it is durable.
        """
        outcomes: list[Outcome] = []
        remaining = iter(drafts)
        with self._database.writing.hold():
            self._step("locked")
            while batch := list(islice(remaining, _BATCH)):
                done = self._ingest_batch(batch)
                # Also after no change: an earlier attempt may have failed after its commit.
                self._engine.settle()
                outcomes.extend(done)
                if each:
                    for outcome in done:
                        each(outcome)
            if any(outcome.status != "unchanged" for outcome in outcomes):
                self._engine.save()
        return outcomes

    def _ingest_batch(self, drafts: Sequence[Draft]) -> list[Outcome]:
        stamp = self._stamp_read()
        outcomes, derived = self._derive(drafts, {})
        if not derived:
            return outcomes
        self._step("indexed")
        with self._database.write(ARTICLES) as connection:
            require_embedder(self._database, self._embedder)
            if self._stamp_read() != stamp:
                # Another server has changed articles since they were compared.
                outcomes, derived = self._derive(drafts, derived)
            sources = {
                outcome.article.id: draft.source
                for draft, outcome in zip(drafts, outcomes, strict=True)
            }
            with recording(self._database, connection, list(derived)):
                for article_id, indexed in derived.items():
                    now = self._clock().isoformat()
                    records.insert(connection, indexed, sources[article_id], now)
                    records.insert_names(connection, indexed)
            if derived:
                self._stamp(connection)
            self._step("rows written")
        self._step("committed")
        return outcomes

    def _derive(
        self, drafts: Sequence[Draft], known: Mapping[str, Indexed]
    ) -> tuple[list[Outcome], dict[str, Indexed]]:
        """Return the outcome of each draft, and what is derived from the changed articles, by id.

        What is ``known`` of the same text is not derived again.
        """
        outcomes: list[Outcome] = []
        changed: dict[str, Article] = {}
        for draft in drafts:
            outcome = self._compare(draft, changed)
            if outcome.status != "unchanged":
                changed[outcome.article.id] = outcome.article
            outcomes.append(outcome)
        new = [
            article
            for article in changed.values()
            if article.id not in known or _content(known[article.id].article) != _content(article)
        ]
        fresh = {one.article.id: one for one in self._indexer.index(new)} if new else {}
        return outcomes, {
            article_id: fresh.get(article_id) or replace(known[article_id], article=article)
            for article_id, article in changed.items()
        }

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
        if _content(current) == _content(article):
            return Outcome("unchanged", current)
        if not draft.source.startswith(_EDIT):
            article = self._with_corrections(current, article)
        if _content(current) == _content(article):
            return Outcome("unchanged", current)
        return Outcome("updated", _with_version(article, self._articles.next_version(article.id)))

    def edit(self, article_id: str, changes: Mapping[str, str | None]) -> Outcome:
        """Correct metadata (title, author, publisher, …) of an article as a new version.

        Blank values are removed. When the document that it came from is ingested again, the
        corrections stay, unless it now says something else about the same field.

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

    def _with_corrections(self, current: Article, article: Article) -> Article:
        """Return ``article`` with what was corrected by hand and is still so in ``current``.

        A field that the document gives otherwise than before the correction counts as it is now.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT version, source FROM articles WHERE id = ? ORDER BY version", (current.id,)
            ).fetchall()
        edits = [
            (int(row["version"]), int(str(row["source"]).removeprefix(_EDIT)))
            for row in rows
            if str(row["source"]).startswith(_EDIT)
        ]
        # What the document said of each corrected field, and what it was corrected to
        corrected: dict[str, tuple[object, object]] = {}
        for version, before in edits:
            edited = self._articles.find(current.id, version)
            base = self._articles.find(current.id, before)
            for name in _CORRECTED if edited and base else ():
                if (value := getattr(edited, name)) != (own := getattr(base, name)):
                    corrected[name] = (corrected.get(name, (own,))[0], value)
        kept = {
            name: value
            for name, (own, value) in corrected.items()
            if getattr(article, name) == own and getattr(current, name) == value
        }
        return article.model_copy(update=kept)

    def _duplicate(
        self, draft: Draft, article: Article, pending: dict[str, Article]
    ) -> Article | None:
        """Return the article with the same content that was ingested from another path, if any."""
        if draft.id or draft.url:
            return None
        candidates = [*pending.values(), *self._articles.with_text(article.text_sha256)]
        return next((one for one in candidates if _content(one) == _content(article)), None)

    def _stamp_read(self) -> str | None:
        """Return the id of the last change of articles."""
        return self._database.meta("commit")

    def _stamp(self, connection: Connection) -> None:
        """Write a new generation, and the embedder and segmenter that produced it."""
        row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        set_meta(connection, "generation", str(int(row["value"]) + 1 if row else 1))
        set_meta(connection, "commit", secrets.token_hex(8))
        set_meta(connection, "embedder", self._embedder.identity)
        set_meta(connection, "dimension", str(self._embedder.dimension))
        set_meta(connection, "segmenter", segmenter_identity())

    def remove(self, article_id: str) -> None:
        """Remove an article with all its versions; raise ``ArticleNotFound``."""
        with self._database.writing.hold():
            self._step("locked")
            with self._database.write(ARTICLES) as connection:
                connection.execute(
                    "INSERT INTO retired SELECT id, MAX(version) FROM articles WHERE id = ?"
                    " GROUP BY id ON CONFLICT (article_id) DO UPDATE"
                    " SET version = excluded.version",
                    (article_id,),
                )
                with recording(self._database, connection, [article_id]):
                    connection.execute("DELETE FROM passages WHERE article_id = ?", (article_id,))
                done = connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))
                if not done.rowcount:
                    raise missing(article_id)
                self._stamp(connection)
                self._step("rows written")
            self._step("committed")
            self._engine.settle()
            self._engine.save()

    def reindex(self, progress: Progress | None = None) -> int:
        """Rebuild the index of all articles with the present embedder; return their number.

        The old index is used until the new one is complete, as it is written in one transaction.
        Everything is derived before it begins, so that conversations can be written meanwhile.
        """
        with self._database.writing.hold():
            self._step("locked")
            return self._rebuild(None, progress)

    def _rebuild(self, only: Sequence[str] | None, progress: Progress | None = None) -> int:
        """Derive the articles with the ids ``only``, or all, again; return their number."""
        stamp = self._stamp_read()
        derived = self._index_again(only, {}, progress)
        self._step("indexed")
        with self._database.write(ARTICLES) as connection:
            if self._stamp_read() != stamp:
                # Another server has changed articles meanwhile.
                derived = self._index_again(only, derived)
            noting = nullcontext() if only is None else recording(self._database, connection, only)
            with noting:
                for indexed in derived.values():
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
            if only is None:
                self._engine.replace(connection)
        self._step("committed")
        self._engine.settle()
        self._engine.save()
        return len(derived)

    def _index_again(
        self,
        only: Sequence[str] | None,
        known: Mapping[tuple[str, int], Indexed],
        progress: Progress | None = None,
    ) -> dict[tuple[str, int], Indexed]:
        """Return what is derived from the articles, by id and version.

        What is ``known`` is not derived again.
        """
        articles = self.articles()
        if only is not None:
            articles = [article for article in articles if article.id in set(only)]
        derived = {key: known[key] for key in map(_key, articles) if key in known}
        new = [article for article in articles if _key(article) not in known]
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            derived.update(zip(map(_key, batch), self._indexer.index(batch), strict=True))
            if progress:
                for article in batch:
                    progress(article.id)
        return derived

    def examine(self) -> list[Finding]:
        """Return all problems of the store, article by article; reads the whole store."""
        findings = examine(self._database)
        return findings + [self._finding(problem) for problem in self._engine.check()]

    def _finding(self, problem: str) -> Finding:
        return Finding(f"{self._engine.name}: {problem}", repair="index")

    def repair(self) -> None:
        """Rebuild damaged derived data; other data is not changed."""
        with self._database.writing.hold():
            damaged = {
                f.article_id for f in self.examine() if f.repair == "derive" and f.article_id
            }
            if damaged:
                self._rebuild(sorted(damaged))
            self._engine.rebuild()

    # Reading

    def articles(self) -> list[Article]:
        """Return the current version of every article, newest publication first."""
        return self._articles.all()

    def count(self) -> int:
        """Return the number of articles."""
        return self._articles.count()

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
        problems = [f"{self._database.kind}: {line}" for line in self._database.check()]
        return problems + [str(self._finding(problem)) for problem in self._engine.health()]

    def prepare_fallback(self) -> None:
        """Make the index by which PostgreSQL finds passages while Milvus is away.

        Raises:
            SettingsError: the store is not in PostgreSQL.
            MissingExtra: its client is not installed.
            StoreUnavailable: PostgreSQL has no pgvector, or the role may not make the index.
        """
        from geungeo.index.fallback import Fallback

        Fallback(self._database, self._embedder.dimension).prepare()

    # Retrieval (the Corpus protocol)

    def headlines(self, filters: Filters) -> list[Entry]:
        """Return the articles that pass ``filters``, newest publication first."""
        return self.catalogue.find(filters=filters)[0]

    def size(self) -> int:
        """Return the number of indexed passages."""
        return self._engine.size()

    def dense(self, vector: FloatArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` passages nearest to ``vector`` ``(dim,)``, by cosine."""
        return self._engine.dense(vector, k, filters)

    def lexical(self, channel: str, terms: TermArray, k: int, filters: Filters) -> Scores:
        """Return the ``k`` best passages by BM25 in one channel."""
        return self._engine.lexical(channel, terms, k, filters)

    def document_frequency(self, channel: str, terms: TermArray) -> IntArray:
        """Return ``(len(terms),)`` int64: the number of passages that contain each term."""
        return self._engine.document_frequency(channel, terms)

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
        # Earlier versions stored the zone that a document names.
        seoul_time(article.published_at) if article.published_at else None,
        article.language,
    )


def _key(article: Article) -> tuple[str, int]:
    return article.id, article.version


def _with_version(article: Article, version: int) -> Article:
    return article.model_copy(update={"version": version})
