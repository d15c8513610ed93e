"""The openai backend against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from contextlib import aclosing

import pytest

from geungeo.rag.answer import Usage
from geungeo.rag.errors import (
    BackendMisconfigured,
    BackendOverloaded,
    BackendUnavailable,
)
from geungeo.rag.llm.breaker import Breaker
from geungeo.rag.llm.gate import Gate
from geungeo.rag.protocols import Claim, Report
from tests.rag.backends.misbehaving import (
    CLAIMS,
    DONE,
    KEY,
    REPLY,
    STOP,
    USAGE,
    Exchange,
    Handler,
    Misbehaving,
    Naps,
    backend,
    chunk,
    draft,
    endpoint,
    run,
    sending,
    statuses,
    stream,
    task,
)


def test_a_good_stream_gives_its_claims_and_its_cost() -> None:
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


def test_a_claim_leaves_before_the_stream_ends() -> None:
    async def main() -> None:
        release = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk("매출은 5,000억 원이다. [1] 영"))
            await asyncio.wait_for(release.wait(), 5)
            await exchange.send(chunk("업이익은 300억 원이다. [2]") + STOP + DONE)

        async with Misbehaving(handler) as server:
            async with aclosing(backend(endpoint(server)).draft(task(), Report("x"))) as claims:
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
def test_gateways_that_deviate_are_understood(parts: list[bytes]) -> None:
    outcome, server = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert outcome.error is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "text/html", "application/octet-stream", ""]
)
def test_a_stream_of_the_wrong_content_type_is_still_a_stream(content_type: str) -> None:
    outcome, _ = run(sending(stream(), content_type=content_type))
    assert outcome.claims == CLAIMS


@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_json_in_answer_to_a_stream_request(content_type: str) -> None:
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
def test_wrong_usage_is_replaced_by_an_estimate(usage: object) -> None:
    parts = [chunk(REPLY), STOP, chunk(choices=[], usage=usage), DONE]
    outcome, _ = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert outcome.report.usage.completion_tokens == len(REPLY)
    assert outcome.report.usage.prompt_tokens > 100
    assert "estimated" in outcome.notes


def test_split_and_broken_utf8() -> None:
    whole = chunk(REPLY)
    broken = chunk("직원은 ☃명이다. [3] ").replace("☃".encode(), b"\xed\xa0\x80\xff")
    outcome, _ = run(sending([broken, *(bytes([b]) for b in whole), STOP, DONE]))
    assert outcome.claims == CLAIMS
    assert "1 damaged" in outcome.notes


def test_an_event_that_is_garbage_costs_its_sentence_only() -> None:
    parts = [chunk("직원은 1,"), b"data: {garbage\n\n", chunk("00명이다. [3] "), *stream()]
    outcome, _ = run(sending(parts))
    assert outcome.claims == CLAIMS
    assert "1 damaged" in outcome.notes


def test_a_connection_dropped_at_every_byte_gives_whole_sentences_only() -> None:
    """By reset and by an orderly end without framing, which looks like a whole body."""
    data = b"".join(stream(size=9)[:-3])  # no word of an end at all

    async def main() -> None:
        cut = 0
        reset = False

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(data[:cut])
            if reset:
                await asyncio.sleep(0.001)
                exchange.drop()

        async with Misbehaving(handler) as server:
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
        await asyncio.sleep(0.3)  # a reset would overtake what was not read yet
        exchange.drop()

    outcome, server = run(handler)
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)
    assert "unfinished last sentence" in outcome.notes
    assert len(server.requests) == 1


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_sentence_that_the_token_limit_tore_is_dropped(finish: str) -> None:
    parts = [
        chunk("매출은 5,000억 원이다. [1] 영업이익은 3"),
        chunk(choice={"finish_reason": finish}),
    ]
    outcome, _ = run(sending([*parts, DONE]))
    assert outcome.claims == CLAIMS[:1]
    assert outcome.error is None


def test_an_error_event_in_mid_stream_leaves_what_was_finished() -> None:
    parts = [chunk("매출은 5,000억 원이다. [1] 영업"), b'data: {"error": {"message": "boom"}}\n\n']
    outcome, _ = run(sending([b"".join(parts)]))
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)


def test_cannot_answer_yields_nothing_and_hangs_up() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk("NO_ANSWER.\n\n하지만 매출은 9조다. [1]"))
            await exchange.gone()
            closed.set()

        async with Misbehaving(handler) as server:
            outcome = await draft(backend(endpoint(server)))
            assert outcome.claims == [] and outcome.error is None
            await asyncio.wait_for(closed.wait(), 1)

    asyncio.run(main())


# --- silence and slowness


async def _silent(exchange: Exchange) -> None:
    await exchange.gone()


async def _only_headers(exchange: Exchange) -> None:
    await exchange.start()
    await exchange.gone()


async def _only_pings(exchange: Exchange) -> None:
    await exchange.start()
    while True:
        await exchange.send(b": ping\n\n" + chunk(delta={"role": "assistant", "content": ""}))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("handler", [_silent, _only_headers, _only_pings])
def test_no_first_token_has_a_deadline_and_no_second_try(handler: Handler) -> None:
    outcome, server = run(handler, first_token=0.3)
    assert outcome.claims == []
    assert isinstance(outcome.error, BackendUnavailable)
    assert len(server.requests) == 1


@pytest.mark.parametrize("drip", [b"", b": ping\n\n"])
def test_a_stall_in_mid_stream_ends_with_what_was_finished(drip: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk("매출은 5,000억 원이다. [1] 영업이익은 3"))
        while True:
            await exchange.send(drip)
            await asyncio.sleep(0.05)

    outcome, _ = run(handler, stall=0.3)
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)
    assert "stopped sending" in str(outcome.error)


def test_a_connection_left_open_after_the_end_costs_no_claim() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk(REPLY) + STOP)
        await exchange.gone()

    outcome, _ = run(handler, stall=0.2)
    assert outcome.claims == CLAIMS
    assert outcome.error is None


def test_the_whole_answer_has_a_deadline_however_busy_the_stream() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.send(chunk(delta={"reasoning_content": "흠"}))
            await asyncio.sleep(0.01)

    async def main() -> None:
        async with Misbehaving(handler) as server:
            began = asyncio.get_running_loop().time()
            outcome = await draft(backend(endpoint(server), timeout=0.5, resort=True))
            assert outcome.report.backend == "extractive"
            assert asyncio.get_running_loop().time() - began < 5

    asyncio.run(main())


def test_an_endless_answer_is_stopped() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.send(chunk("매출은 5,000억 원이다. [1] ") * 20)

    outcome, _ = run(handler)
    assert outcome.claims and set(outcome.claims) == {CLAIMS[0]}
    assert "stopped after 2,048 characters" in outcome.notes


def test_an_endless_event_is_stopped() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(b"data: ")
        while True:
            await exchange.send(b"x" * 65_536)

    outcome, _ = run(handler, retries=0)
    assert isinstance(outcome.error, BackendUnavailable)
    assert "1,000,000 characters" in str(outcome.error)


# --- refusals and retries


@pytest.mark.parametrize(
    ("header", "waits"),
    [("0", [0.0]), ("1", [1.0]), ("60", None), ("date", None), ("past", [0.0])],
)
def test_retry_after_is_honoured(header: str, waits: list[float] | None) -> None:
    dates = {"date": time.time() + 30, "past": time.time() - 3600}
    value = email.utils.formatdate(dates[header], usegmt=True) if header in dates else header
    naps = Naps()

    async def main() -> None:
        async with Misbehaving(statuses(429, then=sending(stream()), retry_after=value)) as server:
            outcome = await draft(backend(endpoint(server, naps=naps), timeout=600))
            assert outcome.claims == CLAIMS
            assert len(server.requests) == 2

    asyncio.run(main())
    if waits is not None:
        assert naps.taken == waits
    else:
        (nap,) = naps.taken
        assert (nap == 60) if header == "60" else 20 <= nap <= 30


@pytest.mark.parametrize(
    "header", ["rubbish", "-5", "1e3", "٣", "Mon, 99 Foo", "", "nan", "9" * 80]
)
def test_rubbish_in_retry_after_is_ignored(header: str) -> None:
    naps = Naps()

    async def main() -> None:
        async with Misbehaving(statuses(503, then=sending(stream()))) as server:

            async def handler(exchange: Exchange) -> None:
                if len(server.requests) > 1:
                    await sending(stream())(exchange)
                    return
                await exchange.send(
                    b"HTTP/1.1 503 X\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: "
                    + header.encode()
                    + b"\r\n\r\n"
                )

            server.handler = handler
            outcome = await draft(backend(endpoint(server, naps=naps)))
            assert outcome.claims == CLAIMS

    asyncio.run(main())
    assert len(naps.taken) == 1 and 0 <= naps.taken[0] <= 8


@pytest.mark.parametrize("value", ["61", "3600", "date"])
def test_a_long_retry_after_goes_to_the_next_endpoint_at_once(value: str) -> None:
    naps = Naps()
    header = email.utils.formatdate(time.time() + 7200, usegmt=True) if value == "date" else value

    async def main() -> None:
        async with (
            Misbehaving(statuses(*[429] * 9, retry_after=header)) as busy,
            Misbehaving(sending(stream())) as idle,
        ):
            writer = backend(endpoint(busy, naps=naps), endpoint(idle, model="second"))
            first, second = await draft(writer), await draft(writer)
            for outcome in (first, second):
                assert outcome.claims == CLAIMS
                assert outcome.report.backend == "openai:second"
            assert "openai:m answered 429" in first.notes
            # The second question does not even ask the endpoint that wants to be left alone.
            assert len(busy.requests) == 1
            assert "left alone" in second.notes

    asyncio.run(main())
    assert naps.taken == []


def test_a_storm_of_500_is_retried_within_bounds_and_opens_the_breaker() -> None:
    naps = Naps()
    now = 1000.0

    async def main() -> None:
        nonlocal now
        async with Misbehaving(statuses(*[500] * 6, then=sending(stream()))) as server:
            breaker = Breaker(6, 30, clock=lambda: now)
            writer = backend(endpoint(server, naps=naps, breaker=breaker), resort=True)
            for requests in (3, 6, 6):
                outcome = await draft(writer)
                assert outcome.report.backend == "extractive"
                assert [claim.cites for claim in outcome.claims] == [(1,), (2,)]
                assert len(server.requests) == requests
            assert breaker.is_open
            assert "left alone" in outcome.notes
            now += 31
            outcome = await draft(writer)
            assert outcome.claims == CLAIMS and outcome.report.backend == "openai:m"
            assert not breaker.is_open

    asyncio.run(main())
    assert len(naps.taken) == 4
    assert all(0 <= nap <= 8 for nap in naps.taken)


def test_waits_never_exceed_the_deadline() -> None:
    naps = Naps()

    async def main() -> None:
        async with Misbehaving(statuses(*[503] * 9, retry_after="50")) as server:
            outcome = await draft(backend(endpoint(server, naps=naps), timeout=20))
            assert isinstance(outcome.error, BackendUnavailable)
            assert len(server.requests) == 1

    asyncio.run(main())
    assert naps.taken == []


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 410])
def test_a_wrong_key_or_model_is_not_retried(status: int) -> None:
    naps = Naps()
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()

    async def handler(exchange: Exchange) -> None:
        await exchange.answer(status, body)

    outcome, server = run(handler, naps=naps)
    assert isinstance(outcome.error, BackendMisconfigured)
    assert str(status) in str(outcome.error)
    assert KEY not in str(outcome.error) + outcome.notes
    assert len(server.requests) == 1 and naps.taken == []


def test_a_used_up_quota_is_not_retried() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(429, b'{"error": {"code": "insufficient_quota"}}')

    outcome, server = run(handler)
    assert isinstance(outcome.error, BackendMisconfigured)
    assert len(server.requests) == 1


def test_parameters_that_an_endpoint_refuses_are_left_out_from_then_on() -> None:
    async def handler(exchange: Exchange) -> None:
        if "max_tokens" in exchange.json or "stream_options" in exchange.json:
            await exchange.answer(400, b'{"error": {"message": "unknown parameter"}}')
        else:
            await sending(stream())(exchange)

    async def main() -> None:
        async with Misbehaving(handler) as server:
            writer = backend(endpoint(server))
            assert (await draft(writer)).claims == CLAIMS
            assert len(server.requests) == 3
            assert (await draft(writer)).claims == CLAIMS
            assert len(server.requests) == 4
            assert set(server.requests[-1].json) == {"model", "messages", "stream"}

    asyncio.run(main())


def test_a_request_that_is_refused_in_every_form_is_a_wrong_configuration() -> None:
    outcome, server = run(statuses(*[400] * 9))
    assert isinstance(outcome.error, BackendMisconfigured)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_follows_no_redirect(status: int) -> None:
    async def main() -> None:
        async with Misbehaving(sending(stream())) as other:

            async def handler(exchange: Exchange) -> None:
                await exchange.answer(status, location=other.url + "/chat/completions")

            async with Misbehaving(handler) as server:
                outcome = await draft(backend(endpoint(server)))
            assert isinstance(outcome.error, BackendMisconfigured)
            assert "redirect" in str(outcome.error)
            assert len(server.requests) == 1
            assert other.requests == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><html>Welcome</html>", BackendMisconfigured),
        (b"  \n<html>", BackendMisconfigured),
        (b"{not json", BackendUnavailable),
        (b"[" * 100_000, BackendUnavailable),
        (b"[1, 2]", BackendUnavailable),
        (b"{}", BackendUnavailable),
        (b'{"choices": [{"message": {"content": ""}}]}', BackendUnavailable),
        (b'{"choices": "none"}', BackendUnavailable),
        (b'{"error": {"code": "invalid_api_key"}}', BackendMisconfigured),
        (b'{"error": {"message": "overloaded", "code": 529}}', BackendUnavailable),
        (b"", BackendUnavailable),
        (b"\xff\xfe\x00\x01 nothing", BackendUnavailable),
        (chunk(delta={"tool_calls": [{"id": "x"}]}) + DONE, BackendUnavailable),
        (chunk(delta={"reasoning_content": "only thoughts"}) + STOP, BackendUnavailable),
        (DONE, BackendUnavailable),
    ],
)
@pytest.mark.parametrize("content_type", ["text/event-stream", "text/html; charset=utf-8"])
def test_what_is_no_completion_is_refused(
    body: bytes, kind: type[Exception], content_type: str
) -> None:
    outcome, server = run(sending([body], content_type=content_type))
    assert outcome.claims == []
    assert isinstance(outcome.error, kind)
    assert len(server.requests) <= (1 if kind is BackendMisconfigured else 3)


def test_a_refused_connection_is_retried_and_then_falls_back() -> None:
    async def main() -> None:
        async with Misbehaving(sending(stream())) as server:
            dead = server.url
        naps = Naps()
        outcome = await draft(backend(endpoint(dead, naps=naps), resort=True))
        assert outcome.report.backend == "extractive"
        assert len(naps.taken) == 2
        assert "cannot be reached" in outcome.notes

    asyncio.run(main())


def test_no_fallback_once_a_claim_is_out() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk("매출은 5,000억 원이다. [1] 영업이"))
        exchange.drop()

    async def main() -> None:
        async with Misbehaving(handler) as torn, Misbehaving(sending(stream())) as good:
            writer = backend(endpoint(torn), endpoint(good, model="second"), resort=True)
            outcome = await draft(writer)
            if outcome.claims == CLAIMS[:1]:  # the reset may overtake the first bytes
                assert outcome.report.backend == "openai:m"
                assert good.requests == [] and outcome.error
            else:
                assert outcome.report.backend == "openai:second"

    asyncio.run(main())


# --- clients that go away, and crowds


def test_closing_the_iterator_hangs_up_within_a_second() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk(REPLY + " 직원은"))
            await exchange.gone()
            closed.set()

        async with Misbehaving(handler) as server:
            claims = backend(endpoint(server, stall=30)).draft(task(), Report("x"))
            assert await anext(claims) == CLAIMS[0]
            await claims.aclose()  # type: ignore[attr-defined]
            await asyncio.wait_for(closed.wait(), 1)

    asyncio.run(main())


@pytest.mark.parametrize("handler", [_silent, _only_headers])
def test_cancelling_the_task_hangs_up_within_a_second(handler: Handler) -> None:
    async def main() -> None:
        async with Misbehaving(handler) as server:
            running = asyncio.create_task(
                draft(backend(endpoint(server, first_token=60), timeout=60))
            )
            while not server.requests:
                await asyncio.sleep(0.01)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            async with asyncio.timeout(1):
                while server.open:
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_after_hundreds_of_cancelled_streams_a_call_works() -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.start()
        for part in stream():
            await exchange.send(part)
            await asyncio.sleep(0.002)

    async def main() -> None:
        async with Misbehaving(slow) as server:
            writer = backend(endpoint(server), gate=Gate(8, 400))

            async def cancelled(at: int) -> None:
                running = asyncio.create_task(draft(writer))
                # At every moment of a call: before it connects, in its headers, in its body.
                await asyncio.sleep(0.0007 * (at % 40))
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

            for start in range(0, 320, 8):
                await asyncio.gather(*(cancelled(at) for at in range(start, start + 8)))
            server.handler = sending(stream())
            outcome = await draft(writer)
            assert outcome.claims == CLAIMS and outcome.error is None

    asyncio.run(main())


def test_a_full_queue_is_a_typed_error_and_no_fallback() -> None:
    async def main() -> None:
        async with Misbehaving(_only_headers) as server:
            writer = backend(endpoint(server), gate=Gate(1, 1), resort=True)
            running = [asyncio.create_task(draft(writer)) for _ in range(2)]
            while not server.requests:
                await asyncio.sleep(0.01)
            outcome = await draft(writer)
            assert isinstance(outcome.error, BackendOverloaded)
            assert outcome.error.code == "backend_overloaded"
            assert 1 <= outcome.error.retry_after <= 60
            assert outcome.claims == []
            assert len(server.requests) == 1
            for waiting in running:
                waiting.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            server.handler = sending(stream())
            assert (await draft(writer)).claims == CLAIMS

    asyncio.run(main())


def test_one_backend_serves_one_event_loop_after_another() -> None:
    gate = Gate(1, 1)
    for _ in range(3):

        async def main() -> None:
            async with Misbehaving(sending(stream())) as server:
                writer = backend(endpoint(server), gate=gate)
                first, second = await asyncio.gather(draft(writer), draft(writer))
                assert first.claims == second.claims == CLAIMS

        asyncio.run(main())


def test_unknown_numbers_are_dropped_and_counted() -> None:
    outcome, _ = run(sending([chunk("매출은 5,000억 원이다. [1][99] [0]"), STOP, USAGE, DONE]))
    assert outcome.claims == [Claim("매출은 5,000억 원이다.", cites=(1,))]
    assert "2 citations of unknown evidence dropped: 99, 0" in outcome.notes
