"""Rank metrics of the first relevant result; each case has one relevant span or paragraph.

Recall is therefore 0 or 1 per case, and the ideal discounted gain is 1. All lie in [0, 1]; higher
is better. The tests check them against ir-measures. Conversation turns are excluded: their
retrieval depends on the answers before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from geungeo.eval.metrics.metric import Metric, RowNumbers, ratio
from geungeo.eval.rows import Row


def recall_at(rank: int | None, k: int) -> float:
    """Return recall@k: the share of relevant results among the first k; 1 if ``rank <= k``.

    Manning, Raghavan, Schuetze: Introduction to Information Retrieval (2008), section 8.4.
    """
    return float(rank is not None and rank <= k)


def reciprocal_rank_at(rank: int | None, k: int) -> float:
    """Return mrr@k: 1 / rank of the first relevant result, 0 beyond k.

    Voorhees, The TREC-8 Question Answering Track Report (1999).
    """
    return 1.0 / rank if rank is not None and rank <= k else 0.0


def ndcg_at(rank: int | None, k: int) -> float:
    """Return ndcg@k: DCG / ideal DCG with gain 1 and discount log2(1 + rank); the ideal is 1.

    Jarvelin, Kekalainen: Cumulated gain-based evaluation of IR techniques, TOIS 20 (2002).
    """
    return 1.0 / math.log2(1 + rank) if rank is not None and rank <= k else 0.0


def _numbers(score: Callable[[int | None, int], float], k: int) -> RowNumbers:
    def numbers(row: Row) -> tuple[float, ...] | None:
        if row.retrieval is None or row.turn is not None:
            return None
        return score(row.retrieval.rank, k), 1.0

    return numbers


RETRIEVAL_METRICS: tuple[Metric, ...] = (
    *(
        Metric(
            f"recall@{k}", "retrieval", f"gold among the first {k}", _numbers(recall_at, k), ratio
        )
        for k in (1, 5, 10)
    ),
    Metric("mrr@10", "retrieval", "mean reciprocal rank", _numbers(reciprocal_rank_at, 10), ratio),
    Metric("ndcg@10", "retrieval", "discounted gain", _numbers(ndcg_at, 10), ratio),
)
