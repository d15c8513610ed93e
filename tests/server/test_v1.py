"""``/v1`` for clients other than the official one: links, sources, and what is not served."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Delta
from geungeo.rag.errors import BackendUnavailable
from geungeo.server.app import create_app
from geungeo.server.channels.openai_sources import without_sources
from geungeo.server.channels.openai_tasks import answer_task
from tests.server.conftest import Scripted

pytestmark = pytest.mark.anyio

QUESTION = "혹등고래 몇 마리가 돌아왔나?"
QUOTE = "동해에 혹등고래 12마리가 돌아왔다고 해양수산부가 밝혔다."
MakeWorkspace = Callable[..., Workspace]


def client(workspace: Workspace, base_url: str = "http://localhost:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(workspace))
    return httpx.AsyncClient(transport=transport, base_url=base_url)


def completion(question: str = QUESTION, **extra: Any) -> dict[str, Any]:
    return {"model": "geungeo", "messages": [{"role": "user", "content": question}], **extra}


async def complete(workspace: Workspace, **extra: Any) -> Any:
    async with client(workspace) as http:
        response = await http.post("/v1/chat/completions", json=completion(**extra))
    assert response.status_code == 200, response.text
    return response.json()


async def test_links_have_the_origin_of_the_request(workspace_of: MakeWorkspace) -> None:
    body = await complete(workspace_of())
    (annotation,) = body["choices"][0]["message"]["annotations"]
    cited, (citation,) = annotation["url_citation"], body["citations"]
    place = f"version=1&start={citation['start']}&end={citation['end']}"
    assert cited["url"] == f"http://localhost:8000/articles/whales?{place}"
    assert cited["title"] == f"[1] 고래가 돌아왔다: “{QUOTE}”"
    assert cited["quote"] == citation["quote"] == QUOTE


async def test_public_url_and_setting_of_sources_apply(workspace_of: MakeWorkspace) -> None:
    workspace = workspace_of(public_url="https://news.example/geungeo/", v1_sources="list")
    body = await complete(workspace)
    message = body["choices"][0]["message"]
    url = message["annotations"][0]["url_citation"]["url"]
    assert url.startswith("https://news.example/geungeo/articles/whales?version=1&start=")
    text, appendix = message["content"].split("\n\n근거:\n\n")
    assert text.endswith("[1]")
    assert appendix == f"- [1] [“{QUOTE}”]({url}) 고래가 돌아왔다"
    assert without_sources(message["content"]) == text
    plain = (await complete(workspace, sources="annotations"))["choices"][0]["message"]["content"]
    assert plain == text


HISTORY = """### Chat History:
<chat_history>
USER: MS가 오픈AI에 대한 의존도를 낮추는 이유는?
ASSISTANT: 비용을 줄이려 한다. [1]
</chat_history>"""
TITLE = (
    "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n"
)
TAGS = (
    "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history, along "
    "with 1-3 more specific subtopic tags.\n\n"
)
FOLLOW_UPS = (
    "### Task:\nSuggest 3-5 relevant follow-up questions or prompts that the user might naturally "
    "ask next in this conversation as a **user**, based on the chat history.\n"
)
QUERIES = "### Task:\nAnalyze the chat history to determine the necessity of search queries.\n"


def as_json(example: str) -> str:
    return f"### Output:\nJSON format: {example}\n{HISTORY}"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (TITLE + as_json('{ "title": "your concise title here" }'),
         {"title": "MS가 오픈AI에 대한 의존도를 낮추는 이유는"}),
        (TAGS + as_json('{ "tags": ["tag1", "tag2", "tag3"] }'),
         {"tags": ["MS", "오픈AI", "의존도"]}),
        (FOLLOW_UPS + as_json('{ "follow_ups": ["Question 1?", "Question 2?"] }'),
         {"follow_ups": [
             "이 기사를 요약해 줘.", "이 기사는 누가 썼어?", "이 기사는 언제 보도됐어?"]}),
        (QUERIES + as_json('{ "queries": ["query1", "query2"] }'), {"queries": []}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
async def test_tasks_of_open_webui_get_the_json_they_ask_for(
    workspace_of: MakeWorkspace, prompt: str, expected: Any, stream: bool
) -> None:
    async with client(workspace_of()) as http:
        body = completion(prompt, stream=stream, max_tokens=50)
        response = await http.post("/v1/chat/completions", json=body)
    assert response.status_code == 200
    if not stream:
        message = response.json()["choices"][0]["message"]
        assert message["annotations"] == []
        assert json.loads(message["content"]) == expected
        return
    *chunks, last = [block.removeprefix("data: ") for block in response.text.split("\n\n") if block]
    assert last == "[DONE]"
    deltas = [json.loads(chunk)["choices"][0]["delta"] for chunk in chunks]
    assert json.loads("".join(delta.get("content", "") for delta in deltas)) == expected


def test_plain_title_is_cut_at_a_word() -> None:
    prompt = f"{TITLE}### Output:\nReturn ONLY the title text.\n{HISTORY}"
    assert answer_task(prompt) == "MS가 오픈AI에 대한 의존도를 낮추는 이유는"
    longer = prompt.replace("이유는?", "이유는 무엇이고 언제부터 그런 계획을 세웠나?")
    assert (
        answer_task(longer) == "MS가 오픈AI에 대한 의존도를 낮추는 이유는 무엇이고 언제부터 그런…"
    )


def test_abstention_has_no_follow_ups() -> None:
    prompt = FOLLOW_UPS + as_json('{ "follow_ups": [] }').replace(" [1]", "")
    assert json.loads(answer_task(prompt) or "") == {"follow_ups": []}


@pytest.mark.parametrize(
    "question",
    [
        "제목이 title인 기사는?",
        "### Task:\n고래는 몇 마리인가?",
        HISTORY,
        "### Task: " + "가" * 200_001,
    ],
)
def test_other_questions_are_not_tasks(question: str) -> None:
    assert answer_task(question) is None


async def test_failure_in_a_streamed_response_is_its_last_event(scripted: Scripted) -> None:
    scripted.pipeline.script = [Delta("고래"), BackendUnavailable("the endpoint is down")]
    async with scripted.client() as http:
        body = {"model": "geungeo", "input": QUESTION, "stream": True}
        response = await http.post("/v1/responses", json=body)
    blocks = [block for block in response.text.split("\n\n") if block]
    events = [json.loads(block.partition("data: ")[2]) for block in blocks]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    delta, failed, error = events[-3:]
    assert delta["delta"] == "고래"
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == "backend_unavailable"
    assert (error["type"], error["code"]) == ("error", "backend_unavailable")
    assert error["error"]["message"] == error["message"] == "the endpoint is down"
    assert scripted.pipeline.closed.is_set()
