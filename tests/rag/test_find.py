"""Which passages are found, and how often the indexes are searched for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings

PAPERS = ("새벽통신", "한빛일보", "나래경제", "강마을신문")
PLACES = ("청주", "구미", "천안", "이천", "파주", "용인")


def story(place: str, paper: str, day: int) -> Draft:
    title = f"{place} 반도체 공장 착공"
    text = (
        f"({place}={paper}) 김도담 기자 = 한솔반도체가 {place}에 반도체 공장을 짓기 시작했다. "
        f"{place} 공장은 내년 봄에 가동되며 직원 300명이 일한다. 시는 {place}의 도로를 넓힌다."
    )
    return Draft(
        title=title,
        blocks=((SectionKind.TITLE, title), (SectionKind.BODY, text)),
        source=f"{place}-{paper}",
        id=f"{place}-{paper}",
        published_at=f"2026-03-{day:02}",
    )


@pytest.fixture(scope="module")
def copied(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Six stories, each in four papers."""
    folder: Path = tmp_path_factory.mktemp("copied")
    settings = Settings(store=folder)
    store = Store.open(folder, embedder)
    store.ingest_many(
        story(place, paper, 1 + at) for place in PLACES for at, paper in enumerate(PAPERS)
    )
    with Workspace(settings, store, embedder) as workspace:
        yield workspace


@pytest.mark.parametrize("count", [1, 3, 5])
def test_copies_make_room_for_other_stories(copied: Workspace, count: int) -> None:
    hits = copied.pipeline.search("반도체 공장은 언제 가동되는가?", count, Filters())
    assert [hit.rank for hit in hits] == list(range(1, count + 1))
    assert len({hit.text.split(")")[1] for hit in hits}) == count


@pytest.mark.parametrize(
    "question", ["반도체 공장은 언제 가동되는가?", "2026년 3월에 착공한 공장은?"]
)
def test_indexes_are_searched_once_for_each_set_of_filters(
    copied: Workspace, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    searches: list[Filters] = []
    dense = copied.store.dense

    def counted(vector: object, k: int, filters: Filters) -> object:
        searches.append(filters)
        return dense(vector, k, filters)  # type: ignore[arg-type]

    monkeypatch.setattr(copied.store, "dense", counted)
    assert len(copied.pipeline.search(question, 5, Filters())) == 5
    assert len(searches) == len(set(searches)) <= 2
