"""Faults of the disk: full, read-only, no descriptors, two writers, a clock set back."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geungeo.index.database import FILE
from geungeo.index.files import STEPS, WriteLock
from geungeo.index.store import Store
from geungeo.index.vectors import MANIFEST
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmbedderMismatch, StoreCorrupt, StoreLocked, StoreUnavailable
from geungeo.rag.language.terms import bags
from geungeo.rag.protocols import Embedder


def draft(number: int, text: str = "") -> Draft:
    body = text or f"{number}호 공장이 문을 열었다."
    return Draft(f"제목 {number}", ((SectionKind.BODY, body),), f"{number}.txt", id=f"a{number}")


def ids(store: Store) -> set[str]:
    return {article.id for article in store.articles()}


def found(store: Store) -> set[str]:
    terms = bags("morphemes", ["공장"])[0].terms
    hits = store.passages(list(store.lexical("morphemes", terms, 10, Filters())))
    return {passage.article.id for passage in hits}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not mount or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def test_full_disk_is_named_and_keeps_the_old_state(small_disk: Path, embedder: Embedder) -> None:
    store = Store.open(small_disk / "store", embedder)
    store.ingest(draft(1))
    filler = fill(small_disk)
    for change in (
        lambda: store.ingest(draft(2)),
        lambda: store.remove("a1"),
        lambda: store.reindex(),
    ):
        with pytest.raises(StoreUnavailable, match="disk is full"):
            change()
    assert ids(store) == {"a1"} == found(store)
    filler.unlink()
    store.ingest(draft(2))
    assert found(store) == {"a1", "a2"}
    assert store.examine() == []
    store.close()


def test_full_disk_after_the_commit_loses_only_the_index_file(
    small_disk: Path, embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    def step(name: str) -> None:
        if name == "committed" and armed:
            fill(small_disk)

    armed: list[bool] = []
    store = Store.open(small_disk / "store", embedder, step=step)
    store.ingest(draft(1))
    armed.append(True)
    assert store.ingest(draft(2)).status == "added"
    assert "No space left" in caplog.text
    assert found(store) == {"a1", "a2"}
    assert store.health() == []  # what serves is right
    assert [finding.repair for finding in store.examine()] == ["index"]
    store.close()
    (small_disk / "filler").unlink()
    again = Store.open(small_disk / "store", embedder)
    assert found(again) == {"a1", "a2"}
    assert "repaired: the FAISS index" in caplog.text
    assert again.examine() == []
    again.close()


def test_read_only_store_answers_and_rejects_changes(small_disk: Path, embedder: Embedder) -> None:
    Store.open(small_disk / "store", embedder).close()
    store = Store.open(small_disk / "store", embedder)
    store.ingest(draft(1))
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        store = Store.open(small_disk / "store", embedder, conversation_days=1)
        assert found(store) == {"a1"}
        assert store.examine() == []
        with pytest.raises(StoreUnavailable, match=r"store.*Read-only"):
            store.ingest(draft(2))
        store.close()
        with pytest.raises(StoreUnavailable, match="new"):
            Store.open(small_disk / "new", embedder)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_missing_file_descriptors_are_named_and_keep_the_state(
    tmp_path: Path, embedder: Embedder
) -> None:
    store = Store.open(tmp_path, embedder)
    store.ingest(draft(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not paths
    holders = [os.open("/dev/null", os.O_RDONLY) for _ in range(highest)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(holders) + 1, hard))
    try:
        with pytest.raises(StoreUnavailable, match=f"{tmp_path}.*Too many open files"):
            store.ingest(draft(2))
        with pytest.raises(StoreUnavailable):
            Store.open(tmp_path, embedder)
        assert found(store) == {"a1"}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for holder in holders:
            os.close(holder)
    store.ingest(draft(2))
    assert found(store) == {"a1", "a2"}
    store.close()


def test_second_writer_is_rejected_at_once_and_readers_continue(
    tmp_path: Path, embedder: Embedder
) -> None:
    store = Store.open(tmp_path, embedder)
    store.ingest(draft(1))
    other = Store.open(tmp_path, embedder)
    with WriteLock(tmp_path).hold():
        with pytest.raises(StoreLocked, match=rf"written by process {os.getpid()}"):
            other.ingest(draft(2))
        assert found(other) == found(store) == {"a1"}
        assert store.examine() == []
        assert other.health() == []
    other.ingest(draft(2))
    assert found(store) == {"a1", "a2"}
    store.close()
    other.close()


def test_clock_that_is_set_back_loses_nothing(tmp_path: Path, embedder: Embedder) -> None:
    now = [datetime(2025, 3, 10, tzinfo=UTC)]
    store = Store.open(tmp_path, embedder, clock=lambda: now[0])
    store.ingest(draft(1, "처음 판이다."))
    now[0] -= timedelta(days=400)
    assert store.ingest(draft(1, "고친 판이다. 공장이다.")).article.version == 2
    assert store.versions("a1") == [1, 2]
    assert found(store) == {"a1"}
    assert store.examine() == []
    store.close()


def test_emptied_or_removed_database_is_not_a_new_store(tmp_path: Path, embedder: Embedder) -> None:
    store = Store.open(tmp_path, embedder)
    store.ingest(draft(1))
    store.close()
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(StoreCorrupt, match="restore"):
        Store.open(tmp_path, embedder)
    (tmp_path / FILE).unlink()
    with pytest.raises(StoreCorrupt, match="lost"):
        Store.open(tmp_path, embedder)


def test_index_damaged_at_any_sector_is_rebuilt(
    tmp_path: Path, embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    store = Store.open(tmp_path, embedder)
    store.ingest_many(draft(number) for number in range(3))
    vector = embedder.embed(["공장"], query=True)[0]
    right = store.dense(vector, 10, Filters())
    store.close()
    sound = {path: path.read_bytes() for path in (tmp_path / MANIFEST, *tmp_path.glob("*.faiss"))}
    for path, data in sound.items():
        places = range(0, min(len(data), 4000), 97)
        cuts = [data[:at] for at in range(0, len(data), 512)]
        flips = [data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :] for at in places]
        for damaged in (*cuts, *flips, data + b"\0"):
            path.write_bytes(damaged)
            again = Store.open(tmp_path, embedder)
            assert again.dense(vector, 10, Filters()) == right
            assert again.examine() == []
            again.close()


class Broken(BaseException):
    """An exception that ends a change like a crash: no code catches it."""


@pytest.mark.parametrize("name", STEPS)
def test_change_interrupted_at_any_step_leaves_the_old_or_the_new_state(
    name: str, tmp_path: Path, embedder: Embedder
) -> None:
    def step(reached: str) -> None:
        if reached == name and armed:
            raise Broken

    armed: list[bool] = []
    store = Store.open(tmp_path, embedder, step=step)
    store.ingest(draft(1))
    armed.append(True)
    with pytest.raises(Broken):
        store.ingest(draft(2))
    armed.clear()
    expected = {"a1"} if STEPS.index(name) < STEPS.index("committed") else {"a1", "a2"}
    again = Store.open(tmp_path, embedder)
    assert ids(again) == found(again) == expected == found(store)
    assert again.examine() == []
    again.close()
    store.close()


def test_other_weights_with_the_same_name_are_rejected(tmp_path: Path, embedder: Embedder) -> None:
    class Other:
        identity = embedder.identity[:-1] + ("0" if embedder.identity[-1] != "0" else "1")
        dimension = embedder.dimension
        embed = embedder.embed

    store = Store.open(tmp_path, embedder)
    store.ingest(draft(1))
    store.close()
    assert "#sha256:" in embedder.identity
    with pytest.raises(EmbedderMismatch, match=r"weights were changed or damaged.*reindex"):
        Store.open(tmp_path, Other())


@pytest.mark.slow
@pytest.mark.parametrize("campaign", [["kill", "--steps-only"], ["damage", "--cases", "3000"]])
def test_part_of_each_campaign_has_no_failure(campaign: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.campaigns", *campaign, "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split()[0] == "all"
