"""What is wrong with a store's database, article by article."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from geungeo.index import records
from geungeo.index.database import Database
from geungeo.index.records import derived_digest, record_digest
from geungeo.rag.answer import Answer
from geungeo.rag.errors import StoreCorrupt

_MOST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and what mends it: ``None`` is a backup, or a new ingest."""

    problem: str
    article_id: str | None = None
    version: int | None = None
    mend: Literal["index", "derive"] | None = None

    @classmethod
    def of_index(cls, reason: str) -> Self:
        """The FAISS file cannot be used."""
        return cls(f"FAISS index: {reason}", mend="index")

    @property
    def subject(self) -> str:
        """What it is about, ready to be put before the problem."""
        return f"article {self.article_id} v{self.version}: " if self.article_id else ""

    def __str__(self) -> str:
        way_out = (
            "run: geungeo doctor --repair"
            if self.mend
            else "go back to a backup (geungeo restore)"
            + (", or remove and ingest it again" if self.article_id else "")
        )
        return f"{self.subject}{self.problem}; {way_out}"


def examine(database: Database) -> list[Finding]:
    """Everything that SQLite's own check and our checksums find; reads every page.

    Raises:
        StoreUnavailable, StoreLocked: the database cannot be read now.
    """
    findings = [Finding(f"SQLite: {line}") for line in _integrity(database)]
    try:
        with database.read() as connection:
            names = connection.execute(
                "SELECT id, version FROM articles ORDER BY id, version"
            ).fetchall()
            talks = [row[0] for row in connection.execute("SELECT id FROM conversations")]
    except StoreCorrupt as error:
        return [*findings, Finding(str(error))]
    for name in names:
        findings.extend(_article(database, name["id"], name["version"]))
    for talk in talks:
        findings.extend(_conversation(database, talk))
    return findings


def _integrity(database: Database) -> list[str]:
    try:
        with database.read() as connection:
            rows = connection.execute(f"PRAGMA integrity_check({_MOST})").fetchall()
            lines = [str(row[0]) for row in rows if row[0] != "ok"]
            strays = connection.execute("PRAGMA foreign_key_check").fetchall()
    except StoreCorrupt as error:
        return [str(error)]
    return lines + [f"a row of {stray[0]} belongs to nothing" for stray in strays[:_MOST]]


def _article(database: Database, article_id: str, version: int) -> Iterator[Finding]:
    identity = (article_id, version)
    try:
        # One snapshot: what another process commits meanwhile is no damage.
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
                return  # from a store of the first format, until it is indexed again
            if sealed["record"] != record_digest(connection, *identity):
                yield Finding("its data do not match their checksum", *identity)
            elif row["is_current"] and not _derived_is_sound(connection, identity, sealed):
                problem = "what is derived from it does not match its checksum"
                yield Finding(problem, *identity, "derive")
    except (StoreCorrupt, LookupError) as error:
        yield Finding(f"cannot be read ({error})", *identity)


def _derived_is_sound(
    connection: sqlite3.Connection, identity: tuple[str, int], sealed: sqlite3.Row
) -> bool:
    try:
        return bool(sealed["derived"] == derived_digest(connection, *identity))
    except (sqlite3.DatabaseError, TypeError, LookupError, UnicodeDecodeError):
        return False


def _conversation(database: Database, talk: str) -> Iterator[Finding]:
    try:
        with database.read() as connection:
            for row in connection.execute(
                "SELECT answer FROM turns WHERE conversation_id = ?", (talk,)
            ):
                Answer.model_validate_json(row["answer"])
    except (StoreCorrupt, ValueError, LookupError) as error:
        yield Finding(f"conversation {talk!r} cannot be read ({type(error).__name__})")
