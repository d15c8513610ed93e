"""Factories of rows and answers for hand-computed tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from geungeo.eval.rows import Retrieval, Row, Statement, Verdict
from geungeo.rag.answer import Answer, Citation
from geungeo.rag.article import SectionKind

MakeRow = Callable[..., Row]
MakeCitation = Callable[..., Citation]
MakeAnswer = Callable[..., Answer]


@pytest.fixture
def make_row() -> MakeRow:
    """A factory of rows with a running number; a test gives only the fields that matter."""
    count = 0

    def make(**fields: Any) -> Row:
        nonlocal count
        count += 1
        identifier = fields.pop("id", f"r{count}")
        rank = fields.pop("rank", "none")
        retrieval = None
        if rank != "none":
            retrieval = Retrieval(rank=rank, searched=30, top=())
        base: dict[str, Any] = {
            "key": f"set/{identifier}",
            "dataset": "set",
            "id": identifier,
            "item": f"set/{identifier}",
            "turn": None,
            "kind": "answerable",
            "tags": (),
            "question": "질문?",
            "expected": "answer",
            "answers": ("답",),
            "quote": None,
            "gold_found": None,
            "retrieval": retrieval,
            "asked": True,
            "status": "answered",
        }
        return Row(**{**base, **fields})

    return make


@pytest.fixture
def make_citation() -> MakeCitation:
    """A factory of citations of article ``a``, version 1."""

    def make(marker: int, start: int, end: int, quote: str, claim: tuple[int, int]) -> Citation:
        return Citation(
            marker=marker,
            article_id="a",
            version=1,
            title="제목",
            url=None,
            publisher=None,
            published_at=None,
            start=start,
            end=end,
            quote=quote,
            answer_start=claim[0],
            answer_end=claim[1],
            support=1.0,
            section=SectionKind.BODY,
        )

    return make


@pytest.fixture
def make_answer() -> MakeAnswer:
    """A factory of answers, answered unless a reason is given."""

    def make(text: str, *citations: Citation, **fields: Any) -> Answer:
        base: dict[str, Any] = {
            "id": "x",
            "question": "질문?",
            "standalone_question": "질문?",
            "language": "ko",
            "status": "abstained" if fields.get("reason") else "answered",
            "reason": None,
            "text": text,
            "citations": citations,
            "backend": "test",
        }
        return Answer(**{**base, **fields})

    return make


def statement(*, joint: bool, useful: tuple[bool, ...], grounded: bool = True) -> Statement:
    """Return a statement with as many citations as ``useful`` has entries."""
    return Statement(
        text="문장",
        markers=tuple(range(1, len(useful) + 1)),
        joint=joint,
        useful=useful,
        grounded=grounded,
    )


@pytest.fixture
def make_verdict() -> Callable[..., Verdict]:
    """A factory of verdicts over statements given as ``(joint, useful, grounded)``."""

    def make(*statements: tuple[bool, tuple[bool, ...], bool], **fields: Any) -> Verdict:
        made = tuple(statement(joint=j, useful=u, grounded=g) for j, u, g in statements)
        return Verdict(statements=made, **fields)

    return make
