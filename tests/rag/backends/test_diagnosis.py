"""Checks of ``geungeo doctor --llm`` against endpoints with known faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from geungeo.rag.backends.diagnosis import Diagnosis, diagnose
from geungeo.rag.segmentation import count_tokens
from geungeo.rag.settings import LLMEndpoint, Settings
from geungeo.server.cli import run as geungeo
from tests.rag.backends.drafting import KEY
from tests.support.model_server import (
    DONE,
    STOP,
    Exchange,
    Handler,
    ModelServer,
    chunk,
    sending,
    silent,
    statuses,
    stream,
)

GOOD = "한빛전자의 2024년 매출은 5,170억 원이다. [1]"
FAR = "비밀번호는 4827이다. [1]"
VERDICTS = {"s": "supported", "c": "contradicted", "n": "not_found", "?": "perhaps"}


def replying(
    answer: Callable[[str], str],
    *,
    read: int = 1_000_000,
    verdicts: str = "ssscnccc",
) -> Handler:
    """Return a model that reads only the last ``read`` characters of a prompt.

    ``verdicts`` are its verdicts on the true and then the false statements, by first letter.
    """

    async def handler(exchange: Exchange) -> None:
        if exchange.prompt.startswith('{"claims"'):
            given = [{"id": n, "verdict": VERDICTS[one]} for n, one in enumerate(verdicts, 1)]
            reply = json.dumps({"verdicts": given})
        else:
            reply = answer(exchange.prompt[-read:])
        await sending(stream(reply))(exchange)

    return handler


def sensible(prompt: str) -> str:
    if "창고" in prompt:
        return FAR if "4827" in prompt else "창고에는 종이 상자가 쌓여 있다. [1]"
    return GOOD


def whole(text: str) -> Handler:
    """Return a gateway that answers a stream request with one JSON completion."""
    message = {"role": "assistant", "content": text}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return sending([json.dumps(body, ensure_ascii=False).encode()], "application/json")


async def diagnosed(handler: Handler, **settings: Any) -> list[Diagnosis]:
    async with ModelServer(handler) as server, asyncio.timeout(60):
        given = {"llm_base_url": server.url, "llm_model": "m", "backend": "openai"}
        return await diagnose(Settings(**{**given, **settings}))


def failed(found: Diagnosis) -> dict[str, str]:
    return {check.name: check.message for check in found.checks if not check.ok}


def problems(handler: Handler, **settings: Any) -> dict[str, str]:
    """Return the failed checks of an endpoint that only writes."""
    [found] = asyncio.run(diagnosed(handler, **{"verifier": "rules", **settings}))
    return failed(found)


def test_good_endpoint_passes_every_check() -> None:
    found, verifier = asyncio.run(diagnosed(replying(sensible)))
    assert found.ok
    assert found.reachable
    assert found.answer == GOOD
    assert found.first_token is not None
    assert found.total is not None
    assert 0 < found.first_token <= found.total
    assert [check.name for check in found.checks] == [
        "connection",
        "speed",
        "streaming",
        "korean",
        "answer",
        "citations",
        "context",
    ]
    assert verifier.ok
    assert verifier.endpoint == "verifier llm:m"
    assert [check.name for check in verifier.checks] == [
        "speed",
        "true statements",
        "false statements",
    ]


@pytest.mark.parametrize(
    ("verdicts", "names"),
    [
        # One true statement may be missed, but no false one.
        ("ssnccccn", []),
        ("snnccccc", ["true statements"]),
        ("sssccccs", ["false statements"]),
        ("ssssssss", ["false statements"]),
        ("nnnnnnnn", ["true statements"]),
        ("ccsnsnnn", ["true statements", "false statements"]),
        ("?ssccccc", ["verdict"]),
    ],
)
def test_wrong_verdicts_are_reported(verdicts: str, names: list[str]) -> None:
    found, verifier = asyncio.run(diagnosed(replying(sensible, verdicts=verdicts)))
    assert found.ok
    assert list(failed(verifier)) == names
    assert verifier.reachable


def test_slow_verifier_reports_timeout_setting() -> None:
    async def handler(exchange: Exchange) -> None:
        await asyncio.sleep(0.8 if "claims" in exchange.prompt else 0)
        await replying(sensible)(exchange)

    _, slow = asyncio.run(diagnosed(handler, verifier_timeout=1.4))
    assert list(failed(slow)) == ["speed"]
    assert "raise verifier_timeout (now 1.4 s)" in failed(slow)["speed"]
    _, late = asyncio.run(diagnosed(handler, verifier_timeout=0.4))
    assert list(failed(late)) == ["verdict"]
    assert late.reachable


def test_separate_verifier_that_is_down_is_unreachable() -> None:
    settings = {"verifier_base_url": "http://127.0.0.1:9/v1", "llm_retries": 0}
    _, verifier = asyncio.run(diagnosed(replying(sensible), **settings))
    assert not verifier.reachable
    assert "cannot be reached" in failed(verifier)["verdict"]


def test_verifier_without_address_is_reported() -> None:
    [_, verifier] = asyncio.run(diagnose(Settings(verifier="llm")))
    assert "the verifier 'llm' needs an endpoint" in failed(verifier)["address"]


@pytest.mark.parametrize("window", [2_048, 8_192])
def test_context_check_fills_configured_window(window: int) -> None:
    tokens = []

    async def handler(exchange: Exchange) -> None:
        messages = exchange.json["messages"]
        tokens.append(sum(count_tokens(message["content"]) for message in messages))
        await replying(sensible)(exchange)

    assert problems(handler, llm_context_tokens=window, llm_max_tokens=256) == {}
    # A tenth is reserved for other tokenizers.
    room = 0.9 * window - 256
    assert 0.95 * room < tokens[1] <= room


@pytest.mark.parametrize(
    ("answer", "name", "words"),
    [
        ("", "text", "without text"),
        ("Hanbit had sales of 517 billion won in 2024. [1]", "korean", "another language"),
        ("한빛전자의 2024년 매출은 5,170억 원이다.", "citations", "ignores the numbers"),
        ("한빛전자의 2024년 매출은 5,170억 원이다. [2]", "citations", "cites a wrong one"),
        ("한빛전자의 2024년 매출은 300억 원이다. [1]", "answer", "replaced by quotations"),
        ("NO_ANSWER", "answer", "replaced by quotations"),
    ],
)
def test_faults_of_an_answer_are_reported(answer: str, name: str, words: str) -> None:
    found = problems(replying(lambda prompt: FAR if "창고" in prompt else answer))
    assert words in found[name]


def test_answer_with_only_reasoning_names_setting_to_raise() -> None:
    thoughts = [chunk(delta={"reasoning_content": "음…"}), STOP, DONE]
    found = problems(sending(thoughts), llm_max_tokens=64)
    assert list(found) == ["text"]
    assert "raise llm_max_tokens (now 64)" in found["text"]


def test_truncated_answer_names_setting_to_raise() -> None:
    cut = [chunk(GOOD[:10]), chunk(GOOD[10:]), chunk(choice={"finish_reason": "length"}), DONE]
    found = problems(sending(cut), llm_max_tokens=64)
    assert "llm_max_tokens (64); raise it" in found["length"]


def test_endpoint_that_does_not_stream_is_reported() -> None:
    assert "arrived at once" in problems(whole(GOOD))["streaming"]


def test_buffering_proxy_is_reported() -> None:
    async def handler(exchange: Exchange) -> None:
        await asyncio.sleep(2.2)
        await sending([b"".join(stream(sensible(exchange.prompt)))])(exchange)

    assert list(problems(handler)) == ["streaming"]


def test_window_smaller_than_setting_is_reported() -> None:
    found = problems(replying(sensible, read=3_000))
    assert list(found) == ["context"]
    assert "smaller than llm_context_tokens (8,192)" in found["context"]


def test_window_without_room_for_evidence_is_reported_without_request() -> None:
    found = problems(silent, llm_context_tokens=512)
    assert "raise llm_context_tokens" in found["context"]


def test_refused_long_prompt_is_reported_as_context() -> None:
    async def handler(exchange: Exchange) -> None:
        if len(exchange.body) > 10_000:
            await exchange.answer(400)
        elif exchange.body:
            await replying(sensible)(exchange)
        else:
            await exchange.answer(404)

    found = problems(handler)
    assert list(found) == ["context"]
    assert "as llm_context_tokens allows: openai:m answered 400" in found["context"]


def test_wrong_and_missing_key_are_reported() -> None:
    async def locked(exchange: Exchange) -> None:
        right = exchange.headers.get("authorization") == "Bearer right"
        await (replying(sensible)(exchange) if right else exchange.answer(401))

    assert problems(locked, llm_api_key="right") == {}
    wrong = problems(locked, llm_api_key=KEY)
    assert wrong["key"].endswith("the key is wrong")
    assert KEY not in str(wrong)
    assert problems(locked)["key"].endswith("it wants a key; set GEUNGEO_LLM_API_KEY")


def test_wrong_model_lists_available_models() -> None:
    listing = json.dumps({"data": [{"id": f"model-{n}"} for n in range(10)]}).encode()

    async def handler(exchange: Exchange) -> None:
        if exchange.body:
            await exchange.answer(404)
        else:
            await exchange.answer(200, listing)

    message = problems(handler)["model"]
    assert "it offers model-0, model-1," in message
    assert message.endswith("model-7 and 2 more")


@pytest.mark.parametrize("listing", [b"[]", b'{"data": 5}', b"<html>", b'{"data": [{}]}'])
def test_invalid_list_of_models_is_ignored(listing: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        await (exchange.answer(404) if exchange.body else exchange.answer(200, listing))

    assert "check base URL and model name" in problems(handler)["request"]


def test_redirect_names_its_target() -> None:
    async def handler(exchange: Exchange) -> None:
        path = "chat/completions" if exchange.body else "models"
        await exchange.answer(308, headers={"location": f"https://llm.example/v1/{path}"})

    message = problems(handler)["redirect"]
    assert "redirects are not followed" in message
    assert message.endswith("it points to https://llm.example/v1")


def test_web_page_is_reported() -> None:
    found = problems(sending([b"<!doctype html><p>welcome"], "text/html"))
    assert "ending in /v1?" in found["request"]


def test_silent_endpoint_names_timeouts_and_counts_as_reachable() -> None:
    [found] = asyncio.run(diagnosed(silent, llm_first_token_timeout=0.4))
    assert "raise llm_first_token_timeout (now 0.4 s)" in failed(found)["speed"]
    assert found.reachable


def test_late_first_token_is_reported_as_slow() -> None:
    async def handler(exchange: Exchange) -> None:
        await asyncio.sleep(0.7)
        await replying(sensible)(exchange)

    found = problems(handler, llm_first_token_timeout=1.2)
    assert list(found) == ["speed"]
    assert "first token after 0." in found["speed"]


def test_failing_server_is_unreachable() -> None:
    [found] = asyncio.run(diagnosed(statuses(503), llm_retries=0))
    assert not found.reachable
    assert "answered 503" in failed(found)["connection"]


def test_fallbacks_are_checked() -> None:
    async def main() -> list[Diagnosis]:
        async with ModelServer(replying(sensible)) as good, ModelServer(statuses(401, 401)) as bad:
            return await diagnose(
                Settings(
                    backend="openai",
                    llm_base_url=good.url,
                    llm_model="first",
                    verifier="rules",
                    llm_fallbacks=(LLMEndpoint(base_url=bad.url, model="second"),),
                )
            )

    first, second = asyncio.run(main())
    assert (first.endpoint, first.ok) == ("openai:first", True)
    assert (second.endpoint, list(failed(second))) == ("openai:second", ["key"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "llm_base_url is not set; set it or GEUNGEO_LLM_BASE_URL"),
        ({"llm_base_url": "http://127.0.0.1:9/v1"}, "llm_model is not set"),
        ({"llm_base_url": "127.0.0.1:9", "llm_model": "m"}, "must begin with http://"),
    ],
)
def test_missing_or_wrong_address_is_reported(settings: dict[str, Any], words: str) -> None:
    [found] = asyncio.run(diagnose(Settings(backend="openai", **settings)))
    assert words in failed(found)["address"]


def test_unused_llm_is_reported() -> None:
    assert problems(replying(sensible), backend="extractive") == {
        "backend": "it is not used: the backend is 'extractive'; set GEUNGEO_BACKEND=openai"
    }


def test_command_prints_checks_and_exits_with_their_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(handler: Handler, *options: str) -> int:
        async with ModelServer(handler) as server:
            monkeypatch.setenv("GEUNGEO_LLM_BASE_URL", server.url)
            return await asyncio.to_thread(geungeo, ["doctor", "--llm", *options])

    monkeypatch.setenv("GEUNGEO_BACKEND", "openai")
    assert geungeo(["doctor", "--llm"]) == 1
    assert "problem: llm_base_url is not set" in capsys.readouterr().out

    monkeypatch.setenv("GEUNGEO_LLM_MODEL", "m")
    assert asyncio.run(command(replying(sensible))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "openai:m"
    assert "  ok: it answers in Korean" in lines
    assert lines[-1] == "no problems found"

    assert asyncio.run(command(replying(sensible, read=3_000))) == 1
    assert "  problem: it does not know the beginning" in capsys.readouterr().out

    assert asyncio.run(command(statuses(503), "--json")) == 3
    shown = json.loads(capsys.readouterr().out)
    assert shown["ok"] is False
    [found] = shown["endpoints"]
    assert found["reachable"] is False
    assert [check["name"] for check in found["checks"]] == ["connection"]

    assert geungeo(["doctor", "--llm"]) == 3  # the last server has stopped
    assert "cannot be reached" in capsys.readouterr().out

    assert geungeo(["doctor", "--llm", "--repair"]) == 2
    assert "does not go with --llm" in capsys.readouterr().err
