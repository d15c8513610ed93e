"""Storage of conversations and feedback."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from geungeo.index.database import Connection, Database
from geungeo.rag.answer import Answer, Turn
from geungeo.rag.errors import (
    AnswerNotFound,
    ConversationNotFound,
    InvalidRequest,
    StoreLocked,
)

Clock = Callable[[], datetime]

# Ids come from clients; these are safe in URLs, file names, logs and shells.
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Characters with a meaning in the patterns of LIKE.
_LIKE = re.compile(r"[\\%_]")
_ALL = 2**63 - 1  # a limit that is none
# Interval at which adding a turn also erases expired conversations.
_PURGE_EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A conversation in a list; times are ISO 8601, UTC. ``title`` is the reader's own, if any."""

    id: str
    created_at: str
    updated_at: str
    turns: int
    first_question: str
    title: str | None = None


def check_id(conversation_id: str) -> str:
    """Return ``conversation_id`` if it is valid.

    Raises:
        InvalidRequest: it is not; the message states what is allowed.
    """
    if not _ID.fullmatch(conversation_id):
        raise InvalidRequest(
            "a conversation id must have 1 to 128 characters from A-Z, a-z, 0-9 and . _ : -"
        )
    return conversation_id


class Conversations:
    """Conversations with their turns, oldest first.

    With ``keep_days`` a conversation expires that many days after its last turn: it is no longer
    returned, and is erased at the next purge.

    An ``owner`` is the id of an API key, or of a browser: it can read, list, continue, rename,
    share and delete the conversations that it started. The owner ``None`` can do so with all
    conversations, and only ``None`` can access those that it started.
    """

    def __init__(self, database: Database, clock: Clock, keep_days: int | None = None) -> None:
        self._database = database
        self._clock = clock
        self._keep = None if keep_days is None else timedelta(days=keep_days)
        self._purged: datetime | None = None
        question, text = (database.field("answer", name) for name in ("question", "text"))
        matches = rf"{database.like} ? ESCAPE '\'"
        self._first_question = question
        self._contains = (
            f" AND (c.title {matches} OR EXISTS (SELECT 1 FROM turns"  # noqa: S608 - fixed
            f" WHERE conversation_id = c.id AND ({question} {matches} OR {text} {matches})))"
        )

    def append(self, conversation_id: str, answer: Answer, owner: str | None = None) -> None:
        """Add a turn; start the conversation if it is new or has expired.

        A read-only store keeps no turns; this is logged, and the answer is still given.

        Raises:
            InvalidRequest: the id is invalid, or has another owner.
        """
        check_id(conversation_id)
        if self._database.read_only:
            log.warning("the store is read-only: conversation %s is not kept", conversation_id)
            return
        now = self._clock()
        stamp = _stamp(now)
        with self._database.write(f"conversation {conversation_id}") as connection:
            if self._purged is None or now - self._purged >= _PURGE_EVERY:
                self._erase_expired(connection)
            connection.execute(
                "DELETE FROM conversations WHERE id = ? AND updated_at < ?",
                (conversation_id, self._oldest()),
            )
            self._refuse_foreign(connection, conversation_id, owner)
            connection.execute(
                "INSERT INTO conversations (id, created_at, updated_at, owner) "
                "VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at",
                (conversation_id, stamp, stamp, owner),
            )
            connection.execute(
                "INSERT INTO turns SELECT ?, COALESCE(MAX(ordinal), 0) + 1, ?, ? "
                "FROM turns WHERE conversation_id = ?",
                (conversation_id, answer.id, answer.model_dump_json(), conversation_id),
            )

    def get(self, conversation_id: str, owner: str | None = None) -> list[Answer]:
        """Return all answers of a conversation.

        Raises:
            InvalidRequest: the id is invalid.
            ConversationNotFound: it does not exist, has expired, or has another owner.
        """
        return self._read(conversation_id, _ALL, owner)

    def history(
        self, conversation_id: str, limit: int = 8, owner: str | None = None
    ) -> tuple[Turn, ...]:
        """Return the last ``limit`` turns; empty for a new conversation.

        Raises:
            InvalidRequest: the id is invalid, or has another owner.
        """
        try:
            answers = self._read(conversation_id, limit, owner)
        except ConversationNotFound:
            with self._database.read() as connection:
                self._refuse_foreign(connection, conversation_id, owner)
            return ()
        return tuple(Turn(answer.standalone_question, answer.text) for answer in answers)

    def _refuse_foreign(
        self, connection: Connection, conversation_id: str, owner: str | None
    ) -> None:
        row = connection.execute(
            "SELECT owner FROM conversations WHERE id = ? AND updated_at >= ?",
            (conversation_id, self._oldest()),
        ).fetchone()
        if row is not None and owner is not None and row["owner"] != owner:
            raise InvalidRequest(
                f"the conversation id {conversation_id!r} is in use; choose another, or omit it"
            )

    def _read(self, conversation_id: str, limit: int, owner: str | None) -> list[Answer]:
        """Return the last ``limit`` answers, oldest first."""
        check_id(conversation_id)
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT answer FROM turns JOIN conversations c ON c.id = conversation_id "
                "WHERE c.id = ? AND c.updated_at >= ? AND (CAST(? AS TEXT) IS NULL OR c.owner = ?) "
                "ORDER BY ordinal DESC LIMIT ?",
                (conversation_id, self._oldest(), owner, owner, limit),
            ).fetchall()
        if not rows:
            raise _unknown(conversation_id)
        return [Answer.model_validate_json(row["answer"]) for row in reversed(rows)]

    def list(
        self,
        limit: int | None = None,
        offset: int = 0,
        owner: str | None = None,
        query: str = "",
    ) -> list[ConversationSummary]:
        """Return conversations, the most recent first; erase expired ones.

        With ``query`` only those whose title, questions or answers contain each of its words.
        """
        self.purge()
        words = ["%" + _LIKE.sub(r"\\\g<0>", word) + "%" for word in query.split()]
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT c.id, c.created_at, c.updated_at, c.title, COUNT(*) AS turns, "  # noqa: S608 - fixed
                f"(SELECT {self._first_question} FROM turns "
                " WHERE conversation_id = c.id AND ordinal = 1) AS first_question "
                "FROM conversations c JOIN turns t ON t.conversation_id = c.id "
                f"WHERE c.updated_at >= ? AND (CAST(? AS TEXT) IS NULL OR c.owner = ?)"
                f"{self._contains * len(words)} "
                "GROUP BY c.id ORDER BY c.updated_at DESC, c.id LIMIT ? OFFSET ?",
                (
                    self._oldest(),
                    owner,
                    owner,
                    *[word for word in words for _ in range(3)],
                    _ALL if limit is None else limit,
                    offset,
                ),
            ).fetchall()
        return [ConversationSummary(**dict(row)) for row in rows]

    def rename(self, conversation_id: str, title: str | None, owner: str | None = None) -> None:
        """Give a conversation a title; ``None`` removes it.

        Raises:
            InvalidRequest: the id is invalid.
            ConversationNotFound: it does not exist, has expired, or has another owner.
        """
        check_id(conversation_id)
        with self._database.write() as connection:
            done = connection.execute(
                "UPDATE conversations SET title = ? "
                "WHERE id = ? AND updated_at >= ? AND (CAST(? AS TEXT) IS NULL OR owner = ?)",
                (title, conversation_id, self._oldest(), owner, owner),
            )
            if not done.rowcount:
                raise _unknown(conversation_id)

    def share(self, conversation_id: str, answer_id: str, owner: str | None = None) -> str:
        """Return the token by which others can read one answer; it cannot be guessed.

        An answer has one token. Deleting the conversation makes it invalid.

        Raises:
            InvalidRequest: the id is invalid.
            ConversationNotFound: the conversation does not exist, or has another owner.
            AnswerNotFound: the conversation does not have this answer.
        """
        if all(one.id != answer_id for one in self._read(conversation_id, _ALL, owner)):
            raise AnswerNotFound(f"the conversation {conversation_id!r} has no such answer")
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO shares VALUES (?, ?, ?, ?) "
                "ON CONFLICT (conversation_id, answer_id) DO NOTHING",
                (secrets.token_urlsafe(18), conversation_id, answer_id, _stamp(self._clock())),
            )
            row = connection.execute(
                "SELECT token FROM shares WHERE conversation_id = ? AND answer_id = ?",
                (conversation_id, answer_id),
            ).fetchone()
            return str(row["token"])

    def shared(self, token: str) -> Answer:
        """Return the answer that was shared with ``token``.

        It does not name its conversation, which stays its owner's.

        Raises:
            AnswerNotFound: the token is unknown, or the conversation was deleted or has expired.
        """
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT t.answer FROM shares s JOIN conversations c ON c.id = s.conversation_id "
                "JOIN turns t ON t.conversation_id = c.id AND t.answer_id = s.answer_id "
                "WHERE s.token = ? AND c.updated_at >= ?",
                (token, self._oldest()),
            ).fetchone()
        if row is None:
            raise AnswerNotFound("this answer is not shared, or no longer")
        answer = Answer.model_validate_json(row["answer"])
        return answer.model_copy(update={"conversation_id": None})

    def delete(self, conversation_id: str, owner: str | None = None) -> None:
        """Delete a conversation.

        Raises:
            InvalidRequest: the id is invalid.
            ConversationNotFound: it does not exist, or has another owner.
        """
        check_id(conversation_id)
        with self._database.write() as connection:
            done = connection.execute(
                "DELETE FROM conversations WHERE id = ? AND (CAST(? AS TEXT) IS NULL OR owner = ?)",
                (conversation_id, owner, owner),
            )
            if not done.rowcount:
                raise _unknown(conversation_id)

    def purge(self) -> int:
        """Erase expired conversations; return their number.

        Does nothing while another process writes; expired conversations are not returned anyway.
        """
        if self._keep is None or self._database.read_only:
            return 0
        try:
            with self._database.write() as connection:
                return self._erase_expired(connection)
        except StoreLocked:
            log.info("another process is writing: expired conversations will be erased later")
            return 0

    def _erase_expired(self, connection: Connection) -> int:
        self._purged = self._clock()
        if self._keep is None:
            return 0
        query = "DELETE FROM conversations WHERE updated_at < ?"
        erased = connection.execute(query, (self._oldest(),)).rowcount
        if erased:
            log.info("erased %d expired conversations", erased)
        return erased

    def _oldest(self) -> str:
        """Return the earliest ``updated_at`` that has not expired; "" if none ever expires."""
        return "" if self._keep is None else _stamp(self._clock() - self._keep)


