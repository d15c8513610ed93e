"""Speed, as a ratio to a fixed piece of work in the same process; no absolute time is asserted.

Both run in turn, and the least processor time of each counts, so that other work on the machine
cancels out. The bounds are two to three times the ratios measured when they were set: they find
work that was added by mistake, not a slower machine.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import numpy as np
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Filters
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.protocols import Embedder, StoredPassage, StoredSentence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.retrieval.copies import without_copies
from geungeo.rag.text import Span

_ROUNDS = 5
BOUNDS = {"embedding": 45.0, "search": 16.0, "copies": 15.0}
_WORDS = [f"낱말{number % 997}" for number in range(20_000)]
_BYTES = bytes(1 << 21)


def reference() -> None:
    """Count words and hash bytes, in one thread: it does not depend on libraries' versions."""
    counts: dict[str, int] = {}
    for word in _WORDS:
        counts[word[:4]] = counts.get(word[:4], 0) + 1
    hashlib.sha256(_BYTES).digest()


def ratio(work: Callable[[], object]) -> float:
    """Return the processor time of ``work`` in units of ``reference``."""
    work()  # loads what is loaded on first use
    least = {work: float("inf"), reference: float("inf")}
    for _ in range(_ROUNDS):
        for one in least:
            began = time.process_time()
            one()
            least[one] = min(least[one], time.process_time() - began)
    return least[work] / least[reference]


def test_embedding_costs_no_more_than_before(embedder: Embedder) -> None:
    passage = "데이터 센터를 짓는 계획이 발표되었다. " * 10
    assert ratio(lambda: embedder.embed([passage], query=False)) < BOUNDS["embedding"]


def test_search_costs_no_more_than_before(workspace: Workspace) -> None:
    search = workspace.pipeline.search
    question = "2025년 1월에 발표된 데이터 센터 계획의 규모는?"
    assert ratio(lambda: search(question, 40, Filters())) < BOUNDS["search"]


def test_looking_for_copies_among_many_passages_costs_no_more_than_before() -> None:
    draw = np.random.default_rng(1)
    vector = np.ones(1, dtype=np.float32)
    found = []
    for key in range(120):
        text = " ".join(f"낱말{word}" for word in draw.integers(10**6, size=40))
        article = Article(id=str(key), title="소식", text=text)
        span = Span(0, len(text))
        sentence = StoredSentence(span, SectionKind.BODY, vector)
        found.append(Retrieved(StoredPassage(key, article, span, (sentence,)), 1.0, {}))
    assert without_copies(found) == (found, [])
    assert ratio(lambda: without_copies(found)) < BOUNDS["copies"]


def test_more_work_has_a_higher_ratio() -> None:
    def thrice() -> None:
        for _ in range(3):
            reference()

    assert ratio(thrice) == pytest.approx(3, rel=0.5)
