"""``geungeo bench scale``: its articles, its vectors and its figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from geungeo.eval.bench.scale import grow, nearest, synthetic

PARAGRAPHS = (
    "한빛전자는 울산에 새 공장을 짓는다고 밝혔다. 투자액은 1,200억 원에 이른다고 한다. "
    "공사는 3월에 시작되며 일자리 300개가 생길 전망이다.",
    "누리조선은 광주에서 친환경 선박을 만든다고 밝혔다. 첫 배는 내년 봄에 물에 뜬다고 한다. "
    "시는 도로와 전력을 지원하기로 했다고 전했다.",
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    paragraphs = [
        {
            "context": text,
            "qas": [
                {
                    "id": f"q{number}",
                    "question": "투자액은 얼마인가?",
                    "answers": [{"text": text[:4], "answer_start": 0}],
                }
            ],
        }
        for number, text in enumerate(PARAGRAPHS)
    ]
    data = {"version": "1.0", "data": [{"title": "소식", "paragraphs": paragraphs}]}
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def test_store_grows_to_each_size(texts: Path, tmp_path: Path) -> None:
    rows = list(grow(texts, (40, 20), 2, seed=0, folder=tmp_path / "store"))
    assert [row.passages >= size for row, size in zip(rows, (20, 40), strict=True)] == [True, True]
    assert rows[0].passages < rows[1].passages
    # A store this small is scanned: nothing is missed.
    assert all(row.recall == 1.0 for row in rows)
    assert all(0 < row.p50 <= row.p95 and row.bytes_per_passage > 4 * 384 for row in rows)


def test_synthetic_vectors_are_of_unit_length_and_differ() -> None:
    known = np.eye(16, dtype=np.float32)
    made = synthetic(known, 500, seed=1)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(500), abs=1e-5)
    assert len(np.unique(made.round(5), axis=0)) == 500
    assert np.array_equal(made, synthetic(known, 500, seed=1))


def test_graph_is_compared_with_the_exact_scan() -> None:
    known = np.random.default_rng(0).normal(size=(50, 32)).astype(np.float32)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    (row,) = nearest(known, known[:5], (2_000,), seed=0)
    assert row.vectors == 2_000
    assert row.recall >= 0.98
    # float16, links of both directions, a key.
    assert 2 * 32 < row.bytes_per_vector < 4 * 32 + 600
