"""Filters on articles, as conditions of SQL and as the passage keys that they leave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geungeo.index.database import Database
from geungeo.rag.answer import Filters


def allowed_keys(database: Database, filters: Filters) -> npt.NDArray[np.int64] | None:
    """Keys of the passages that pass; ``None`` when nothing is filtered."""
    if not filters:
        return None
    condition, values = conditions(filters)
    with database.read() as connection:
        # Only fixed fragments are joined in; every value is bound.
        rows = connection.execute(
            "SELECT p.key FROM passages p JOIN articles a "  # noqa: S608
            f"ON a.id = p.article_id AND a.version = p.version WHERE {condition}",
            values,
        ).fetchall()
    return np.array([row["key"] for row in rows], dtype=np.int64)


def conditions(filters: Filters) -> tuple[str, list[str]]:
    """What the current row ``a`` of an article must meet, and the values to bind to it.

    ``published_to`` given as a day includes that whole day.
    """
    fragments, values = ["a.is_current"], list[str]()
    if filters.article_ids is not None:
        identifiers = sorted(filters.article_ids)
        fragments.append(f"a.id IN ({', '.join('?' * len(identifiers))})")
        values.extend(identifiers)
    if filters.publisher is not None:
        fragments.append("a.publisher = ?")
        values.append(filters.publisher)
    if filters.published_from is not None:
        fragments.append("a.published_at >= ?")
        values.append(filters.published_from)
    if filters.published_to is not None:
        fragments.append("substr(a.published_at, 1, length(?)) <= ?")
        values.extend([filters.published_to] * 2)
    return " AND ".join(fragments), values
