"""Copies among the passages found: the same as a comparison of all pairs in full gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.protocols import StoredPassage, StoredSentence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.retrieval.copies import adds_nothing, shingles, without_copies
from geungeo.rag.text import Span, fold

SENTENCES = (
    "한솔반도체는 지난 1월 청주에 8,000억 원을 들여 새 공장을 착공했다.",
    "한솔반도체가 지난 1월 청주에 8000억원을 들여 새 공장을 착공했다.",
    "한솔반도체는 지난 1월 청주에 9,000억 원을 들여 새 공장을 착공했다.",
    "(청주=새벽통신) 김도담 기자 = 새 공장은 내년 봄에 가동된다.",
    "새 공장은 내년 봄에 가동된다.",
    "시는 도로를 넓힌다.",
    "끝.",
    "네",
)


VECTOR = np.ones(1, dtype=np.float32)


def passage(key: int, article: str, sentences: Sequence[str], day: int | None) -> Retrieved:
    text = "\n".join(sentences)
    found = Article(
        id=article,
        title="공장",
        text=text,
        published_at=None if day is None else f"2026-03-{day:02}",
    )
    stored = []
    at = 0
    for sentence in sentences:
        span = Span(at, at + len(sentence))
        stored.append(StoredSentence(span, SectionKind.BODY, VECTOR))
        at = span.end + 1
    whole = StoredPassage(key, found, Span(0, len(text)), tuple(stored))
    return Retrieved(whole, 1 / (key + 1), {})


def shared(text: str, other: str) -> int:
    return len(set(shingles(text).tolist()) & set(shingles(other).tolist()))


@given(st.text(alphabet="가나다Ab1 .-_", max_size=40))
def test_a_shingle_is_a_run_of_five_letters_and_digits(text: str) -> None:
    flat = re.sub(r"[\W_]+", "", fold(text))
    runs = {flat[at : at + 5] for at in range(max(1, len(flat) - 4))}
    assert len(shingles(text)) == len(runs)


def compared_in_full(found: Sequence[Retrieved]) -> list[tuple[int, float]]:
    """Return keys and scores of what is left when every pair is compared."""
    kept: dict[int, Retrieved] = {}
    order = sorted(
        enumerate(found),
        key=lambda pair: (pair[1].passage.article.published_at or "9", pair[0]),
    )
    for at, one in order:
        places: dict[str, list[int]] = {}
        for place, other in kept.items():
            if other.passage.article.id != one.passage.article.id:
                places.setdefault(other.passage.article.id, []).append(place)
        text = one.passage.text
        for own in places.values():
            if adds_nothing(text, "\n".join(kept[place].passage.text for place in own)):
                best = max(own, key=lambda at: shared(text, kept[at].passage.text))
                kept[best] = replace(kept[best], score=max(kept[best].score, one.score))
                break
        else:
            kept[at] = one
    ranked = sorted(kept.items(), key=lambda pair: (-pair[1].score, pair[0]))
    return [(one.passage.key, one.score) for _, one in ranked]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3),
            st.sampled_from([None, 1, 2]),
        ),
        max_size=7,
    )
)
@settings(max_examples=30, deadline=None)
def test_copies_are_those_of_a_comparison_of_all_pairs(
    drawn: list[tuple[str, list[str], int | None]],
) -> None:
    found = [passage(key, *one) for key, one in enumerate(drawn)]
    left, copies = without_copies(found)
    if len({one.passage.article.id for one in found}) < 2:
        assert (left, copies) == (found, [])
        return
    assert [(one.passage.key, one.score) for one in left] == compared_in_full(found)
    assert (len(left) < len(found)) == bool(copies)


def test_story_that_two_passages_of_an_article_contain_together_is_a_copy() -> None:
    first, second, third = SENTENCES[0], SENTENCES[4], SENTENCES[5]
    found = [
        passage(0, "a", [first], 1),
        passage(1, "a", [second], 1),
        passage(2, "b", [first, second], 2),
        passage(3, "c", [third], 3),
    ]
    left, copies = without_copies(found)
    assert [one.passage.key for one in left] == [0, 1, 3]
    assert [str(copy) for copy in copies] == ["b repeats a: shown once"]
