"""Invariant 5: the same question over the same store gives the same citations everywhere."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

import geungeo as geungeo_package
from tests.support import ROOT
from tests.support.processes import command, geungeo

SHIPPED = {
    record["id"]: record
    for record in map(
        json.loads, (ROOT / "eval/data/seed_article.jsonl").read_text("utf-8").splitlines()
    )
}
# Facts, a number, a cause, English, misspelt, no answer, a false premise, an attack; and
# requests about the article as a whole.
REQUESTS = {
    "summary": "이 기사를 세 문장으로 요약해줘",
    "listing": "어떤 기사가 있어?",
    "author": "이 기사 누가 썼어?",
    "thanks": "고마워요",
}
SINGLE = (
    "fact-02", "num-01", "date-01", "why-01", "en-02", "typo-01", "un-03", "un-41", "fp-02",
    "atk-06", *REQUESTS,
)  # fmt: skip
TALKS = ("conv-01", "conv-02")
PLACES = ("article_id", "version", "start", "end", "marker", "answer_start", "answer_end")

Cited = tuple[str, list[tuple[Any, ...]], list[tuple[Any, ...]]]
"""An answer's text, the fields PLACES of each citation, and the place of each nearest sentence."""


def questions(name: str) -> tuple[str, ...]:
    if name in REQUESTS:
        return (REQUESTS[name],)
    record = SHIPPED[name]
    return tuple(turn["question"] for turn in record.get("turns", [record]))


def cited(text: str, citations: list[dict[str, Any]], nearest: list[dict[str, Any]]) -> Cited:
    return (
        text,
        [tuple(citation[place] for place in PLACES) for citation in citations],
        [tuple(one[place] for place in PLACES[:4]) for one in nearest],
    )


def post(url: str, path: str, body: dict[str, Any]) -> httpx.Response:
    response = httpx.post(url + path, json=body, timeout=240, trust_env=False)
    assert response.status_code == 200, response.text
    return response


@cache
def chat_json(url: str, asked: tuple[str, ...]) -> list[Cited]:
    """Return the answers of the channel that the others are compared with."""
    found, conversation = [], None
    for question in asked:
        body = {"question": question} | ({"conversation_id": conversation} if conversation else {})
        answer = post(url, "/chat", body).json()
        conversation = answer["conversation_id"]
        assert bool(answer["citations"]) == (answer["status"] == "answered")
        found.append(cited(answer["text"], answer["citations"], answer["nearest"]))
    return found


