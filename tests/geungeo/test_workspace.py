"""A workspace answers with the history of a conversation, and stores what it answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Done, Event
from geungeo.rag.errors import ConversationNotFound, InvalidRequest
from geungeo.rag.protocols import Filters, Turn
from geungeo.rag.settings import Settings

WHEN = "샘 앨트먼이 이사회에서 축출된 때는 언제인가?"
SENTENCE = (
    "지난 2023년 11월엔 샘 앨트먼이 이사회 결의로 축출당하자, 그를 MS의 일원으로 영입하려고 시도할 "
    "만큼, 진한 유대관계를 형성해왔다."
)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace whose conversations these tests may change."""
    settings = Settings(store=tmp_path_factory.mktemp("store"))
    with Workspace.open(settings, seed=True) as opened:
        yield opened


def test_ask_answers_without_an_event_loop(seeded: Workspace) -> None:
    answer = seeded.ask(WHEN)
    assert (answer.status, answer.text) == ("answered", f"{SENTENCE} [1]")
    assert answer.citations[0].quote == SENTENCE
    assert answer.conversation_id is None


def test_ask_answers_inside_a_running_event_loop(seeded: Workspace) -> None:
    async def notebook_cell() -> Answer:
        return seeded.ask(WHEN)

    before = threading.active_count()
    assert asyncio.run(notebook_cell()).text == f"{SENTENCE} [1]"
    assert threading.active_count() == before


def test_ask_passes_on_filters_and_top_k(seeded: Workspace) -> None:
    assert len(seeded.ask(WHEN, top_k=3).passages) == 3
    nothing = seeded.ask(WHEN, filters=Filters(publisher="다른 신문"))
    assert (nothing.status, nothing.reason, nothing.passages) == ("abstained", "no_evidence", ())


def test_an_error_leaves_the_thread_that_answers_as_it_is(seeded: Workspace) -> None:
    async def notebook_cell() -> Answer:
        return seeded.ask(WHEN, conversation_id="not an id")

    with pytest.raises(InvalidRequest, match="a conversation id must have 1 to 128"):
        asyncio.run(notebook_cell())


def test_an_answer_is_the_next_turn_of_its_conversation(seeded: Workspace) -> None:
    first = seeded.ask(WHEN, conversation_id="turns")
    assert seeded.store.conversations.history("turns") == (Turn(WHEN, f"{SENTENCE} [1]"),)
    second = seeded.ask("그는 누구의 결의로 축출됐나?", conversation_id="turns")
    assert [one.id for one in seeded.store.conversations.get("turns")] == [first.id, second.id]
    assert "앨트먼" in second.standalone_question


def test_a_stream_stores_its_answer_before_it_is_done(seeded: Workspace) -> None:
    async def events() -> list[Event]:
        seen = []
        async with aclosing(seeded.stream(Ask(WHEN, conversation_id="streamed"))) as stream:
            async for event in stream:
                if isinstance(event, Done):
                    assert seeded.store.conversations.get("streamed") == [event.answer]
                seen.append(event)
        return seen

    kinds = [type(event).__name__ for event in asyncio.run(events())]
    assert kinds == ["PassagesFound", "Delta", "Cited", "Done"]


def test_an_answer_without_a_conversation_is_not_stored(seeded: Workspace) -> None:
    before = seeded.store.conversations.list()
    asyncio.run(seeded.answer(Ask(WHEN)))
    assert seeded.store.conversations.list() == before


def test_a_history_that_is_given_replaces_the_stored_one(seeded: Workspace) -> None:
    seeded.ask(WHEN, conversation_id="given")
    question = "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?"
    history = (Turn(question, "무스타파 설리먼이다. [1]"),)
    ask = Ask("그는 무엇을 요청했나?", conversation_id="given", history=history)
    answer = asyncio.run(seeded.answer(ask))
    assert "설리먼" in answer.standalone_question


def test_a_conversation_belongs_to_its_owner(seeded: Workspace) -> None:
    asyncio.run(seeded.answer(Ask(WHEN, conversation_id="owned"), "key-1"))
    with pytest.raises(InvalidRequest, match="'owned' is in use"):
        asyncio.run(seeded.answer(Ask(WHEN, conversation_id="owned"), "key-2"))
    with pytest.raises(ConversationNotFound):
        seeded.store.conversations.get("owned", "key-2")
    assert len(seeded.store.conversations.get("owned", "key-1")) == 1


def test_a_closed_stream_stores_nothing(seeded: Workspace) -> None:
    async def first_event() -> Event:
        async with aclosing(seeded.stream(Ask(WHEN, conversation_id="broken.off"))) as stream:
            return await anext(stream)

    assert type(asyncio.run(first_event())).__name__ == "PassagesFound"
    with pytest.raises(ConversationNotFound):
        seeded.store.conversations.get("broken.off")
