"""Reports of an ingest: events, warnings, files not read, trial runs, and corrections."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from geungeo.index.fetching import Fetcher
from geungeo.index.ingest import IngestEvent, ingest_sources
from geungeo.index.store import Store
from geungeo.rag.errors import ArticleNotFound
from geungeo.rag.protocols import Embedder
from geungeo.server.cli import run as run_command

FETCHER = Fetcher(max_bytes=10_000, seconds=30)
LEAD = "가람시 새벽시장의 배추 값이 두 배로 뛰었다고 시가 밝혔다."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text(f"배추값\n\n{LEAD}", "utf-8")
    records = [{"id": f"r{n}", "title": f"소식 {n}", "text": f"{n}번째 {LEAD}"} for n in range(40)]
    records[3]["date"] = "초여름"
    lines = [*(json.dumps(one, ensure_ascii=False) for one in records), "{broken"]
    (docs / "many.jsonl").write_text("\n".join(lines), "utf-8")
    (docs / "photo.jpg").write_bytes(b"\xff\xd8")
    (docs / "LICENSE").write_text("x", "utf-8")
    (docs / ".hidden").write_text("x", "utf-8")
    return docs


def test_every_article_is_an_event(tmp_path: Path, folder: Path, embedder: Embedder) -> None:
    events: list[IngestEvent] = []
    store = Store.open(tmp_path / "store", embedder)
    summary = ingest_sources(
        store, [str(folder)], limit=10_000, fetcher=FETCHER, listener=events.append
    )
    store.close()
    stored = [event for event in events if event.kind == "stored"]
    assert [event.status for event in stored] == ["added"] * 41
    assert stored[0].title == "배추값"
    assert [(e.source, e.count) for e in events if e.kind == "read"] == [
        (str(folder / "a.txt"), 1),
        (str(folder / "many.jsonl"), 40),
    ]
    assert [(notice.source, notice.message) for notice in summary.ignored] == [
        (str(folder / "LICENSE"), "no suffix"),
        (str(folder / "photo.jpg"), "cannot read .jpg files"),
    ]
    assert [failure.error.partition(" (")[0] for failure in summary.failed] == [
        f"{folder / 'many.jsonl'}:41: not valid JSON"
    ]
    (warning,) = summary.warnings
    assert warning.source.endswith("many.jsonl:4")
    assert "date '초여름' cannot be read" in warning.message


@dataclass(frozen=True, slots=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; the first argument is the store."""

    def call(store: Path, *arguments: str) -> Result:
        code = run_command(["--store", str(store), *arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


def test_trial_run_shows_articles_and_stores_nothing(
    tmp_path: Path, folder: Path, run: Run
) -> None:
    (folder / "many.jsonl").unlink()
    (folder / "b.csv").write_text(f"kop,inhoud,dag\n배추값,{LEAD},2025-07-02\n", "utf-8")
    columns = ["--map", "text=inhoud", "--map", "title=kop", "--map", "published_at=dag"]
    result = run(tmp_path / "store", "ingest", "--dry-run", *columns, str(folder / "b.csv"))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "배추값",
        "  author       -",
        "  publisher    -",
        "  published_at 2025-07-02",
        "  url          -",
        "  sections     1 title, 1 body",
        "  source       b.csv:2",
        "1 would be read, 0 failed; nothing was stored",
    ]
    assert not (tmp_path / "store").exists()
    shown = json.loads(
        run(tmp_path / "store", "ingest", "--dry-run", "--json", str(folder / "a.txt")).stdout
    )
    assert shown["articles"][0]["sections"] == [
        {"kind": "title", "text": "배추값"},
        {"kind": "body", "text": LEAD},
    ]
    (folder / "b.csv").write_text("제목,본문\n가,첫 기사다.\n나,\n", "utf-8")
    found = json.loads(
        run(tmp_path / "store", "ingest", "--dry-run", "--json", str(folder / "b.csv")).stdout
    )
    assert [one["title"] for one in found["articles"]] == ["가"]
    assert [one["source"] for one in found["failed"]] == [f"{folder}/b.csv:3"]
    events = run(tmp_path / "store", "ingest", "--dry-run", "--events", str(folder))
    assert (events.exit_code, "use --json" in events.stderr) == (2, True)
    wrong = run(tmp_path / "store", "ingest", "--map", "tekst=inhoud", str(folder / "b.csv"))
    assert wrong.exit_code == 2
    assert "write FIELD=COLUMN with a field of text, title" in wrong.stderr


def test_command_prints_events_and_names_a_failing_path_once(
    tmp_path: Path, folder: Path, run: Run
) -> None:
    result = run(tmp_path / "store", "ingest", "--events", str(folder))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines].count("stored") == 41
    assert lines[-1]["event"] == "done"
    assert len(lines[-1]["added"]) == 41
    assert result.exit_code == 2
    errors = result.stderr.splitlines()
    assert errors[0].count("many.jsonl") == 1
    assert errors[0].startswith(f"geungeo: {folder}/many.jsonl:41: not valid JSON")
    assert errors[1].startswith(f"geungeo: warning: {folder}/many.jsonl:4: ")
    assert errors[2:] == [
        "geungeo: LICENSE: not read (no suffix)",
        "geungeo: photo.jpg: not read (cannot read .jpg files)",
    ]
    again = run(tmp_path / "store", "ingest", str(folder))
    assert again.stdout == "0 added, 0 updated, 41 unchanged, 1 failed\n"


