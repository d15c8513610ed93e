"""Read, list and filter the articles of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from geungeo.index import records
from geungeo.index.database import Database, Row
from geungeo.rag.answer import Filters
from geungeo.rag.article import Article
from geungeo.rag.errors import ArticleNotFound
from geungeo.rag.protocols import StoredPassage
from geungeo.rag.text import fold

KeyArray = npt.NDArray[np.int64]


def allowed_keys(database: Database, filters: Filters) -> KeyArray:
    """Return the keys of the passages that pass ``filters``."""
    condition, values = conditions(filters)
    with database.read() as connection:
        # Only constant fragments are joined; all values are bound.
        rows = connection.execute(
            "SELECT p.key FROM passages p JOIN articles a "  # noqa: S608
            f"ON a.id = p.article_id AND a.version = p.version WHERE {condition}",
            values,
        ).fetchall()
    return np.array([row["key"] for row in rows], dtype=np.int64)


def conditions(filters: Filters) -> tuple[str, list[str]]:
    """Return the SQL condition on the current row ``a`` of an article, and its values.

    ``published_to`` given as a day includes that whole day.
    """
    fragments, values = ["a.is_current"], list[str]()
    if filters.article_ids is not None:
        identifiers = sorted(filters.article_ids)
        marks = ", ".join("?" * len(identifiers))
        # PostgreSQL has no empty lists.
        fragments.append(f"a.id IN ({marks})" if identifiers else "FALSE")
        values.extend(identifiers)
    if filters.publisher is not None:
        fragments.append("a.publisher = ?")
        values.append(filters.publisher)
    if filters.published_from is not None:
        fragments.append("a.published_at >= ?")
        values.append(filters.published_from)
    if filters.published_to is not None:
        fragments.append("substr(a.published_at, 1, length(CAST(? AS TEXT))) <= ?")
        values.extend([filters.published_to] * 2)
    return " AND ".join(fragments), values


@dataclass(frozen=True, slots=True)
class Entry:
    """The newest version of an article, without its text."""

    id: str
    version: int
    url: str | None
    title: str
    author: str | None
    publisher: str | None
    published_at: str | None
    language: str


class Catalogue:
    """A list of the articles of a store, with search and paging."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        query: str = "",
        filters: Filters | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[list[Entry], int]:
        """Return entries ``offset`` to ``offset + limit``, newest publication first, and the total.

        Every word of ``query`` must occur in the title, publisher or author; case, width and
        composition of letters are ignored.
        """
        condition, values = conditions(filters or Filters())
        with self._database.read() as connection:
            # Only constant fragments are joined; all values are bound.
            rows = connection.execute(
                "SELECT id, version, url, title, author, publisher, published_at, language "  # noqa: S608
                f"FROM articles a WHERE {condition} ORDER BY COALESCE(published_at, '') DESC, id",
                values,
            )
            words = fold(query).split()
            found = [entry for row in rows if _has(entry := Entry(**dict(row)), words)]
        end = None if limit is None else offset + limit
        return found[offset:end], len(found)


def _has(entry: Entry, words: list[str]) -> bool:
    if not words:
        return True
    described = fold(f"{entry.title} {entry.publisher or ''} {entry.author or ''}")
    return all(word in described for word in words)


# The columns that identify an article version: after a restore, the same id and version may
# have another text.
_CURRENT = (
    "SELECT id, version, text_sha256, ingested_at FROM articles WHERE is_current"
    " ORDER BY COALESCE(published_at, '') DESC, id"
)
_ONE = (
    "SELECT id, version, text_sha256, ingested_at FROM articles"
    " WHERE id = ?1 AND (version = ?2 OR (CAST(?2 AS BIGINT) IS NULL AND is_current))"
)
_PASSAGES = (
    'SELECT p.key, p.article_id, p.version, p.start, p."end", a.text_sha256, a.ingested_at'
    " FROM passages p JOIN articles a ON a.id = p.article_id AND a.version = p.version"
    " WHERE p.key IN "
)
# With the three sentences before a passage and the one after it.
_SENTENCES = (
    'SELECT p.key, s.start, s."end", s.kind, s.vector FROM passages p JOIN sentences s'
    " ON s.article_id = p.article_id AND s.version = p.version"
    " AND s.ordinal >= p.first - 3 AND s.ordinal <= p.last"
    " WHERE p.key IN "
)
_KEYS = 500  # in one query


