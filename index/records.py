"""Conversion of articles, sentences, passages and names to and from rows, with checksums.

SQLite's own check finds broken pages, but not flipped bits inside a text or a vector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from geungeo.index.database import Connection, Database, Row
from geungeo.index.indexing import Indexed
from geungeo.rag.article import Article, Section, SectionKind
from geungeo.rag.errors import StoreCorrupt
from geungeo.rag.language.hangul import initials
from geungeo.rag.protocols import StoredPassage, StoredSentence
from geungeo.rag.text import Span

_RECORD = (
    "SELECT id, version, url, title, author, publisher, published_at, language, text,"
    " text_sha256, sections, source, ingested_at FROM articles WHERE id = ? AND version = ?"
)
# The checksum leaves out a passage's key, because a restored backup gets new keys.
_SENTENCES = (
    'SELECT ordinal, start, "end", kind, vector FROM sentences'
    " WHERE article_id = ? AND version = ? ORDER BY ordinal"
)
_PASSAGES = (
    'SELECT start, "end", first, last, vector, morphemes, bigrams FROM passages'
    " WHERE article_id = ? AND version = ? ORDER BY key"
)


def record_digest(connection: Connection, article_id: str, version: int) -> bytes:
    """Return the SHA-256 of the row of an article version."""
    return _digest(connection.execute(_RECORD, (article_id, version)))


def derived_digest(connection: Connection, article_id: str, version: int) -> bytes:
    """Return the SHA-256 digests of the sentences and passages of an article version."""
    identity = (article_id, version)
    return _digest(connection.execute(_SENTENCES, identity)) + _digest(
        connection.execute(_PASSAGES, identity)
    )


def seal(connection: Connection, article_id: str, version: int) -> None:
    """Store the checksums of an article version, in the transaction that wrote it.

    An existing checksum of a record stays: sealing it again would hide corruption that has
    happened since.
    """
    connection.execute(
        "INSERT INTO seals VALUES (?, ?, ?, ?)"
        " ON CONFLICT (article_id, version) DO UPDATE SET derived = excluded.derived",
        (
            article_id,
            version,
            record_digest(connection, article_id, version),
            derived_digest(connection, article_id, version),
        ),
    )


def _digest(rows: Iterable[Row]) -> bytes:
    digest = hashlib.sha256()
    for row in rows:
        for value in row:
            data = _bytes(value)
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.digest()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


_MOST = 10
_PAIRS = 100  # names in one query


def insert_names(connection: Connection, indexed: Indexed) -> None:
    """Write an article's names, replacing those of its earlier version."""
    article = indexed.article
    connection.execute("DELETE FROM names WHERE article_id = ?", (article.id,))
    connection.executemany(
        "INSERT INTO names VALUES (?, ?, ?, ?)",
        ((initials(name), name, article.id, article.version) for name in sorted(indexed.names)),
    )


def known_names(database: Database, candidates: Sequence[str]) -> frozenset[str]:
    """Return those of ``candidates`` that are names."""
    pairs = [(initials(name), name) for name in dict.fromkeys(candidates)]
    wanted = [pair for pair in pairs if pair[0]]
    found: set[str] = set()
    with database.read() as connection:
        for start in range(0, len(wanted), _PAIRS):
            some = wanted[start : start + _PAIRS]
            condition = " OR ".join(["initials = ? AND name = ?"] * len(some))
            rows = connection.execute(
                f"SELECT DISTINCT name FROM names WHERE {condition}",  # noqa: S608 - fixed
                [value for pair in some for value in pair],
            )
            found.update(str(row["name"]) for row in rows)
    return frozenset(found)


def names_beginning(database: Database, letters: str) -> list[str]:
    """Return up to ten names with these initials, ordered by number of articles, then name."""
    with database.read() as connection:
        rows = connection.execute(
            "SELECT name FROM names WHERE initials = ? "
            "GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT ?",
            (letters, _MOST),
        ).fetchall()
    return [str(row["name"]) for row in rows]


