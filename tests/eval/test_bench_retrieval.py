"""The retrieval bench: rankings and gains by hand."""

from __future__ import annotations

import math

import pytest

from geungeo.eval.bench.retrieval import (
    Proposals,
    rank_articles,
    rank_of,
    reciprocal_ranks,
    table,
)
from geungeo.eval.metrics.retrieval import ndcg_at
from geungeo.rag.retrieval.channels import fuse

ARTICLES = {1: "a", 2: "a", 3: "b", 4: "c"}


def test_articles_rank_by_their_best_passage() -> None:
    assert rank_articles({1: 0.1, 2: 0.9, 3: 0.5, 4: 0.2}, ARTICLES) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("ranking", "gain"), [(["g"], 1.0), (["x", "g"], 1 / math.log2(3)), (["x"] * 10 + ["g"], 0.0)]
)
def test_gain_of_the_relevant_paragraph_follows_its_rank(ranking: list[str], gain: float) -> None:
    assert ndcg_at(rank_of(ranking, "g"), 10) == pytest.approx(gain)


def test_reciprocal_ranks_add_up_over_channels() -> None:
    fused = reciprocal_ranks({"x": {1: 9.0, 2: 1.0}, "y": {2: 5.0}})
    assert fused[2] == pytest.approx(1 / 62 + 1 / 61)
    assert fused[1] == pytest.approx(1 / 61)


def test_scores_are_scaled_per_channel_before_they_are_added() -> None:
    channels = {"dense": {1: 0.9, 2: 0.8}, "bigrams": {2: 30.0, 3: 15.0}}
    fused = fuse(channels, {"dense": 0.5, "bigrams": 0.5})
    assert fused == pytest.approx({1: 0.5, 2: 0.5, 3: 0.25})


def test_table_lists_every_channel_and_the_fusion_without_it() -> None:
    channels = {
        "dense": {1: 0.9, 3: 0.8},
        "morphemes": {3: 9.0},
        "bigrams": {3: 9.0},
        "synonyms": {},
    }
    shown = table([Proposals("b", channels, ARTICLES)])
    assert "| dense | 0.6309 | 0.0000 |" in shown
    assert "| morphemes | 1.0000 | 1.0000 |" in shown
    assert "convex without bigrams" in shown
