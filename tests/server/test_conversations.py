"""Conversations over HTTP and on the command line, and their export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Citation
from geungeo.rag.article import SectionKind
from geungeo.rag.text import visible
from geungeo.server.cli import run
from geungeo.server.escaping import escape_markdown, plain_text
from geungeo.server.transcript import to_markdown

Client = Callable[[], httpx.AsyncClient]
QUESTION = "데이터 센터 계획의 규모는 얼마인가?"
EVIL = "![x](http://a.example/?q=1) <img src=//b.example> [r][ref] `code` **b** &amp; www.c.example"


@pytest.fixture
def asked(workspace: Workspace) -> Iterator[str]:
    name = "test.conversation:1"
    assert run(["ask", QUESTION, "--conversation", name, "--store", store_of(workspace)]) == 0
    yield name
    if any(one.id == name for one in workspace.store.conversations.list()):
        workspace.store.conversations.delete(name)


def store_of(workspace: Workspace) -> str:
    return str(workspace.settings.store)


@pytest.mark.anyio
async def test_conversations_are_listed_exported_and_deleted(client: Client, asked: str) -> None:
    async with client() as http:
        listed = (await http.get("/conversations")).json()["conversations"]
        entry = next(one for one in listed if one["id"] == asked)
        assert (entry["turns"], entry["first_question"]) == (1, QUESTION)
        answers = (await http.get(f"/conversations/{asked}")).json()["answers"]
        document = await http.get(f"/conversations/{asked}", params={"format": "markdown"})
        assert document.headers["content-type"] == "text/markdown; charset=utf-8"
        assert document.headers["content-disposition"] == (
            'attachment; filename="test.conversation_1.md"'
        )
        shown = texts(document.text)
        for citation in answers[0]["citations"]:
            assert any(citation["quote"] in one for one in shown)
        assert any(answers[0]["text"] in one for one in shown)
        assert (await http.delete(f"/conversations/{asked}")).status_code == 204
        listed = (await http.get("/conversations")).json()["conversations"]
    assert all(one["id"] != asked for one in listed)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/conversations/nope", 404),
        ("/conversations/a%20b", 422),
        ("/conversations/%EA%B0%80", 422),
        (f"/conversations/{'x' * 129}", 422),
        ("/conversations/nope?format=pdf", 422),
        ("/conversations?limit=0", 422),
        ("/conversations?offset=-1", 422),
    ],
)
async def test_invalid_requests_are_rejected(client: Client, path: str, status: int) -> None:
    async with client() as http:
        response = await http.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_command_lists_shows_exports_and_deletes(
    workspace: Workspace, asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    place = ["--store", store_of(workspace)]
    assert run(["conversations", "list", "--json", *place]) == 0
    listed = json.loads(capsys.readouterr().out)["conversations"]
    assert asked in [one["id"] for one in listed]
    assert run(["conversations", "list", "--limit", "1", *place]) == 0
    assert capsys.readouterr().out.startswith(f"{asked}  ")
    assert run(["conversations", "show", asked, *place]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"> {QUESTION}\n")
    assert run(["conversations", "show", asked, "--json", *place]) == 0
    as_json = json.loads(capsys.readouterr().out)
    answer = Answer.model_validate(as_json["answers"][0])
    assert answer.citations[0].quote in shown
    target = tmp_path / "out.md"
    assert run(["conversations", "export", asked, "-o", str(target), *place]) == 0
    assert target.read_text("utf-8") == to_markdown(asked, [answer])
    assert run(["conversations", "export", asked, "--format", "json", *place]) == 0
    assert json.loads(capsys.readouterr().out) == as_json
    assert run(["conversations", "delete", asked, *place]) == 0
    assert run(["conversations", "show", asked, *place]) == 2
    assert asked in capsys.readouterr().err


@pytest.mark.parametrize(
    "args", [["conversations", "show", "a b"], ["ask", QUESTION, "--conversation", "가"]]
)
def test_invalid_conversation_id_is_a_usage_error(
    workspace: Workspace, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*args, "--store", store_of(workspace)]) == 2
    assert "conversation id" in capsys.readouterr().err


def test_unwritable_export_is_one_line(
    workspace: Workspace, asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    target = tmp_path / "no" / "out.md"
    args = ["conversations", "export", asked, "-o", str(target), "--store", store_of(workspace)]
    assert run(args) == 2
    assert capsys.readouterr().err.startswith(f"geungeo: cannot write {target}")


# A renderer with all common extensions of Markdown, HTML included.
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
CALM = {"text", "text_special", "softbreak"}


def texts(document: str) -> list[str]:
    """Return the text of every block as a reader sees it."""
    return [
        "".join(child.content for child in token.children or [])
        for token in MARKDOWN.parse(document)
        if token.type == "inline"
    ]


def kinds(document: str) -> set[str]:
    return {
        child.type
        for token in MARKDOWN.parse(document)
        for child in [token, *(token.children or [])]
    }


def seen(text: str) -> str:
    line = " ".join(plain_text(text).split())
    return "".join(char if visible(char) else f"(U+{ord(char):04X})" for char in line)


@given(st.text(max_size=60) | st.text("\\`*_{}[]()<>#+-.!|&~:;=$^@1w h\n/\"'", max_size=40))
@example(EVIL)
@example("- [ ] x\n# y")
@example("http://a.example www.b.example a@b.example &lt; \\")
def test_escaped_markdown_renders_as_the_quoted_text(text: str) -> None:
    line = f"x {escape_markdown(text)} x"
    assert texts(line) == [f"x {seen(text)} x"]
    assert kinds(line) - {"paragraph_open", "paragraph_close", "inline"} <= CALM


@given(st.text(max_size=40) | st.text("#+-.)0123 >`~=\t", max_size=12))
@example("# heading")
@example("1. item")
@example("---")
@example("    code")
@example("```")
def test_answer_text_creates_no_markdown_structure(text: str) -> None:
    document = to_markdown("c", [evil_answer(text)])
    made = kinds(document)
    assert not made & {"image", "html_inline", "html_block", "code_inline", "fence", "code_block"}
    assert not made & {"strong_open", "table_open", "hr", "ordered_list_open"}
    headings = [t for t in MARKDOWN.parse(document) if t.type == "heading_open"]
    assert [heading.tag for heading in headings] == ["h1", "h2"]


def evil_answer(text: str, url: str | None = None) -> Answer:
    citation = Citation(
        marker=1,
        article_id="a",
        version=1,
        title=text,
        url=url,
        publisher=text,
        published_at=None,
        start=0,
        end=1,
        quote=text,
        answer_start=0,
        answer_end=1,
        support=1.0,
        section=SectionKind.BODY,
        note=text,
    )
    return Answer(
        id="x",
        question=text,
        standalone_question=f"{text}?",
        language="ko",
        status="answered",
        reason=None,
        text=text,
        citations=(citation,),
        backend="extractive",
    )


@pytest.mark.parametrize(
    ("url", "followed"),
    [
        ("https://news.example/a?b=(c)&d=<e> f", "https://news.example/a?b=(c)&d=%3Ce%3E%20f"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        (None, None),
    ],
)
def test_only_http_urls_become_links(url: str | None, followed: str | None) -> None:
    links = [
        child.attrGet("href")
        for token in MARKDOWN.parse(to_markdown("c", [evil_answer(EVIL, url)]))
        for child in token.children or []
        if child.type == "link_open"
    ]
    assert links == ([] if followed is None else [followed])
