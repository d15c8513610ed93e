"""Sentences that a backend reads: in their context, in reading order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geungeo.rag.article import Article, Draft, SectionKind
from geungeo.rag.evidence.reading import context_before, reading, with_contexts
from geungeo.rag.protocols import Evidence, StoredPassage, StoredSentence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.segmentation import Sentence, split_article
from geungeo.rag.text import Span

BODY, HEADING, CAPTION = SectionKind.BODY, SectionKind.HEADING, SectionKind.CAPTION


def article(name: str, *blocks: tuple[SectionKind, str]) -> Article:
    return Draft(f"{name} 기사", blocks, name, id=name).article()


def numbered(first: int, last: int) -> str:
    return " ".join(f"{n}번째 공장이 문을 열었다." for n in range(first, last + 1))


def sentence(source: Article, text: str) -> Sentence:
    return next(one for one in split_article(source) if one.span.of(source.text) == text)


def evidence(number: int, source: Article, text: str, rank: int = 1) -> Evidence:
    found = sentence(source, text)
    return Evidence(number, source, found.span, found.kind, 1 / number, rank)


def passage(source: Article, first: str, last: str) -> Retrieved:
    span = Span(sentence(source, first).span.start, sentence(source, last).span.end)
    sentences = tuple(
        StoredSentence(one.span, one.kind, np.zeros(1, dtype=np.float32))
        for one in split_article(source)
        if span.contains(one.span)
    )
    return Retrieved(StoredPassage(1, source, span, sentences), 1.0, {})


def nth(n: int) -> str:
    return f"{n}번째 공장이 문을 열었다."


SHORT = article(
    "short",
    (BODY, numbered(1, 2)),
    (CAPTION, "공장의 모습. (사진=회사)"),
    (BODY, numbered(3, 5)),
    (HEADING, "새 공장"),
    (BODY, numbered(6, 7)),
)
# Too long to be read as a whole: about 8,000 characters.
LONG = article("long", (BODY, numbered(1, 500)))


def texts(spans: tuple[Span, ...], source: Article) -> list[str]:
    return [span.of(source.text) for span in spans]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (nth(1), []),
        (nth(2), [nth(1)]),
        # A caption between two paragraphs does not end the section.
        (nth(3), [nth(1), nth(2)]),
        (nth(5), [nth(2), nth(3), nth(4)]),
        # A heading does.
        (nth(6), []),
        (nth(7), [nth(6)]),
        ("공장의 모습. (사진=회사)", []),
        ("새 공장", []),
    ],
)
def test_a_sentence_leans_on_those_before_it_back_to_a_heading(
    text: str, before: list[str]
) -> None:
    found = sentence(SHORT, text)
    spans = context_before(SHORT, split_article(SHORT), found.span, found.kind)
    assert texts(spans, SHORT) == before


def test_nothing_beyond_a_gap_is_leaned_on() -> None:
    known = [one for one in split_article(SHORT) if one.span != sentence(SHORT, nth(3)).span]
    found = sentence(SHORT, nth(5))
    assert texts(context_before(SHORT, known, found.span, found.kind), SHORT) == [nth(4)]


def test_a_short_article_is_read_as_a_whole_in_its_order() -> None:
    best = (evidence(1, SHORT, nth(4)), evidence(2, SHORT, nth(1)))
    read = reading(best, [passage(SHORT, nth(3), nth(5))])
    assert [item.number for item in read.context] == list(range(1, len(read.context) + 1))
    assert [item.text for item in read.context] == [
        nth(1),
        nth(2),
        "공장의 모습. (사진=회사)",
        nth(3),
        nth(4),
        nth(5),
        "새 공장",
        nth(6),
        nth(7),
    ]
    # The same numbers name the same sentences, the best first.
    assert [(item.number, item.text) for item in read.evidence] == [(5, nth(4)), (1, nth(1))]
    assert read.evidence[0] == read.context[4]
    assert texts(read.evidence[0].context, SHORT) == [nth(1), nth(2), nth(3)]
    # In the passage or evidence, beside them, and further away.
    assert [item.passage_rank for item in read.context] == [1, 1, 1, 1, 1, 1, 1, 2, 2]


def test_of_a_long_article_the_merged_passages_are_read_with_a_neighbour_on_both_sides() -> None:
    best = (evidence(1, LONG, nth(101), rank=2),)
    found = [
        passage(LONG, nth(200), nth(202)),
        passage(LONG, nth(100), nth(102)),
        passage(LONG, nth(102), nth(104)),
    ]
    read = reading(best, found)
    assert [item.text for item in read.context] == [
        nth(n) for n in (*range(99, 106), *range(199, 204))
    ]
    assert [item.passage_rank for item in read.context] == [2, 2, 2, 2, 3, 3, 3, 1, 1, 1, 1, 1]


def test_the_article_that_a_question_names_is_read_as_a_whole() -> None:
    best = (evidence(1, LONG, nth(101)),)
    found = [passage(LONG, nth(100), nth(102))]
    read = reading(best, found, named=True)
    assert [item.text for item in read.context[:200]] == [nth(n) for n in range(1, 201)]
    assert read.context[-1].text == nth(500)
    # Not if there are several: they could not all be read.
    several = reading(best, [*found, passage(SHORT, nth(1), nth(2))], named=True)
    assert [item.text for item in several.context[:5]] == [nth(n) for n in range(99, 104)]


def test_the_article_of_the_best_evidence_comes_first() -> None:
    best = (evidence(1, SHORT, nth(6), rank=2), evidence(2, LONG, nth(10)))
    found = [passage(LONG, nth(9), nth(11)), passage(SHORT, nth(6), nth(7))]
    read = reading(best, found)
    assert [item.article.id for item in read.context] == ["short"] * 9 + ["long"] * 5


def test_links_between_evidence_use_the_new_numbers() -> None:
    best = (
        replace(evidence(1, SHORT, nth(5)), leans_on=3, rival=2, note="출처마다 다름"),
        replace(evidence(2, LONG, nth(7)), rival=1),
        evidence(3, SHORT, nth(4)),
    )
    read = reading(best, [passage(SHORT, nth(3), nth(5)), passage(LONG, nth(7), nth(8))])
    by_number = {item.number: item for item in read.context}
    first, second, _ = read.evidence
    assert first.leans_on is not None and by_number[first.leans_on].text == nth(4)
    assert first.rival == second.number and second.rival == first.number
    assert first.note == "출처마다 다름"
    assert by_number[first.number] == first


def test_evidence_that_is_no_sentence_of_the_article_is_read_too() -> None:
    # A byline of several sentences is one piece of evidence.
    whole = Span(sentence(SHORT, nth(3)).span.start, sentence(SHORT, nth(4)).span.end)
    item = Evidence(1, SHORT, whole, BODY, 0.9, 1)
    read = reading((item,), [passage(SHORT, nth(3), nth(5))])
    assert read.evidence[0].span == whole
    assert read.context[read.evidence[0].number - 1] == read.evidence[0]


def test_contexts_without_reading_come_from_the_passages() -> None:
    best = (evidence(1, SHORT, nth(5)), evidence(2, SHORT, nth(3)))
    first, second = with_contexts(best, [passage(SHORT, nth(3), nth(5))])
    assert texts(first.context, SHORT) == [nth(3), nth(4)]
    assert second.context == ()
    assert [first.number, second.number] == [1, 2]
