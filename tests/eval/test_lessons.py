"""Lessons of the cross-encoder: answers, near misses, and misleading questions."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.eval.datasets import read_dataset
from geungeo.eval.training.lessons import (
    Lesson,
    held_out,
    mistyped,
    news_lessons,
    rephrased,
    with_wrong_detail,
)
from geungeo.rag.protocols import Embedder, FloatArray, SentenceInContext

DATA = Path(str(files("geungeo.eval.data")))


def _draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # a reproducible draw


@pytest.fixture(scope="module")
def lessons(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> list[Lesson]:
    folder = tmp_path_factory.mktemp("lessons")
    for name in ("articles", "questions"):
        lines = (DATA / f"news_{name}.jsonl").read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if '"news-10' in line]
        (folder / f"{name}.jsonl").write_text("".join(kept), "utf-8")
    return list(
        news_lessons(folder / "questions.jsonl", [folder / "articles.jsonl"], embedder, seed=1)
    )


def test_every_lesson_has_near_misses_and_at_most_one_answer(lessons: list[Lesson]) -> None:
    assert len(lessons) > 50
    for lesson in lessons:
        assert len(lesson.passages) == len(lesson.answers) > 0
        assert sum(lesson.answers) <= 1
    assert 0.3 < sum(any(lesson.answers) for lesson in lessons) / len(lessons) < 0.8


def test_held_out_articles_are_not_used(lessons: list[Lesson]) -> None:
    cases = [item.cases[0] for item in read_dataset(DATA / "news_questions.jsonl").items]
    kept_back = {case.question for case in cases if held_out(case.article_id or "")}
    assert kept_back
    assert not kept_back & {lesson.question for lesson in lessons}


@given(st.text(alphabet="데이터 센터를 왜 지었나 MAI 2025?", max_size=30), st.integers(0, 99))
def test_slips_are_few_and_change_only_hangul_and_spaces(question: str, seed: int) -> None:
    typed = mistyped(question, _draw(seed))
    assert typed == mistyped(question, _draw(seed))
    changed = SequenceMatcher(None, question, typed, autojunk=False).get_opcodes()
    edits = [(question[a:b], typed[c:d]) for what, a, b, c, d in changed if what != "equal"]
    assert sum(max(len(was), len(now)) for was, now in edits) <= 3 + question.count(" ")
    assert all(is_hangul_or_space(one) for was, now in edits for one in was + now)
    assert len(question) - 3 <= len(typed) <= len(question)


def is_hangul_or_space(one: str) -> bool:
    return one == " " or "가" <= one <= "힣"


def test_a_slip_is_a_letter_that_sounds_alike() -> None:
    typed = {mistyped("개", _draw(seed)) for seed in range(60)}
    assert {"게", "깨"} <= typed
    assert not typed & {"내", "걔", "객", "그"}


def test_misleading_question_names_a_detail_of_another_sentence() -> None:
    answer = "한빛전자는 2019년 구미에 공장을 세웠다."
    others = ["달무리중공업은 부산에 있다."]
    question = "한빛전자가 구미에 공장을 세운 해는?"
    wrong = with_wrong_detail(question, answer, others, _draw(3))
    assert wrong and wrong != question
    assert with_wrong_detail("왜 그랬나?", answer, others, _draw(3)) is None


def test_number_is_exchanged_for_another() -> None:
    wrong = with_wrong_detail("2019년에 무엇을 세웠나?", "2019년 공장을 세웠다.", [], _draw(1))
    assert wrong and "2019" not in wrong


def test_rephrasing_drops_particles_or_uses_a_synonym() -> None:
    question = "가게의 주인은 누구인가?"
    told = {rephrased(question, _draw(seed)) for seed in range(20)}
    assert question not in told or len(told) > 1
    assert any(len(one) < len(question) for one in told)


@pytest.mark.parametrize(
    "name",
    [
        "open_lessons.jsonl",
        "paraphrase_lessons.jsonl",
        "open_everyday.jsonl",
        "open_everyday_b.jsonl",
        "open_everyday_c.jsonl",
    ],
)
def test_lessons_quote_their_articles(name: str) -> None:
    """Every question about an article has right sentences that are in it, or none answers."""
    articles = {
        one["id"]: "".join(one["text"].split())
        for file in DATA.glob("*articles.jsonl")
        for line in file.read_text("utf-8").splitlines()
        for one in [json.loads(line)]
    }
    data = read_dataset(DATA / name)
    assert not data.bad_lines
    cases = [item.cases[0] for item in data.items]
    assert len({(case.article_id, case.question) for case in cases}) == len(cases) > 1_000
    for case in cases:
        text = articles[case.article_id or ""]
        assert bool(case.quotes) == (case.expected == "answer"), case.id
        assert all("".join(quote.split()) in text for quote in case.quotes), case.id


@pytest.mark.parametrize(("suffix", "count"), [("", 336), ("_b", 400)])
def test_unseen_questions_are_asked_with_their_article_open(suffix: str, count: int) -> None:
    lines = (DATA / f"open_articles{suffix}.jsonl").read_text("utf-8").splitlines()
    articles = {one["id"]: "".join(one["text"].split()) for one in map(json.loads, lines)}
    data = read_dataset(DATA / f"open_unseen{suffix}.jsonl")
    assert not data.bad_lines
    cases = [item.cases[0] for item in data.items]
    assert {case.scope for case in cases} == {(article,) for article in articles}
    assert len({(case.article_id, case.question) for case in cases}) == len(cases) == count
    for case in cases:
        text = articles[case.article_id or ""]
        assert bool(case.quotes) == (case.expected == "answer"), case.id
        assert all("".join(quote.split()) in text for quote in case.quotes), case.id
        assert all(answer in "\n".join(case.quotes) for answer in case.answers), case.id


def test_open_lessons_teach_several_right_sentences(embedder: Embedder, tmp_path: Path) -> None:
    text = "한빛시는 버스 요금을 올린다. 기름값이 올랐기 때문이다. 손님도 줄었다. 시장은 사과했다."
    article = {"id": "news-1", "title": "요금", "text": text}
    case = {
        "id": "a",
        "kind": "answerable",
        "article_id": "news-1",
        "question": "왜 올려?",
        "quote": ["기름값이 올랐기 때문이다.", "손님도 줄었다."],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(article, ensure_ascii=False), "utf-8")
    (tmp_path / "q.jsonl").write_text(json.dumps(case, ensure_ascii=False), "utf-8")
    assert not held_out("news-1")
    (lesson,) = [
        one
        for one in news_lessons(tmp_path / "q.jsonl", [tmp_path / "a.jsonl"], embedder, seed=1)
        if any(one.answers)
    ]
    right = [
        p.sentence for p, answers in zip(lesson.passages, lesson.answers, strict=True) if answers
    ]
    assert sorted(right) == ["기름값이 올랐기 때문이다.", "손님도 줄었다."]
    assert lesson.short is None


def test_nearest_near_misses_are_always_included(embedder: Embedder, tmp_path: Path) -> None:
    sentences = [f"한빛시는 {at}월 버스 요금을 {at}00원 올렸다." for at in range(1, 9)]
    article = {"id": "news-1", "title": "요금", "text": " ".join(sentences)}
    case = {
        "id": "a",
        "kind": "answerable",
        "article_id": "news-1",
        "question": "5월에 버스 요금을 얼마 올렸어?",
        "quote": [sentences[4]],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(article, ensure_ascii=False), "utf-8")
    (tmp_path / "q.jsonl").write_text(json.dumps(case, ensure_ascii=False), "utf-8")
    paths = (tmp_path / "q.jsonl", [tmp_path / "a.jsonl"])
    drawn = [
        {
            passage.sentence
            for passage in next(news_lessons(*paths, embedder, seed, nearest=4)).passages
        }
        for seed in range(6)
    ]
    assert all(len(one) == 6 for one in drawn)  # the answer, four near misses, a drawn one
    assert len(set.intersection(*drawn)) == 5


class Fond:
    """A judge that takes one sentence for the answer."""

    def __init__(self, of: str) -> None:
        self.of = of

    def judge(self, _: str, passages: Sequence[SentenceInContext]) -> FloatArray:
        return np.array([float(self.of in one.sentence) for one in passages], dtype=np.float32)


@pytest.mark.parametrize("fond_of", ["2월", "7월"])
def test_what_a_judge_takes_for_the_answer_is_a_near_miss(
    embedder: Embedder, tmp_path: Path, fond_of: str
) -> None:
    sentences = [f"한빛시는 {at}월 버스 요금을 {at}00원 올렸다." for at in range(1, 9)]
    article = {"id": "news-1", "title": "요금", "text": " ".join(sentences)}
    question = "5월에 버스 요금을 얼마 올렸어?"
    (tmp_path / "a.jsonl").write_text(json.dumps(article, ensure_ascii=False), "utf-8")
    for kind, quote in (("answerable", [sentences[4]]), ("unanswerable", [])):
        case = {"id": kind, "kind": kind, "article_id": "news-1", "question": question}
        asked = {**case, "quote": quote} if quote else case
        (tmp_path / "q.jsonl").write_text(json.dumps(asked, ensure_ascii=False), "utf-8")
        for seed in range(4):
            paths = (tmp_path / "q.jsonl", [tmp_path / "a.jsonl"])
            lesson = next(news_lessons(*paths, embedder, seed, judge=Fond(fond_of)))
            [first, *_] = [
                one.sentence
                for one, right in zip(lesson.passages, lesson.answers, strict=True)
                if not right
            ]
            assert fond_of in first


def test_short_answers_are_in_the_right_sentence(lessons: list[Lesson]) -> None:
    found = [one for one in lessons if one.short is not None]
    assert len(found) > 20
    for one in found:
        assert one.answers[0]
        assert 0 < len(one.short.of(one.passages[0].sentence)) <= 30  # type: ignore[union-attr]
