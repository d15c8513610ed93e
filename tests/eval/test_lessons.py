"""Lessons of the cross-encoder: answers, near misses, and misleading questions."""

from __future__ import annotations

import random
from importlib.resources import files
from pathlib import Path

import pytest

from geungeo.eval.datasets import read_dataset
from geungeo.eval.training.lessons import (
    Lesson,
    held_out,
    news_lessons,
    rephrased,
    with_wrong_detail,
)
from geungeo.rag.protocols import Embedder

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
        news_lessons(folder / "questions.jsonl", folder / "articles.jsonl", embedder, seed=1)
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