class Articles:
    """Reader of articles, with a cache of versions, which never change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = lru_cache(maxsize=512)(self._load)

    def all(self) -> list[Article]:
        """Return the current version of every article, newest publication first."""
        with self._database.read() as connection:
            rows = connection.execute(_CURRENT).fetchall()
        return [self._version(*row) for row in rows]

    def find(self, article_id: str, version: int | None = None) -> Article | None:
        """Return an article version, by default the current one, or ``None``."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, (article_id, version)).fetchone()
        return self._version(*row) if row else None

    def get(self, article_id: str, version: int | None = None) -> Article:
        """Return an article version as :meth:`find`; raise ``ArticleNotFound``."""
        found = self.find(article_id, version)
        if found is None:
            raise missing(article_id, version)
        return found

    def count(self) -> int:
        """Return the number of articles."""
        with self._database.read() as connection:
            row = connection.execute("SELECT COUNT(*) FROM articles WHERE is_current").fetchone()
        return int(row[0])

    def with_text(self, text_sha256: str) -> list[Article]:
        """Return the current articles with exactly this text."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id FROM articles WHERE is_current AND text_sha256 = ? ORDER BY id",
                (text_sha256,),
            ).fetchall()
        return [self.get(row["id"]) for row in rows]

    def versions(self, article_id: str) -> list[int]:
        """Return the readable versions of an article, oldest first; raise ``ArticleNotFound``."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT version FROM articles WHERE id = ? ORDER BY version", (article_id,)
            ).fetchall()
        if not rows:
            raise missing(article_id)
        return [int(row["version"]) for row in rows]

    def next_version(self, article_id: str) -> int:
        """Return a version number never used for this article, not even before a removal."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT COALESCE(MAX(version), 0) + 1 FROM (SELECT version FROM articles"
                " WHERE id = ?1 UNION ALL SELECT version FROM retired WHERE article_id = ?1)"
                " AS used",
                (article_id,),
            ).fetchone()
        return int(row[0])

    def passages(self, keys: Sequence[int]) -> list[StoredPassage]:
        """Return the passages with these keys, in that order; removed ones are left out."""
        found: dict[int, StoredPassage] = {}
        # One snapshot, so that an update cannot separate a passage from its sentences.
        with self._database.snapshot() as connection:
            for start in range(0, len(keys), _KEYS):
                some = keys[start : start + _KEYS]
                marks = f"({', '.join('?' * len(some))})"
                sentences: dict[int, list[Row]] = {}
                for row in connection.execute(f"{_SENTENCES}{marks} ORDER BY s.ordinal", some):
                    sentences.setdefault(row["key"], []).append(row)
                for row in connection.execute(_PASSAGES + marks, some).fetchall():
                    article = self._version(
                        row["article_id"], row["version"], row["text_sha256"], row["ingested_at"]
                    )
                    key = row["key"]
                    found[key] = records.passage(row, sentences.get(key, ()), article)
        return [found[key] for key in keys if key in found]

    def _load(self, article_id: str, version: int, text_sha256: str, ingested_at: str) -> Article:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM articles WHERE id = ? AND version = ?"
                " AND text_sha256 = ? AND ingested_at = ?",
                (article_id, version, text_sha256, ingested_at),
            ).fetchone()
        if row is None:  # removed in the meantime
            raise missing(article_id, version)
        return records.article(row)


def missing(article_id: str, version: int | None = None) -> ArticleNotFound:
    """Return the error for a missing article."""
    which = f" version {version}" if version is not None else ""
    return ArticleNotFound(f"there is no article {article_id!r}{which}; run: geungeo articles list")
