"""AI libraries and clients that are not dependencies, each in an environment of its own.

The code is that of docs/clients.md. A package that cannot be installed is skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.docs.pages import BLOCKS, ROOT, Block
from tests.e2e.conftest import SEED_QUESTION
from tests.support.processes import Served, serving

pytestmark = pytest.mark.slow

REASON = "needs another package"
CLIENT_BLOCKS = [
    block for block in BLOCKS if block.page == ROOT / "docs/clients.md" and block.reason == REASON
]
PACKAGES = {
    "langchain_core": "langchain-core",
    "langchain_openai": "langchain-openai",
    "litellm": "litellm",
    "llama_index": "llama-index-core",
}
IMPORT = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
SECONDS = 900

Install = Callable[..., Path]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Return a function that installs packages in one environment and returns its programs."""
    folder = tmp_path_factory.mktemp("clients")
    programs = folder / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)

    def add(*packages: str) -> Path:
        pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
        done = subprocess.run(
            [*pip, "install", *packages], capture_output=True, text=True, timeout=SECONDS
        )
        if done.returncode:
            pytest.skip(f"{packages} cannot be installed: {done.stderr[-300:]}")
        return programs

    return add


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose answers end with the list of sources."""
    store = tmp_path_factory.mktemp("listing")
    with serving(store, {"GEUNGEO_V1_SOURCES": "list"}) as running:
        yield running


def output_of(args: list[str], **more: str) -> str:
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", **more}
    done = subprocess.run(args, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def answer(served: Served, **more: Any) -> str:
    """Return the content of the same question over plain HTTP."""
    body = {"model": "geungeo", "messages": [{"role": "user", "content": SEED_QUESTION}], **more}
    url = f"{served.url}/v1/chat/completions"
    done = httpx.post(url, json=body, timeout=120, trust_env=False).json()
    return str(done["choices"][0]["message"]["content"])


@pytest.mark.parametrize("block", CLIENT_BLOCKS, ids=lambda block: block.where)
def test_documented_code_works_with_the_real_package(
    served: Served, install: Install, block: Block
) -> None:
    needed = [PACKAGES[name] for name in IMPORT.findall(block.text) if name in PACKAGES]
    assert needed
    programs = install("httpx", *needed)
    code = block.text.replace("http://localhost:8000", served.url)
    shown = output_of([str(programs / "python"), "-c", code])
    if "embed_query" in code:
        assert int(shown) > 0
    elif "/search" in code:
        body = {"query": "데이터 센터 계획", **({"top_k": 5} if "top_k" in code else {})}
        url = f"{served.url}/search"
        found = httpx.post(url, json=body, timeout=120, trust_env=False).json()["passages"]
        assert len(found) > 1
        for passage in found:
            assert f"{passage['article_id']} {passage['text'][:40]}" in shown
    else:
        question = "오픈AI가 발표한 데이터 센터 계획의 규모는?"
        expected = answer(served, messages=[{"role": "user", "content": question}])
        assert expected in shown
        assert "[1] " in shown.split(expected)[1]


def test_llm_shows_the_list_of_sources(listing: Served, install: Install, tmp_path: Path) -> None:
    programs = install("llm")
    model = f"- model_id: geungeo\n  model_name: geungeo\n  api_base: {listing.url}/v1\n"
    (tmp_path / "extra-openai-models.yaml").write_text(model, "utf-8")
    args = [str(programs / "llm"), "-m", "geungeo", "--key", "none", SEED_QUESTION]
    expected = answer(listing)
    assert "\n\n근거:\n\n- [1] [“" in expected
    for more in ([], ["--no-stream"]):
        assert output_of([*args, *more], LLM_USER_PATH=str(tmp_path)).strip() == expected


AI_SDK = ("@ai-sdk/openai@4", "@ai-sdk/openai-compatible@3", "ai@7")


def test_ai_sdk_gets_text_and_sources(served: Served, tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js is not installed")
    script = tmp_path / "ai_sdk.mjs"
    script.write_bytes((ROOT / "tests/e2e/ai_sdk.mjs").read_bytes())
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--silent", *AI_SDK],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the AI SDK cannot be installed: {done.stderr[-300:]}")
    shown = json.loads(output_of([node, str(script), f"{served.url}/v1", SEED_QUESTION]))
    expected = answer(served)
    assert shown["whole"] == shown["streamed"] == expected
    assert shown["listed"] == answer(served, sources="list") != expected
    assert shown["follow"]
    assert shown["embedding"] == 384
    assert shown["sources"] == shown["streamedSources"]
    for source in shown["sources"]:
        assert source["url"].startswith(f"{served.url}/articles/")
        assert re.match(r"\[\d+\] .+: “.+”$", source["title"])


@pytest.fixture(scope="module")
def open_webui(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Open WebUI over the server, signed in; the package and what it needs are 2 GB.

    ``OPEN_WEBUI`` names its program where it is installed already.
    """
    folder = tmp_path_factory.mktemp("open-webui")
    program = os.environ.get("OPEN_WEBUI") or str(folder / "bin" / "open-webui")
    if "OPEN_WEBUI" not in os.environ:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "-q"]
        done = subprocess.run([*pip, "install", "open-webui"], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"Open WebUI cannot be installed: {done.stderr[-300:]}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "WEBUI_AUTH": "False",
        "WEBUI_SECRET_KEY": "x",
        "OFFLINE_MODE": "True",
        "ENABLE_OLLAMA_API": "False",
        "OPENAI_API_BASE_URL": f"{served.url}/v1",
        "OPENAI_API_KEY": "none",
        "RAG_EMBEDDING_ENGINE": "openai",
        "NO_PROXY": "127.0.0.1",
    }
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env=environment, cwd=folder) as process:
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False
            ) as http:
                _wait(lambda: http.get("/health").is_success)
                signed = http.post("/api/v1/auths/signin", json={"email": "", "password": ""})
                http.headers["Authorization"] = f"Bearer {signed.json()['token']}"
                yield http
        finally:
            process.terminate()


