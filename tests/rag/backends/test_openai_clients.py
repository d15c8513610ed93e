"""Cancellation by clients, full queues and successive event loops."""

from __future__ import annotations

import asyncio

import pytest

from geungeo.rag.errors import (
    BackendOverloaded,
)
from geungeo.rag.gate import Gate
from geungeo.rag.protocols import Report
from tests.rag.backends.drafting import CLAIMS, backend, draft, endpoint, task
from tests.support.model_server import (
    REPLY,
    Exchange,
    Handler,
    ModelServer,
    chunk,
    only_headers,
    sending,
    silent,
    stream,
)


def test_closing_iterator_closes_connection_within_a_second() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(chunk(REPLY + " 직원은"))
            await exchange.gone()
            closed.set()

        async with ModelServer(handler) as server:
            claims = backend(endpoint(server, stall=30)).draft(task(), Report("x"))
            assert await anext(claims) == CLAIMS[0]
            await claims.aclose()
            await asyncio.wait_for(closed.wait(), 1)

    asyncio.run(main())


@pytest.mark.parametrize("handler", [silent, only_headers])
def test_cancelling_task_closes_connection_within_a_second(handler: Handler) -> None:
    async def main() -> None:
        async with ModelServer(handler) as server:
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


def test_call_works_after_hundreds_of_cancelled_streams() -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.start()
        for part in stream():
            await exchange.send(part)
            await asyncio.sleep(0.002)

    async def main() -> None:
        async with ModelServer(slow) as server:
            writer = backend(endpoint(server), gate=Gate(8, 400))

            async def cancelled(at: int) -> None:
                running = asyncio.create_task(draft(writer))
                # Cancel at any point of a call: before the connection, in the headers, in the body.
                await asyncio.sleep(0.0007 * (at % 40))
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

            for start in range(0, 320, 8):
                await asyncio.gather(*(cancelled(at) for at in range(start, start + 8)))
            server.handler = sending(stream())
            outcome = await draft(writer)
            assert outcome.claims == CLAIMS and outcome.error is None

    asyncio.run(main())


def test_full_queue_raises_overloaded_without_fallback() -> None:
    async def main() -> None:
        async with ModelServer(only_headers) as server:
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


def test_backend_works_in_successive_event_loops() -> None:
    gate = Gate(1, 1)
    for _ in range(3):

        async def main() -> None:
            async with ModelServer(sending(stream())) as server:
                writer = backend(endpoint(server), gate=gate)
                first, second = await asyncio.gather(draft(writer), draft(writer))
                assert first.claims == second.claims == CLAIMS

        asyncio.run(main())
