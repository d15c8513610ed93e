"""Invariant 5: the same question over the same store gives the same citations everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

QUESTIONS = [
    "MS가 오픈AI에 대한 의존도를 낮추는 이유는?",
    "무스타파 설리먼은 무엇을 요청했나?",
    "What did OpenAI announce together with Oracle and SoftBank?",
    "묵호항에 혹등고래가 몇 마리 돌아왔나?",
    "김치찌개 맛있게 끓이는 법은?",
    "챗GPT의 월 구독료는 얼마인가?",
]


def chat(http: httpx.Client, question: str) -> Any:
    return http.post("/chat", json={"question": question}).json()


def chat_stream(http: httpx.Client, question: str) -> list[Any]:
    raw = http.post("/chat", json={"question": question, "stream": True}).text
    blocks = [block.split("\ndata: ") for block in raw.split("\n\n") if "\ndata: " in block]
    return [json.loads(data) for name, data in blocks if name == "event: citation"]


def openai_json(http: httpx.Client, question: str) -> Any:
    body = {"model": "geungeo", "messages": [{"role": "user", "content": question}]}
    return http.post("/v1/chat/completions", json=body).json()


def openai_stream(http: httpx.Client, question: str) -> list[Any]:
    message = {"role": "user", "content": question}
    body = {"model": "geungeo", "messages": [message], "stream": True}
    raw = http.post("/v1/chat/completions", json=body).text
    chunks = [
        json.loads(block.removeprefix("data: "))
        for block in raw.split("\n\n")
        if block.startswith("data: {")
    ]
    return next(chunk["citations"] for chunk in chunks if "citations" in chunk)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_http_channel_cites_the_same(served: Any, question: str) -> None:
    with httpx.Client(base_url=served.url, timeout=120) as http:
        answer = chat(http, question)
        completion = openai_json(http, question)
        assert completion["choices"][0]["message"]["content"] == answer["text"]
        assert completion["citations"] == answer["citations"]
        assert chat_stream(http, question) == answer["citations"]
        assert openai_stream(http, question) == answer["citations"]
    assert bool(answer["citations"]) == (answer["status"] == "answered")


def test_the_questions_cover_answers_and_abstentions(served: Any) -> None:
    with httpx.Client(base_url=served.url, timeout=120) as http:
        statuses = {chat(http, question)["status"] for question in QUESTIONS}
    assert statuses == {"answered", "abstained"}


@pytest.mark.parametrize("question", [QUESTIONS[0], QUESTIONS[2]])
def test_the_command_line_cites_the_same(served: Any, question: str) -> None:
    command = [sys.executable, "-m", "geungeo.server.cli", "ask", question, "--json"]
    done = subprocess.run(
        [*command, "--store", str(served.store)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    printed = json.loads(done.stdout)
    with httpx.Client(base_url=served.url, timeout=120) as http:
        answer = chat(http, question)
    assert printed["text"] == answer["text"]
    assert printed["citations"] == answer["citations"]
    assert printed["passages"] == answer["passages"]
