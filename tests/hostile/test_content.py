"""Faults in content and a hanging model, where no other test covers them."""

from __future__ import annotations

import ast
import asyncio
import re
import socket
import unicodedata

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from tests.support import ROOT
from tests.support.processes import Guarded

QUESTION = "MS와 오픈AI의 투자"


def half_width(text: str) -> str:
    """Return ``text`` with its Hangul in half-width jamo (Halfwidth and Fullwidth Forms)."""
    names = {char: unicodedata.name(char) for char in unicodedata.normalize("NFD", text)}
    letters = {
        char: unicodedata.lookup(f"HALFWIDTH HANGUL LETTER {name.split(' ', 2)[2]}")
        for char, name in names.items()
        if name.startswith("HANGUL ")
    }
    return "".join(letters.get(char, char) for char in unicodedata.normalize("NFD", text))


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


FORMS = {
    "NFD": unicodedata.normalize("NFD", QUESTION),
    "half-width jamo": half_width(QUESTION),
    "full-width letters": full_width(QUESTION),
    "zero-width characters": "\u200b".join(QUESTION),
    "a soft hyphen and a bidi override": f"\u202e{QUESTION[:2]}\u00ad{QUESTION[2:]}",
    "tag characters": f"{QUESTION}\U000e0041\U000e0042",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_unicode_form_of_a_question_finds_the_same(form: str, workspace: Workspace) -> None:
    def found(question: str) -> list[tuple[str, int]]:
        hits = workspace.pipeline.search(question, 5, Filters())
        return [(hit.article_id, hit.start) for hit in hits]

    assert FORMS[form] != QUESTION
    assert found(QUESTION)
    assert found(FORMS[form]) == found(QUESTION)


def test_article_is_found_in_normal_form_and_shown_in_its_own(guarded: Guarded) -> None:
    written = "도서관 예산은 ９８７억\u200b 원, 담당은 ＡＢＣ재단이다."
    guarded.workspace.ingest_text(f"예산\n\n{written}\n", name="forms.txt")
    hits = guarded.workspace.pipeline.search("도서관 예산 987억 원 ABC재단", 1, Filters())
    assert written in hits[0].text


@pytest.mark.anyio
async def test_hanging_model_blocks_neither_health_nor_its_chat_forever(
    workspace: Workspace,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(
            store=workspace.settings.store,
            backend="openai",
            llm_base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            llm_model="m",
            llm_first_token_timeout=1,
            llm_retries=0,
            llm_extractive_fallback=False,
        )
        app = create_app(Workspace(settings, workspace.store, workspace.embedder))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            asked = {"question": "MS의 사내 인공지능 부서를 이끄는 사람은 누구인가?"}
            chat = asyncio.create_task(http.post("/chat", json=asked))
            connection, _ = await asyncio.to_thread(silent.accept)
            with connection:  # the model was asked and does not respond
                health = await http.get("/healthz")
                assert (health.status_code, chat.done()) == (200, False)
                async with asyncio.timeout(120):
                    answered = await chat
    assert answered.json()["reason"] == "backend_unavailable"


def test_no_export_is_a_spreadsheet() -> None:
    # Exports are Markdown, HTML and JSON; a spreadsheet would need its formulas escaped.
    for package in ("rag", "index", "server", "eval"):
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text("utf-8")
            if path == ROOT / "rag/readers/rows.py":
                # It reads tables.
                assert not re.search(r"\bwriter\b|\bWorkbook\b|\.save\(", source)
                continue
            tree = ast.parse(source)
            imported = {
                name.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for name in node.names
            }
            assert not imported & {"csv", "openpyxl", "xlsxwriter", "pandas"}, path
