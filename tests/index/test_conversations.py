"""Conversations: storage, deletion, owners, and expiry by an injected clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from geungeo.index.conversations import Conversations
from geungeo.index.database import Database, open_database
from geungeo.index.store import Store
from geungeo.rag.answer import Answer, Turn
from geungeo.rag.errors import ConversationNotFound, InvalidRequest
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import StoreUrl, load

BAD_IDS = ["", "a b", "가", "a/b", "../x", "a\n", "x" * 129, "\ud800", "a\0b", "$(id)"]


@dataclass
class Time:
    """A clock that a test moves."""

    now: datetime = field(default=datetime(2026, 1, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)


def answer(question: str, text: str = "없다.") -> Answer:
    return Answer(
        id=f"id-{question}",
        question=question,
        standalone_question=f"{question} (온전히)",
        language="ko",
        status="abstained",
        reason="no_evidence",
        text=text,
        backend="extractive",
    )


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def database(place: Path | StoreUrl) -> Iterator[Database]:
    opened = open_database(place)
    yield opened
    opened.close()


@pytest.fixture
def kept(database: Database, time: Time) -> Callable[[int | None], Conversations]:
    return lambda days: Conversations(database, time, days)


def rows(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608


def questions(conversations: Conversations, name: str) -> list[str]:
    return [one.question for one in conversations.get(name)]


def test_turns_are_in_order_and_history_has_the_last_ones(
    kept: Callable[[int | None], Conversations],
) -> None:
    conversations = kept(None)
    for number in range(12):
        conversations.append("c", answer(f"질문 {number}"))
    assert questions(conversations, "c") == [f"질문 {number}" for number in range(12)]
    assert conversations.history("c", 2) == (
        Turn("질문 10 (온전히)", "없다."),
        Turn("질문 11 (온전히)", "없다."),
    )
    assert conversations.history("other") == ()


def test_the_list_is_ordered_by_recency_and_paged(
    kept: Callable[[int | None], Conversations], time: Time
) -> None:
    conversations = kept(None)
    for name in ("a", "b", "c"):
        conversations.append(name, answer(f"{name}의 첫 질문"))
        time.pass_(minutes=1)
    conversations.append("a", answer("다시"))
    listed = conversations.list()
    assert [(one.id, one.turns, one.first_question) for one in listed] == [
        ("a", 2, "a의 첫 질문"),
        ("c", 1, "c의 첫 질문"),
        ("b", 1, "b의 첫 질문"),
    ]
    assert [one.id for one in conversations.list(1, 1)] == ["c"]
    assert listed[0].created_at < listed[1].created_at < listed[0].updated_at


def test_deleting_a_conversation_deletes_its_turns(
    kept: Callable[[int | None], Conversations], database: Database
) -> None:
    conversations = kept(None)
    conversations.append("a", answer("왜?"))
    conversations.append("b", answer("왜?"))
    conversations.delete("a")
    with pytest.raises(ConversationNotFound):
        conversations.get("a")
    with pytest.raises(ConversationNotFound):
        conversations.delete("a")
    assert rows(database, "turns") == 1
    assert questions(conversations, "b") == ["왜?"]


def test_conversations_do_not_expire_by_default(
    kept: Callable[[int | None], Conversations], time: Time
) -> None:
    conversations = kept(None)
    conversations.append("a", answer("왜?"))
    time.pass_(days=40_000)
    assert conversations.purge() == 0
    assert questions(conversations, "a") == ["왜?"]


def test_an_expired_conversation_is_not_returned_before_it_is_erased(
    kept: Callable[[int | None], Conversations], database: Database, time: Time
) -> None:
    conversations = kept(30)
    conversations.append("a", answer("왜?"))
    time.pass_(days=30)
    assert questions(conversations, "a") == ["왜?"]
    time.pass_(microseconds=1)
    with pytest.raises(ConversationNotFound):
        conversations.get("a")
    assert conversations.history("a") == ()
    assert rows(database, "conversations") == 1


def test_every_turn_restarts_the_expiry(
    kept: Callable[[int | None], Conversations], time: Time
) -> None:
    conversations = kept(30)
    for number in range(3):
        conversations.append("a", answer(f"{number}"))
        time.pass_(days=29)
    assert questions(conversations, "a") == ["0", "1", "2"]


def test_listing_erases_expired_conversations(
    kept: Callable[[int | None], Conversations], database: Database, time: Time
) -> None:
    conversations = kept(1)
    conversations.append("old", answer("왜?"))
    time.pass_(days=2)
    conversations.append("new", answer("왜?"))
    assert [one.id for one in conversations.list()] == ["new"]
    assert (rows(database, "conversations"), rows(database, "turns")) == (1, 1)


def test_continuing_an_expired_conversation_starts_a_new_one(
    kept: Callable[[int | None], Conversations], time: Time
) -> None:
    conversations = kept(1)
    conversations.append("a", answer("오래전"))
    time.pass_(days=2)
    # Another conversation got a turn just before, so the hourly purge is not due.
    conversations.append("b", answer("방금"))
    conversations.append("a", answer("지금"))
    assert questions(conversations, "a") == ["지금"]


def test_adding_turns_erases_other_expired_conversations(
    kept: Callable[[int | None], Conversations], database: Database, time: Time
) -> None:
    conversations = kept(1)
    conversations.append("old", answer("왜?"))
    time.pass_(days=2)
    conversations.append("new", answer("왜?"))
    assert rows(database, "conversations") == 1


def test_expiry_does_not_depend_on_the_time_zone_of_the_clock(
    kept: Callable[[int | None], Conversations], time: Time
) -> None:
    conversations = kept(1)
    conversations.append("a", answer("왜?"))
    time.now = (time.now + timedelta(hours=23)).astimezone(timezone(timedelta(hours=9)))
    assert questions(conversations, "a") == ["왜?"]
    time.now = (time.now + timedelta(hours=2)).astimezone(timezone(timedelta(hours=-11)))
    assert conversations.history("a") == ()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", BAD_IDS)
def test_an_invalid_id_is_rejected_everywhere(
    kept: Callable[[int | None], Conversations], database: Database, name: str
) -> None:
    conversations = kept(None)
    with pytest.raises(InvalidRequest):
        conversations.append(name, answer("왜?"))
    with pytest.raises(InvalidRequest):
        conversations.get(name)
    with pytest.raises(InvalidRequest):
        conversations.history(name)
    with pytest.raises(InvalidRequest):
        conversations.delete(name)
    assert rows(database, "conversations") == 0


def test_opening_a_store_erases_expired_conversations(
    tmp_path: Path, embedder: Embedder, time: Time
) -> None:
    first = Store.open(tmp_path, embedder, clock=time)
    first.conversations.append("a", answer("왜?"))
    first.close()
    time.pass_(days=8)
    Store.open(tmp_path, embedder, clock=time, conversation_days=7).close()
    # Without the setting, a conversation that was not erased would be found.
    third = Store.open(tmp_path, embedder, clock=time)
    assert third.conversations.list() == []
    third.close()


def test_the_expiry_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().conversation_days is None
    monkeypatch.setenv("GEUNGEO_CONVERSATION_DAYS", "14")
    assert load().conversation_days == 14
