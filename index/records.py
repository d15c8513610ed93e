"""Articles, sentences and passages as rows of SQLite, and back."""

from __future__ import annotations

import hashlib
import json
import sqlite3

import numpy as np

from geungeo.index.indexing import Indexed
from geungeo.index.seals import seal
from geungeo.rag.article import Article, Section, SectionKind
from geungeo.rag.errors import StoreCorrupt
from geungeo.rag.protocols import StoredPassage, StoredSentence
from geungeo.rag.text import Span


def insert(connection: sqlite3.Connection, indexed: Indexed, source: str, ingested_at: str) -> None:
    """Write an article version as the current one, in place of what was derived before."""
    article = indexed.article
    connection.execute("DELETE FROM passages WHERE article_id = ?", (article.id,))
    connection.execute("DELETE FROM sentences WHERE article_id = ?", (article.id,))
    connection.execute("UPDATE articles SET is_current = 0 WHERE id = ?", (article.id,))
    connection.execute("UPDATE seals SET derived = NULL WHERE article_id = ?", (article.id,))
    connection.execute(
        "INSERT INTO articles VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            json.dumps([[s.kind, s.start, s.end] for s in article.sections]),
            source,
            ingested_at,
        ),
    )
    insert_derived(connection, indexed)


def insert_derived(connection: sqlite3.Connection, indexed: Indexed) -> None:
    """Write sentences (float16 vectors) and passages (float32 vectors, terms), sealed."""
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
        "INSERT INTO passages (article_id, version, start, end, first, last, vector,"
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


def article(row: sqlite3.Row) -> Article:
    """An article version from its row.

    Raises:
        StoreCorrupt: the text does not match its checksum, or the row makes no sense.
    """
    name = f"article {row['id']} v{row['version']}"
    try:
        if hashlib.sha256(row["text"].encode()).hexdigest() != row["text_sha256"]:
            raise StoreCorrupt(f"{name} does not match its checksum; see: geungeo doctor")
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
                Section(kind=SectionKind(kind), start=start, end=end)
                for kind, start, end in json.loads(row["sections"])
            ),
        )
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise StoreCorrupt(f"{name} is damaged; see: geungeo doctor") from error


def passage(connection: sqlite3.Connection, row: sqlite3.Row, article: Article) -> StoredPassage:
    """A passage from its row, with its sentences.

    Raises:
        StoreCorrupt: the rows make no sense.
    """
    try:
        return _passage(connection, row, article)
    except (ValueError, TypeError, LookupError) as error:
        raise StoreCorrupt(
            f"what is derived from article {article.id} is damaged; run: geungeo doctor --repair"
        ) from error


def _passage(connection: sqlite3.Connection, row: sqlite3.Row, article: Article) -> StoredPassage:
    sentences = connection.execute(
        "SELECT * FROM sentences WHERE article_id = ? AND version = ? "
        "AND ordinal >= ? AND ordinal < ? ORDER BY ordinal",
        (row["article_id"], row["version"], row["first"], row["last"]),
    )
    return StoredPassage(
        key=row["key"],
        article=article,
        span=Span(row["start"], row["end"]),
        sentences=tuple(
            StoredSentence(
                Span(sentence["start"], sentence["end"]),
                SectionKind(sentence["kind"]),
                np.frombuffer(sentence["vector"], dtype="<f2").astype(np.float32),
            )
            for sentence in sentences
        ),
    )
