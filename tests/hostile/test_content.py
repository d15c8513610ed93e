"""What FAULTS asks of content and of a model that hangs, where no other test says it."""

from __future__ import annotations

import ast
import asyncio
import socket
import unicodedata

import httpx
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Filters
from geungeo.rag.settings import Settings
from geungeo.server.app import create_app
from tests.conftest import ROOT
from tests.hostile.conftest import Guarded

QUESTION = "MS와 오픈AI의 투자"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def half_width(text: str) -> str:
    """``text`` with its Hangul in half-width jamo (Unicode's Halfwidth and Fullwidth Forms)."""
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
def test_every_form_of_a_question_finds_what_the_usual_one_finds(
    form: str, workspace: Workspace
) -> None:
    def found(question: str) -> list[tuple[str, int]]:
        hits = workspace.pipeline.search(question, 5, Filters())
        return [(hit.article_id, hit.start) for hit in hits]

    assert FORMS[form] != QUESTION
    assert found(QUESTION)
    assert found(FORMS[form]) == found(QUESTION)


def test_an_article_is_found_in_its_usual_form_and_shown_in_its_own(guarded: Guarded) -> None:
    written = "도서관 예산은 ９８７억\u200b 원, 담당은 ＡＢＣ재단이다."
    guarded.workspace.ingest_text(f"예산\n\n{written}\n", name="forms.txt")
    hits = guarded.workspace.pipeline.search("도서관 예산 987억 원 ABC재단", 1, Filters())
    assert written in hits[0].text


@pytest.mark.anyio
async def test_a_model_that_hangs_holds_up_neither_health_nor_its_own_chat_for_ever(
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
            with connection:  # the model has been asked, and says nothing
                health = await http.get("/healthz")
                assert (health.status_code, chat.done()) == (200, False)
                async with asyncio.timeout(120):
                    answered = await chat
    assert answered.json()["reason"] == "backend_unavailable"


def test_no_export_is_a_spreadsheet_that_could_take_a_cell_for_a_formula() -> None:
    """Exports are Markdown, HTML and JSON; one of cells would have to defuse them."""
    for package in ("rag", "index", "server", "eval"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            imported = {
                name.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for name in node.names
            }
            assert not imported & {"csv", "openpyxl", "xlsxwriter", "pandas"}, path
