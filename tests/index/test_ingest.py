"""Ingesting files and folders: bad documents are reported and do not stop the others."""

from __future__ import annotations

from pathlib import Path

from geungeo.index.fetching import Fetcher
from geungeo.index.ingest import IngestEvent, ingest_seeds, ingest_sources
from geungeo.index.store import Store
from geungeo.rag.protocols import Embedder

LIMIT = 10_000
FETCHER = Fetcher(max_bytes=LIMIT, seconds=30)


def store_in(folder: Path, embedder: Embedder) -> Store:
    return Store.open(folder / "store", embedder)


def test_a_folder_with_one_bad_file_among_good_ones(tmp_path: Path, embedder: Embedder) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.txt").write_text("제목\n\n첫 기사다.", "utf-8")
    (docs / "korean.txt").write_bytes("제목 둘\n\n둘째 기사다.".encode("euc-kr"))
    (docs / "bad.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
    (docs / "empty.md").write_text("", "utf-8")
    (docs / "ignored.exe").write_bytes(b"MZ")
    (docs / "two.jsonl").write_text('{"text": "셋째 기사다."}\n{broken\n', "utf-8")
    seen: list[IngestEvent] = []
    store = store_in(tmp_path, embedder)
    summary = ingest_sources(store, [str(docs)], limit=LIMIT, fetcher=FETCHER, listener=seen.append)
    assert len(summary.added) == 3
    assert sorted(failure.code for failure in summary.failed) == [
        "empty_source",
        "malformed_source",
        "unsupported_source",
    ]
    kinds = [one.kind for one in seen]
    assert (kinds.count("read"), kinds.count("failed")) == (3, 3)
    assert len(store.articles()) == 3
    store.close()


def test_unreadable_sources_are_reported(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "large.txt").write_text("가" * LIMIT, "utf-8")
    (tmp_path / "nothing").mkdir()
    sources = [str(tmp_path / name) for name in ("missing.txt", "large.txt", "nothing")]
    sources.append("http://127.0.0.1/article")
    store = store_in(tmp_path, embedder)
    summary = ingest_sources(store, sources, limit=LIMIT, fetcher=FETCHER)
    assert [failure.source for failure in summary.failed] == sources
    assert not store.articles()
    store.close()


def test_ingesting_the_seeds_again_changes_nothing(tmp_path: Path, embedder: Embedder) -> None:
    store = store_in(tmp_path, embedder)
    assert len(ingest_seeds(store).added) == 1
    assert len(ingest_seeds(store).unchanged) == 1
    assert len(store.articles()) == 1
    store.close()
