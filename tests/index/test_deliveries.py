"""The queue of questions from chat services: order, duplicates, claims, expiry."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geungeo.index.database import open_database
from geungeo.index.deliveries import (
    KEEP_SECONDS,
    LEASE_SECONDS,
    MAX_PARKED,
    PARKED_SECONDS,
    THREAD_SECONDS,
    Deliveries,
    LostClaim,
    NewDelivery,
)
from geungeo.index.replies import ABANDONED_SECONDS, Replies
from geungeo.index.replies import KEEP_SECONDS as REPLY_SECONDS
from geungeo.rag.settings import StoreUrl

ROOM = 100


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2025, 4, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(place: Path | StoreUrl, clock: Clock) -> Iterator[Deliveries]:
    database = open_database(place)
    yield Deliveries(database, clock)
    database.close()


def mention(event: str, ts: str = "1.1", thread: str = "t") -> NewDelivery:
    return NewDelivery("slack", (f"event:{event}", f"message:C1:{ts}"), event, thread, ts)


def reply(event: str, ts: str, thread: str = "t") -> NewDelivery:
    keys = (f"event:{event}", f"message:C1:{ts}")
    return NewDelivery("slack", keys, event, thread, ts, uninvited=True)


def claimed(queue: Deliveries, owner: str = "me") -> str | None:
    delivery = queue.claim("slack", owner)
    return delivery.job if delivery else None


def test_a_delivery_is_deduplicated_by_any_of_its_keys(queue: Deliveries) -> None:
    duplicate = NewDelivery("slack", ("event:E2", "message:C1:1.1"), "E2", "t", "1.1")
    again = NewDelivery("slack", ("event:E2",), "E2", "t", "1.1")
    assert queue.accept([mention("E1"), mention("E1"), duplicate], ROOM) == [
        "accepted",
        "duplicate",
        "duplicate",
    ]
    assert queue.accept([again], ROOM) == ["duplicate"], "a duplicate's own names count too"
    assert [claimed(queue), claimed(queue)] == ["E1", None]


def test_a_duplicate_is_recognised_after_a_restart_and_when_done(
    place: Path | StoreUrl, clock: Clock
) -> None:
    first = open_database(place)
    queue = Deliveries(first, clock)
    queue.accept([mention("E1")], ROOM)
    delivery = queue.claim("slack", "me")
    assert delivery is not None
    queue.finish(delivery.id, "me", "done")
    first.close()
    second = open_database(place)
    assert Deliveries(second, clock).accept([mention("E1")], ROOM) == ["duplicate"]
    second.close()


def test_a_full_queue_keeps_no_key_of_a_rejected_delivery(queue: Deliveries) -> None:
    receipts = queue.accept([mention("E1", "1.1"), mention("E2", "1.2"), mention("E1", "1.1")], 1)
    assert receipts == ["accepted", "full", "duplicate"]
    delivery = queue.claim("slack", "me")
    assert delivery is not None
    queue.finish(delivery.id, "me", "done")
    assert queue.accept([mention("E2", "1.2")], 1) == ["accepted"]


def test_a_thread_is_answered_in_order_and_one_question_at_a_time(queue: Deliveries) -> None:
    queue.accept([mention("third", "1.3"), mention("first", "1.1"), mention("second", "1.2")], ROOM)
    queue.accept([mention("elsewhere", "9.9", thread="u")], ROOM)
    first = queue.claim("slack", "me")
    assert first is not None
    assert first.job == "first"
    assert claimed(queue) == "elsewhere", "another thread does not wait"
    assert claimed(queue) is None
    queue.finish(first.id, "me", "done")
    assert claimed(queue) == "second"


def test_a_reply_is_accepted_only_in_a_joined_thread(queue: Deliveries, clock: Clock) -> None:
    queue.accept([mention("E1", "1.1")], ROOM)
    assert queue.accept([reply("E2", "1.2"), reply("E3", "1.3", thread="other")], ROOM) == [
        "accepted",
        "parked",
    ]
    clock.pass_(THREAD_SECONDS + 1)
    assert queue.accept([reply("E4", "1.4")], ROOM) == ["parked"], "the thread fell asleep"


def test_a_reply_that_arrives_before_its_question_is_answered_after_it(
    queue: Deliveries, clock: Clock
) -> None:
    assert queue.accept([reply("reply", "1.2")], ROOM) == ["parked"]
    assert claimed(queue) is None
    queue.accept([mention("question", "1.1")], ROOM)
    first = queue.claim("slack", "me")
    assert first is not None
    assert first.job == "question"
    queue.finish(first.id, "me", "done")
    assert claimed(queue) == "reply"
    assert queue.accept([reply("reply", "1.2")], ROOM) == ["duplicate"]


def test_a_parked_message_that_also_arrives_as_a_mention_is_answered_once(
    queue: Deliveries,
) -> None:
    assert queue.accept([reply("message", "1.2")], ROOM) == ["parked"]
    assert queue.accept([mention("app_mention", "1.2")], ROOM) == ["accepted"]
    assert [claimed(queue), claimed(queue)] == ["message", None]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # a thousand messages
def test_parked_messages_expire_and_are_limited(queue: Deliveries, clock: Clock) -> None:
    queue.accept([reply("E1", "1.2")], ROOM)
    clock.pass_(PARKED_SECONDS + 1)
    queue.accept([mention("E2", "1.1")], ROOM)
    assert [claimed(queue), claimed(queue)] == ["E2", None]
    overheard = [reply(f"x{n}", f"2.{n}", thread=f"u{n}") for n in range(MAX_PARKED + 1)]
    receipts = queue.accept(overheard, ROOM)
    assert receipts == ["parked"] * MAX_PARKED + ["ignored"]


def test_only_expired_claims_are_taken_over(queue: Deliveries, clock: Clock) -> None:
    queue.accept([mention("E1")], ROOM)
    first = queue.claim("slack", "old")
    assert first is not None
    clock.pass_(LEASE_SECONDS - 1)
    queue.renew("old")
    clock.pass_(LEASE_SECONDS - 1)
    assert queue.claim("slack", "new") is None
    clock.pass_(2)
    second = queue.claim("slack", "new")
    assert second is not None
    assert (second.job, second.attempts) == ("E1", 2)
    with pytest.raises(LostClaim):
        queue.answered(first.id, "old", [{}])
    with pytest.raises(LostClaim):
        queue.posted(first.id, "old")
    with pytest.raises(LostClaim):
        queue.finish(first.id, "old", "done")


def test_a_restart_continues_after_the_last_posted_message(queue: Deliveries) -> None:
    queue.accept([mention("E1")], ROOM)
    first = queue.claim("slack", "old")
    assert first is not None
    queue.answered(first.id, "old", [{"text": "1/2"}, {"text": "2/2"}])
    queue.posted(first.id, "old")
    queue.release("old")
    second = queue.claim("slack", "new")
    assert second is not None
    assert (second.messages, second.sent) == (({"text": "1/2"}, {"text": "2/2"}), 1)
    assert second.attempts == 1, "an orderly stop is no failed attempt"


def test_a_delayed_delivery_returns_when_it_is_due(queue: Deliveries, clock: Clock) -> None:
    queue.accept([mention("E1")], ROOM)
    delivery = queue.claim("slack", "me")
    assert delivery is not None
    queue.later(delivery.id, "me", 30)
    assert claimed(queue) is None
    clock.pass_(30)
    assert claimed(queue) == "E1"


def test_a_finished_delivery_keeps_its_keys_for_a_while_but_no_contents(
    place: Path | StoreUrl, queue: Deliveries, clock: Clock
) -> None:
    queue.accept([mention("a secret question")], ROOM)
    delivery = queue.claim("slack", "me")
    assert delivery is not None
    queue.answered(delivery.id, "me", [{"text": "a secret answer"}])
    queue.finish(delivery.id, "me", "done")
    database = open_database(place)
    with database.read() as connection:
        row = dict(connection.execute("SELECT * FROM deliveries").fetchone())
    assert "secret" not in str(row)
    clock.pass_(KEEP_SECONDS + 1)
    assert queue.accept([mention("E2", "1.2"), mention("a secret question")], ROOM)[1] == "accepted"
    database.close()


def test_several_workers_process_each_delivery_once(place: Path | StoreUrl, clock: Clock) -> None:
    databases = [open_database(place) for _ in range(4)]
    queues = [Deliveries(database, clock) for database in databases]
    queues[0].accept([mention(f"E{n}", f"1.{n:03}", f"t{n}") for n in range(40)], ROOM)
    done: list[str] = []

    def work(queue: Deliveries, owner: str) -> None:
        while (delivery := queue.claim("slack", owner)) is not None:
            done.append(delivery.job)
            queue.finish(delivery.id, owner, "done")

    workers = [
        threading.Thread(target=work, args=(queue, f"w{n}")) for n, queue in enumerate(queues)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == sorted(f"E{n}" for n in range(40))
    assert queues[0].unfinished() == 0
    for database in databases:
        database.close()


def test_an_idempotency_key_is_for_one_request(place: Path | StoreUrl, clock: Clock) -> None:
    database = open_database(place)
    replies = Replies(database, clock)
    assert replies.begin("key", "print") is None
    working, other = replies.begin("key", "print"), replies.begin("key", "other")
    assert working is not None
    assert working.status == "working"
    assert other is not None
    assert other.status == "other request"
    replies.finish("key", "42")
    done = replies.begin("key", "print")
    assert done is not None
    assert (done.status, done.reply) == ("done", "42")
    clock.pass_(REPLY_SECONDS + 1)
    assert replies.begin("key", "other") is None, "a day later it is a new request"
    replies.abandon("key")
    assert replies.begin("key", "third") is None
    clock.pass_(ABANDONED_SECONDS + 1)
    assert replies.begin("key", "fourth") is None, "its worker must have died"
    database.close()
