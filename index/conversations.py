"""Conversations and feedback: what users said, kept beside the articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from geungeo.index.database import Database
from geungeo.rag.answer import Answer
from geungeo.rag.errors import ConversationNotFound
from geungeo.rag.protocols import Turn

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock that a store uses unless a test gives it another."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A conversation in a list; times are ISO 8601, UTC."""

    id: str
    created_at: str
    updated_at: str
    turns: int
    first_question: str


class Conversations:
    """Turns by conversation, oldest first."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(self, conversation_id: str, answer: Answer) -> None:
        """Add a turn, starting the conversation if it is new."""
        now = self._clock().isoformat()
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at",
                (conversation_id, now, now),
            )
            connection.execute(
                "INSERT INTO turns SELECT ?, COALESCE(MAX(ordinal), 0) + 1, ?, ? "
                "FROM turns WHERE conversation_id = ?",
                (conversation_id, answer.id, answer.model_dump_json(), conversation_id),
            )

    def get(self, conversation_id: str) -> list[Answer]:
        """All answers of a conversation; raises ``ConversationNotFound``."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT answer FROM turns WHERE conversation_id = ? ORDER BY ordinal",
                (conversation_id,),
            ).fetchall()
        if not rows:
            raise ConversationNotFound(f"there is no conversation {conversation_id!r}")
        return [Answer.model_validate_json(row["answer"]) for row in rows]

    def history(self, conversation_id: str, limit: int = 8) -> tuple[Turn, ...]:
        """The last ``limit`` turns; empty for a new conversation."""
        try:
            answers = self.get(conversation_id)[-limit:]
        except ConversationNotFound:
            return ()
        return tuple(Turn(answer.standalone_question, answer.text) for answer in answers)

    def list(self) -> list[ConversationSummary]:
        """All conversations, the most recent first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT c.id, c.created_at, c.updated_at, COUNT(*) AS turns, "
                "(SELECT answer ->> '$.question' FROM turns "
                " WHERE conversation_id = c.id AND ordinal = 1) AS first_question "
                "FROM conversations c JOIN turns t ON t.conversation_id = c.id "
                "GROUP BY c.id ORDER BY c.updated_at DESC, c.id"
            ).fetchall()
        return [ConversationSummary(**dict(row)) for row in rows]

    def delete(self, conversation_id: str) -> None:
        """Forget a conversation; raises ``ConversationNotFound``."""
        with self._database.write() as connection:
            done = connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            if not done.rowcount:
                raise ConversationNotFound(f"there is no conversation {conversation_id!r}")


class Feedback:
    """Thumbs and comments on answers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, answer_id: str, rating: Literal["up", "down"], comment: str | None) -> None:
        """Record one opinion."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO feedback (answer_id, rating, comment, created_at) VALUES (?, ?, ?, ?)",
                (answer_id, rating, comment, self._clock().isoformat()),
            )

    def count(self) -> dict[str, int]:
        """How many opinions there are of each rating."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT rating, COUNT(*) FROM feedback GROUP BY rating")
            return {str(row[0]): int(row[1]) for row in rows}
