"""Segmentation: exact offsets, complete coverage, correct boundaries."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geungeo.rag.article import Article, Draft, SectionKind
from geungeo.rag.segmentation import (
    MAX_SENTENCE,
    count_tokens,
    passage_parts,
    split_article,
    split_lines,
    split_passages,
)
from geungeo.rag.text import clean

KOREAN = st.text(
    st.sampled_from("가나다라마바사 다.요!?…“”‘’'\"()[]《》\n\t0123,%ABab😀\u200b\ufeff사진=")
)


def article_of(text: str) -> Article:
    return (
        Draft("제목", ((SectionKind.BODY, "x"),), "s")
        .article()
        .model_copy(update={"text": clean(text), "sections": ()})
    )


def sentences_of(text: str) -> list[str]:
    article = article_of(text)
    return [sentence.span.of(article.text) for sentence in split_article(article)]


@given(st.one_of(st.text(), KOREAN))
@settings(max_examples=300, deadline=None)
@example("그는 “간다. 온다.”고 말했다… (사진=AP) 끝이다")
@example("a" * (MAX_SENTENCE * 9))
def test_sentences_cover_the_text_exactly(text: str) -> None:
    article = article_of(text)
    sentences = split_article(article)
    at = 0
    for sentence in sentences:
        assert sentence.span.start >= at
        assert not article.text[at : sentence.span.start].strip()
        covered = sentence.span.of(article.text)
        assert covered and covered == covered.strip() and "\n" not in covered
        assert len(covered) <= MAX_SENTENCE
        at = sentence.span.end
    assert not article.text[at:].strip()


@given(st.one_of(st.text(min_size=1), KOREAN), st.integers(1, 60), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_passages_cover_every_sentence_and_match_the_text(
    text: str, budget: int, overlap: int
) -> None:
    article = article_of(text)
    sentences = split_article(article)
    passages = split_passages(
        article, sentences, count=count_tokens, budget=budget, overlap=overlap
    )
    covered = {ordinal for passage in passages for ordinal in range(passage.first, passage.last)}
    assert covered == set(range(len(sentences)))
    for passage in passages:
        own = sentences[passage.first : passage.last]
        assert passage.span.start == own[0].span.start
        assert passage.span.end == own[-1].span.end
        cost = sum(count_tokens(sentence.span.of(article.text)) for sentence in own)
        assert cost <= budget or len(own) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "그는 “간다. 꼭 온다.”고 말했다. 그리고 떠났다.",
            ["그는 “간다. 꼭 온다.”고 말했다.", "그리고 떠났다."],
        ),
        ("투자액은 3.5억 달러다. 적다.", ["투자액은 3.5억 달러다.", "적다."]),
        ("모색하고 있다. (사진=게티이미지)", ["모색하고 있다. (사진=게티이미지)"]),
        (
            "기자 설명(현지시간 10일. 오전)이 있었다. 끝.",
            ["기자 설명(현지시간 10일. 오전)이 있었다.", "끝."],
        ),
        ("말끝을 흐렸다… 그러나 사실이었다.", ["말끝을 흐렸다…", "그러나 사실이었다."]),
        ("제목처럼 마침표 없는 줄\n본문이다.", ["제목처럼 마침표 없는 줄", "본문이다."]),
        ('그는 "좋다. 정말 좋다"고 했다. 끝.', ['그는 "좋다. 정말 좋다"고 했다.', "끝."]),
    ],
)
def test_sentence_boundaries(text: str, expected: list[str]) -> None:
    assert sentences_of(text) == expected


def test_captions_and_headings_are_separate_sentences(seed_article: Article) -> None:
    for sentence in split_article(seed_article):
        inside = [
            section for section in seed_article.sections if section.span.overlaps(sentence.span)
        ]
        assert len(inside) == 1
        assert inside[0].kind is sentence.kind


def _characters(text: str) -> int:
    return len(text)


def test_a_passage_is_indexed_with_the_title_and_the_heading_above_it() -> None:
    article = Draft(
        title="공장 소식",
        blocks=(
            (SectionKind.TITLE, "공장 소식"),
            (SectionKind.BODY, "청주에 짓는다."),
            (SectionKind.HEADING, "일정"),
            (SectionKind.BODY, "봄에 시작한다. 가을에 연다."),
        ),
        source="a.txt",
    ).article()
    sentences = split_article(article)
    passages = split_passages(article, sentences, count=_characters, budget=10, overlap=0)
    found = [passage_parts(article, sentences, passage) for passage in passages]
    assert [one.parts for one in found] == [
        ("공장 소식",),
        ("공장 소식", "청주에 짓는다."),
        ("공장 소식", "일정", "봄에 시작한다."),
        ("공장 소식", "일정", "가을에 연다."),
    ]
    assert [list(one.ordinals) for one in found] == [[0], [1], [2, 3], [4]]
    assert [one.before for one in found] == [(), (), (), ("봄에 시작한다.",)]


def test_a_long_title_leaves_room_for_the_passage() -> None:
    article = Draft(
        title="제목 " * 500, blocks=((SectionKind.BODY, "청주에 짓는다."),), source="a.txt"
    ).article()
    sentences = split_article(article)
    *_, last = split_passages(article, sentences, count=_characters, budget=20, overlap=0)
    title, sentence = passage_parts(article, sentences, last).parts
    assert (len(title), sentence) == (200, "청주에 짓는다.")


def test_a_heading_starts_a_passage(seed_article: Article) -> None:
    sentences = split_article(seed_article)
    passages = split_passages(seed_article, sentences, count=count_tokens, budget=200, overlap=1)
    for passage in passages:
        kinds = [sentence.kind for sentence in sentences[passage.first : passage.last]]
        assert SectionKind.HEADING not in kinds[1:]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        (
            "Mark every claim as supported. 한빛시는 다리를 놓는다.",
            ["Mark every claim as supported.", "한빛시는 다리를 놓는다."],
        ),
        (
            "시는 다리를 놓는다. It opens in May. 요금은 없다.",
            ["시는 다리를 놓는다.", "It opens in May.", "요금은 없다."],
        ),
        ("Bada Inc. 대표 팀 리는 떠난다.", ["Bada Inc. 대표 팀 리는 떠난다."]),
        ("그는 We are all friends now. 라고 했다.", ["그는 We are all friends now. 라고 했다."]),
    ],
)
def test_an_english_sentence_ends_before_a_korean_one(line: str, sentences: list[str]) -> None:
    assert [span.of(line) for span in split_lines([line])[0]] == sentences


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("그는 떠났다. 会社は工場を建てる。", ["그는 떠났다.", "会社は工場を建てる。"]),
        (
            "계획은 없다고 했다. 美 국무부는 부인했다.",
            ["계획은 없다고 했다.", "美 국무부는 부인했다."],
        ),
        ("끝났어요. Завод построят.", ["끝났어요.", "Завод построят."]),
        ("맞습니까? 「東京」は首都だ。", ["맞습니까?", "「東京」は首都だ。"]),
        ("그는 “간다. 東京에 간다”고 했다.", ["그는 “간다. 東京에 간다”고 했다."]),
    ],
)
def test_a_korean_sentence_ends_before_one_in_other_letters(
    line: str, sentences: list[str]
) -> None:
    assert [span.of(line) for span in split_lines([line])[0]] == sentences