def test_hidden_files_and_locks_of_editors_are_not_read(
    tmp_path: Path, folder: Path, run: Run
) -> None:
    (folder / "many.jsonl").unlink()
    (folder / "__MACOSX").mkdir()
    for name in (".draft.txt", "~$memo.docx", "__MACOSX/._a.txt", "1.md~", "2.bak", "3.bak"):
        (folder / name).write_text("x", "utf-8")
    for number in range(4, 8):
        (folder / f"{number}.bak").write_text("x", "utf-8")
    result = run(tmp_path / "store", "ingest", str(folder))
    assert result.stdout == "1 added, 0 updated, 0 unchanged, 0 failed\n"
    assert result.stderr.splitlines() == [
        "geungeo: .draft.txt, __MACOSX/._a.txt, ~$memo.docx: not read (hidden)",
        "geungeo: 1.md~: not read (cannot read .md~ files)",
        "geungeo: 2.bak, 3.bak, 4.bak and 3 more: not read (cannot read .bak files)",
        "geungeo: LICENSE: not read (no suffix)",
        "geungeo: photo.jpg: not read (cannot read .jpg files)",
    ]


def test_unread_files_of_a_relative_and_an_absolute_folder_are_named(
    tmp_path: Path, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "deep").mkdir(parents=True)
    (other / "b.txt").write_text((folder / "a.txt").read_text("utf-8"), "utf-8")
    (other / "deep" / "photo.jpg").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    result = run(tmp_path / "store", "ingest", "other", str(folder))
    assert "other/deep/photo.jpg" in result.stderr
    assert f"{folder.name}/photo.jpg" in result.stderr


def test_corrected_data_is_a_new_version_that_a_second_ingest_keeps(
    tmp_path: Path, folder: Path, run: Run
) -> None:
    store, source = tmp_path / "store", str(folder / "a.txt")
    assert run(store, "ingest", source).exit_code == 0
    listed = json.loads(run(store, "articles", "list", "--json").stdout)
    (row,) = listed["articles"]
    edited = run(
        store, "articles", "edit", row["id"], "--author", "한여울", "--date", "2025.7.2 오전 9:10"
    )
    assert edited.stdout == f"{row['id']} v2 updated\n"
    retitled = run(store, "articles", "edit", row["id"], "--title", "배추 값 두 배")
    assert retitled.exit_code == 0
    assert "title: 배추 값 두 배" in run(store, "articles", "show", row["id"]).stdout.splitlines()
    assert run(store, "articles", "edit", row["id"], "--title", row["title"]).exit_code == 0
    shown = json.loads(run(store, "articles", "show", row["id"], "--json").stdout)
    assert (shown["author"], shown["published_at"]) == ("한여울", "2025-07-02T09:10:00+09:00")
    before = json.loads(
        run(store, "articles", "show", row["id"], "--json", "--version", "1").stdout
    )
    assert (before["author"], before["text"]) == (None, shown["text"])
    assert run(store, "ingest", source).stdout == "0 added, 0 updated, 1 unchanged, 0 failed\n"
    sections = run(store, "articles", "show", row["id"], "--sections").stdout
    assert sections.splitlines()[-2:] == ["[title] 배추값", f"[body] {LEAD}"]


def test_corrections_outlive_changes_of_the_document(
    tmp_path: Path, folder: Path, run: Run
) -> None:
    store, source = tmp_path / "store", folder / "a.txt"
    text = source.read_text("utf-8")
    run(store, "ingest", str(source))
    (row,) = json.loads(run(store, "articles", "list", "--json").stdout)["articles"]

    def now(written: str) -> tuple[object, ...]:
        source.write_text(written, "utf-8")
        assert run(store, "ingest", str(source)).exit_code == 0
        shown = json.loads(run(store, "articles", "show", row["id"], "--json").stdout)
        return shown["author"], shown["publisher"], shown["version"]

    run(store, "articles", "edit", row["id"], "--author", "한여울")
    assert now(f"{text}\n\n더 오른다고 시는 밝혔다.\n") == ("한여울", None, 3)
    assert now(f"{text}\n\n더 오른다고 시는 밝혔다.\n") == ("한여울", None, 3)
    run(store, "articles", "edit", row["id"], "--publisher", "가람일보")
    assert now(f"{text}\n\n더 오른다고 시장은 밝혔다.\n") == ("한여울", "가람일보", 5)
    # A correction can be taken back.
    run(store, "articles", "edit", row["id"], "--publisher", "")
    assert now(f"{text}\n\n더 오른다고 군은 밝혔다.\n") == ("한여울", None, 7)
    # What the document says itself, later than the correction, counts.
    signed = f"{text}\n\n더 오른다고 시장은 밝혔다.\n\n박다솜 기자 p@garam.example\n"
    assert now(signed)[0] == "박다솜"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "nothing to change"),
        (["--date", "초여름"], "date '초여름' cannot be read"),
        (["--url", "javascript:x"], "is not an http or https address"),
        (["--title", " "], "an article needs a title"),
    ],
)
def test_wrong_corrections_are_refused(
    tmp_path: Path, run: Run, arguments: list[str], error: str
) -> None:
    (tmp_path / "store").mkdir()
    result = run(tmp_path / "store", "articles", "edit", "x", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr


def test_correcting_a_missing_article_is_an_error(tmp_path: Path, embedder: Embedder) -> None:
    store = Store.open(tmp_path / "store", embedder)
    with pytest.raises(ArticleNotFound):
        store.edit("x", {"author": "y"})
    store.close()