def insert(connection: Connection, indexed: Indexed, source: str, ingested_at: str) -> None:
    """Write an article version as the current one, replacing the derived rows."""
    article = indexed.article
    connection.execute("DELETE FROM passages WHERE article_id = ?", (article.id,))
    connection.execute("DELETE FROM sentences WHERE article_id = ?", (article.id,))
    connection.execute("UPDATE articles SET is_current = FALSE WHERE id = ?", (article.id,))
    connection.execute("UPDATE seals SET derived = NULL WHERE article_id = ?", (article.id,))
    connection.execute(
        "INSERT INTO articles VALUES (?, ?, TRUE, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            article.id,
            article.version,
            article.url,
            article.title,
            article.author,
            article.publisher,
            article.published_at,
            article.language,
            article.text,
            article.text_sha256,
            json.dumps([_section(section) for section in article.sections]),
            source,
            ingested_at,
        ),
    )
    insert_derived(connection, indexed)


def insert_derived(connection: Connection, indexed: Indexed) -> None:
    """Write sentences (float16 vectors) and passages (float32 vectors, terms), with checksums."""
    identity = (indexed.article.id, indexed.article.version)
    connection.executemany(
        "INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (*identity, n, s.span.start, s.span.end, s.kind, v.astype("<f2").tobytes())
            for n, (s, v) in enumerate(
                zip(indexed.sentences, indexed.sentence_vectors, strict=True)
            )
        ),
    )
    rows = zip(
        indexed.passages,
        indexed.passage_vectors,
        indexed.terms["morphemes"],
        indexed.terms["bigrams"],
        strict=True,
    )
    connection.executemany(
        'INSERT INTO passages (article_id, version, start, "end", first, last, vector,'
        " morphemes, bigrams) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *identity,
                passage.span.start,
                passage.span.end,
                passage.first,
                passage.last,
                vector.astype("<f4").tobytes(),
                morphemes.to_bytes(),
                bigrams.to_bytes(),
            )
            for passage, vector, morphemes, bigrams in rows
        ),
    )
    seal(connection, *identity)


def _section(section: Section) -> list[str | int]:
    """Return a section as it is stored; the page only where there is one."""
    place: list[str | int] = [section.kind, section.start, section.end]
    return place if section.page is None else [*place, section.page]


def article(row: Row) -> Article:
    """Convert a row to an article version.

    Raises:
        StoreCorrupt: the text does not match its checksum, or the row is invalid.
    """
    name = f"article {row['id']} v{row['version']}"
    try:
        if hashlib.sha256(row["text"].encode()).hexdigest() != row["text_sha256"]:
            raise StoreCorrupt(f"{name} does not match its checksum; run: geungeo doctor")
        return Article(
            id=row["id"],
            version=row["version"],
            url=row["url"],
            title=row["title"],
            author=row["author"],
            publisher=row["publisher"],
            published_at=row["published_at"],
            language=row["language"],
            text=row["text"],
            sections=tuple(
                Section(
                    kind=SectionKind(kind), start=start, end=end, page=page[0] if page else None
                )
                for kind, start, end, *page in json.loads(row["sections"])
            ),
        )
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise StoreCorrupt(f"{name} is damaged; run: geungeo doctor") from error


def passage(row: Row, sentences: Iterable[Row], article: Article) -> StoredPassage:
    """Convert rows to a passage with its sentences.

    Raises:
        StoreCorrupt: the rows are invalid.
    """
    try:
        return _passage(row, sentences, article)
    except (ValueError, TypeError, LookupError) as error:
        raise StoreCorrupt(
            f"the index of article {article.id} is damaged; run: geungeo doctor --repair"
        ) from error


def _passage(row: Row, sentences: Iterable[Row], article: Article) -> StoredPassage:
    span = Span(row["start"], row["end"])
    rows = list(sentences)
    packed = np.frombuffer(b"".join(one["vector"] for one in rows), dtype="<f2")
    vectors = packed.astype(np.float32).reshape(len(rows), -1) if rows else ()
    found = [
        StoredSentence(Span(one["start"], one["end"]), SectionKind(one["kind"]), vector)
        for one, vector in zip(rows, vectors, strict=True)
    ]
    return StoredPassage(
        key=row["key"],
        article=article,
        span=span,
        sentences=tuple(one for one in found if span.contains(one.span)),
        before=tuple(one for one in found if one.span.end <= span.start),
        after=tuple(one for one in found if one.span.start >= span.end),
    )
