"""The proper nouns of the stored articles, found by the initial consonants of their syllables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from geungeo.index.database import Database
from geungeo.index.indexing import Indexed
from geungeo.rag.question.spelling import initials

_MOST = 10


def insert(connection: sqlite3.Connection, indexed: Indexed) -> None:
    """Write an article's names in place of those of its earlier version."""
    article = indexed.article
    connection.execute("DELETE FROM names WHERE article_id = ?", (article.id,))
    connection.executemany(
        "INSERT INTO names VALUES (?, ?, ?, ?)",
        ((initials(name), name, article.id, article.version) for name in sorted(indexed.names)),
    )


def known(database: Database, candidates: Sequence[str]) -> frozenset[str]:
    """Those of ``candidates`` that are names."""
    wanted = [(initials(name), name) for name in dict.fromkeys(candidates)]
    with database.read() as connection:
        return frozenset(
            name
            for letters, name in wanted
            if letters
            and connection.execute(
                "SELECT 1 FROM names WHERE initials = ? AND name = ? LIMIT 1", (letters, name)
            ).fetchone()
        )


def beginning(database: Database, letters: str) -> list[str]:
    """At most ten names with these initials; those of more articles first, then by alphabet."""
    with database.read() as connection:
        rows = connection.execute(
            "SELECT name FROM names WHERE initials = ? "
            "GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT ?",
            (letters, _MOST),
        ).fetchall()
    return [str(row["name"]) for row in rows]
