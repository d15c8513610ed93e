"""A small store of articles, and texts about them to check."""

from __future__ import annotations

from pathlib import Path

from geungeo.index.store import Store
from geungeo.index.workspace import Workspace
from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.protocols import Embedder
from geungeo.rag.settings import Settings

BOUGHT = (
    "윤빛소프트는 11일 이사회를 열고 나르단 지분 72.4%를 2140억원에 취득하기로 결의했다고 공시했다."
)
KEPT = "나머지 지분 27.6%는 창업자인 구본휘 대표와 임직원이 그대로 갖는다."
SAID = (
    "천유담 윤빛소프트 대표는 “고객사의 창고와 트럭까지 하나의 화면에서 관리하게 하는 것이 "
    "목표”라고 말했다."
)
EARNED = (
    "나르단은 2023년 처음으로 흑자를 냈고, 지난해에는 매출 684억원과 영업이익 91억원을 기록했다."
)
MERGED = "두 회사의 연구개발 조직은 내년 상반기 중 합쳐질 예정이다."
USED = "전국 3만2000여 대의 화물차가 나르단의 배차 시스템을 이용하고 있다."
MERGER = [BOUGHT, KEPT, SAID, EARNED, MERGED, USED]
STRIKE = "노조는 지난 3월 임금 8% 인상과 1인당 2만4000달러의 일시금을 회사에 요구했다."
OLD_COUNT = "은벽시는 공원에 나무 1200그루를 심었다고 밝혔다."
NEW_COUNT = "은벽시는 공원에 나무 1500그루를 심었다고 밝혔다."

DRAFTS = (
    ("merger", "윤빛소프트, 나르단 인수", "한밭경제", "2025-06-12", MERGER),
    ("strike", "세로 루시도 파업", "세계창", "2025-08-20", [STRIKE]),
    ("trees-old", "은벽시 공원에 나무 심어", "서해신문", "2024-04-05", [OLD_COUNT]),
    ("trees-new", "은벽시 나무 심기 결산", "내륙신문", "2024-06-01", [NEW_COUNT]),
)


def filled(folder: Path, embedder: Embedder, **settings: object) -> Workspace:
    """Return a workspace over a new store in ``folder`` with the articles."""
    store = Store.open(folder, embedder)
    store.ingest_many(
        [
            Draft(
                title,
                tuple((SectionKind.BODY, text) for text in sentences),
                source=name,
                id=name,
                publisher=publisher,
                published_at=day,
            )
            for name, title, publisher, day, sentences in DRAFTS
        ]
    )
    return Workspace(Settings(store=folder, **settings), store, embedder)  # type: ignore[arg-type]
