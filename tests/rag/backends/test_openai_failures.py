"""Failing endpoints: timeouts, retries, refusals, fallbacks and broken answers."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from contextlib import aclosing

import pytest

from geungeo.rag.backends.endpoint import Breaker
from geungeo.rag.errors import (
    BackendMisconfigured,
    BackendUnavailable,
)
from geungeo.rag.protocols import Report
from tests.rag.backends.drafting import CLAIMS, KEY, Naps, backend, draft, endpoint, run, task
from tests.support.model_server import (
    DONE,
    REPLY,
    STOP,
    Exchange,
    Handler,
    ModelServer,
    chunk,
    only_headers,
    sending,
    silent,
    statuses,
    stream,
)


async def _only_pings(exchange: Exchange) -> None:
    await exchange.start()
    while True:
        await exchange.send(b": ping\n\n" + chunk(delta={"role": "assistant", "content": ""}))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("handler", [silent, only_headers, _only_pings])
def test_missing_first_token_times_out_without_retry(handler: Handler) -> None:
    async def main() -> None:
        async with ModelServer(handler) as server, asyncio.timeout(20):
            outcome = await draft(backend(endpoint(server, first_token=0.3), timeout=60))
            assert outcome.claims == []
            assert isinstance(outcome.error, BackendUnavailable)
            assert len(server.requests) == 1

    asyncio.run(main())


@pytest.mark.parametrize("drip", [b"", b": ping\n\n"])
def test_stalled_stream_keeps_finished_claims(drip: bytes) -> None:
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


def test_connection_left_open_after_end_loses_no_claim() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk(REPLY) + STOP)
        await exchange.gone()

    outcome, _ = run(handler, stall=0.2)
    assert outcome.claims == CLAIMS
    assert outcome.error is None


def test_busy_stream_ends_at_deadline_of_answer() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.send(chunk(delta={"reasoning_content": "흠"}))
            await asyncio.sleep(0.01)

    async def main() -> None:
        async with ModelServer(handler) as server:
            began = asyncio.get_running_loop().time()
            outcome = await draft(backend(endpoint(server), timeout=0.5, resort=True))
            assert outcome.report.backend == "extractive"
            assert asyncio.get_running_loop().time() - began < 5

    asyncio.run(main())


def test_endless_answer_is_stopped() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.send(chunk("매출은 5,000억 원이다. [1] ") * 20)

    outcome, _ = run(handler)
    assert outcome.claims and set(outcome.claims) == {CLAIMS[0]}
    assert "stopped after 2,048 characters" in outcome.notes


def test_endless_event_is_stopped() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(b"data: ")
        while True:
            await exchange.send(b"x" * 65_536)

    outcome, _ = run(handler, retries=0)
    assert isinstance(outcome.error, BackendUnavailable)
    assert "1,000,000 characters" in str(outcome.error)


@pytest.mark.parametrize(
    ("header", "waits"),
    [("0", [0.0]), ("1", [1.0]), ("60", None), ("date", None), ("past", [0.0])],
)
def test_retry_after_is_honoured(header: str, waits: list[float] | None) -> None:
    dates = {"date": time.time() + 30, "past": time.time() - 3600}
    value = email.utils.formatdate(dates[header], usegmt=True) if header in dates else header
    naps = Naps()

    async def main() -> None:
        async with ModelServer(
            statuses(429, then=sending(stream()), headers={"retry-after": value})
        ) as server:
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
def test_invalid_retry_after_is_ignored(header: str) -> None:
    naps = Naps()

    async def main() -> None:
        async with ModelServer(statuses(503, then=sending(stream()))) as server:

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
def test_long_retry_after_falls_back_at_once(value: str) -> None:
    naps = Naps()
    header = email.utils.formatdate(time.time() + 7200, usegmt=True) if value == "date" else value

    async def main() -> None:
        async with (
            ModelServer(statuses(*[429] * 9, headers={"retry-after": header})) as busy,
            ModelServer(sending(stream())) as idle,
        ):
            writer = backend(
                endpoint(busy, naps=naps), endpoint(idle, model="second"), timeout=9999
            )
            first, second = await draft(writer), await draft(writer)
            for outcome in (first, second):
                assert outcome.claims == CLAIMS
                assert outcome.report.backend == "openai:second"
            assert "openai:m answered 429" in first.notes
            # The second question is not sent to the endpoint with an open breaker.
            assert len(busy.requests) == 1
            assert "the next call is allowed in" in second.notes

    asyncio.run(main())
    assert naps.taken == []


def test_repeated_500_is_retried_within_limits_and_opens_breaker() -> None:
    naps = Naps()
    now = 1000.0

    async def main() -> None:
        nonlocal now
        async with ModelServer(statuses(*[500] * 6, then=sending(stream()))) as server:
            breaker = Breaker(6, 30, clock=lambda: now)
            writer = backend(endpoint(server, naps=naps, breaker=breaker), resort=True)
            for requests in (3, 6, 6):
                outcome = await draft(writer)
                assert outcome.report.backend == "extractive"
                assert [claim.cites for claim in outcome.claims] == [(1,), (2,)]
                assert len(server.requests) == requests
            assert breaker.is_open
            assert "the next call is allowed in" in outcome.notes
            now += 31
            outcome = await draft(writer)
            assert outcome.claims == CLAIMS and outcome.report.backend == "openai:m"
            assert not breaker.is_open

    asyncio.run(main())
    assert len(naps.taken) == 4
    assert all(0 <= nap <= 8 for nap in naps.taken)


def test_retry_waits_do_not_exceed_deadline() -> None:
    naps = Naps()

    async def main() -> None:
        async with ModelServer(statuses(*[503] * 9, headers={"retry-after": "50"})) as server:
            outcome = await draft(backend(endpoint(server, naps=naps), timeout=20))
            assert isinstance(outcome.error, BackendUnavailable)
            assert len(server.requests) == 1

    asyncio.run(main())
    assert naps.taken == []


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 410])
def test_wrong_key_or_model_is_not_retried(status: int) -> None:
    naps = Naps()
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()

    async def handler(exchange: Exchange) -> None:
        await exchange.answer(status, body)

    outcome, server = run(handler, naps=naps)
    assert isinstance(outcome.error, BackendMisconfigured)
    assert str(status) in str(outcome.error)
    assert KEY not in str(outcome.error) + outcome.notes
    assert len(server.requests) == 1 and naps.taken == []


def test_exhausted_quota_is_not_retried() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(429, b'{"error": {"code": "insufficient_quota"}}')

    outcome, server = run(handler)
    assert isinstance(outcome.error, BackendMisconfigured)
    assert len(server.requests) == 1


def test_refused_parameters_are_omitted_from_then_on() -> None:
    async def handler(exchange: Exchange) -> None:
        if "max_tokens" in exchange.json or "stream_options" in exchange.json:
            await exchange.answer(400, b'{"error": {"message": "unknown parameter"}}')
        else:
            await sending(stream())(exchange)

    async def main() -> None:
        async with ModelServer(handler) as server:
            writer = backend(endpoint(server))
            assert (await draft(writer)).claims == CLAIMS
            assert len(server.requests) == 3
            assert (await draft(writer)).claims == CLAIMS
            assert len(server.requests) == 4
            assert set(server.requests[-1].json) == {"model", "messages", "stream"}

    asyncio.run(main())


def test_request_refused_in_every_form_is_misconfiguration() -> None:
    outcome, server = run(statuses(*[400] * 9))
    assert isinstance(outcome.error, BackendMisconfigured)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed_with_key(status: int) -> None:
    async def main() -> None:
        async with ModelServer(sending(stream())) as other:

            async def handler(exchange: Exchange) -> None:
                await exchange.answer(status, headers={"location": other.url + "/chat/completions"})

            async with ModelServer(handler) as server:
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
def test_body_without_completion_is_rejected(
    body: bytes, kind: type[Exception], content_type: str
) -> None:
    outcome, server = run(sending([body], content_type=content_type))
    assert outcome.claims == []
    assert isinstance(outcome.error, kind)
    assert len(server.requests) <= (1 if kind is BackendMisconfigured else 3)


def test_refused_connection_is_retried_then_falls_back() -> None:
    async def main() -> None:
        async with ModelServer(sending(stream())) as server:
            dead = server.url
        naps = Naps()
        outcome = await draft(backend(endpoint(dead, naps=naps), resort=True))
        assert outcome.report.backend == "extractive"
        assert len(naps.taken) == 2
        assert "cannot be reached" in outcome.notes

    asyncio.run(main())


@pytest.mark.parametrize("framing", ["chunked", "content-length"])
def test_body_shorter_than_content_length_keeps_finished_claims(framing: str) -> None:
    data = chunk("매출은 5,000억 원이다. [1] 영업이익은 3")

    async def handler(exchange: Exchange) -> None:
        if framing == "chunked":
            await exchange.start(headers={"transfer-encoding": "chunked"})
            await exchange.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        else:
            await exchange.start(headers={"content-length": str(len(data) + 100)})
            await exchange.send(data)

    outcome, server = run(handler)
    assert outcome.claims == CLAIMS[:1]
    assert isinstance(outcome.error, BackendUnavailable)
    assert len(server.requests) == 1


def test_no_fallback_after_first_claim() -> None:
    async def main() -> None:
        read = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk("매출은 5,000억 원이다. [1] 영업이"))
            await read.wait()  # a reset would discard unread data
            exchange.drop()

        async with ModelServer(handler) as torn, ModelServer(sending(stream())) as good:
            writer = backend(endpoint(torn), endpoint(good, model="second"), resort=True)
            report = Report("x")
            async with aclosing(writer.draft(task(), report)) as claims:
                assert await anext(claims) == CLAIMS[0]
                read.set()
                with pytest.raises(BackendUnavailable):
                    await anext(claims)
            assert report.backend == "openai:m"
            assert good.requests == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "response_format is not supported"), (500, "1 validation error: response_format")],
)
def test_refused_response_format_is_replaced_by_next(status: int, reason: str) -> None:
    async def handler(exchange: Exchange) -> None:
        form = exchange.json.get("response_format", {}).get("type")
        if form == "json_schema":
            error = {"error": {"message": reason, "type": "internal_server_error"}}
            await exchange.answer(status, json.dumps(error).encode())
        else:
            await sending(stream(form or "none"))(exchange)

    async def main() -> None:
        formats = ({"type": "json_schema"}, {"type": "json_object"}, None)
        async with ModelServer(handler) as server, asyncio.timeout(20):
            asked = endpoint(server, retries=0)
            for requests in (2, 3):  # the second time the format is known
                deadline = asyncio.get_running_loop().time() + 10
                pieces = asked.complete([], max_tokens=10, deadline=deadline, formats=formats)
                assert "".join([piece.text async for piece in pieces]) == "json_object"
                assert len(server.requests) == requests

    asyncio.run(main())


def test_other_server_error_does_not_change_request_format() -> None:
    async def main() -> None:
        async with ModelServer(statuses(500)) as server, asyncio.timeout(20):
            pieces = endpoint(server, retries=0).complete(
                [], max_tokens=10, deadline=asyncio.get_running_loop().time() + 10
            )
            with pytest.raises(BackendUnavailable, match="answered 500"):
                await anext(pieces)
            assert len(server.requests) == 1

    asyncio.run(main())