def _wait(done: Callable[[], bool]) -> None:
    """Call ``done`` until it is true, for at most five minutes."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            if done():
                return
        time.sleep(1)
    raise AssertionError("Open WebUI did not get ready")


def test_open_webui_keeps_the_answer_with_its_sources(
    served: Served, open_webui: httpx.Client
) -> None:
    asked, replied = "user-1", "assistant-1"
    question = {"id": asked, "role": "user", "content": SEED_QUESTION, "childrenIds": [replied]}
    reply = {"id": replied, "role": "assistant", "content": "", "parentId": asked}
    history = {"messages": {asked: question, replied: reply}, "currentId": replied}
    chat = {"title": "", "models": ["geungeo"], "messages": [question, reply], "history": history}
    created = open_webui.post("/api/v1/chats/new", json={"chat": chat}).json()["id"]
    body = {
        "model": "geungeo",
        "messages": [{"role": "user", "content": SEED_QUESTION}],
        "stream": True,
        "chat_id": created,
        "id": replied,
        "parent_id": asked,
        "session_id": "s",
    }
    assert open_webui.post("/api/chat/completions", json=body).is_success
    kept: dict[str, Any] = {}

    def finished() -> bool:
        chat = open_webui.get(f"/api/v1/chats/{created}").json()["chat"]
        kept.update(chat["history"]["messages"][replied])
        return bool(kept.get("done"))

    _wait(finished)
    assert "error" not in kept
    assert kept["content"] == answer(served)
    names = [one["source"]["name"] for one in kept["sources"]]
    assert len(set(names)) == len(names) == len(set(re.findall(r"\[\d+\]", kept["content"])))
    for one in kept["sources"]:
        assert one["source"]["url"].startswith(f"{served.url}/articles/")
        assert "“" in one["document"][0]


def test_open_webui_makes_a_title_tags_and_follow_ups(open_webui: httpx.Client) -> None:
    said = [
        {"role": "user", "content": SEED_QUESTION},
        {"role": "assistant", "content": "MS는 의존도를 낮춘다. [1]"},
    ]
    body = {"model": "geungeo", "messages": said, "chat_id": "x"}
    found = {}
    for task, key in (("title", "title"), ("tags", "tags"), ("follow_up", "follow_ups")):
        done = open_webui.post(f"/api/v1/tasks/{task}/completions", json=body).json()
        found[key] = json.loads(done["choices"][0]["message"]["content"])[key]
    assert found["title"]
    assert found["title"] in SEED_QUESTION
    assert len(found["tags"]) >= 1
    assert isinstance(found["follow_ups"], list)