def chat_stream(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    found, conversation = [], None
    for question in asked:
        body = {"question": question, "stream": True}
        body |= {"conversation_id": conversation} if conversation else {}
        raw = post(served.url, "/chat", body).text
        blocks = [
            dict(line.split(": ", 1) for line in block.split("\n"))
            for block in raw.split("\n\n")
            if "\ndata: " in block
        ]
        events = [(block["event"], json.loads(block["data"])) for block in blocks]
        done = events[-1][1]
        conversation = done["conversation_id"]
        text = "".join(data["text"] for name, data in events if name == "delta")
        streamed = [data for name, data in events if name == "citation"]
        assert text == (done["text"] if streamed else "")
        assert streamed == done["citations"]
        found.append(cited(done["text"], streamed, done["nearest"]))
    return found


def openai_json(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    return over_openai(asked, lambda messages: whole_completion(served.url, messages))


def openai_stream(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    return over_openai(asked, lambda messages: streamed_completion(served.url, messages))


def over_openai(
    asked: tuple[str, ...],
    complete: Callable[[list[dict[str, str]]], tuple[str, list[Any], dict[str, Any]]],
) -> list[Cited]:
    """Ask through the OpenAI API, whose message history is the conversation."""
    messages: list[dict[str, str]] = []
    found = []
    for question in asked:
        messages.append({"role": "user", "content": question})
        content, annotations, extensions = complete(messages)
        citations, nearest = extensions["citations"], extensions["nearest"]
        indices = [
            (one["url_citation"]["start_index"], one["url_citation"]["end_index"])
            for one in annotations
        ]
        assert indices == [(one["answer_start"], one["answer_end"]) for one in citations]
        messages.append({"role": "assistant", "content": content})
        # The text of an abstention ends with its nearest sentences.
        text, _, listed = content.partition("\n\n") if nearest else (content, "", "")
        assert all(one["quote"] in listed for one in nearest)
        found.append(cited(text, citations, nearest))
    return found


def whole_completion(
    url: str, messages: list[dict[str, str]]
) -> tuple[str, list[Any], dict[str, Any]]:
    body = {"model": "geungeo", "messages": messages}
    completion = post(url, "/v1/chat/completions", body).json()
    message = completion["choices"][0]["message"]
    return message["content"], message["annotations"], completion


def streamed_completion(
    url: str, messages: list[dict[str, str]]
) -> tuple[str, list[Any], dict[str, Any]]:
    body = {"model": "geungeo", "messages": messages, "stream": True}
    raw = post(url, "/v1/chat/completions", body).text
    chunks = [
        json.loads(block.removeprefix("data: "))
        for block in raw.split("\n\n")
        if block.startswith("data: {")
    ]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    text = "".join(delta.get("content") or "" for delta in deltas)
    annotations = [one for delta in deltas for one in delta.get("annotations") or []]
    return text, annotations, next(c for c in chunks if "citations" in c)


def responses_json(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    return over_responses(served.url, asked, stream=False)


def responses_stream(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    return over_responses(served.url, asked, stream=True)


def over_responses(url: str, asked: tuple[str, ...], *, stream: bool) -> list[Cited]:
    """Ask with the input as the conversation; the annotations must be those of the citations."""
    items: list[dict[str, Any]] = []
    found = []
    for question in asked:
        items.append({"role": "user", "content": question})
        response = post(
            url, "/v1/responses", {"model": "geungeo", "input": items, "stream": stream}
        )
        if stream:
            lines = [line for line in response.text.splitlines() if line.startswith("data: ")]
            events = [json.loads(line.removeprefix("data: ")) for line in lines]
            deltas = [one for one in events if one["type"] == "response.output_text.delta"]
            added = [
                one for one in events if one["type"] == "response.output_text.annotation.added"
            ]
            body = events[-1]["response"]
            text = "".join(one["delta"] for one in deltas)
            annotations = [one["annotation"] for one in added]
        else:
            body = response.json()
            (part,) = body["output"][0]["content"]
            text, annotations = part["text"], part["annotations"]
        citations = body["citations"]
        indices = [(one["start_index"], one["end_index"]) for one in annotations]
        assert indices == [(one["answer_start"], one["answer_end"]) for one in citations]
        items += body["output"]
        nearest = body["nearest"]
        # The text of an abstention ends with its nearest sentences.
        text, _, listed = text.partition("\n\n") if nearest else (text, "", "")
        assert all(one["quote"] in listed for one in nearest)
        found.append(cited(text, citations, nearest))
    return found


def over_mcp(served: Any, asked: tuple[str, ...]) -> list[Cited]:
    mcp = pytest.importorskip("mcp", reason="the MCP SDK is a test extra")

    async def ask() -> list[Cited]:
        async with mcp.Client(f"{served.url}/mcp") as client:
            return await called(client, asked)

    return asyncio.run(ask())


async def called(client: Any, asked: tuple[str, ...]) -> list[Cited]:
    """Ask a conversation through the tool of an MCP client."""
    name = f"parity-mcp-{uuid.uuid4().hex}"
    found = []
    for question in asked:
        arguments = {"question": question, "conversation_id": name}
        answer = (await client.call_tool("ask", arguments)).structured_content
        found.append(cited(answer["text"], answer["citations"], answer["nearest"]))
    return found


def output_of(served: Any, *args: str) -> str:
    done = geungeo(*args, "--store", str(served.store), timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "channel",
    [chat_stream, openai_json, openai_stream, responses_json, responses_stream, over_mcp],
)
@pytest.mark.parametrize("name", [*SINGLE, *TALKS])
def test_every_http_channel_gives_the_same_citations(
    served: Any, name: str, channel: Callable[[Any, tuple[str, ...]], list[Cited]]
) -> None:
    asked = questions(name)
    assert channel(served, asked) == chat_json(served.url, asked)


def test_questions_cover_answers_and_abstentions(served: Any) -> None:
    answered = [bool(chat_json(served.url, questions(name))[0][1]) for name in SINGLE]
    assert answered.count(True) >= 4
    assert answered.count(False) >= 3
    for name in TALKS:
        turns = chat_json(served.url, questions(name))
        assert len(turns) == 3
        assert all(citations for _, citations, _ in turns[:2])


@pytest.mark.slow
def test_evaluation_gives_the_same_citations(served: Any, tmp_path: Path) -> None:
    chosen, results = tmp_path / "chosen.jsonl", tmp_path / "results.json"
    names = (*SINGLE[::2], TALKS[0])
    records = [
        SHIPPED.get(name) or {"id": name, "kind": "unanswerable", "question": REQUESTS[name]}
        for name in names
    ]
    chosen.write_text(
        "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8"
    )
    output_of(
        served, "eval", str(chosen), "--json", str(results), "--cache", str(tmp_path / "cache")
    )
    rows = json.loads(results.read_text("utf-8"))["rows"]
    for name in names:
        mine = sorted(
            (row for row in rows if row["id"].split("#")[0] == name),
            key=lambda row: row["turn"] or 0,
        )
        found = [cited(row["text"], row["citations"], row["nearest"]) for row in mine]
        assert found == chat_json(served.url, questions(name)), name


# The models are loaded in a process of its own. tests/e2e/test_mcp.py asks it one question by
# default; the Python face answers as the command line does.
@pytest.mark.slow
def test_mcp_over_stdio_gives_the_same_citations(served: Any) -> None:
    mcp = pytest.importorskip("mcp", reason="the MCP SDK is a test extra")
    program, *args = command("mcp", "--store", str(served.store))

    async def ask() -> list[list[Cited]]:
        transport = mcp.stdio_client(mcp.StdioServerParameters(command=program, args=args))
        async with mcp.Client(transport) as client:
            return [await called(client, questions(name)) for name in (*SINGLE, *TALKS)]

    found = asyncio.run(ask())
    assert found == [chat_json(served.url, questions(name)) for name in (*SINGLE, *TALKS)]


@pytest.mark.slow
def test_python_gives_the_same_citations(served: Any) -> None:
    with geungeo_package.open(served.store) as news:
        for name in (*SINGLE, *TALKS):
            talk = f"parity-python-{uuid.uuid4().hex}"
            found = []
            for question in questions(name):
                answer = news.ask(question, conversation_id=talk).model_dump(mode="json")
                found.append(cited(answer["text"], answer["citations"], answer["nearest"]))
            assert found == chat_json(served.url, questions(name)), name


def quote_below(text: str, citation: dict[str, Any]) -> str:
    """Return the quote that is printed below the answer: none if the answer contains it."""
    said = text[citation["answer_start"] : citation["answer_end"]]
    return "" if said == citation["quote"] else str(citation["quote"])


@pytest.mark.parametrize(
    "name",
    ["summary", *(pytest.param(n, marks=pytest.mark.slow) for n in ("num-01", "en-02", "un-41"))],
)
def test_command_line_gives_the_same_citations(served: Any, name: str) -> None:
    (question,) = asked = questions(name)
    (expected,) = chat_json(served.url, asked)
    printed = json.loads(output_of(served, "ask", question, "--json"))
    assert cited(printed["text"], printed["citations"], printed["nearest"]) == expected
    shown = output_of(served, "ask", question)
    assert shown.startswith(printed["text"])
    by_marker = {one["marker"]: one for one in printed["citations"]}
    listed = re.findall(r"^  \[(\d+)\] (?:“(.*)”\n      )?.*\[(\d+):(\d+)\]$", shown, re.M)
    assert listed == [
        (str(marker), quote_below(printed["text"], one), str(one["start"]), str(one["end"]))
        for marker, one in sorted(by_marker.items())
    ]


@pytest.mark.slow
def test_conversation_on_the_command_line_gives_the_same_citations(served: Any) -> None:
    asked = questions("conv-02")
    found = []
    for question in asked:
        args = ["ask", question, "--json", "--conversation", "parity-cli"]
        answer = json.loads(output_of(served, *args))
        found.append(cited(answer["text"], answer["citations"], answer["nearest"]))
    assert found == chat_json(served.url, asked)
    in_the_terminal = output_of(served, "conversations", "show", "parity-cli")
    for text, _, _ in found:
        assert text in in_the_terminal
