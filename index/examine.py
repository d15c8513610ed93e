"""Check of a store's database, article by article."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from geungeo.index import records
from geungeo.index.database import Connection, Database, Row
from geungeo.index.records import derived_digest, record_digest
from geungeo.rag.answer import Answer
from geungeo.rag.errors import StoreCorrupt

_MOST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of the store.

    ``repair`` is the derived part to rebuild; ``None`` if only a backup or a new ingest helps.
    """

    problem: str
    article_id: str | None = None
    version: int | None = None
    repair: Literal["index", "derive"] | None = None

    @property
    def subject(self) -> str:
        """Return the prefix that names the article, or an empty string."""
        return f"article {self.article_id} v{self.version}: " if self.article_id else ""

    def __str__(self) -> str:
        way_out = (
            "run: geungeo doctor --repair"
            if self.repair
            else "restore a backup (geungeo restore)"
            + (", or remove and ingest it again" if self.article_id else "")
        )
        return f"{self.subject}{self.problem}; {way_out}"


def examine(database: Database) -> list[Finding]:
    """Return all findings of SQLite's own check and of the checksums; reads every page.

    Raises:
        StoreUnavailable, StoreLocked: the database cannot be read at present.
    """
    findings = [Finding(f"{database.kind}: {line}") for line in _integrity(database)]
    try:
        with database.read() as connection:
            names = connection.execute(
                "SELECT id, version FROM articles ORDER BY id, version"
            ).fetchall()
            conversations = [row[0] for row in connection.execute("SELECT id FROM conversations")]
    except StoreCorrupt as error:
        return [*findings, Finding(str(error))]
    for name in names:
        findings.extend(_article(database, name["id"], name["version"]))
    for conversation_id in conversations:
        findings.extend(_conversation(database, conversation_id))
    return findings


def _integrity(database: Database) -> list[str]:
    try:
        return database.check(_MOST, thorough=True)
    except StoreCorrupt as error:
        return [str(error)]


def _article(database: Database, article_id: str, version: int) -> Iterator[Finding]:
    identity = (article_id, version)
    try:
        # One snapshot, so that a commit of another process does not look like damage.
        with database.snapshot() as connection:
            row = connection.execute(
                "SELECT * FROM articles WHERE id = ? AND version = ?", identity
            ).fetchone()
            if row is None:
                return
            records.article(row)
            sealed = connection.execute(
                "SELECT record, derived FROM seals WHERE article_id = ? AND version = ?", identity
            ).fetchone()
            if sealed is None:
                return  # written by the first format and not reindexed since
            if sealed["record"] != record_digest(connection, *identity):
                yield Finding("its data does not match its checksum", *identity)
            elif row["is_current"] and not _derived_is_sound(connection, identity, sealed):
                problem = "its sentences or passages do not match their checksum"
                yield Finding(problem, *identity, "derive")
    except (StoreCorrupt, LookupError) as error:
        yield Finding(f"cannot be read ({error})", *identity)


def _derived_is_sound(connection: Connection, identity: tuple[str, int], sealed: Row) -> bool:
    try:
        return bool(sealed["derived"] == derived_digest(connection, *identity))
    except (sqlite3.DatabaseError, TypeError, LookupError, UnicodeDecodeError):
        return False


def _conversation(database: Database, conversation_id: str) -> Iterator[Finding]:
    try:
        with database.read() as connection:
            for row in connection.execute(
                "SELECT answer FROM turns WHERE conversation_id = ?", (conversation_id,)
            ):
                Answer.model_validate_json(row["answer"])
    except (StoreCorrupt, ValueError, LookupError) as error:
        yield Finding(f"conversation {conversation_id!r} cannot be read ({type(error).__name__})")