def _stamp(moment: datetime) -> str:
    """Format as ISO 8601 in UTC with all digits, so that strings sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Feedback:
    """Ratings and comments on answers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        answer_id: str,
        rating: Literal["up", "down"],
        comment: str | None,
        owner: str | None = None,
    ) -> None:
        """Store a rating. An answer that ``owner`` only knows as a shared one cannot be rated.

        Raises:
            AnswerNotFound: the answer was shared by another owner.
        """
        with self._database.write() as connection:
            foreign = connection.execute(
                "SELECT 1 FROM shares s JOIN conversations c ON c.id = s.conversation_id "
                "WHERE s.answer_id = ? AND c.owner IS DISTINCT FROM ?",
                (answer_id, owner),
            ).fetchone()
            if owner is not None and foreign:
                raise AnswerNotFound("only the one who shared this answer can rate it")
            connection.execute(
                "INSERT INTO feedback (answer_id, rating, comment, created_at) VALUES (?, ?, ?, ?)",
                (answer_id, rating, comment, self._clock().isoformat()),
            )

    def ratings(self, conversation_id: str) -> dict[str, Literal["up", "down"]]:
        """Return the last rating of each rated answer of a conversation, by answer id."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT answer_id, rating FROM feedback WHERE answer_id IN "
                "(SELECT answer_id FROM turns WHERE conversation_id = ?) ORDER BY id",
                (conversation_id,),
            )
            return {row["answer_id"]: row["rating"] for row in rows}

    def count(self) -> dict[str, int]:
        """Return the number of ratings of each kind."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT rating, COUNT(*) FROM feedback GROUP BY rating")
            return {str(row[0]): int(row[1]) for row in rows}


def _unknown(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(
        f"there is no conversation {conversation_id!r}; run: geungeo conversations list"
    )
