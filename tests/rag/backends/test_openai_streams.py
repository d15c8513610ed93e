"""Streams as real gateways send them, read by the openai backend."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from geungeo.rag.answer import Usage
from geungeo.rag.errors import (
    BackendUnavailable,
)
from geungeo.rag.protocols import Claim, Report
from tests.rag.backends.drafting import CLAIMS, KEY, backend, draft, endpoint, run, task
from tests.support.model_server import (
    DONE,
    REPLY,
    STOP,
    USAGE,
    Exchange,
    ModelServer,
    chunk,
    sending,
    stream,
)


def test_good_stream_gives_claims_and_usage() -> None:
    outcome, server = run(sending(stream()))
    assert outcome.claims == CLAIMS
    assert outcome.error is None
    assert outcome.report.backend == "openai:m"
    assert outcome.report.usage == Usage(prompt_tokens=120, completion_tokens=20)
    assert outcome.notes == ""
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json["model"] == "m" and request.json["stream"] is True
    assert "한빛전자는 2024년" in request.json["messages"][1]["content"]


def test_claim_is_yielded_before_stream_ends() -> None:
    async def main() -> None:
        release = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk("매출은 5,000억 원이다. [1] 영"))
            await asyncio.wait_for(release.wait(), 5)
            await exchange.send(chunk("업이익은 300억 원이다. [2]") + STOP + DONE)

        async with (
            ModelServer(handler) as server,
            aclosing(backend(endpoint(server)).draft(task(), Report("x"))) as claims,
        ):
            assert await anext(claims) == CLAIMS[0]
            release.set()
            assert [claim async for claim in claims] == CLAIMS[1:]

    asyncio.run(main())


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b"".join(stream())], id="one packet"),
        pytest.param([bytes([byte]) for byte in b"".join(stream())], id="byte by byte"),
        pytest.param(stream()[:-1], id="no [DONE]"),
        pytest.param(stream()[:-2], id="neither usage nor [DONE]"),
        pytest.param([chunk(REPLY), DONE], id="no finish_reason"),
        pytest.param([b": ping\n\n", b"retry: 5\n", *stream(), b"\n\n"], id="comments and fields"),
        pytest.param([p.replace(b"\n", b"\r\n") for p in stream()], id="CRLF"),
        pytest.param([p.replace(b"\n\n", b"\n") for p in stream()], id="no blank lines"),
        pytest.param([p.replace(b"data: ", b"data:") for p in stream()], id="no space"),
        pytest.param([*stream(), b'data: {"choices": 7}\n\n', b"junk"], id="junk after the end"),
        pytest.param(
            [chunk(delta={"reasoning_content": "음… [3]"}), *stream()], id="reasoning_content"
        ),
        pytest.param(
            [chunk(delta={"tool_calls": [{"function": {"name": "rm"}}]}), *stream()],
            id="tool calls",
        ),
        pytest.param(
            [chunk(delta={"content": None, "x": {"y": 1}}), *stream()], id="unknown deltas"
        ),
        pytest.param([b"data: {}\n\n", *stream()], id="empty events"),
        pytest.param(
            [chunk("거짓이다. [1]", choice={"index": 1}), *stream()], id="a second choice"
        ),
        pytest.param([chunk("<think>[3] 흠.</think>\n"), *stream()], id="thinking aloud"),
        pytest.param(
            [
                *stream()[:-3],
                chunk(choice={"finish_reason": "stop", "message": {"content": REPLY}}),
                DONE,
            ],
            id="the whole message again",
        ),
        pytest.param(
            [chunk(delta={"content": [{"type": "text", "text": REPLY}]}), STOP], id="parts"
        ),
    ],
)
def test_streams_of_deviating_gateways_are_parsed(parts: list[bytes]) -> None:
    outcome, server = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert outcome.error is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "text/html", "application/octet-stream", ""]
)
def test_stream_with_wrong_content_type_is_parsed(content_type: str) -> None:
    outcome, _ = run(sending(stream(), content_type=content_type))
    assert outcome.claims == CLAIMS


@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_json_reply_to_stream_request_is_parsed(content_type: str) -> None:
    body = {
        "choices": [{"message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    data = json.dumps(body, indent=1).encode()
    outcome, _ = run(sending([data[:50], data[50:]], content_type=content_type))
    assert outcome.claims == CLAIMS
    assert outcome.report.usage == Usage(prompt_tokens=3, completion_tokens=4)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": 2},
        {"prompt_tokens": "12", "completion_tokens": 2},
        {"prompt_tokens": True, "completion_tokens": 2},
        {"prompt_tokens": 10**30, "completion_tokens": 2},
        {"completion_tokens": 2},
        "many",
        [],
    ],
)
def test_invalid_usage_is_replaced_by_estimate(usage: object) -> None:
    parts = [chunk(REPLY), STOP, chunk(choices=[], usage=usage), DONE]
    outcome, _ = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert outcome.report.usage.completion_tokens == len(REPLY)
    assert outcome.report.usage.prompt_tokens > 100
    assert "estimated" in outcome.notes


def test_split_and_broken_utf8_is_decoded() -> None:
    whole = chunk(REPLY)
    broken = chunk("직원은 ☃명이다. [3] ").replace("☃".encode(), b"\xed\xa0\x80\xff")
    outcome, _ = run(sending([broken, *(bytes([b]) for b in whole), STOP, DONE]))
    assert outcome.claims == CLAIMS
    assert "1 damaged" in outcome.notes


def test_garbage_event_drops_only_its_sentence() -> None:
    parts = [chunk("직원은 1,"), b"data: {garbage\n\n", chunk("00명이다. [3] "), *stream()]
    outcome, _ = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert "1 damaged" in outcome.notes


def test_connection_dropped_at_any_byte_gives_complete_sentences() -> None:
    """Drop by reset and by a regular end without framing, which looks like a complete body."""
    data = b"".join(stream(size=9)[:-3])  # without any end marker

    async def main() -> None:
        cut = 0
        reset = False

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(data[:cut])
            if reset:
                await asyncio.sleep(0.001)
                exchange.drop()

        async with ModelServer(handler) as server:
            for cut in range(len(data) + 1):
                reset = bool(cut % 2)
                outcome = await draft(backend(endpoint(server, retries=0)))
                texts = [claim.text for claim in outcome.claims]
                assert texts == [claim.text for claim in CLAIMS][: len(texts)], cut
                for claim, expected in zip(outcome.claims, CLAIMS, strict=False):
                    assert set(claim.cites) <= set(expected.cites)
                assert texts or outcome.error, cut
                seen.add(len(texts))

    seen: set[int] = set()
    asyncio.run(main())
    assert seen == {0, 1, 2}


def test_no_retry_after_the_first_token() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk("매출은 5,000억 원이다. [1] 영업이"))
        await asyncio.sleep(0.3)  # a reset would discard unread data
        exchange.drop()

    outcome, server = run(handler)
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)
    assert "unfinished last sentence" in outcome.notes
    assert len(server.requests) == 1


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_sentence_cut_by_token_limit_is_dropped(finish: str) -> None:
    parts = [
        chunk("매출은 5,000억 원이다. [1] 영업이익은 3"),
        chunk(choice={"finish_reason": finish}),
    ]
    outcome, _ = run(sending([*parts, DONE]))
    assert outcome.claims == CLAIMS[:1]
    assert outcome.error is None


def test_error_event_keeps_finished_claims() -> None:
    parts = [chunk("매출은 5,000억 원이다. [1] 영업"), b'data: {"error": {"message": "boom"}}\n\n']
    outcome, _ = run(sending([b"".join(parts)]))
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)


def test_no_answer_yields_nothing_and_closes_connection() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk("NO_ANSWER.\n\n하지만 매출은 9조다. [1]"))
            await exchange.gone()
            closed.set()

        async with ModelServer(handler) as server:
            outcome = await draft(backend(endpoint(server)))
            assert outcome.claims == [] and outcome.error is None
            await asyncio.wait_for(closed.wait(), 1)

    asyncio.run(main())


def test_unknown_numbers_are_dropped_and_counted() -> None:
    outcome, _ = run(sending([chunk("매출은 5,000억 원이다. [1][99] [0]"), STOP, USAGE, DONE]))
    assert outcome.claims == [Claim("매출은 5,000억 원이다.", cites=(1,))]
    assert "2 citations of unknown evidence dropped: 99, 0" in outcome.notes
