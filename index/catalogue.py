"""What is in the store, article by article, without reading a single text."""

from __future__ import annotations

from dataclasses import dataclass

from geungeo.index.database import Database
from geungeo.index.filters import conditions
from geungeo.rag.answer import Filters
from geungeo.rag.text import fold


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
    """The articles of a store as a list that can be searched and leafed through."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, query: str = "", filters: Filters | None = None, *, limit: int, offset: int = 0
    ) -> tuple[list[Entry], int]:
        """Entries ``offset`` to ``offset + limit``, newest publication first, and how many in all.

        Every word of ``query`` must stand in the title, publisher or author; case, width and
        composition of letters do not matter.
        """
        condition, values = conditions(filters or Filters())
        with self._database.read() as connection:
            # Only fixed fragments are joined in; every value is bound.
            rows = connection.execute(
                "SELECT id, version, url, title, author, publisher, published_at, language "  # noqa: S608
                f"FROM articles a WHERE {condition} ORDER BY COALESCE(published_at, '') DESC, id",
                values,
            )
            words = fold(query).split()
            found = [entry for row in rows if _has(entry := Entry(**dict(row)), words)]
        return found[offset : offset + limit], len(found)


def _has(entry: Entry, words: list[str]) -> bool:
    if not words:
        return True
    described = fold(f"{entry.title} {entry.publisher or ''} {entry.author or ''}")
    return all(word in described for word in words)
